//! Answers that wait at a gate until a test lets them go.

use tokio::sync::watch;

/// Closed while somebody holds it.
#[derive(Debug)]
pub(crate) struct Gate {
    closed: watch::Sender<bool>,
    /// How many answers arrived at the closed gate since it was closed.
    arrived: watch::Sender<usize>,
}

impl Gate {
    /// Returns at once while it is open, and otherwise once it opens.
    pub(crate) async fn pass(&self) {
        let mut closed = self.closed.subscribe();
        if !*closed.borrow_and_update() {
            return;
        }
        self.arrived.send_modify(|arrived| *arrived += 1);
        // The sender lives as long as the tenant: there is no error while anybody waits here.
        let _ = closed.wait_for(|closed| !*closed).await;
    }

    pub(crate) fn close(&self) {
        self.arrived.send_replace(0);
        self.closed.send_replace(true);
    }

    pub(crate) fn open(&self) {
        self.closed.send_replace(false);
    }

    pub(crate) async fn until_arrived(&self, count: usize) {
        let mut arrived = self.arrived.subscribe();
        let _ = arrived.wait_for(|arrived| *arrived >= count).await;
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            closed: watch::Sender::new(false),
            arrived: watch::Sender::new(0),
        }
    }
}

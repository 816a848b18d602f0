//! Answers that wait until a test lets them go.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use super::{Place, Scripted, Shared, lock};

/// Answers at one place that wait; dropping it lets them go.
#[must_use = "dropping it lets the answers go"]
pub struct Held {
    shared: Arc<Shared>,
    place: Place,
    gate: Arc<Gate>,
}

pub(super) struct Gate {
    open: watch::Sender<bool>,
    arrived: watch::Sender<usize>,
}

impl Scripted {
    /// Holds back every answer at this place from now on. The provider has done its part
    /// before: what it issues is issued, what it rotates is rotated.
    pub fn hold(&self, place: Place) -> Held {
        let gate = Arc::new(Gate {
            open: watch::Sender::new(false),
            arrived: watch::Sender::new(0),
        });
        lock(&self.shared.gates).insert(place, Arc::clone(&gate));
        Held {
            shared: Arc::clone(&self.shared),
            place,
            gate,
        }
    }
}

impl Held {
    /// Returns once so many answers wait; those whose clients hung up count.
    pub async fn until_held(&self, count: usize) {
        let mut arrived = self.gate.arrived.subscribe();
        let arrived = arrived.wait_for(|arrived| *arrived >= count).await;
        arrived.expect("the gate is held");
    }

    /// Lets them go.
    pub fn release(self) {}
}

impl Gate {
    pub(super) async fn pass(&self) {
        self.arrived.send_modify(|arrived| *arrived += 1);
        let mut open = self.open.subscribe();
        open.wait_for(|open| *open).await.expect("the gate is held");
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        lock(&self.shared.gates).remove(&self.place);
        self.gate.open.send_replace(true);
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({:?})", self.place)
    }
}

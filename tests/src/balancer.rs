//! A load balancer: each connection goes to the next instance that takes it.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A running one on `localhost`, as long as this value.
#[derive(Debug)]
pub struct Balancer {
    port: u16,
    server: JoinHandle<()>,
}

impl Balancer {
    /// Starts one in front of the instances on these ports, which may come later and go.
    pub async fn start(instances: &[u16]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let instances: Arc<[u16]> = instances.into();
        let next = Arc::new(AtomicUsize::new(0));
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let first = next.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(forward(stream, Arc::clone(&instances), first));
            }
        });
        Self { port, server }
    }

    /// The public address of what is behind it.
    pub fn base_url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Until either side hangs up, whose own business that is.
async fn forward(mut from: TcpStream, instances: Arc<[u16]>, first: usize) {
    for n in 0..instances.len() {
        let port = instances[(first + n) % instances.len()];
        if let Ok(mut to) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
            let _ = copy_bidirectional(&mut from, &mut to).await;
            return;
        }
    }
}

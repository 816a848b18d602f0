//! Ports that are free and stay so.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// A free port on 127.0.0.1, kept from everyone who asks the system for one.
///
/// A bound socket that does not listen holds it: a server that names the port
/// still gets it, because both sides set `SO_REUSEADDR` (as tokio, Node.js and
/// chromedriver do).
pub struct Port {
    number: u16,
    _reservation: TcpSocket,
}

impl Port {
    /// Reserves a port until this value is dropped.
    pub fn reserve() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("a reusable address");
        socket
            .bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .expect("a free port");
        let number = socket.local_addr().expect("a bound address").port();
        Self {
            number,
            _reservation: socket,
        }
    }

    /// Its number.
    pub const fn number(&self) -> u16 {
        self.number
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Port({})", self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reserved_port_can_be_listened_on_and_is_not_given_twice() {
        let ports: Vec<Port> = (0..100).map(|_| Port::reserve()).collect();
        let mut numbers: Vec<u16> = ports.iter().map(Port::number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 100);
        for number in numbers {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, number));
            tokio::net::TcpListener::bind(address)
                .await
                .expect("the port is ours");
        }
    }
}

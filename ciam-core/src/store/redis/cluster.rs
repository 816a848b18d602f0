//! A cluster: each key is at the node that has its slot.
//!
//! <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/>

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ::redis::{Cmd, FromRedisValue, Value, cmd};
use futures_util::future::select_ok;

use super::endpoint::Endpoint;
use super::failure::Failure;
use super::link::{Link, Repeat, Route};

/// The nodes that are known.
pub(super) struct Cluster {
    seeds: Vec<Endpoint>,
    known: Mutex<Known>,
    refreshing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    slots: Vec<Slots>,
    links: HashMap<Node, Arc<Link>>,
    refreshed: Option<Instant>,
}

/// Where slots up to and with `last` are, from those of the entry before on.
struct Slots {
    first: u16,
    last: u16,
    node: Node,
}

type Node = (String, u16);

impl Cluster {
    /// Found by asking one of `seeds`, of which there is at least one.
    pub(super) fn new(seeds: Vec<Endpoint>) -> Self {
        Self {
            seeds,
            known: Mutex::default(),
            refreshing: tokio::sync::Mutex::default(),
        }
    }

    /// What a command answers at the node that has its key.
    pub(super) async fn send(
        &self,
        key: &[u8],
        repeat: Repeat,
        command: &Cmd,
    ) -> Result<Value, Failure> {
        let slot = slot(key);
        let link = match self.link_of(slot) {
            Some(link) => link,
            None => {
                self.refresh(None).await?;
                self.link_of(slot).ok_or_else(|| Failure::NoNode {
                    detail: format!("slot {slot} is nobody's"),
                })?
            }
        };
        match link.send(repeat, command).await {
            Err(Failure::Moved { server, to }) => {
                let node = self.node(&server, &to)?;
                let link = self.link(&node);
                self.learn_one(slot, &node);
                // Others have moved with it; whoever has it knows. If not, it is known of
                // this slot alone.
                let _ = self.refresh(Some(node)).await;
                link.send(repeat, command).await
            }
            Err(Failure::Moving { server, to }) => {
                let node = self.node(&server, &to)?;
                self.link(&node).send_asking(command).await
            }
            Err(failure) if is_of_node(&failure) => {
                // Another one may have its slots now.
                let is_repeated = repeat == Repeat::Harmless || !is_sent(&failure);
                let refreshed = self.refresh(None).await;
                let another = self.link_of(slot).filter(|it| !Arc::ptr_eq(it, &link));
                match another {
                    Some(another) if refreshed.is_ok() && is_repeated => {
                        another.send(repeat, command).await
                    }
                    _ => Err(failure),
                }
            }
            answer => answer,
        }
    }

    /// Learns who has which slots; one at a time, and not again at once.
    async fn refresh(&self, first: Option<Node>) -> Result<(), Failure> {
        let asked = Instant::now();
        let _turn = self.refreshing.lock().await;
        let is_recent = |at: Instant| at > asked || at.elapsed() < REFRESH_PAUSE;
        if self.lock().refreshed.is_some_and(is_recent) {
            return Ok(());
        }
        if let Some((host, port)) = first {
            let link = self.link(&(host.clone(), port));
            if let Ok(slots) = ask(&link, &host).await {
                self.learn(slots);
                return Ok(());
            }
        }
        // At once: those that are gone must not use up the time of the others.
        let who = self.who_is_asked();
        let asked = who.iter().map(|(link, host)| Box::pin(ask(link, host)));
        let (slots, _) = select_ok(asked).await?;
        self.learn(slots);
        Ok(())
    }

    /// The nodes known and those of the beginning, each once.
    fn who_is_asked(&self) -> Vec<(Arc<Link>, String)> {
        let known: Vec<Node> = self.lock().links.keys().cloned().collect();
        let mut nodes: Vec<Node> = self.seeds.iter().map(Endpoint::node).collect();
        for node in known {
            if nodes.len() < MAX_ASKED && !nodes.contains(&node) {
                nodes.push(node);
            }
        }
        let link = |node: Node| (self.link(&node), node.0);
        nodes.into_iter().map(link).collect()
    }

    fn learn(&self, slots: Vec<Slots>) {
        let mut known = self.lock();
        // Connections to nodes that have left end with this.
        let is_node = |node: &Node| slots.iter().any(|slots| slots.node == *node);
        known.links.retain(|node, _| is_node(node));
        known.slots = slots;
        known.refreshed = Some(Instant::now());
    }

    fn learn_one(&self, slot: u16, node: &Node) {
        let mut known = self.lock();
        let is_it = |slots: &Slots| (slots.first, slots.last) == (slot, slot);
        known.slots.retain(|slots| !is_it(slots));
        let (first, last, node) = (slot, slot, node.clone());
        // Before the entry that it was in.
        known.slots.insert(0, Slots { first, last, node });
    }

    fn link_of(&self, slot: u16) -> Option<Arc<Link>> {
        let node = {
            let known = self.lock();
            let has = |slots: &&Slots| (slots.first..=slots.last).contains(&slot);
            let slots = known.slots.iter().find(has)?;
            if let Some(link) = known.links.get(&slots.node) {
                return Some(Arc::clone(link));
            }
            slots.node.clone()
        };
        Some(self.link(&node))
    }

    fn link(&self, node: &Node) -> Arc<Link> {
        let mut known = self.lock();
        if let Some(link) = known.links.get(node) {
            return Arc::clone(link);
        }
        let (host, port) = node;
        let link = Link::new(Route::Direct(self.seeds[0].at(host, *port)));
        known.links.insert(node.clone(), Arc::clone(&link));
        link
    }

    /// From the `host:port` of a redirection; without a host it is that of who says so.
    fn node(&self, server: &str, to: &str) -> Result<Node, Failure> {
        let parts = to.rsplit_once(':');
        let odd = || Failure::Odd {
            server: server.to_owned(),
        };
        let (host, port) = parts.ok_or_else(odd)?;
        let port = port.parse().map_err(|_| odd())?;
        let host = if host.is_empty() {
            server.rsplit_once(':').map_or(server, |(host, _)| host)
        } else {
            host
        };
        Ok((host.to_owned(), port))
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Nothing that can panic runs while the lock is held.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who has which slots, as one node says.
async fn ask(link: &Link, host: &str) -> Result<Vec<Slots>, Failure> {
    let mut command = cmd("CLUSTER");
    command.arg("SLOTS");
    let slots = read(&link.send(Repeat::Harmless, &command).await?, host);
    if slots.is_empty() {
        let detail = format!("{host} knows of no slots");
        return Err(Failure::NoNode { detail });
    }
    Ok(slots)
}

/// The answer to `CLUSTER SLOTS`: the first node of each entry is its primary. An empty
/// host is the one that was asked.
fn read(answer: &Value, asked: &str) -> Vec<Slots> {
    let Value::Array(entries) = answer else {
        return Vec::new();
    };
    let entry = |entry: &Value| {
        let Value::Array(parts) = entry else {
            return None;
        };
        let [first, last, primary, ..] = &**parts else {
            return None;
        };
        let Value::Array(primary) = primary else {
            return None;
        };
        let [host, port, ..] = &**primary else {
            return None;
        };
        let host = Option::<String>::from_redis_value_ref(host).ok()?;
        let host = host.filter(|host| !host.is_empty() && host != "?");
        Some(Slots {
            first: u16::from_redis_value_ref(first).ok()?,
            last: u16::from_redis_value_ref(last).ok()?,
            node: (
                host.unwrap_or_else(|| asked.to_owned()),
                u16::from_redis_value_ref(port).ok()?,
            ),
        })
    };
    entries.iter().filter_map(entry).collect()
}

/// Whether another node may have what this one had.
const fn is_of_node(failure: &Failure) -> bool {
    failure.is_of_connection()
        || matches!(
            failure,
            Failure::Unreachable { .. } | Failure::Tls { .. } | Failure::Server { .. }
        )
}

/// Whether the command may have been done.
const fn is_sent(failure: &Failure) -> bool {
    !matches!(
        failure,
        Failure::Unreachable { .. } | Failure::Tls { .. } | Failure::ReadOnly { .. }
    )
}

/// Where a key is: what is between its first `{` and the next `}`, if there is anything.
fn slot(key: &[u8]) -> u16 {
    let tag = key.iter().position(|byte| *byte == b'{').and_then(|open| {
        let rest = &key[open + 1..];
        let close = rest.iter().position(|byte| *byte == b'}')?;
        (close > 0).then(|| &rest[..close])
    });
    crc16(tag.unwrap_or(key)) % SLOTS
}

/// CRC-16/XMODEM, as the specification has it in its appendix.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            let shifted = crc << 1;
            if crc & 0x8000 == 0 {
                shifted
            } else {
                shifted ^ 0x1021
            }
        })
    })
}

/// Key distribution model: 16,384 slots.
const SLOTS: u16 = 16_384;

/// A cluster that changes its mind more often than this is waited for.
const REFRESH_PAUSE: Duration = Duration::from_millis(100);

/// Beside those the application named: one of so many answers, or the cluster is down.
const MAX_ASKED: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(slot(b"foo"), 12182);
        assert_eq!(slot(b"{user1000}.following"), slot(b"{user1000}.followers"));
        // The first brace and the next one after it, unless nothing is between.
        assert_eq!(slot(b"foo{{bar}}zap"), slot(b"{bar"));
        assert_eq!(slot(b"foo{bar}{zap}"), slot(b"bar"));
        assert_eq!(slot(b"foo{}{bar}"), crc16(b"foo{}{bar}") % SLOTS);
        assert_eq!(slot(b"foo{bar"), crc16(b"foo{bar") % SLOTS);
        assert_eq!(slot(b"}foo{bar}"), slot(b"bar"));
    }
}

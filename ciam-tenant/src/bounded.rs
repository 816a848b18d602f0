//! A map that outsiders can fill and never outgrow.

use std::collections::{HashMap, VecDeque};

/// A map of at most `capacity` random keys; the oldest entry makes room.
#[derive(Debug)]
pub(crate) struct Bounded<V> {
    capacity: usize,
    entries: HashMap<String, V>,
    /// Keys by age. May name keys that were removed since; see `insert`.
    order: VecDeque<String>,
}

impl<V> Bounded<V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// Adds an entry under a key that was never used before.
    pub(crate) fn insert(&mut self, key: String, value: V) {
        while self.entries.len() >= self.capacity {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            self.entries.remove(&oldest);
        }
        if self.order.len() >= 2 * self.capacity {
            self.order.retain(|key| self.entries.contains_key(key));
        }
        self.order.push_back(key.clone());
        self.entries.insert(key, value);
    }

    pub(crate) fn get(&self, key: &str) -> Option<&V> {
        self.entries.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<V> {
        self.entries.remove(key)
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.entries.retain(|_, value| keep(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room() {
        let mut map = Bounded::new(2);
        for key in ["a", "b", "c"] {
            map.insert(key.to_owned(), key);
        }
        assert_eq!(map.get("a"), None);
        assert_eq!(map.get("b"), Some(&"b"));
        assert_eq!(map.get("c"), Some(&"c"));
    }

    #[test]
    fn adding_and_removing_for_ever_needs_no_more_room() {
        let mut map = Bounded::new(3);
        for n in 0..1000 {
            map.insert(n.to_string(), n);
            map.remove(&n.to_string());
        }
        assert!(map.order.len() <= 6);
        assert!(map.entries.is_empty());
    }
}

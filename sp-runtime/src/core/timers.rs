//! Keyed timers: setting one again moves it.

use std::{collections::BTreeSet, hash::Hash};

use spkit_api::{Time, toolkit::IdMap};

#[derive(Debug)]
pub(crate) struct Timers<K> {
    due: BTreeSet<(Time, K)>,
    of_key: IdMap<K, Time>,
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Self {
            due: BTreeSet::new(),
            of_key: IdMap::default(),
        }
    }
}

impl<K: Copy + Ord + Hash> Timers<K> {
    pub(crate) fn set(&mut self, key: K, at: Time) {
        if let Some(old) = self.of_key.insert(key, at) {
            self.due.remove(&(old, key));
        }
        self.due.insert((at, key));
    }

    /// Sets it, unless it is set for an earlier time.
    pub(crate) fn set_earlier(&mut self, key: K, at: Time) {
        if self.of_key.get(&key).is_none_or(|set| at < *set) {
            self.set(key, at);
        }
    }

    pub(crate) fn clear(&mut self, key: K) {
        if let Some(old) = self.of_key.remove(&key) {
            self.due.remove(&(old, key));
        }
    }

    /// Takes the keys that `which` chooses.
    pub(crate) fn clear_all(&mut self, which: impl Fn(&K) -> bool) {
        if self.of_key.is_empty() {
            return;
        }
        let gone: Vec<K> = self
            .of_key
            .keys()
            .copied()
            .filter(|key| which(key))
            .collect();
        for key in gone {
            self.clear(key);
        }
    }

    /// Takes the next timer that is due.
    pub(crate) fn expired(&mut self, now: Time) -> Option<K> {
        let (at, key) = *self.due.first()?;
        if at > now {
            return None;
        }
        self.clear(key);
        Some(key)
    }

    #[cfg(feature = "sim")]
    pub(crate) fn is_set(&self, key: K) -> bool {
        self.of_key.contains_key(&key)
    }

    /// When the next one is due.
    pub(crate) fn next(&self) -> Option<Time> {
        self.due.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_move_and_fire_once() {
        let mut timers = Timers::default();
        timers.set('a', Time::from_nanos(10));
        timers.set('a', Time::from_nanos(30));
        timers.set('b', Time::from_nanos(20));
        assert_eq!(timers.next(), Some(Time::from_nanos(20)));
        assert_eq!(timers.expired(Time::from_nanos(19)), None);
        assert_eq!(timers.expired(Time::from_nanos(30)), Some('b'));
        assert_eq!(timers.expired(Time::from_nanos(30)), Some('a'));
        assert_eq!(timers.expired(Time::from_nanos(99)), None);
        timers.set('c', Time::from_nanos(1));
        timers.clear('c');
        assert_eq!(timers.next(), None);
    }
}

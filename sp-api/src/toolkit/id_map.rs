//! Maps whose keys are ids that our own side gave out.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// A map from ids ([`PipeId`](crate::PipeId), [`ContextId`](crate::ContextId), request ids) to values.
///
/// Two things set it apart from a plain [`HashMap`]: it is cheap, since ids need no strong hash, and it iterates in the
/// same order in every run with the same ids, so that a simulated run can be repeated.
///
/// Only for keys that a peer cannot choose: it may look up any number, but must not be able to insert one.
pub type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// The hash of [`IdMap`]: one multiplication. Neighbouring ids fall into different buckets.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdHasher(u64);

/// 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, id: u32) {
        self.write_u64(u64::from(id));
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = (self.0 ^ id).wrapping_mul(GOLDEN);
    }

    fn finish(&self) -> u64 {
        // The map takes buckets from the low bits, which know nothing of a key's high bits.
        self.0 ^ (self.0 >> 32)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, hash::Hash};

    use super::*;
    use crate::PipeId;

    fn bucket(pipe: PipeId) -> u64 {
        let mut hasher = IdHasher::default();
        pipe.hash(&mut hasher);
        hasher.finish() & 0xfff
    }

    #[test]
    fn neighbours_and_generations_spread_over_the_buckets() {
        let neighbours: HashSet<_> = (0..1000).map(|n| bucket(PipeId::from_raw(n))).collect();
        assert!(neighbours.len() > 800, "{}", neighbours.len());
        let generations: HashSet<_> = (0..1000)
            .map(|n| bucket(PipeId::from_raw(n << 20)))
            .collect();
        assert!(generations.len() > 700, "{}", generations.len());
    }
}

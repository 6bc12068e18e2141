//! Numbered slots whose numbers are not used twice in a row: an id of something gone does not name its successor.

use std::collections::VecDeque;

/// Bits of a key that say which slot; the rest is the slot's generation.
const INDEX_BITS: u32 = 20;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;

/// Freed slots rest until so many others are free, so that generations turn over slowly.
const REST: usize = 32;

#[derive(Debug)]
pub(crate) struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: VecDeque<u32>,
    len: usize,
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: VecDeque::new(),
            len: 0,
        }
    }
}

impl<T> Slots<T> {
    /// Puts a value into a slot; `None` if there are a million already.
    pub(crate) fn insert(&mut self, value: T) -> Option<u32> {
        let full = self.slots.len() > INDEX_MASK as usize;
        let reuse = full || self.free.len() > REST;
        let index = match reuse.then(|| self.free.pop_front()).flatten() {
            Some(index) => index,
            None if full => return None,
            None => {
                self.slots.push(Slot {
                    generation: 0,
                    value: None,
                });
                self.slots.len() as u32 - 1
            }
        };
        let slot = &mut self.slots[index as usize];
        slot.value = Some(value);
        self.len += 1;
        Some(index | slot.generation << INDEX_BITS)
    }

    pub(crate) fn get(&self, key: u32) -> Option<&T> {
        let slot = self.slots.get((key & INDEX_MASK) as usize)?;
        slot.value
            .as_ref()
            .filter(|_| slot.generation == key >> INDEX_BITS)
    }

    pub(crate) fn get_mut(&mut self, key: u32) -> Option<&mut T> {
        let slot = self.slots.get_mut((key & INDEX_MASK) as usize)?;
        slot.value
            .as_mut()
            .filter(|_| slot.generation == key >> INDEX_BITS)
    }

    pub(crate) fn remove(&mut self, key: u32) -> Option<T> {
        let index = key & INDEX_MASK;
        let slot = self.slots.get_mut(index as usize)?;
        if slot.generation != key >> INDEX_BITS {
            return None;
        }
        let value = slot.value.take()?;
        slot.generation = (slot.generation + 1) & (u32::MAX >> INDEX_BITS);
        self.free.push_back(index);
        self.len -= 1;
        Some(value)
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| {
            let value = slot.value.as_ref()?;
            Some((index as u32 | slot.generation << INDEX_BITS, value))
        })
    }

    pub(crate) fn keys(&self) -> Vec<u32> {
        self.iter().map(|(key, _)| key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_name_the_successor() {
        let mut slots = Slots::default();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..10_000 {
            let key = slots.insert(()).unwrap();
            assert!(seen.insert(key), "{key:#x} twice");
            assert!(slots.remove(key).is_some());
            assert!(slots.get(key).is_none());
            assert!(slots.remove(key).is_none());
        }
        assert_eq!(slots.len(), 0);
    }

    #[test]
    fn a_popped_slot_that_rests_is_not_lost() {
        let mut slots = Slots::default();
        for round in 0..100 {
            let keys: Vec<_> = (0..40).map(|n| slots.insert(n + round).unwrap()).collect();
            for key in keys {
                slots.remove(key);
            }
        }
        assert!(slots.slots.len() <= 40 + REST + 1, "{}", slots.slots.len());
    }
}

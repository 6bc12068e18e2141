//! Counters of a socket, with stable names.

use spkit_api::DropReason;

/// Messages and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Count {
    /// Messages.
    pub messages: u64,
    /// Bytes of body.
    pub bytes: u64,
}

impl Count {
    pub(crate) fn add(&mut self, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes as u64;
    }
}

/// Dropped messages by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    by_reason: [u64; DropReason::ALL.len()],
}

impl Dropped {
    pub(crate) fn add(&mut self, why: DropReason) {
        self.add_many(why, 1);
    }

    pub(crate) fn add_many(&mut self, why: DropReason, count: u64) {
        if let Some(at) = DropReason::ALL.iter().position(|reason| *reason == why) {
            self.by_reason[at] += count;
        }
    }

    /// How many were dropped for this reason.
    pub fn of(&self, why: DropReason) -> u64 {
        self.iter()
            .find(|(reason, _)| *reason == why)
            .map_or(0, |(_, count)| count)
    }

    /// How many were dropped for any reason.
    pub fn total(&self) -> u64 {
        self.by_reason.iter().sum()
    }

    /// Every reason with its count.
    pub fn iter(&self) -> impl Iterator<Item = (DropReason, u64)> + '_ {
        DropReason::ALL.into_iter().zip(self.by_reason)
    }
}

/// What a socket did so far.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Messages that `send` accepted.
    pub sent: Count,
    /// Messages that `recv` delivered.
    pub received: Count,
    /// Messages dropped.
    pub dropped: Dropped,
    /// Pipes at the moment.
    pub pipes: usize,
    /// Messages handed to the carriers, that is to the kernel or to the peer's ring.
    pub handed: u64,
}

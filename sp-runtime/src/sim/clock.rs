//! Virtual time: it stands still while anything runs, and jumps to whatever happens next.

use std::sync::atomic::{AtomicU64, Ordering};

use spkit_api::Time;

use crate::core::Clock;

/// Where a run begins. Not zero, so that code which takes zero for "never" is found out.
const START: u64 = 1_000_000_000;

#[derive(Debug)]
pub(super) struct SimClock(AtomicU64);

impl SimClock {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(START))
    }

    /// Goes forward, never back.
    pub(super) fn set(&self, now: Time) {
        self.0.fetch_max(now.as_nanos(), Ordering::Relaxed);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Time {
        Time::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

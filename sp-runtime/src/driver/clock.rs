//! The real clock.

use std::{sync::OnceLock, time::Instant};

use spkit_api::Time;

use crate::core::Clock;

#[derive(Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        now()
    }
}

/// The time, counted from the first call in this process.
pub(crate) fn now() -> Time {
    static START: OnceLock<Instant> = OnceLock::new();
    let start = START.get_or_init(Instant::now);
    Time::from_nanos(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX) + 1)
}

//! Giving up the CPU and looking again, before sleeping: bounded, and off where others want the CPU.
//!
//! On one CPU the peer runs during the yield and its answer is there afterwards; on two, its answer arrives within a few
//! yields. Spinning without yielding would keep the peer from running.

use std::time::{Duration, Instant};

/// A yield that took this long gave the CPU to somebody with real work.
const LONG: Duration = Duration::from_micros(500);
/// So many messages at once are a stream.
const STREAM: usize = 32;
/// Waits whose yields go unmeasured after one that was short: reading the clock costs as much as a lock.
const TRUST: u32 = 7;
/// How long to do without yields then: first, and at most.
const PENALTY: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(320));

#[derive(Debug)]
pub(crate) struct Yields {
    most: u32,
    left: u32,
    /// Waits that need not be measured.
    trust: u32,
    penalty: Duration,
    off_until: Option<Instant>,
}

impl Yields {
    pub(crate) fn new(most: u32) -> Self {
        Self {
            most,
            left: most,
            trust: 0,
            penalty: PENALTY.0,
            off_until: None,
        }
    }

    /// A new wait begins.
    pub(crate) fn start(&mut self, most: u32) {
        self.most = most;
        self.left = self.most;
        self.trust = self.trust.checked_sub(1).unwrap_or(TRUST);
    }

    /// So many messages came: it is worth looking for more. If many came during a long yield, it was the peer who
    /// had the CPU, and it used it for us.
    pub(crate) fn refill(&mut self, messages: usize) {
        self.left = self.most;
        if messages >= STREAM {
            self.off_until = None;
            self.penalty = PENALTY.0;
        }
    }

    /// Yields once. False: sleep instead.
    pub(crate) fn try_yield(&mut self) -> bool {
        if self.left == 0 {
            return false;
        }
        if let Some(until) = self.off_until {
            if Instant::now() < until {
                self.left = 0;
                return false;
            }
            self.off_until = None;
            self.trust = TRUST;
        }
        self.left -= 1;
        if self.trust < TRUST {
            rustix::thread::sched_yield();
            return true;
        }
        let before = Instant::now();
        rustix::thread::sched_yield();
        if before.elapsed() > LONG {
            self.off_until = Some(before + self.penalty);
            self.penalty = (self.penalty * 2).min(PENALTY.1);
            self.left = 0;
        } else if self.left == 0 {
            self.penalty = PENALTY.0.max(self.penalty / 2);
        }
        true
    }
}

//! How long the kit waits. All limits come from here and all scale together.

use std::time::{Duration, Instant};

/// The limits of the vocabulary, scaled.
///
/// They are more generous than the document's: in process, kit and endpoint share a machine with whatever else runs
/// there, and a limit for something that does happen costs nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    scale: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { scale: 1.0 }
    }
}

impl Pace {
    /// Every limit multiplied by `scale`, which is at least a hundredth and at most a thousand.
    pub fn scaled(scale: f64) -> Self {
        let scale = if scale.is_nan() { 1.0 } else { scale };
        Self {
            scale: scale.clamp(0.01, 1000.0),
        }
    }

    /// The factor.
    pub fn scale(self) -> f64 {
        self.scale
    }

    /// This many milliseconds, scaled.
    pub(crate) fn millis(self, millis: u64) -> Duration {
        Duration::from_millis(millis).mul_f64(self.scale)
    }

    /// Until a connection is up (OPEN).
    pub(crate) fn open(self) -> Duration {
        self.millis(5_000)
    }

    /// Until bytes or messages that must come have come (HS, EXPECT, ALIVE).
    pub(crate) fn expect(self) -> Duration {
        self.millis(5_000)
    }

    /// How long nothing may come (QUIET).
    pub(crate) fn quiet(self) -> Duration {
        self.millis(500)
    }

    /// Until a connection is gone (CLOSED).
    pub(crate) fn closed(self) -> Duration {
        self.millis(5_000)
    }

    /// Until a new connection has done an ordinary exchange (FRESH).
    pub(crate) fn fresh(self) -> Duration {
        self.millis(8_000)
    }
}

/// A moment by which something has to have happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(span: Duration) -> Self {
        Self(Instant::now() + span)
    }

    /// What is left of it, if anything.
    pub(crate) fn left(self) -> Option<Duration> {
        let left = self.0.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    pub(crate) fn is_over(self) -> bool {
        self.left().is_none()
    }
}

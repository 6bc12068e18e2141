//! What the way between two sockets is like.

use std::time::Duration;

use super::Dice;

/// The way between two sockets. Every connection over it loses nothing and keeps the order, until it is cut.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Link {
    /// How long everything takes, each way.
    pub latency: Duration,
    /// How much longer some of it takes.
    pub jitter: Duration,
    /// Bytes that arrive together at most.
    pub piece: usize,
    /// Bytes under way or unread, each way, beyond which the writer is blocked.
    pub window: usize,
    /// Bytes per second, each way; `None` for no limit.
    pub bandwidth: Option<u64>,
    /// How many of a hundred reads and writes are interrupted, cut short, or would block although there is something.
    pub stutter: u8,
    /// How long a listener takes to notice a connection at most.
    pub accept: Duration,
    /// A partition that lasts longer cuts the connections across it. A cut is noticed within this time as well.
    pub patience: Duration,
}

impl Default for Link {
    /// A quick, quiet way.
    fn default() -> Self {
        Self {
            latency: Duration::from_micros(50),
            jitter: Duration::ZERO,
            piece: 64 * 1024,
            window: 256 * 1024,
            bandwidth: None,
            stutter: 0,
            accept: Duration::from_micros(10),
            patience: Duration::from_secs(3),
        }
    }
}

impl Link {
    /// The same with something changed: `Link::default().with(|link| link.window = 10)`.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }

    /// Some way or other, as the dice will: from a good one within a machine to a bad one around the world.
    pub fn random(dice: &mut Dice) -> Self {
        let any = |dice: &mut Dice, from: &[u64]| dice.pick(from).unwrap_or(0);
        let micros = |dice: &mut Dice, from: &[u64]| Duration::from_micros(any(dice, from));
        Self {
            latency: micros(dice, &[0, 5, 50, 500, 5_000, 60_000]),
            jitter: micros(dice, &[0, 0, 10, 1_000, 20_000]),
            piece: any(dice, &[1, 7, 100, 1_460, 65_536]) as usize,
            window: any(dice, &[200, 4_096, 65_536, 262_144]) as usize,
            bandwidth: dice
                .pick(&[None, None, Some(100_000), Some(10_000_000)])
                .flatten(),
            stutter: any(dice, &[0, 0, 5, 40]) as u8,
            accept: micros(dice, &[0, 100, 20_000]),
            patience: micros(dice, &[100_000, 1_000_000, 4_000_000]),
        }
    }
}

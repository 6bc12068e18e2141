//! Hunts lost wake-ups: traffic of every kind over several pipes, with pauses and ways of waiting chosen by dice, each
//! message accounted for, and a watchdog that tells when anything stands still.
//!
//! The program `spkit-stress` runs the long form, `spkit/tests/stress.rs` a short one of the same code.

mod dice;
mod groups;
mod ledger;
mod payload;
mod round;
mod traffic;
mod waits;
mod watchdog;

use std::{fmt, time::Duration};

use spkit::Backend;

use self::dice::Dice;

/// What connections run over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    Tcp,
    Ipc,
    Inproc,
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Ipc => "ipc",
            Self::Inproc => "inproc",
        })
    }
}

/// One hunt.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) carrier: Carrier,
    pub(crate) backend: Backend,
    /// Messages in all.
    pub(crate) messages: u64,
    /// Messages until all sockets are closed and new ones opened.
    pub(crate) round: u64,
    /// Pipes of each sort of traffic.
    pub(crate) pipes: usize,
    pub(crate) seed: u64,
    /// How long anything may stand still.
    pub(crate) stall: Duration,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Done {
    /// Messages that were sent and came.
    pub(crate) messages: u64,
    /// The longest wait, in microseconds, until all that one thread had sent was received: a wake-up that comes late
    /// shows here.
    pub(crate) slowest: u64,
}

impl Done {
    fn and(self, more: Self) -> Self {
        Self {
            messages: self.messages + more.messages,
            slowest: self.slowest.max(more.slowest),
        }
    }
}

/// Runs a hunt in rounds. `report` is called now and then with what was done so far. An error holds the state of
/// everything.
pub(crate) fn run(plan: &Plan, mut report: impl FnMut(Done)) -> Result<Done, String> {
    let mut dice = Dice::new(plan.seed);
    let mut done = Done::default();
    let mut number = 0;
    while done.messages < plan.messages {
        number += 1;
        let share = plan.round.min(plan.messages - done.messages);
        let setup = round::Setup::roll(plan, &mut dice);
        let title = format!(
            "{} {:?} seed {} round {number}: {setup:?}",
            plan.carrier, plan.backend, plan.seed
        );
        let round = round::run(plan, &setup, share, dice.fork(), &mut |more| {
            report(done.and(more));
        });
        done = done.and(round.map_err(|failure| format!("{title}\n{failure}"))?);
    }
    Ok(done)
}

//! Requesters and repliers on a bad network: every request ends in exactly one reply or one error.

mod check;
mod scenario;
mod wire;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use spkit_api::ProtocolPlugin;
use spkit_protocols::{rep0::REP0, req0::REQ0};
use spkit_runtime::sim::{SocketId, Stop};

pub(crate) use self::check::check;
use self::scenario::Scenario;
use super::{Run, answerers, history, lines};

/// How long after the last fault everything must have ended.
const PATIENCE: Duration = Duration::from_secs(300);

/// How long what is under way may still be under way when all users are done.
const SETTLE: Duration = Duration::from_secs(30);

/// How long is looked at what ought to be silent.
const SILENCE: Duration = Duration::from_secs(150);

/// The protocols under test: the real ones, or sabotaged ones.
#[derive(Clone, Copy)]
pub(crate) struct Protocols {
    pub(crate) req: ProtocolPlugin,
    pub(crate) rep: ProtocolPlugin,
}

/// Who is who.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roles {
    /// Requesters, and after how long they send a request again, if they do.
    pub(crate) requesters: BTreeMap<SocketId, Option<Duration>>,
    pub(crate) repliers: BTreeSet<SocketId>,
}

pub(crate) fn run(seed: u64) -> Run {
    let real = Protocols {
        req: REQ0,
        rep: REP0,
    };
    run_with(seed, real)
}

pub(crate) fn run_with(seed: u64, protocols: Protocols) -> Run {
    let Scenario {
        mut world,
        roles,
        to_do,
    } = scenario::build(seed, protocols);
    let end = world.now() + PATIENCE;
    let mut faults = Vec::new();
    let stop = world.run_until_true(end, |_| to_do.get() == 0);
    if stop == Stop::TimeUp {
        faults.push(format!("{} users were not done in time", to_do.get()));
    }
    world.run_for(SETTLE);
    let silent_from = world.transcript().entries().len();
    if faults.is_empty() {
        world.run_for(SILENCE);
    }
    faults.extend(world.violations().iter().cloned());
    faults.extend(world.stuck());
    let history = history::read(&world);
    let lines = lines::read(&history);
    faults.extend(lines::check_carriers(&history, &lines));
    faults.extend(check(&history, &roles));
    for socket in &roles.repliers {
        faults.extend(answerers::check(&history, &lines, *socket));
    }
    faults.extend(wire::check(&world, &roles, silent_from));
    Run { world, faults }
}

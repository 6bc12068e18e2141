//! What the simulator's suites share: scenarios drawn from a seed, run to their end, judged by their transcript alone.
#![allow(dead_code, reason = "each test program uses a part")]

pub(crate) mod answerers;
pub(crate) mod bus;
pub(crate) mod device;
pub(crate) mod fanout;
pub(crate) mod forwarder;
pub(crate) mod history;
pub(crate) mod ledger;
pub(crate) mod lines;
pub(crate) mod pair;
pub(crate) mod pipeline;
pub(crate) mod poly;
pub(crate) mod pubsub;
pub(crate) mod queue;
pub(crate) mod replier;
pub(crate) mod reqrep;
pub(crate) mod requester;
pub(crate) mod sabotage;
mod scenery;
pub(crate) mod star;
pub(crate) mod streamers;
pub(crate) mod survey;
pub(crate) mod tags;
pub(crate) mod tally;

use std::{cell::Cell, ops::Range, rc::Rc, time::Duration};

use spkit_runtime::sim::{Stop, World};

use self::history::History;
pub(crate) use self::scenery::{
    Draw, TROUBLE_MS, any_link, any_narrow_link, any_wide_link, body, connect, contexts,
    enlist_later, join, label, open, trouble,
};

/// A scenario that a seed chooses the details of.
#[derive(Clone, Copy)]
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) run: fn(u64) -> Run,
}

/// A run that is over.
pub(crate) struct Run {
    pub(crate) world: World,
    /// What was wrong with it.
    pub(crate) faults: Vec<String>,
}

pub(crate) static SUITES: &[Suite] = &[
    Suite::new("reqrep", reqrep::run),
    Suite::new("pipeline", pipeline::run),
    Suite::new("pipeline-cuts", pipeline::run_with_cuts),
    Suite::new("pubsub", pubsub::run),
    Suite::new("pubsub-cuts", pubsub::run_with_cuts),
    Suite::new("survey", survey::run),
    Suite::new("survey-cuts", survey::run_with_cuts),
    Suite::new("bus", bus::run),
    Suite::new("bus-cuts", bus::run_with_cuts),
    Suite::new("star", star::run),
    Suite::new("star-cuts", star::run_with_cuts),
    Suite::new("device", device::run_requests),
    Suite::new("device-cuts", device::run_requests_with_cuts),
    Suite::new("survey-device", device::run_surveys),
    Suite::new("survey-device-cuts", device::run_surveys_with_cuts),
    Suite::new("pair", pair::run),
    Suite::new("pair-cuts", pair::run_with_cuts),
    Suite::new("pair1", pair::run_pair1),
    Suite::new("pair1-cuts", pair::run_pair1_with_cuts),
    Suite::new("poly", poly::run),
    Suite::new("poly-cuts", poly::run_with_cuts),
];

/// The suite of this name.
pub(crate) fn suite(name: &str) -> Option<Suite> {
    SUITES.iter().copied().find(|suite| suite.name == name)
}

impl Suite {
    const fn new(name: &'static str, run: fn(u64) -> Run) -> Self {
        Self { name, run }
    }

    /// What to type to see a run again.
    pub(crate) fn replay(&self, seed: u64) -> String {
        format!(
            "cargo run --release -p spkit-runtime --features sim --example simulate -- {} --seed {seed}",
            self.name
        )
    }

    /// Runs these seeds; stops at the first bad one.
    pub(crate) fn sweep(&self, seeds: Range<u64>) {
        for seed in seeds {
            let run = (self.run)(seed);
            assert!(
                run.faults.is_empty(),
                "{}: seed {seed}:\n  {}\nreplay: {}",
                self.name,
                run.faults.join("\n  "),
                self.replay(seed)
            );
        }
    }
}

/// How long users may take to be done.
const PATIENCE: Duration = Duration::from_secs(300);

/// How long what is under way may still be under way then.
const SETTLE: Duration = Duration::from_secs(60);

/// Runs to the end, and judges. `to_do` counts the users who are not done.
pub(crate) fn finish(
    mut world: World,
    to_do: &Rc<Cell<usize>>,
    judge: impl FnOnce(&History) -> Vec<String>,
) -> Run {
    let mut faults = Vec::new();
    let end = world.now() + PATIENCE;
    if world.run_until_true(end, |_| to_do.get() == 0) == Stop::TimeUp {
        faults.push(format!("{} users were not done in time", to_do.get()));
    }
    world.run_for(SETTLE);
    faults.extend(world.violations().iter().cloned());
    faults.extend(world.stuck());
    let history = history::read(&world);
    faults.extend(lines::check_carriers(&history, &lines::read(&history)));
    faults.extend(judge(&history));
    Run { world, faults }
}

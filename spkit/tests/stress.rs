//! The short form of `spkit-stress`: every message comes, once and in order, and nothing stands still.

#[path = "../../bench/src/stress/mod.rs"]
mod stress;

use std::time::Duration;

use spkit::Backend;

use stress::{Carrier, Plan};

const MESSAGES: u64 = 20_000;

fn hunt(carrier: Carrier) {
    for (seed, backend) in (1..).zip([Backend::CallerRuns, Backend::Background]) {
        let plan = Plan {
            carrier,
            backend,
            messages: MESSAGES,
            round: MESSAGES / 8,
            pipes: 2,
            seed,
            stall: Duration::from_secs(10),
        };
        match stress::run(&plan, |_| ()) {
            Ok(done) => {
                assert!(done.messages >= MESSAGES, "{done:?}");
                println!("{carrier} {backend:?}: {done:?}");
            }
            Err(failure) => panic!("{failure}"),
        }
    }
}

#[test]
fn tcp() {
    hunt(Carrier::Tcp);
}

#[cfg(unix)]
#[test]
fn ipc() {
    hunt(Carrier::Ipc);
}

#[test]
fn inproc() {
    hunt(Carrier::Inproc);
}

//! Request/reply in the simulator. More seeds: the example `simulate`.

mod sim_suites;

use std::collections::BTreeMap;

use sim_suites::{
    reqrep,
    sabotage::{REQREP_FAULTS, all_are_noticed},
    suite,
};
use spkit_runtime::{
    SocketEvent,
    sim::{Ended, What},
};

#[test]
fn every_request_ends_in_exactly_one_reply_or_one_error() {
    suite("reqrep").unwrap().sweep(0..300);
}

/// Seeds that found something once: a sender that took a receiver's error along; a send that timed out.
#[test]
fn old_faults_stay_away() {
    for seed in [604, 6442] {
        suite("reqrep").unwrap().sweep(seed..seed + 1);
    }
}

#[test]
fn faults_are_noticed() {
    all_are_noticed(REQREP_FAULTS);
}

/// A suite that never gets into trouble proves nothing.
#[test]
fn the_scenarios_reach_what_they_are_about() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..100 {
        for entry in reqrep::run(seed).world.transcript().entries() {
            let what = match &entry.what {
                What::Ended { ended, .. } => match ended {
                    Ended::Failed(error) => format!("{:?}", error.kind()),
                    Ended::Received(_) => "Received".to_owned(),
                    Ended::GivenUp => "GivenUp".to_owned(),
                    _ => continue,
                },
                What::Event(SocketEvent::Disconnected { .. }) => "Disconnected".to_owned(),
                What::Event(SocketEvent::Refused { error, .. }) => {
                    format!("Refused, {:?}", error.kind())
                }
                What::Cut { .. } => "Cut".to_owned(),
                What::Killed => "Killed".to_owned(),
                _ => continue,
            };
            *seen.entry(what).or_default() += 1;
        }
    }
    for (what, least) in [
        ("Received", 2000),
        ("Canceled", 50),
        ("TimedOut", 100),
        ("WouldBlock", 50),
        ("State", 50),
        ("GivenUp", 50),
        ("ConnectionReset", 5),
        ("Closed", 10),
        ("Disconnected", 300),
        ("Refused, ConnectionRefused", 100),
        ("Refused, HandshakeTimedOut", 5),
        ("Cut", 100),
        ("Killed", 10),
    ] {
        let count = seen.get(what).copied().unwrap_or(0);
        assert!(count >= least, "{what}: {count} of {least}; all: {seen:#?}");
    }
}

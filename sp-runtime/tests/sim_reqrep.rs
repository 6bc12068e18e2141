//! Request/reply in the simulator. More seeds: the example `simulate`.

mod sim_suites;

use sim_suites::{
    reqrep,
    sabotage::{
        all_are_noticed,
        faults::{REP, REQ},
    },
    suite, tally,
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
    all_are_noticed(&[REQ, REP]);
}

/// A suite that never gets into trouble proves nothing.
#[test]
fn the_scenarios_reach_what_they_are_about() {
    tally::reaches(
        reqrep::run,
        0..100,
        &[
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
        ],
    );
}

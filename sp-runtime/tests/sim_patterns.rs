//! The other patterns in the simulator. More seeds: `.ci/simulate`.

mod sim_suites;

use sim_suites::{
    pubsub,
    sabotage::{
        all_are_noticed,
        faults::{
            BUS, POLY, PUB, RESPONDENT, STARS, SUB, SURVEYOR, XBUS, XREP, XREQ, XRESPONDENT,
            XSURVEYOR,
        },
    },
    suite, tally,
};

#[test]
fn subscribers_get_what_was_published_and_matched() {
    suite("pubsub").unwrap().sweep(0..200);
}

#[test]
fn subscribers_get_what_was_published_and_matched_on_connections_that_break() {
    suite("pubsub-cuts").unwrap().sweep(0..200);
}

#[test]
fn publishers_and_subscribers_get_into_trouble() {
    let reached = [
        ("Received", 5_000),
        ("GivenUp", 500),
        ("Disconnected, OutOfResources", 20),
        ("pub: no-peer", 300),
        ("pub: queue-full", 150),
        ("pub: pipe-gone", 100),
        ("sub: queue-full", 1_500),
        ("sub: no-subscriber", 1_000),
    ];
    tally::reaches(pubsub::run, 0..100, &reached);
}

#[test]
fn a_bus_brings_each_message_to_each_peer_once() {
    for name in ["bus", "bus-cuts"] {
        suite(name).unwrap().sweep(0..100);
    }
}

#[test]
fn a_star_brings_each_message_to_everybody_and_ends_it() {
    for name in ["star", "star-cuts"] {
        suite(name).unwrap().sweep(0..100);
    }
}

#[test]
fn a_polyamorous_pair_sends_to_whom_it_is_told() {
    for name in ["poly", "poly-cuts"] {
        suite(name).unwrap().sweep(0..100);
    }
}

#[test]
fn a_surveyor_gets_the_answers_to_its_survey_in_time() {
    for name in ["survey", "survey-cuts"] {
        suite(name).unwrap().sweep(0..100);
    }
}

#[test]
fn devices_bring_requests_on_and_replies_back() {
    for name in ["device", "device-cuts"] {
        suite(name).unwrap().sweep(0..60);
    }
}

#[test]
fn devices_bring_surveys_on_and_answers_back() {
    for name in ["survey-device", "survey-device-cuts"] {
        suite(name).unwrap().sweep(0..60);
    }
}

#[test]
fn faults_in_publish_and_subscribe_are_noticed() {
    all_are_noticed(&[PUB, SUB]);
}

#[test]
fn faults_in_a_survey_are_noticed() {
    all_are_noticed(&[SURVEYOR, RESPONDENT]);
}

#[test]
fn faults_in_a_bus_are_noticed() {
    all_are_noticed(&[BUS, XBUS]);
}

#[test]
fn faults_in_a_star_are_noticed() {
    all_are_noticed(&[STARS]);
}

#[test]
fn faults_in_a_polyamorous_pair_are_noticed() {
    all_are_noticed(&[POLY]);
}

#[test]
fn faults_in_devices_are_noticed() {
    all_are_noticed(&[XREP, XREQ, XRESPONDENT, XSURVEYOR]);
}

//! The other patterns in the simulator. More seeds: `.ci/simulate`.

mod sim_suites;

use sim_suites::{
    bus, device, poly, pubsub,
    sabotage::{
        all_are_noticed,
        faults::{
            BUS, POLY, PUB, RESPONDENT, STARS, SUB, SURVEYOR, XBUS, XREP, XREQ, XRESPONDENT,
            XSURVEYOR,
        },
    },
    star, suite, survey, tally,
};

#[test]
fn subscribers_get_what_was_published_and_matched() {
    suite("pubsub").unwrap().sweep(0..200);
}

#[test]
fn subscribers_get_what_was_published_and_matched_on_connections_that_break() {
    suite("pubsub-cuts").unwrap().sweep(0..200);
}

/// Suites that never get into trouble prove nothing.
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
fn surveyors_and_respondents_get_into_trouble() {
    let reached = [
        ("Received", 2_000),
        ("Canceled", 80),
        ("TimedOut", 1_000),
        ("State", 700),
        ("WouldBlock", 150),
        ("Cut", 50),
        ("surveyor: no-peer", 50),
        ("surveyor: pipe-gone", 20),
        ("surveyor: stale-survey", 400),
        ("respondent: pipe-gone", 10),
    ];
    tally::reaches(survey::run_with_cuts, 0..60, &reached);
}

#[test]
fn buses_stars_and_polyamorous_pairs_get_into_trouble() {
    let buses = [
        ("Received", 2_000),
        ("Cut", 30),
        ("bus: queue-full", 80),
        ("bus: pipe-gone", 20),
        ("xbus: queue-full", 20),
    ];
    tally::reaches(bus::run_with_cuts, 0..40, &buses);
    let stars = [
        ("Received", 2_000),
        ("Cut", 30),
        ("star: queue-full", 100),
        ("star: pipe-gone", 50),
        ("star: ttl", 300),
    ];
    tally::reaches(star::run_with_cuts, 0..40, &stars);
    let pairs = [
        ("Received", 2_000),
        ("Cut", 30),
        ("pair1-poly: queue-full", 10),
        ("pair1-poly: pipe-gone", 50),
        ("pair1: pipe-gone", 20),
    ];
    tally::reaches(poly::run_with_cuts, 0..40, &pairs);
}

#[test]
fn devices_get_into_trouble() {
    let requests = [
        ("Received", 2_000),
        ("Cut", 20),
        ("Canceled", 20),
        ("xrep: ttl", 30),
        ("req: late-reply", 30),
    ];
    tally::reaches(device::run_requests_with_cuts, 0..60, &requests);
    let surveys = [
        ("Received", 2_000),
        ("Cut", 20),
        ("xrespondent: ttl", 60),
        ("respondent: ttl", 20),
        ("surveyor: stale-survey", 100),
    ];
    tally::reaches(device::run_surveys_with_cuts, 0..60, &surveys);
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

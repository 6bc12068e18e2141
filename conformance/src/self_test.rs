//! Tests of the kit itself: that it passes what is good, and above all that it fails what is not.

mod coverage;
mod deaf;
mod faults;
mod gate;
mod hanging;
mod nulls;

use std::sync::Arc;

use spkit_api::transport::StreamKind;
use spkit_runtime::Registry;

use crate::{
    Config, Pace, Record, Report, Status,
    case::{Case, Drivers, Stage},
    catalogue::{Protocol, wire_cases},
    driver::{Driver, reference::Reference},
    endpoints::{
        self, BUS, PAIR, PAIR1, PUB, PULL, PUSH, REP, REQ, RESPONDENT, STAR, SUB, SURVEYOR,
    },
    runner,
};

const KINDS: [StreamKind; 2] = [StreamKind::Tcp, StreamKind::Ipc];

/// The wire cases for a kind of stream, over the protocols that the reference endpoint has.
fn cases(kind: StreamKind) -> Vec<Case> {
    let protocols = [
        ("pair", PAIR),
        ("pair1", PAIR1),
        ("pair1-poly", PAIR1),
        ("req", REQ),
        ("rep", REP),
        ("push", PUSH),
        ("pull", PULL),
        ("pub", PUB),
        ("sub", SUB),
        ("bus", BUS),
        ("star", STAR),
        ("surveyor", SURVEYOR),
        ("respondent", RESPONDENT),
    ];
    let raw = [
        ("xbus", BUS),
        ("xpair", PAIR),
        ("xpair1", PAIR1),
        ("xstar", STAR),
        ("xreq", REQ),
        ("xrep", REP),
        ("xsurveyor", SURVEYOR),
        ("xrespondent", RESPONDENT),
        ("xsub", SUB),
        ("xpub", PUB),
        ("xpull", PULL),
        ("xpush", PUSH),
    ];
    let known = |of: &[(&'static str, u16)]| {
        let known = of.iter().map(|(name, id)| Protocol {
            name,
            id: *id,
            peer: endpoints::by_id(*id).unwrap().peer,
        });
        known.collect::<Vec<_>>()
    };
    wire_cases(&[scheme(kind)], kind, &known(&protocols), &known(&raw))
}

fn scheme(kind: StreamKind) -> &'static str {
    match kind {
        StreamKind::Ipc => "ipc",
        _ => "tcp",
    }
}

/// Cases run against endpoints of this make instead of sockets.
fn config(
    scale: f64,
    driver: impl Fn(StreamKind) -> Box<dyn Driver> + Send + Sync + 'static,
) -> Config {
    let make = Arc::new(move |_: &Stage, kind| Ok(driver(kind)));
    Config::new(Registry::empty())
        .pace(Pace::scaled(scale))
        .jobs(16)
        .drivers(Drivers {
            name: "reference",
            make,
        })
}

fn run(config: &Config, cases: &[Case]) -> Report {
    runner::run(config, cases, |_| {})
}

fn explained(record: &Record) -> String {
    format!(
        "{} {:?}:\n  {}",
        record.id,
        record.status,
        record.details().join("\n  ")
    )
}

#[test]
fn a_good_endpoint_of_other_make_passes_every_wire_case() {
    let config = config(1.0, |kind| Box::new(Reference::new(kind, &[])));
    for kind in KINDS {
        let cases = cases(kind);
        assert!(cases.len() > 50, "{}", cases.len());
        for record in run(&config, &cases).records() {
            assert_eq!(record.status, Status::Pass, "{}", explained(record));
        }
    }
}

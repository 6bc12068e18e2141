//! A case that passes against an endpoint which does nothing proves nothing.

use super::{KINDS, cases, config, explained, run};
use crate::{
    Status,
    driver::reference::{Null, NullKind},
};

/// Cases that a header and silence satisfy: the header is all they ask for.
const HEADER_SUFFICES: [&str; 2] = ["header.sent-at-once", "header.sent-at-once-dialing"];

#[test]
fn nothing_passes_against_an_absent_endpoint() {
    none_passes(NullKind::Absent, &[]);
}

#[test]
fn nothing_passes_against_a_silent_endpoint() {
    none_passes(NullKind::Silent, &[]);
}

#[test]
fn nothing_passes_against_an_endpoint_that_closes_at_once() {
    none_passes(NullKind::Closing, &[]);
}

#[test]
fn next_to_nothing_passes_against_a_header_and_silence() {
    none_passes(NullKind::HeaderOnly, &HEADER_SUFFICES);
}

fn none_passes(what: NullKind, but: &[&str]) {
    // Nobody answers, so there is nothing to be patient for.
    let config = config(0.02, move |kind| Box::new(Null { kind, what })).jobs(32);
    for kind in KINDS {
        for record in run(&config, &cases(kind)).records() {
            if but.iter().any(|slug| record.id.ends_with(slug)) {
                continue;
            }
            assert_eq!(
                record.status,
                Status::Fail,
                "{what:?}: {}",
                explained(record)
            );
            assert!(record.failure.is_some(), "{what:?}: {}", record.id);
        }
    }
}

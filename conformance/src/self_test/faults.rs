//! Every fault of the reference endpoint is found by the case that claims it.

mod kills;

use spkit_api::transport::StreamKind;

use self::kills::{IPC_KILLS, KILLS, Kill};
use super::{cases, config, explained, run, scheme};
use crate::{
    Status,
    driver::reference::{Fault, Reference},
};

#[test]
fn every_fault_is_found_on_tcp() {
    are_found(StreamKind::Tcp, KILLS.iter());
}

#[test]
fn every_fault_is_found_on_ipc() {
    are_found(StreamKind::Ipc, KILLS.iter().chain(IPC_KILLS));
}

/// Some at once: what takes time is waiting for what does not happen.
fn are_found(kind: StreamKind, kills: impl Iterator<Item = &'static Kill>) {
    let kills: Vec<&Kill> = kills.collect();
    for some in kills.chunks(24) {
        std::thread::scope(|threads| {
            for (fault, slugs) in some {
                threads.spawn(move || is_found(kind, *fault, slugs));
            }
        });
    }
}

fn is_found(kind: StreamKind, fault: Fault, slugs: &[&str]) {
    let ids: Vec<String> = slugs
        .iter()
        .map(|slug| format!("{}.{slug}", scheme(kind)))
        .collect();
    let claimed: Vec<_> = cases(kind)
        .into_iter()
        .filter(|case| ids.iter().any(|id| case.id() == id))
        .collect();
    assert_eq!(claimed.len(), slugs.len(), "{fault:?}: {ids:?}");
    // What shows within a quiet time needs one that lasts; waiting for what never comes need not.
    let shows_in_silence = matches!(
        fault,
        Fault::SendsTooEarly
            | Fault::DeliversTruncated
            | Fault::NoTtl
            | Fault::SendsBack
            | Fault::SendsToEach
            | Fault::AnswersTwice
            | Fault::AnyChannel
            | Fault::AnswersElsewhere
            | Fault::ReadsAhead
            | Fault::RedialsAtOnce
    );
    let scale = if shows_in_silence { 1.0 } else { 0.1 };
    let config = config(scale, move |kind| Box::new(Reference::new(kind, &[fault])));
    for record in run(&config, &claimed).records() {
        assert_eq!(
            record.status,
            Status::Fail,
            "{fault:?}: {}",
            explained(record)
        );
        let failure = record.failure.as_ref().unwrap();
        assert!(
            !failure.expected.is_empty() && !failure.seen.is_empty(),
            "{fault:?}"
        );
    }
}

//! What scenarios get into: those that never are in trouble prove nothing.

use std::{collections::BTreeMap, ops::Range};

use spkit_runtime::{
    SocketEvent,
    sim::{Ended, What},
};

use super::Run;

/// These runs, all together, reach each of these things that often.
#[track_caller]
pub(crate) fn reaches(run: fn(u64) -> Run, seeds: Range<u64>, what: &[(&str, u64)]) {
    let mut seen = BTreeMap::new();
    seeds.for_each(|seed| count(&run(seed), &mut seen));
    for (what, least) in what {
        let count = seen.get(*what).copied().unwrap_or(0);
        assert!(
            count >= *least,
            "{what}: {count} of {least}; all: {seen:#?}"
        );
    }
}

/// Counts how operations ended, what happened to connections, and what each protocol dropped.
fn count(run: &Run, seen: &mut BTreeMap<String, u64>) {
    for entry in run.world.transcript().entries() {
        let what = match &entry.what {
            What::Opened { protocol } => {
                let dropped = entry.socket.map(|socket| run.world.stats(socket).dropped());
                for (why, count) in dropped.iter().flat_map(|dropped| dropped.iter()) {
                    *seen
                        .entry(format!("{protocol}: {}", why.name()))
                        .or_default() += count;
                }
                continue;
            }
            What::Ended { ended, .. } => match ended {
                Ended::Failed(error) => format!("{:?}", error.kind()),
                Ended::Received(_) => "Received".to_owned(),
                Ended::GivenUp => "GivenUp".to_owned(),
                _ => continue,
            },
            What::Event(SocketEvent::Disconnected { error, .. }) => {
                *seen
                    .entry(format!("Disconnected, {:?}", error.kind()))
                    .or_default() += 1;
                "Disconnected".to_owned()
            }
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

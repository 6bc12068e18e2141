//! What passed a device, and what became of the rest.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{Way, way::Lane};
use crate::{
    driver::Shared,
    stats::{Count, Dropped},
};

/// What a device did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DeviceStats {
    /// From the first socket to the second, or through the only one.
    pub forth: WayStats,
    /// From the second socket to the first. Nothing, if messages pass one way only.
    pub back: WayStats,
}

/// What went one way through a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct WayStats {
    /// Messages that the receiving end handed over and the sending end accepted.
    pub forwarded: Count,
    /// Messages that the sending end refused with an error: a header it cannot send.
    pub refused: u64,
    /// Messages the sockets dropped since the device was made: the receiving end on receipt, as they were malformed or
    /// had too many hops, the sending end for want of a peer or of room, once for each peer that lost one.
    pub dropped: Dropped,
}

/// What a lane counts.
#[derive(Debug, Default)]
pub(super) struct Passed {
    messages: AtomicU64,
    bytes: AtomicU64,
    refused: AtomicU64,
}

/// Whatever the counters are read from: the lanes by way, and both sockets.
pub(super) struct Counts {
    passed: [Option<Arc<Passed>>; 2],
    ends: [End; 2],
}

struct End {
    socket: Arc<Shared>,
    /// What it had dropped before: on its way out, and of what came.
    before: [Dropped; 2],
}

/// Written by one lane, and read by anybody.
impl Passed {
    pub(super) fn forwarded(&self, bytes: usize) {
        add(&self.messages, 1);
        add(&self.bytes, bytes as u64);
    }

    pub(super) fn refused(&self) {
        add(&self.refused, 1);
    }
}

fn add(count: &AtomicU64, more: u64) {
    count.store(count.load(Ordering::Relaxed) + more, Ordering::Relaxed);
}

impl Counts {
    pub(super) fn new(lanes: &[Lane], ends: [&Arc<Shared>; 2]) -> Self {
        let of = |way| {
            let lane = lanes.iter().find(|lane| lane.way == way)?;
            Some(Arc::clone(&lane.passed))
        };
        Self {
            passed: [of(Way::Forth), of(Way::Back)],
            ends: ends.map(|socket| End {
                before: dropped(socket),
                socket: Arc::clone(socket),
            }),
        }
    }

    pub(super) fn read(&self) -> DeviceStats {
        let [forth, back] = self.passed.each_ref().map(Option::as_deref);
        let [first, second] = self.ends.each_ref().map(End::dropped);
        DeviceStats {
            forth: stats(forth, first, second),
            back: stats(back, second, first),
        }
    }
}

impl End {
    fn dropped(&self) -> [Dropped; 2] {
        let [unsent, undelivered] = dropped(&self.socket);
        [
            unsent.since(&self.before[0]),
            undelivered.since(&self.before[1]),
        ]
    }
}

fn dropped(socket: &Shared) -> [Dropped; 2] {
    let stats = socket.stats();
    [stats.unsent, stats.undelivered]
}

fn stats(
    lane: Option<&Passed>,
    [_, undelivered]: [Dropped; 2],
    [unsent, _]: [Dropped; 2],
) -> WayStats {
    let Some(lane) = lane else {
        return WayStats::default();
    };
    let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
    let mut dropped = undelivered;
    dropped.add_all(&unsent);
    WayStats {
        forwarded: Count {
            messages: read(&lane.messages),
            bytes: read(&lane.bytes),
        },
        refused: read(&lane.refused),
        dropped,
    }
}

//! What is going to happen, and when.

use std::{cmp::Reverse, collections::BinaryHeap};

use spkit_api::{EndpointId, Time};

use super::{OpId, UserId};

/// One thing that happens at one moment. Nothing else ever does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Happening {
    /// A connection attempt reaches its listener, or nobody.
    Knock { cable: usize },
    /// The dialer hears whether it was let in.
    Answer { cable: usize, welcome: bool },
    /// Bytes reach the far end's buffer.
    Arrive { cable: usize, way: usize },
    /// The writer hears that the reader has read.
    Room { cable: usize, way: usize },
    /// An end finds out that the connection is cut.
    Reset { cable: usize, end: usize },
    /// A partition outlasts the patience of a connection.
    Sever { cable: usize },
    /// An object of a socket is polled.
    Poll { token: u64 },
    /// A socket looks at its timers.
    Tick { host: usize },
    /// A socket writes what it put off.
    Flush { host: usize },
    /// A dialer dials.
    Dial { host: usize, endpoint: EndpointId },
    /// A woken operation tries again.
    Retry { op: OpId },
    /// An operation's time is over.
    Deadline { op: OpId },
    /// An operation that is over leaves the list of those who wait.
    Leave { op: OpId },
    /// A user hears some news.
    Turn { user: UserId },
    /// The script has a line here.
    Script { line: usize },
}

/// Everything that is going to happen. Of two things at the same moment the one entered first comes first.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<(Time, u64, Happening)>>,
    entered: u64,
}

impl Agenda {
    pub(super) fn enter(&mut self, at: Time, what: Happening) {
        self.entered += 1;
        self.heap.push(Reverse((at, self.entered, what)));
    }

    /// When the next thing happens.
    pub(super) fn next_due(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    pub(super) fn next(&mut self) -> Option<(Time, Happening)> {
        self.heap.pop().map(|Reverse((at, _, what))| (at, what))
    }
}

//! One connection: two ends, and bytes under way between them.

use std::collections::VecDeque;

use spkit_api::{Interest, Ready, Time};

use super::Link;

/// A connection, or the attempt at one.
#[derive(Debug)]
pub(super) struct Cable {
    /// The dialer's end, then the listener's.
    pub(super) ends: [End; 2],
    /// Way `i` is written by end `i`.
    pub(super) ways: [Way; 2],
    pub(super) link: Link,
    /// Where the dialer dials.
    pub(super) address: String,
    /// Nothing passes any more; an end that did not notice yet writes into the void.
    pub(super) cut: bool,
}

#[derive(Debug)]
pub(super) struct End {
    pub(super) host: usize,
    /// The object that watches this end.
    pub(super) token: Option<u64>,
    pub(super) interest: Option<Interest>,
    pub(super) stage: Stage,
    /// It knows that the connection broke.
    pub(super) reset: bool,
    /// Its stream is dropped.
    pub(super) dropped: bool,
}

/// How an end's connection attempt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Waits,
    Connected,
    Refused,
}

/// One direction.
#[derive(Debug)]
pub(super) struct Way {
    /// Under way.
    pub(super) pieces: VecDeque<Piece>,
    pub(super) flight: VecDeque<u8>,
    /// When the last piece arrives; none overtakes another.
    pub(super) last_due: Time,
    /// Its `Arrive` is on the agenda.
    pub(super) arriving: bool,
    /// Arrived and not yet read.
    pub(super) buffer: VecDeque<u8>,
    /// The reader has everything there will be.
    pub(super) ended: bool,
    /// The writer finished.
    pub(super) finished: bool,
    /// Bytes that count against the window, as far as the writer knows.
    pub(super) charged: usize,
    /// Bytes read since the writer heard of it last.
    pub(super) freed: usize,
    /// The writer was told to wait.
    pub(super) starved: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) due: Time,
    pub(super) what: Cargo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cargo {
    Bytes(usize),
    /// The writer finished in order.
    End,
    /// The writer broke the connection off.
    Reset,
}

impl Cable {
    pub(super) fn new(host: usize, address: String, link: Link, now: Time) -> Self {
        Self {
            ends: [End::new(host), End::new(host)],
            ways: [Way::new(now), Way::new(now)],
            link,
            address,
            cut: false,
        }
    }

    /// What a poller would report about an end now.
    pub(super) fn ready(&self, end: usize) -> Ready {
        let this = &self.ends[end];
        let Some(interest) = this.interest.filter(|_| !this.dropped) else {
            return Ready::NONE;
        };
        let mut ready = Ready::NONE;
        let incoming = &self.ways[1 - end];
        if this.reset || this.stage == Stage::Refused {
            ready |= Ready::READABLE | Ready::WRITABLE | Ready::CLOSED;
        } else if this.stage == Stage::Connected {
            if interest.is_readable() && !incoming.buffer.is_empty() {
                ready |= Ready::READABLE;
            }
            if incoming.ended {
                ready |= Ready::READABLE | Ready::CLOSED;
            }
            if interest.is_writable() && self.room(end) > 0 {
                ready |= Ready::WRITABLE;
            }
        }
        ready
    }

    /// Bytes that an end may write.
    pub(super) fn room(&self, end: usize) -> usize {
        self.link.window.saturating_sub(self.ways[end].charged)
    }

    /// Whether both ends are gone.
    pub(super) fn is_over(&self) -> bool {
        self.ends.iter().all(|end| end.dropped)
    }

    /// Whether the dialer's attempt was let in.
    pub(super) fn is_made(&self) -> bool {
        self.ends[1].stage == Stage::Connected
    }
}

impl End {
    fn new(host: usize) -> Self {
        Self {
            host,
            token: None,
            interest: None,
            stage: Stage::Waits,
            reset: false,
            dropped: false,
        }
    }
}

impl Way {
    fn new(now: Time) -> Self {
        Self {
            pieces: VecDeque::new(),
            flight: VecDeque::new(),
            last_due: now,
            arriving: false,
            buffer: VecDeque::new(),
            ended: false,
            finished: false,
            charged: 0,
            freed: 0,
            starved: false,
        }
    }

    /// Loses what is under way.
    pub(super) fn spill(&mut self) {
        self.pieces.clear();
        self.flight.clear();
    }
}

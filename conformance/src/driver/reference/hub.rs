//! What the threads of a reference endpoint share: its connections, and the application's two queues.

use std::{
    collections::VecDeque,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    io::Write,
    net::Shutdown,
    sync::{
        Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use super::{Fault, Losses, Setup, asking::Request};
use crate::{
    endpoints,
    pace::Deadline,
    tester::{Carrier, codec},
};

#[derive(Debug)]
pub(super) struct Hub {
    pub(super) setup: Setup,
    /// The other side of a device.
    pub(super) onwards: OnceLock<Weak<Self>>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// Every socket, to end it at the close.
    pub(super) sockets: Vec<(u32, Carrier)>,
    /// Connections ready for messages, the next to send on in front.
    pub(super) ready: VecDeque<u32>,
    /// Who holds a PAIR's only place.
    pub(super) seat: Option<u32>,
    pub(super) inbox: VecDeque<Received>,
    /// The survey under way.
    pub(super) outstanding: Option<u32>,
    /// The requests under way: one, unless that is the fault.
    pub(super) requests: Vec<Request>,
    /// When the survey under way is over.
    pub(super) survey_end: Option<Deadline>,
    /// The way to each peer, where the protocol waits for none.
    pub(super) writers: Vec<(u32, SyncSender<Vec<u8>>)>,
    /// A survey for who comes later: that is a fault.
    pub(super) kept: Option<Vec<u8>>,
    /// What a RESPONDENT's application received last.
    pub(super) asked: Option<(u32, Vec<u8>)>,
    /// The last one that was answered: answering it again is a fault.
    pub(super) answered: Option<(u32, Vec<u8>)>,
    pub(super) next_connection: u32,
    pub(super) next_tag: u32,
    /// What was thrown away.
    pub(super) losses: Losses,
    pub(super) failed: bool,
    pub(super) closed: bool,
}

/// A message for the application, and for an answer the connection and the tags it goes back with.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) body: Vec<u8>,
    pub(super) way_back: Option<(u32, Vec<u8>)>,
}

impl Hub {
    pub(super) fn new(setup: Setup) -> Self {
        let first = match setup.has(Fault::CountsFromOne) {
            true => 1,
            // Hash maps have the dice that std has.
            false => RandomState::new().build_hasher().finish() as u32,
        };
        let state = State {
            next_connection: first,
            next_tag: first,
            ..State::default()
        };
        Self {
            setup,
            onwards: OnceLock::new(),
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// Takes a socket in; none if the endpoint is closed.
    pub(super) fn enter(&self, carrier: &Carrier) -> Option<u32> {
        let mut state = self.lock();
        let socket = carrier.try_clone().ok().filter(|_| !state.closed)?;
        let id = state.next_connection & 0x7fff_ffff;
        state.next_connection = id.wrapping_add(1);
        state.sockets.push((id, socket));
        if self.setup.has(Fault::SeatsTooEarly) {
            state.seat.get_or_insert(id);
        }
        Some(id)
    }

    /// The connection is good. False: a PAIR has a peer already.
    pub(super) fn ready(&self, id: u32) -> bool {
        let mut state = self.lock();
        if self.setup.is_single() && *state.seat.get_or_insert(id) != id {
            return false;
        }
        state.ready.push_back(id);
        if self.setup.protocol != endpoints::PAIR
            && let Some(socket) = state.socket(id)
        {
            let writer = writer(socket, self.setup.room());
            if let Some(survey) = state.kept.take() {
                let _room = writer.try_send(self.frame(&survey));
            }
            state.writers.push((id, writer));
        }
        self.ask_again(&mut state, |request| request.over.is_none());
        self.changed.notify_all();
        true
    }

    /// The connection is gone.
    pub(super) fn leave(&self, id: u32) {
        let mut state = self.lock();
        state.sockets.retain(|(known, _)| *known != id);
        state.ready.retain(|known| *known != id);
        state.writers.retain(|(known, _)| *known != id);
        // One that came too early keeps the place: that is the fault.
        if state.seat == Some(id) && !self.setup.has(Fault::SeatsTooEarly) {
            state.seat = None;
        }
        if !self.setup.has(Fault::DropsInSilence) {
            state.losses.connections += 1;
        }
        self.lost(&mut state, id);
    }

    pub(super) fn handshake_failed(&self) {
        self.lock().failed = true;
    }

    pub(super) fn has_failed(&self) -> bool {
        self.lock().failed
    }

    /// A message for the application.
    pub(super) fn deliver(&self, id: u32, payload: Vec<u8>) {
        let mut state = self.lock();
        while state.inbox.len() >= self.setup.inbox() && !state.closed {
            state = self.wait(state, Duration::from_secs(1));
        }
        let tag = payload.first_chunk().map(|tag| u32::from_be_bytes(*tag));
        let mut way_back = None;
        let body = match self.setup.protocol {
            endpoints::REQ => return self.answered(&mut state, id, payload),
            endpoints::SURVEYOR => {
                let any = self.setup.has(Fault::TakesAnyAnswer);
                let answers = any || (tag == state.outstanding && !state.survey_is_over());
                if tag.is_none() || !answers {
                    return self.threw_away(&mut state);
                }
                payload[4..].to_vec()
            }
            endpoints::REP | endpoints::RESPONDENT => {
                let mut tags = payload.chunks_exact(4).take(self.setup.ttl);
                let Some(last) = tags.position(|tag| tag[0] & 0x80 != 0) else {
                    return self.threw_away(&mut state);
                };
                let (tags, body) = payload.split_at(4 * (last + 1));
                way_back = Some((id, tags.to_vec()));
                body.to_vec()
            }
            _ => payload,
        };
        state.inbox.push_back(Received { body, way_back });
        self.changed.notify_all();
    }

    pub(super) fn recv(&self, within: Duration) -> Option<Vec<u8>> {
        let deadline = Deadline::after(within);
        let mut state = self.lock();
        loop {
            if let Some(received) = state.inbox.pop_front() {
                let before = state.asked.take();
                state.asked = match self.setup.has(Fault::AnswersFirst) {
                    true => before.or(received.way_back),
                    false => received.way_back.or(before),
                };
                self.changed.notify_all();
                return Some(received.body);
            }
            if self.setup.protocol == endpoints::REQ && state.requests.is_empty() {
                return None;
            }
            let left = match (deadline.left()?, state.survey_end) {
                (left, Some(end)) => left.min(end.left()?),
                (left, None) => left,
            };
            state = self.wait(state, left);
        }
    }

    /// A message is dropped.
    pub(super) fn threw_away(&self, state: &mut State) {
        if !self.setup.has(Fault::DropsInSilence) {
            state.losses.messages += 1;
        }
    }

    pub(super) fn losses(&self) -> Losses {
        self.lock().losses
    }

    /// A message as this endpoint writes it.
    pub(super) fn frame(&self, payload: &[u8]) -> Vec<u8> {
        let mut frame = codec::prefix(self.setup.kind, payload.len() as u64);
        if self.setup.has(Fault::LittleEndian) {
            let at = frame.len() - 8;
            frame[at..].reverse();
        }
        frame.extend_from_slice(payload);
        frame
    }

    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.writers.clear();
        let end = !self.setup.has(Fault::ClosesNothing);
        for (_, socket) in state.sockets.iter().filter(|_| end) {
            // Gone already is as good.
            let _gone = socket.shutdown(Shutdown::Both);
        }
        self.changed.notify_all();
    }

    /// Wakes who waits.
    pub(super) fn changed(&self) {
        self.changed.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    pub(super) fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        limit: Duration,
    ) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, limit);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The next request's or survey's tag.
    pub(super) fn new_tag(&mut self) -> u32 {
        self.next_tag = self.next_tag.wrapping_add(1);
        0x8000_0000 | self.next_tag
    }

    fn survey_is_over(&self) -> bool {
        self.survey_end.is_some_and(Deadline::is_over)
    }

    /// A handle of a connection's socket.
    pub(super) fn socket(&self, id: u32) -> Option<Carrier> {
        let socket = self.sockets.iter().find(|(known, _)| *known == id);
        socket.and_then(|(_, socket)| socket.try_clone().ok())
    }
}

/// A thread that writes frames to a connection for as long as that takes.
fn writer(mut socket: Carrier, room: usize) -> SyncSender<Vec<u8>> {
    let (frames, rest) = sync_channel::<Vec<u8>>(room);
    thread::spawn(move || {
        while let Ok(frame) = rest.recv()
            && socket.write_all(&frame).is_ok()
        {}
    });
    frames
}

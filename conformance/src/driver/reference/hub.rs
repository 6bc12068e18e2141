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

use super::{Fault, Losses, Setup, asking::Request, groups};
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
    sockets: Vec<(u32, Carrier)>,
    /// Connections ready for messages, the next to send on in front.
    pub(super) ready: VecDeque<u32>,
    /// Who holds a PAIR's only place.
    seat: Option<u32>,
    pub(super) inbox: VecDeque<Received>,
    /// The survey under way.
    outstanding: Option<u32>,
    /// The requests under way: one, unless that is the fault.
    pub(super) requests: Vec<Request>,
    /// When the survey under way is over.
    survey_end: Option<Deadline>,
    /// The way to each peer, where the protocol waits for none.
    writers: Vec<(u32, SyncSender<Vec<u8>>)>,
    /// A survey for who comes later: that is a fault.
    kept: Option<Vec<u8>>,
    /// What a RESPONDENT's application received last.
    asked: Option<(u32, Vec<u8>)>,
    /// The last one that was answered: answering it again is a fault.
    answered: Option<(u32, Vec<u8>)>,
    next_connection: u32,
    pub(super) next_tag: u32,
    /// What was thrown away.
    pub(super) losses: Losses,
    failed: bool,
    closed: bool,
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

    /// Sends as the protocol does.
    pub(super) fn send(&self, body: &[u8], within: Duration) -> bool {
        match self.setup.protocol {
            endpoints::SURVEYOR => self.survey(body),
            endpoints::REP | endpoints::RESPONDENT => self.respond(body),
            endpoints::REQ => self.ask(body, within),
            endpoints::PUB => {
                self.post_all(body, |_| true);
                true
            }
            endpoints::PUSH => self.post_one(body, within),
            protocol => match groups::to_all(protocol, body) {
                Some(payload) => {
                    self.post_all(&payload, |_| true);
                    true
                }
                None => self.send_to_one(body, within),
            },
        }
    }

    /// Sends to everybody, with a new id; what nobody is there for is lost.
    fn survey(&self, body: &[u8]) -> bool {
        let mut state = self.lock();
        let tag = state.new_tag();
        let payload = [&tag.to_be_bytes(), body].concat();
        state.outstanding = Some(tag);
        state.inbox.clear();
        if !self.setup.has(Fault::NoSurveyEnd) {
            state.survey_end = Some(Deadline::after(self.setup.survey));
        }
        if self.setup.has(Fault::KeepsSurvey) {
            state.kept = Some(payload.clone());
        }
        let some = if self.setup.has(Fault::SurveysOne) {
            1
        } else {
            usize::MAX
        };
        let times = 1 + usize::from(self.setup.has(Fault::Resurveys));
        let frame = self.frame(&payload).repeat(times);
        for (_, writer) in state.writers.iter().take(some) {
            // Who is gone, or too slow, loses it.
            let _lost = writer.try_send(frame.clone());
        }
        true
    }

    /// Answers what was received last, once.
    fn respond(&self, body: &[u8]) -> bool {
        let mut state = self.lock();
        let again = self.setup.has(Fault::AnswersTwice);
        let again = state.answered.take().filter(|_| again);
        let Some((id, tags)) = state.asked.take().or(again) else {
            return false;
        };
        let payload = [&tags[..], body].concat();
        state.answered = Some((id, tags));
        drop(state);
        let elsewhere = self.setup.has(Fault::AnswersElsewhere);
        self.post_all(&payload, |other| (other == id) != elsewhere);
        true
    }

    /// Sends on the next ready connection, waiting for one.
    fn send_to_one(&self, body: &[u8], within: Duration) -> bool {
        let deadline = Deadline::after(within);
        let mut state = self.lock();
        let id = loop {
            if let Some(id) = state.ready.pop_front() {
                state.ready.push_back(id);
                break id;
            }
            let Some(left) = deadline.left() else {
                return false;
            };
            state = self.wait(state, left);
        };
        let payload = groups::with_count(self.setup.protocol, body);
        let socket = state.socket(id);
        // The peer may have to read what this one sends before it is done: not under the lock.
        drop(state);
        let frame = self.frame(&payload);
        socket.is_some_and(|mut socket| socket.write_all(&frame).is_ok())
    }

    /// Sends on the next connection that has room, waiting for one.
    pub(super) fn post_one(&self, payload: &[u8], within: Duration) -> bool {
        let deadline = Deadline::after(within);
        let mut state = self.lock();
        loop {
            if self.offer(&mut state, payload).is_some() {
                return true;
            }
            let Some(left) = deadline.left().filter(|_| !state.closed) else {
                return false;
            };
            // Nobody tells when a writer has room again.
            state = self.wait(state, left.min(Duration::from_millis(5)));
        }
    }

    /// Hands a payload to the next connection that has room, and says which.
    pub(super) fn offer(&self, state: &mut State, payload: &[u8]) -> Option<u32> {
        let mut frame = self.frame(payload);
        if self.setup.has(Fault::WrongBytes)
            && let Some(last) = frame.last_mut()
        {
            *last ^= 1;
        }
        for at in 0..state.ready.len() {
            let id = state.ready[at];
            let writer = state.writers.iter().find(|(known, _)| *known == id);
            if writer.is_some_and(|(_, writer)| writer.try_send(frame.clone()).is_ok()) {
                if !self.setup.has(Fault::SticksToOne) {
                    state.ready.remove(at);
                    state.ready.push_back(id);
                }
                if self.setup.has(Fault::SendsToEach) {
                    for (_, writer) in state.writers.iter().filter(|(known, _)| *known != id) {
                        let _full = writer.try_send(frame.clone());
                    }
                }
                return Some(id);
            }
            if self.setup.has(Fault::WaitsForSlow) {
                return None;
            }
        }
        None
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

    /// Sends on these connections; one whose queue is full loses the message.
    pub(super) fn post_all(&self, payload: &[u8], to: impl Fn(u32) -> bool) {
        let frame = self.frame(payload);
        let state = self.lock();
        let most = match self.setup.has(Fault::SendsToOne) {
            true => 1,
            false => usize::MAX,
        };
        let chosen = state.writers.iter().filter(|(id, _)| to(*id));
        for (_, queue) in chosen.take(most) {
            // Full, or gone.
            let _lost = queue.try_send(frame.clone());
        }
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
    fn socket(&self, id: u32) -> Option<Carrier> {
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

//! What the threads of a reference endpoint share: its connections, and the application's two queues.

use std::{
    collections::VecDeque,
    io::Write,
    net::Shutdown,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use super::{Fault, Setup, groups};
use crate::{
    endpoints,
    pace::Deadline,
    tester::{Carrier, codec},
};

#[derive(Debug)]
pub(super) struct Hub {
    pub(super) setup: Setup,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Every socket, to end it at the close.
    sockets: Vec<(u32, Carrier)>,
    /// Connections ready for messages, the next to send on in front.
    ready: VecDeque<u32>,
    /// For each of them, where the protocol does not wait for the peer: what it has yet to write.
    queues: Vec<(u32, SyncSender<Vec<u8>>)>,
    /// Who holds a PAIR's only place.
    seat: Option<u32>,
    inbox: VecDeque<Vec<u8>>,
    outstanding: Option<u32>,
    next_id: u32,
    failed: bool,
    closed: bool,
}

impl Hub {
    pub(super) fn new(setup: Setup) -> Self {
        let state = State {
            next_id: 0x0123_4567,
            ..State::default()
        };
        Self {
            setup,
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// Takes a socket in; none if the endpoint is closed.
    pub(super) fn enter(&self, carrier: &Carrier) -> Option<u32> {
        let mut state = self.lock();
        let socket = carrier.try_clone().ok().filter(|_| !state.closed)?;
        state.next_id += 1;
        let id = state.next_id;
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
        if groups::drops(self.setup.protocol) {
            let socket = state.sockets.iter().find(|(known, _)| *known == id);
            if let Some(socket) = socket.and_then(|(_, socket)| socket.try_clone().ok()) {
                state.queues.push((id, writer(socket)));
            }
        }
        self.changed.notify_all();
        true
    }

    /// The connection is gone.
    pub(super) fn leave(&self, id: u32) {
        let mut state = self.lock();
        state.sockets.retain(|(known, _)| *known != id);
        state.ready.retain(|known| *known != id);
        state.queues.retain(|(known, _)| *known != id);
        // One that came too early keeps the place: that is the fault.
        if state.seat == Some(id) && !self.setup.has(Fault::SeatsTooEarly) {
            state.seat = None;
        }
    }

    pub(super) fn handshake_failed(&self) {
        self.lock().failed = true;
    }

    pub(super) fn has_failed(&self) -> bool {
        self.lock().failed
    }

    /// A message for the application.
    pub(super) fn deliver(&self, payload: Vec<u8>) {
        let mut state = self.lock();
        let body = if self.setup.protocol == endpoints::REQ {
            let tag = payload.first_chunk().map(|tag| u32::from_be_bytes(*tag));
            if tag.is_none() || tag != state.outstanding {
                return;
            }
            state.outstanding = None;
            payload[4..].to_vec()
        } else {
            payload
        };
        state.inbox.push_back(body);
        self.changed.notify_all();
    }

    pub(super) fn recv(&self, within: Duration) -> Option<Vec<u8>> {
        let deadline = Deadline::after(within);
        let mut state = self.lock();
        loop {
            if let Some(body) = state.inbox.pop_front() {
                return Some(body);
            }
            state = self.wait(state, deadline.left()?);
        }
    }

    /// Sends on the next ready connection, waiting for one; a PUB, on all there are.
    pub(super) fn send(&self, body: &[u8], within: Duration) -> bool {
        if self.setup.protocol == endpoints::PUB {
            return self.publish(body);
        }
        if let Some(payload) = groups::to_all(self.setup.protocol, body) {
            self.post_all(&payload, |_| true);
            return true;
        }
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
        let mut payload = groups::with_count(self.setup.protocol, body);
        if self.setup.protocol == endpoints::REQ {
            state.next_id += 1;
            let tag = 0x8000_0000 | state.next_id;
            state.outstanding = Some(tag);
            payload = [&tag.to_be_bytes(), body].concat();
        }
        let socket = state.sockets.iter().find(|(known, _)| *known == id);
        let socket = socket.and_then(|(_, socket)| socket.try_clone().ok());
        // The peer may have to read what this one sends before it is done: not under the lock.
        drop(state);
        let frame = self.frame(&payload);
        socket.is_some_and(|mut socket| socket.write_all(&frame).is_ok())
    }

    fn publish(&self, body: &[u8]) -> bool {
        let frame = self.frame(body);
        let state = self.lock();
        let ready = state
            .sockets
            .iter()
            .filter(|(id, _)| state.ready.contains(id));
        let sockets: Vec<_> = ready
            .filter_map(|(_, socket)| socket.try_clone().ok())
            .collect();
        drop(state);
        for mut socket in sockets {
            // Who is gone gets nothing, and nobody is told.
            let _gone = socket.write_all(&frame);
        }
        true
    }

    /// Sends on these connections; one whose queue is full loses the message.
    pub(super) fn post_all(&self, payload: &[u8], to: impl Fn(u32) -> bool) {
        let frame = self.frame(payload);
        let state = self.lock();
        let most = match self.setup.has(Fault::SendsToOne) {
            true => 1,
            false => usize::MAX,
        };
        let chosen = state.queues.iter().filter(|(id, _)| to(*id));
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
        state.queues.clear();
        for (_, socket) in &state.sockets {
            // Gone already is as good.
            let _gone = socket.shutdown(Shutdown::Both);
        }
        self.changed.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, limit: Duration) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, limit);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes what is put into the queue, until that or the connection is gone.
fn writer(mut socket: Carrier) -> SyncSender<Vec<u8>> {
    let (queue, frames) = sync_channel::<Vec<u8>>(16);
    thread::spawn(move || frames.iter().try_for_each(|frame| socket.write_all(&frame)));
    queue
}

//! One direction of a connection.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use spkit_api::{Inbox, Message};

/// Messages a ring holds.
const MESSAGES: usize = 1024;

/// A bounded queue of messages between two sockets.
///
/// Both ends tell under its lock whether they sleep, so that nobody is rung for nothing and nobody sleeps on.
#[derive(Debug)]
pub(super) struct Ring {
    state: Mutex<State>,
    limit: usize,
}

#[derive(Debug)]
struct State {
    messages: VecDeque<Message>,
    bytes: usize,
    /// The receiver found nothing and waits to be rung.
    receiver_sleeps: bool,
    /// The sender found no room and waits to be rung.
    sender_waits: bool,
    /// No more is sent.
    ended: bool,
    /// Nobody receives.
    deaf: bool,
}

/// How a push went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// The message is in.
    Quietly,
    /// It is in, and the receiver must be rung.
    Ring,
    /// There is no room; the sender is rung when there is.
    Full,
    /// Nobody receives.
    Deaf,
}

/// How taking went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Popped {
    /// The sender must be rung.
    pub(super) ring: bool,
    pub(super) left: Left,
}

/// What is left in the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Nothing for now: the receiver is rung.
    Nothing,
    More,
    /// Nothing ever.
    Ended,
}

impl Ring {
    /// An empty ring that takes no more at so many bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            state: Mutex::new(State {
                messages: VecDeque::new(),
                bytes: 0,
                receiver_sleeps: true,
                sender_waits: false,
                ended: false,
                deaf: false,
            }),
            limit,
        }
    }

    /// Takes a message out of its slot; with an empty slot it only asks for room.
    pub(super) fn push(&self, slot: &mut Option<Message>) -> Pushed {
        let mut state = self.lock();
        if state.deaf || state.ended {
            return Pushed::Deaf;
        }
        // A message larger than the limit is taken when it is alone.
        if state.messages.len() >= MESSAGES || state.bytes >= self.limit {
            state.sender_waits = true;
            return Pushed::Full;
        }
        let Some(message) = slot.take() else {
            return Pushed::Quietly;
        };
        let message = message.into_received();
        state.bytes += message.payload_len();
        state.messages.push_back(message);
        match std::mem::take(&mut state.receiver_sleeps) {
            true => Pushed::Ring,
            false => Pushed::Quietly,
        }
    }

    /// Moves messages into the inbox until it is full.
    pub(super) fn pop_into(&self, inbox: &mut Inbox) -> Popped {
        let mut state = self.lock();
        while !inbox.is_full()
            && let Some(message) = state.messages.pop_front()
        {
            state.bytes -= message.payload_len();
            inbox.push(message);
        }
        let left = match (state.messages.is_empty(), state.ended) {
            (false, _) => Left::More,
            (true, false) => Left::Nothing,
            (true, true) => Left::Ended,
        };
        state.receiver_sleeps = left == Left::Nothing;
        // At half, not at once: else the two would take turns message by message.
        let room = state.messages.len() <= MESSAGES / 2 && state.bytes <= self.limit / 2;
        let ring = room && std::mem::take(&mut state.sender_waits);
        Popped { ring, left }
    }

    /// The sender is done. What is inside can still be received.
    pub(super) fn end(&self) {
        self.lock().ended = true;
    }

    /// The receiver is gone, and what is inside with it. Returns that, to be dropped without the lock.
    pub(super) fn deafen(&self) -> VecDeque<Message> {
        let mut state = self.lock();
        state.deaf = true;
        state.bytes = 0;
        std::mem::take(&mut state.messages)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! One direction of a connection.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use spkit_api::{Inbox, Message};

/// A bounded queue of messages between two sockets.
///
/// Both ends tell under its lock whether they sleep, so that nobody is rung for nothing and nobody sleeps on.
#[derive(Debug)]
pub(super) struct Ring {
    state: Mutex<State>,
    bytes: usize,
    messages: usize,
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
pub(super) struct Pushed {
    /// The receiver must be rung.
    pub(super) ring: bool,
    /// What still fits. Nothing: the sender is rung when there is some again.
    pub(super) room: Room,
}

/// What a ring may be given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Room {
    messages: usize,
    bytes: usize,
}

impl Room {
    /// A message larger than the limit is taken when it is alone.
    pub(super) fn is_empty(self) -> bool {
        self.messages == 0 || self.bytes == 0
    }

    /// There is so much less.
    pub(super) fn take(&mut self, bytes: usize) {
        self.messages = self.messages.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
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
    /// An empty ring that takes no more at so many bytes or messages.
    pub(super) fn new(bytes: usize, messages: usize) -> Self {
        Self {
            state: Mutex::new(State {
                messages: VecDeque::new(),
                bytes: 0,
                receiver_sleeps: true,
                sender_waits: false,
                ended: false,
                deaf: false,
            }),
            bytes,
            messages,
        }
    }

    /// Takes what was collected within the [`Room`] it told, and tells what is left of that. A ring nobody reads tells
    /// of none, and drops what it gets with the batch.
    pub(super) fn push_all(&self, batch: &mut VecDeque<Message>, bytes: usize) -> Pushed {
        let mut state = self.lock();
        if state.deaf || state.ended {
            // What it sent before it went is received first; that ends the pipe, and it has rung.
            return Pushed {
                ring: false,
                room: Room::default(),
            };
        }
        let ring = !batch.is_empty() && std::mem::take(&mut state.receiver_sleeps);
        state.bytes += bytes;
        if state.messages.is_empty() {
            std::mem::swap(&mut state.messages, batch);
        } else {
            state.messages.append(batch);
        }
        let room = Room {
            messages: self.messages.saturating_sub(state.messages.len()),
            bytes: self.bytes.saturating_sub(state.bytes),
        };
        state.sender_waits = room.is_empty();
        Pushed { ring, room }
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
        let room = state.messages.len() <= self.messages / 2 && state.bytes <= self.bytes / 2;
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

//! A pipe as the core knows it.

use std::collections::VecDeque;

use spkit_api::{
    EndpointId, Error, Inbox, Message, Options, PipeFacts, Time,
    options::{RECV_PRIORITY, SEND_BUFFER, SEND_BUFFER_MESSAGES, SEND_PRIORITY},
};

use super::accounts::Tally;
use crate::{handover::flush::Turnstile, stats::Traffic};

/// Messages a pipe's outbox takes at most while its carrier may take more, for one while it does not. A protocol that drops
/// what a congested peer has no room for (REP, PUB) must not drop because our own flush takes a moment.
const OUTBOX_UNBLOCKED: usize = 16;

/// What an endpoint's options say of its pipes.
pub(crate) fn take_options(facts: &mut PipeFacts, options: &Options) -> Room {
    let rank = |key| options.get(key).and_then(|rank| u8::try_from(rank).ok());
    facts.send_priority = rank(SEND_PRIORITY).unwrap_or(facts.send_priority);
    facts.recv_priority = rank(RECV_PRIORITY).unwrap_or(facts.recv_priority);
    let messages = options.get(SEND_BUFFER_MESSAGES).unwrap_or(1024);
    Room {
        bytes: options.get(SEND_BUFFER).unwrap_or(usize::MAX),
        messages: u32::try_from(messages).unwrap_or(u32::MAX),
    }
}

/// What may wait in an outbox whose carrier takes no more.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Room {
    bytes: usize,
    messages: u32,
}

#[derive(Debug)]
pub(crate) struct PipeState {
    pub(crate) facts: Box<PipeFacts>,
    pub(crate) since: Time,
    pub(crate) out: Outbox,
    /// The protocol wants nothing from it now.
    pub(crate) held: bool,
    /// Its lane is full.
    pub(crate) choked: bool,
    /// What came and was not taken because the protocol paused the pipe.
    pub(crate) rest: Option<Box<Inbox>>,
    /// Why it was asked to close, once it was.
    pub(crate) closing: Option<Error>,
    pub(crate) tally: Tally,
}

impl PipeState {
    pub(crate) fn new(facts: PipeFacts, since: Time, room: Room) -> Self {
        Self {
            facts: Box::new(facts),
            since,
            out: Outbox {
                room,
                ..Outbox::default()
            },
            held: false,
            choked: false,
            rest: None,
            closing: None,
            tally: Tally::default(),
        }
    }

    pub(crate) fn paused(&self) -> bool {
        self.held || self.choked || self.closing.is_some()
    }

    pub(crate) fn endpoint(&self) -> EndpointId {
        self.facts.endpoint
    }

    /// Everything to send, into an empty batch.
    pub(crate) fn take_outbox(&mut self, batch: &mut Batch) {
        self.tally.sent.add_many(self.out.len(), self.out.bytes);
        self.out.take(batch);
    }

    pub(crate) fn traffic(&self) -> Traffic {
        self.tally.traffic((self.out.len(), self.out.bytes))
    }
}

/// Messages in slots, so that a pipe can take one where it lies. Each slot holds one.
pub(crate) type Batch = VecDeque<Option<Message>>;

/// Messages the protocol handed to a pipe and nobody encoded yet.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    messages: Batch,
    bytes: usize,
    room: Room,
    /// The protocol was refused and is owed a `PipeWritable`.
    pub(crate) refused: bool,
    /// The carrier took no more; it will say when it does.
    pub(crate) blocked: bool,
    /// Messages that were taken out wait for the carrier: until they are gone no more are taken, so that the room in here
    /// limits what waits.
    pub(crate) held_up: bool,
    pub(crate) turnstile: Turnstile,
}

impl Outbox {
    pub(crate) fn has_room(&self) -> bool {
        let messages = match self.blocked {
            true => self.room.messages as usize,
            false => self.room.messages as usize * OUTBOX_UNBLOCKED,
        };
        self.messages.len() < messages && (self.bytes < self.room.bytes || self.messages.is_empty())
    }

    /// Takes a message out of its slot.
    #[inline]
    pub(crate) fn push(&mut self, slot: &mut Option<Message>) {
        self.bytes += slot.as_ref().map_or(0, Message::payload_len);
        self.messages.push_back(slot.take());
    }

    /// Takes the oldest message back.
    pub(crate) fn pop(&mut self) -> Option<Message> {
        let oldest = self.messages.pop_front()??;
        self.bytes -= oldest.payload_len();
        Some(oldest)
    }

    /// Takes memory from the socket's spare if it has none.
    #[inline]
    pub(crate) fn borrow(&mut self, spare: &mut Batch) {
        if self.messages.capacity() == 0 {
            std::mem::swap(&mut self.messages, spare);
        }
    }

    /// Gives its memory to the socket's spare, or to the allocator.
    pub(crate) fn lend(&mut self, spare: &mut Batch) {
        if self.messages.is_empty() {
            let memory = std::mem::take(&mut self.messages);
            if memory.capacity() > spare.capacity() {
                *spare = memory;
            }
        }
    }

    fn take(&mut self, batch: &mut Batch) {
        std::mem::swap(&mut self.messages, batch);
        self.bytes = 0;
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Nothing is inside, on its way out, or held up.
    pub(crate) fn is_idle(&self) -> bool {
        self.messages.is_empty() && !self.blocked && !self.turnstile.is_busy()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_back_makes_room_and_leaves_the_rest_in_order() {
        let mut out = Outbox {
            room: Room {
                bytes: 8,
                messages: 1024,
            },
            ..Outbox::default()
        };
        for body in ["1234", "5678"] {
            assert!(out.has_room());
            out.push(&mut Some(Message::from(body)));
        }
        assert!(!out.has_room());
        assert_eq!(out.pop(), Some(Message::from("1234")));
        assert_eq!((out.has_room(), out.bytes(), out.len()), (true, 4, 1));
        assert_eq!(out.pop(), Some(Message::from("5678")));
        assert_eq!(out.pop(), None);
    }
}

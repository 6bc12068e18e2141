//! Pipes: coming, going, and what passes through them.

use spkit_api::{DropReason, Error, ErrorKind, Event, Inbox, PipeFacts, PipeId, Result};

use super::{
    Phase, SocketCore,
    pipes::{Batch, PipeState, Room},
};
use crate::event::SocketEvent;

impl SocketCore {
    /// A connection became a pipe. An error refuses it.
    pub(crate) fn add_pipe(&mut self, facts: PipeFacts, room: Room) -> Result<PipeId> {
        if !matches!(self.rest.phase, Phase::Open) {
            return Err(ErrorKind::Closing.into());
        }
        if facts.protocol != self.info.peer() {
            return Err(self.mismatch(facts.protocol));
        }
        let now = self.rest.clock.now();
        let endpoint = facts.endpoint;
        let remote = facts.remote.clone();
        let copy = facts.clone();
        let state = PipeState::new(facts, now, room);
        let key = self.rest.pipes.insert(state).ok_or_else(|| {
            Error::new(
                ErrorKind::OutOfResources,
                "a socket has at most a million pipes",
            )
        })?;
        let pipe = PipeId::from_raw(key);
        self.rest.ranks.set(pipe, copy.recv_priority);
        self.rest.pipe_came(endpoint, copy.dialed);
        self.rest.outcome.events.push(SocketEvent::Connected {
            pipe,
            endpoint,
            remote,
        });
        self.event(Event::pipe_added(pipe, &copy));
        Ok(pipe)
    }

    /// A pipe is gone, whoever ended it.
    pub(crate) fn remove_pipe(&mut self, pipe: PipeId, error: Error) {
        let Some(state) = self.rest.pipes.get_mut(pipe.raw()) else {
            return;
        };
        let error = state.closing.take().unwrap_or(error);
        if let Some(mut rest) = state.rest.take() {
            while let Some(message) = rest.pop() {
                self.rest.discard(message, DropReason::PipeGone);
            }
        }
        match error.kind() {
            ErrorKind::MessageTooLong => self.rest.undelivered(Some(pipe), DropReason::Oversize),
            ErrorKind::PeerMisbehaved => self.rest.undelivered(Some(pipe), DropReason::Malformed),
            _ => {}
        }
        let Some(mut state) = self.rest.pipes.remove(pipe.raw()) else {
            return;
        };
        let mut batch = Batch::new();
        state.take_outbox(&mut batch);
        self.rest
            .outcome
            .garbage
            .extend(batch.into_iter().flatten());
        for key in self.rest.contexts.keys() {
            if let Some(context) = self.rest.contexts.get_mut(key) {
                context.queue.forget(pipe);
            }
        }
        self.rest.ranks.forget(pipe);
        let endpoint = state.endpoint();
        self.rest.pipe_went(endpoint, state.traffic());
        self.rest.outcome.events.push(SocketEvent::Disconnected {
            pipe,
            endpoint,
            error: error.clone(),
        });
        self.event(Event::pipe_removed(pipe));
        self.rest.endpoint_lost_pipe(endpoint, state.since, error);
    }

    /// Whether the pipe is to be read now.
    pub(crate) fn wants(&self, pipe: PipeId) -> bool {
        let state = self.rest.pipes.get(pipe.raw());
        state.is_some_and(|state| !state.paused())
    }

    /// Whether there is something to send over the pipe, or somebody at it.
    pub(crate) fn has_output(&self, pipe: PipeId) -> bool {
        let state = self.rest.pipes.get(pipe.raw());
        state.is_some_and(|state| !state.out.is_idle())
    }

    /// Whether the protocol, or its failure, wants the pipe closed.
    pub(crate) fn is_refused(&self, pipe: PipeId) -> bool {
        let state = self.rest.pipes.get(pipe.raw());
        state.is_some_and(|state| state.closing.is_some())
    }

    /// Messages came over a pipe. Empties the inbox.
    pub(crate) fn received(&mut self, pipe: PipeId, inbox: &mut Inbox) {
        inbox.set_pipe(pipe);
        if let Some(state) = self.rest.pipes.get_mut(pipe.raw()) {
            let received = &mut state.tally.received;
            received.add_many(inbox.len(), inbox.bytes());
        }
        self.deliver(pipe, inbox);
    }

    fn deliver(&mut self, pipe: PipeId, inbox: &mut Inbox) {
        if inbox.is_empty() {
            return;
        }
        if let Some(state) = self.rest.pipes.get_mut(pipe.raw())
            && state.held
        {
            // Paused while the batch was read.
            let rest = state.rest.get_or_insert_default();
            while let Some(message) = inbox.pop() {
                rest.push(message);
            }
            return;
        }
        self.event_at_once(Event::received(pipe, inbox));
        if inbox.is_empty() {
            return;
        }
        match self.rest.pipes.get_mut(pipe.raw()) {
            Some(state) if state.held => {
                state.rest = Some(Box::new(std::mem::take(inbox)));
            }
            _ => {
                while let Some(message) = inbox.pop() {
                    self.rest.discard(message, DropReason::Ignored);
                }
            }
        }
    }

    /// Hands on what a pipe held back while it was paused. True: it may be read again.
    pub(crate) fn resume(&mut self, pipe: PipeId) -> bool {
        if let Some(state) = self.rest.pipes.get_mut(pipe.raw())
            && !state.paused()
            && let Some(mut rest) = state.rest.take()
        {
            self.deliver(pipe, &mut rest);
        }
        self.wants(pipe)
    }

    /// The pipe's outbox was emptied into the carrier: it has room again.
    pub(crate) fn writable(&mut self, pipe: PipeId) {
        let Some(state) = self.rest.pipes.get_mut(pipe.raw()) else {
            return;
        };
        if state.out.refused && state.out.has_room() {
            state.out.refused = false;
            self.event(Event::pipe_writable(pipe));
        }
    }

    /// The pipe has nothing to send: its outbox's memory is for others.
    pub(crate) fn retire_outbox(&mut self, pipe: PipeId) {
        if let Some(state) = self.rest.pipes.get_mut(pipe.raw()) {
            state.out.lend(&mut self.rest.spare);
        }
    }

    pub(crate) fn pipe(&mut self, pipe: PipeId) -> Option<&mut PipeState> {
        self.rest.pipes.get_mut(pipe.raw())
    }

    pub(crate) fn pipe_ids(&self) -> Vec<PipeId> {
        let keys = self.rest.pipes.keys();
        keys.into_iter().map(PipeId::from_raw).collect()
    }

    pub(crate) fn pipe_count(&self) -> usize {
        self.rest.pipes.len()
    }

    fn mismatch(&self, theirs: u16) -> Error {
        Error::new(
            ErrorKind::ProtocolMismatch,
            format!(
                "the peer announced protocol {} (0x{theirs:04x}), and `{}` connects to {} (0x{:04x}) only",
                crate::names::protocol_name(theirs),
                self.info.name(),
                crate::names::protocol_name(self.info.peer()),
                self.info.peer(),
            ),
        )
    }
}

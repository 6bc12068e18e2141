//! Pipes of a host: what comes in, what goes out, and the end.

use std::task::Poll;

use spkit_api::{Error, ErrorKind, Inbox, IoCx, Pipe, PipeId, Progress, Ready, Result};

use super::{
    ConnectionId, What,
    connections::{Kind, Object},
    host::{Env, Host},
    reactor::ObjectReactor,
};
use crate::core::pipes::Batch;

/// A pipe with what waits for it.
#[derive(Debug)]
pub(super) struct PipeIo {
    id: PipeId,
    pipe: Box<dyn Pipe>,
    line: (usize, usize),
    /// Taken from the outbox and not yet by the pipe.
    batch: Batch,
    /// Messages the pipe took so far.
    taken: u64,
    /// Of these, how many were counted as handed over.
    counted: u64,
}

impl PipeIo {
    pub(super) fn new(id: PipeId, pipe: Box<dyn Pipe>, line: (usize, usize)) -> Self {
        Self {
            id,
            pipe,
            line,
            batch: Batch::new(),
            taken: 0,
            counted: 0,
        }
    }

    /// The cable of its stream, and which end of it.
    pub(super) fn line(&self) -> (usize, usize) {
        self.line
    }

    fn newly_handed(&mut self) -> u64 {
        let pending = self.pipe.pending().messages as u64;
        let handed = self.taken.saturating_sub(pending).max(self.counted);
        handed - std::mem::replace(&mut self.counted, handed)
    }
}

impl Host {
    pub(super) fn poll_pipe(&mut self, key: u32, ready: Ready, env: &mut Env) {
        let Some(id) = self.pipe_of(key) else {
            return;
        };
        if self.core.is_refused(id) {
            self.close_pipe(key, ErrorKind::Closed.into(), env);
            return self.settle(env);
        }
        let wakes_writer = Ready::WRITABLE | Ready::NOTIFIED | Ready::TIMER;
        if wakes_writer.intersects(ready) {
            self.unblocked(id, env);
        }
        if !self.core.is_open() {
            self.close_in_order(key, env);
        } else if ready != Ready::WRITABLE {
            self.read_pipe(key, ready, env);
        }
        self.settle(env);
    }

    /// The carrier takes more.
    fn unblocked(&mut self, pipe: PipeId, env: &mut Env) {
        let Some(state) = self.core.pipe(pipe) else {
            return;
        };
        if state.out.blocked || state.out.len() > 0 {
            state.out.blocked = false;
            self.transmit(pipe, env);
        }
    }

    fn pipe_of(&self, key: u32) -> Option<PipeId> {
        match &self.objects.get(key)?.kind {
            Kind::Pipe(io) => Some(io.id),
            _ => None,
        }
    }

    /// Works on a pipe with the reactor around it.
    fn with_pipe<R>(
        &mut self,
        key: u32,
        ready: Ready,
        env: &mut Env,
        work: impl FnOnce(&mut PipeIo, &mut IoCx<'_>) -> R,
    ) -> Option<R> {
        let Kind::Pipe(io) = &mut self.objects.get_mut(key)?.kind else {
            return None;
        };
        let mut reactor = ObjectReactor {
            hub: &env.hub,
            scratch: &mut env.scratch,
            memory: &self.memory,
            timers: &mut self.timers,
            host: self.index,
            object: key,
            line: io.line,
        };
        Some(work(io, &mut IoCx::new(&mut reactor, ready)))
    }

    /// Reads what a pipe has, within one budget.
    fn read_pipe(&mut self, key: u32, ready: Ready, env: &mut Env) {
        let Some(id) = self.pipe_of(key).filter(|id| self.core.wants(*id)) else {
            // Resuming it will have it polled.
            return;
        };
        let mut inbox = std::mem::take(&mut env.inbox);
        let polled = self.with_pipe(key, ready, env, |io, cx| {
            let result = io.pipe.poll_recv(cx, &mut inbox);
            // A carrier that must answer has its say at once.
            (result, io.pipe.pending().bytes > 0, io.line.0)
        });
        let Some((result, owes, cable)) = polled else {
            return;
        };
        if !inbox.is_empty() {
            self.note_arrivals(id, cable, &inbox, env);
            self.core.received(id, &mut inbox);
        }
        env.inbox = inbox;
        if owes {
            self.transmit(id, env);
        }
        match result {
            Ok(Progress::Drained) => {}
            Ok(Progress::More) => env.hub.net().raise(self.token(key), Ready::NOTIFIED),
            Err(error) => self.close_pipe(key, error, env),
        }
    }

    fn note_arrivals(&self, pipe: PipeId, cable: usize, inbox: &Inbox, env: &mut Env) {
        let connection = ConnectionId(cable);
        for message in inbox.iter() {
            let payload = message.to_payload();
            env.note(
                self.index,
                What::Arrived {
                    pipe,
                    connection,
                    payload,
                },
            );
        }
    }

    /// Writes what a pipe has to send, unless the carrier is full.
    pub(super) fn transmit(&mut self, pipe: PipeId, env: &mut Env) {
        let Some(key) = self.pipes.get(&pipe).copied() else {
            return;
        };
        loop {
            let Some(state) = self.core.pipe(pipe).filter(|state| !state.out.blocked) else {
                return;
            };
            let mut batch = Batch::new();
            state.take_outbox(&mut batch);
            self.note_handing(pipe, key, &batch, env);
            let carried = self.with_pipe(key, Ready::NONE, env, |io, cx| {
                io.batch.append(&mut batch);
                let carried = push_out(io, cx);
                (carried, io.newly_handed())
            });
            let Some((carried, handed)) = carried else {
                return;
            };
            if let Some(state) = self.core.pipe(pipe) {
                state.tally.handed += handed;
            }
            match carried {
                Ok(Poll::Ready(())) => {}
                Ok(Poll::Pending) => {
                    if let Some(state) = self.core.pipe(pipe) {
                        state.out.blocked = true;
                    }
                    return;
                }
                Err(error) => return self.close_pipe(key, error, env),
            }
            self.core.writable(pipe);
            if self
                .core
                .pipe(pipe)
                .is_none_or(|state| state.out.len() == 0)
            {
                self.core.retire_outbox(pipe);
                if !self.core.is_open() {
                    // It may say goodbye now.
                    self.poke(pipe, env);
                }
                return;
            }
        }
    }

    fn note_handing(&self, pipe: PipeId, key: u32, batch: &Batch, env: &mut Env) {
        let Some(Object {
            kind: Kind::Pipe(io),
            ..
        }) = self.objects.get(key)
        else {
            return;
        };
        let connection = ConnectionId(io.line.0);
        for message in batch.iter().flatten() {
            let payload = message.to_payload();
            env.note(
                self.index,
                What::Handed {
                    pipe,
                    connection,
                    payload,
                },
            );
        }
    }

    /// A pipe of a closing socket: once it has nothing to send, it says goodbye.
    fn close_in_order(&mut self, key: u32, env: &mut Env) {
        let Some(id) = self.pipe_of(key) else {
            return;
        };
        match self.core.pipe(id) {
            // The carrier will have the pipe polled again.
            Some(state) if state.out.blocked => return,
            Some(state) if state.out.len() > 0 => return self.transmit(id, env),
            _ => {}
        }
        let done = self.with_pipe(key, Ready::READABLE, env, |io, cx| io.pipe.poll_close(cx));
        match done {
            None | Some(Poll::Pending) => {}
            Some(Poll::Ready(Ok(()))) => self.close_pipe(key, ErrorKind::Closed.into(), env),
            Some(Poll::Ready(Err(error))) => self.close_pipe(key, error, env),
        }
    }

    /// A pipe is gone, by its own error or by ours.
    pub(super) fn close_pipe(&mut self, key: u32, error: Error, env: &mut Env) {
        if self.pipe_of(key).is_none() {
            return;
        }
        self.clear_timers(key);
        let Some(Object {
            endpoint,
            kind: Kind::Pipe(mut io),
        }) = self.objects.remove(key)
        else {
            return;
        };
        let handed = io.newly_handed();
        let PipeIo { id, pipe, .. } = io;
        self.pipes.remove(&id);
        if let Some(state) = self.core.pipe(id) {
            state.tally.handed += handed;
        }
        self.core.remove_pipe(id, error);
        // As the driver: once the peer can see the end, no message is given to the pipe any more.
        drop(pipe);
        self.count_pipe(endpoint, -1);
        self.look_for_more(endpoint, env);
    }
}

/// Hands messages to the pipe and the pipe's bytes to its carrier. Pending: the carrier is full.
fn push_out(io: &mut PipeIo, cx: &mut IoCx<'_>) -> Result<Poll<()>> {
    loop {
        let before = io.batch.len();
        while let Some(slot) = io.batch.front_mut() {
            let took = io.pipe.poll_send(cx, slot)?.is_ready();
            if slot.is_none() {
                io.taken += 1;
                io.batch.pop_front();
            }
            if !took {
                break;
            }
        }
        let pending = io.pipe.pending().bytes;
        match io.pipe.poll_flush(cx) {
            Poll::Pending => return Ok(Poll::Pending),
            Poll::Ready(result) => result?,
        }
        if io.batch.is_empty() {
            return Ok(Poll::Ready(()));
        }
        if io.batch.len() == before && pending == 0 {
            // Not even flushing makes room: the pipe says when there is some.
            return Ok(Poll::Pending);
        }
    }
}

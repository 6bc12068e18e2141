//! The end of a socket: what was accepted goes out, in order, as far as time allows.

use std::{
    sync::{Arc, atomic::Ordering},
    task::Poll,
    time::Duration,
};

use spkit_api::{ErrorKind, Inbox, IoCx, Pipe, Progress, Ready, Result, Time};

use super::{
    Shared, clock,
    pipe_cell::{PipeCell, guarded},
    reactor::ObjectReactor,
    transmit::SCRATCH,
};
use crate::{handover::ATTENTION, stats::Dropped, sync::lock};

/// The time limit of a socket that is closed already.
const NEVER: Time = Time::from_nanos(u64::MAX);

/// What became of the messages a socket accepted.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CloseReport {
    /// Whether everything went out in order before the time was over.
    pub complete: bool,
    /// Messages that `send` accepted.
    pub accepted: u64,
    /// What became of them on their way: more than `accepted` where a message went to several peers, was sent again or
    /// was forwarded. Always `handed` and all that `unsent` counts.
    pub copies: u64,
    /// Copies handed to the carriers: to the kernel, or to the peer's ring. Not: delivered.
    pub handed: u64,
    /// Copies dropped, by reason; those that waited when the time was over, or when their peer went, are `pipe-gone`.
    pub unsent: Dropped,
}

impl Shared {
    /// Closes, unless that happened already, and goes on sending for at most `drain`. Does not wait.
    pub(crate) fn close(self: &Arc<Self>, drain: Duration) {
        {
            let mut close_by = lock(&self.close_by);
            if close_by.is_some() {
                return;
            }
            *close_by = Some(clock::now() + drain);
            self.closing.store(true, Ordering::Release);
        }
        let lost = self.lost();
        {
            let mut state = lock(&self.news.state);
            state.changes += 1;
            state.lost_before = lost;
        }
        self.news.changed.notify_all();
        let endpoints: Vec<_> = lock(&self.objects).endpoints.keys().copied().collect();
        self.with_core(|hosted| hosted.core.close());
        for endpoint in endpoints {
            self.close_endpoint(endpoint);
        }
        let ids = lock(&self.core).core.pipe_ids();
        for id in ids {
            let cell = lock(&self.core).cell(id);
            if let Some(cell) = cell {
                self.handover.notify(u64::from(cell.object));
            }
        }
        self.handover.notify(ATTENTION);
    }

    /// Waits until everything is closed.
    pub(crate) fn wait_closed(&self) -> CloseReport {
        let mut state = lock(&self.news.state);
        while !state.closed {
            state = self
                .news
                .changed
                .wait(state)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        let complete = state.complete;
        drop(state);
        let hosted = lock(&self.core);
        let stats = hosted.core.stats();
        CloseReport {
            complete,
            accepted: stats.sent.messages,
            copies: stats.copies,
            handed: stats.handed,
            unsent: stats.unsent,
        }
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// A pipe of a closing socket: once it has nothing to send, it says goodbye.
    pub(super) fn close_in_order(self: &Arc<Self>, cell: &Arc<PipeCell>) {
        {
            let mut hosted = lock(&self.core);
            match hosted.core.pipe(cell.id) {
                // Whoever sends, or the carrier, will have the pipe polled again.
                Some(state) if state.out.turnstile.is_busy() => return,
                Some(state) if state.out.blocked => {
                    drop(hosted);
                    self.discard_input(cell);
                    return;
                }
                Some(state) if state.out.len() > 0 => {
                    drop(hosted);
                    self.transmit(cell.id);
                    return;
                }
                _ => {}
            }
        }
        let closed = self.poll(cell, Ready::READABLE, |pipe, io| {
            match pipe.poll_close(io) {
                Poll::Pending => Ok(false),
                Poll::Ready(result) => result.map(|()| true),
            }
        });
        match closed {
            None | Some(Ok(false)) => {}
            Some(Ok(true)) => self.close_pipe(cell, ErrorKind::Closed.into()),
            Some(Err(error)) => self.close_pipe(cell, error),
        }
    }

    /// A pipe that has more to send than its carrier takes: what comes is dropped meanwhile, so that a peer that waits for
    /// us to read goes on to read itself.
    fn discard_input(self: &Arc<Self>, cell: &Arc<PipeCell>) {
        let mut inbox = Inbox::default();
        let why = Ready::READABLE | Ready::CLOSING;
        let progress = self.poll(cell, why, |pipe, io| pipe.poll_recv(io, &mut inbox));
        match progress {
            None | Some(Ok(Progress::Drained)) => {}
            Some(Ok(Progress::More)) => self.handover.notify(u64::from(cell.object)),
            Some(Err(error)) => self.close_pipe(cell, error),
        }
    }

    /// Polls a pipe, unless it is gone.
    fn poll<T>(
        self: &Arc<Self>,
        cell: &PipeCell,
        why: Ready,
        poll: impl FnOnce(&mut dyn Pipe, &mut IoCx<'_>) -> Result<T>,
    ) -> Option<Result<T>> {
        let mut scratch = SCRATCH.take().unwrap_or_default();
        let result = lock(&cell.io).pipe.as_mut().map(|pipe| {
            let mut reactor = ObjectReactor {
                shared: self,
                object: cell.object,
                scratch: &mut scratch,
            };
            guarded(cell.origin, || {
                poll(&mut **pipe, &mut IoCx::new(&mut reactor, why))
            })
        });
        SCRATCH.set(Some(scratch));
        result
    }

    /// The background thread looks whether a closing socket is done, or out of time.
    pub(super) fn closing_turn(self: &Arc<Self>) {
        let Some(by) = *lock(&self.close_by) else {
            return;
        };
        if by == NEVER {
            return;
        }
        let late = by <= clock::now();
        let ids = lock(&self.core).core.pipe_ids();
        if !ids.is_empty() && !late {
            return;
        }
        for id in &ids {
            let cell = lock(&self.core).cell(*id);
            if let Some(cell) = cell {
                self.close_pipe(&cell, ErrorKind::Closed.into());
            }
        }
        let lost = self.lost();
        let mut state = lock(&self.news.state);
        if !state.closed {
            state.closed = true;
            state.changes += 1;
            state.complete = lost == state.lost_before;
            drop(state);
            self.news.changed.notify_all();
            self.runtime.socket_closed();
            *lock(&self.close_by) = Some(NEVER);
        }
    }

    /// Whether the background thread can forget the socket.
    pub(super) fn is_closed(&self) -> bool {
        lock(&self.news.state).closed
    }

    fn lost(&self) -> u64 {
        lock(&self.core).core.lost()
    }
}

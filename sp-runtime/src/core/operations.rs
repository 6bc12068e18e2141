//! Sending, receiving, and waiting for either.

use spkit_api::{ContextId, Error, ErrorKind, Event, Message, PipeId, Result};

use super::{
    Direction, Phase, Rest, SocketCore,
    queue::{Next, RecvQueue},
    waiters::{WaitId, Waiters, Wake},
};

impl SocketCore {
    /// Sends, if that can be done now. `Ok(false)` leaves the message in its slot: wait for the direction and repeat.
    pub(crate) fn send(
        &mut self,
        context: ContextId,
        message: &mut Option<Message>,
    ) -> Result<bool> {
        if !self.info.can_send() {
            return Err(self.cannot("send"));
        }
        self.rest.check_open(context)?;
        let bytes = message.as_ref().map_or(0, Message::len);
        self.event_at_once(Event::send(context, message));
        if let Some(error) = self.rest.failed.take() {
            return Err(error);
        }
        if message.is_some() {
            self.rest.guess(context, Direction::Send, false);
            return Ok(false);
        }
        self.rest.accounts.sent.add(bytes);
        Ok(true)
    }

    /// Receives, if that can be done now. `Ok(None)`: wait for the direction and repeat.
    pub(crate) fn recv(&mut self, context: ContextId) -> Result<Option<Message>> {
        if !self.info.can_recv() {
            return Err(self.cannot("receive"));
        }
        let mut message = None;
        // What had come before a close may still be taken.
        if let Err(error) = self.rest.check_open(context)
            && self.rest.queue(context).is_none_or(RecvQueue::is_empty)
        {
            return Err(error);
        }
        if self.info.wants_recv() {
            self.event(Event::recv(context, &mut message));
            if let Some(error) = self.rest.failed.take() {
                return Err(error);
            }
        } else {
            message = self.rest.pop(context);
        }
        let Some(mut message) = message else {
            self.rest.guess(context, Direction::Recv, false);
            return Ok(None);
        };
        message.fold();
        self.rest.accounts.received.add(message.len());
        Ok(Some(message))
    }

    /// What is queued next, where the protocol has no say in it, counted as received: [`take`](Self::take_queued) it.
    #[inline(always)]
    pub(crate) fn next_queued(&mut self, context: ContextId) -> Option<Next> {
        if self.info.wants_recv() || matches!(self.rest.phase, Phase::Failed(_)) {
            return None;
        }
        let next = self.rest.next(context)?;
        self.rest.accounts.received.add(next.len);
        Some(next)
    }

    #[inline(always)]
    pub(crate) fn take_queued(&mut self, context: ContextId, next: Next) -> Message {
        match self.rest.take(context, next) {
            Some(message) => message,
            None => unreachable!("it was there"),
        }
    }

    /// An operation that could not be done now waits to be told to try again.
    pub(crate) fn wait(&mut self, context: ContextId, direction: Direction, wake: Wake) -> WaitId {
        // A closed context's operation fails at its next try: tell it to.
        self.rest.waiting += 1;
        match self.rest.waiters(context, direction) {
            Some(waiters) => waiters.add(wake),
            None => {
                self.rest.outcome.wakes.push(wake);
                Waiters::default().add(Wake::Task(std::task::Waker::noop().clone()))
            }
        }
    }

    /// It tried in vain and waits on. An error: it is over.
    pub(crate) fn wait_again(
        &mut self,
        context: ContextId,
        direction: Direction,
        id: WaitId,
        wake: Option<Wake>,
    ) {
        if let Some(waiters) = self.rest.waiters(context, direction) {
            waiters.again(id, wake);
        }
    }

    /// The error that ends this waiting receive, if there is one.
    pub(crate) fn ended(&mut self, context: ContextId, id: WaitId) -> Option<Error> {
        let state = self.rest.contexts.get_mut(context.raw())?;
        let at = state
            .recv_error
            .iter()
            .position(|(ended, _)| *ended == id)?;
        Some(state.recv_error.swap_remove(at).1)
    }

    /// Has every waiting operation try again, for nothing as far as the core knows.
    pub(crate) fn wake_waiting(&mut self, context: ContextId) {
        let Rest {
            contexts, outcome, ..
        } = &mut self.rest;
        if let Some(state) = contexts.get_mut(context.raw()) {
            state.senders.wake_all(&mut outcome.wakes);
            state.receivers.wake_all(&mut outcome.wakes);
        }
    }

    /// It waits no more: it was served, or it gave up. A wake it did not need goes to the next.
    pub(crate) fn waited(&mut self, context: ContextId, direction: Direction, id: WaitId) {
        self.rest.waiting -= 1;
        let Some(state) = self.rest.contexts.get_mut(context.raw()) else {
            return;
        };
        let waiters = match direction {
            Direction::Send => &mut state.senders,
            Direction::Recv => {
                // Senders have numbers of their own, which may be the same.
                state.recv_error.retain(|(ended, _)| *ended != id);
                &mut state.receivers
            }
        };
        if waiters.remove(id) {
            waiters.wake_one(&mut self.rest.outcome.wakes);
        }
    }

    /// After an operation that was served: the next one may be served too.
    pub(crate) fn passed(&mut self, context: ContextId, direction: Direction) {
        if self.rest.waiting == 0 {
            return;
        }
        let Some(state) = self.rest.contexts.get_mut(context.raw()) else {
            return;
        };
        match direction {
            Direction::Send => state.senders.wake_one(&mut self.rest.outcome.wakes),
            // A protocol that answers receives may have something for the next one, if only an error.
            Direction::Recv if !state.queue.is_empty() || self.info.wants_recv() => {
                state.receivers.wake_one(&mut self.rest.outcome.wakes);
            }
            Direction::Recv => {}
        }
    }

    pub(super) fn cannot(&self, what: &str) -> Error {
        Error::new(
            ErrorKind::NotSupported,
            format!(
                "a socket of protocol `{}` does not {what}",
                self.info.name()
            ),
        )
    }
}

impl Rest {
    pub(super) fn queue(&self, context: ContextId) -> Option<&RecvQueue> {
        self.contexts.get(context.raw()).map(|state| &state.queue)
    }

    pub(super) fn waiters(
        &mut self,
        context: ContextId,
        direction: Direction,
    ) -> Option<&mut Waiters> {
        let state = self.contexts.get_mut(context.raw())?;
        Some(match direction {
            Direction::Send => &mut state.senders,
            Direction::Recv => &mut state.receivers,
        })
    }

    pub(super) fn pop(&mut self, context: ContextId) -> Option<Message> {
        let next = self.next(context)?;
        self.take(context, next)
    }

    /// What is received next, with the books as if it were taken: [`take`](Self::take) it.
    #[inline(always)]
    pub(super) fn next(&mut self, context: ContextId) -> Option<Next> {
        let queue = &mut self.contexts.get_mut(context.raw())?.queue;
        let next = queue.next()?;
        if queue.has_paused() {
            self.unchoke_some(context);
        }
        Some(next)
    }

    #[inline(always)]
    pub(super) fn take(&mut self, context: ContextId, next: Next) -> Option<Message> {
        let state = self.contexts.get_mut(context.raw())?;
        state.queue.take(next.lane)
    }

    #[inline(never)]
    pub(super) fn unchoke_some(&mut self, context: ContextId) {
        let mut resumed = Vec::new();
        if let Some(state) = self.contexts.get_mut(context.raw()) {
            state.queue.resume(&mut resumed);
        }
        for pipe in resumed {
            self.unchoke(pipe);
        }
    }

    pub(super) fn unchoke(&mut self, pipe: PipeId) {
        if let Some(state) = self.pipes.get_mut(pipe.raw()) {
            state.choked = false;
            if !state.paused() {
                self.outcome.resumed.push(pipe);
            }
        }
    }
}

//! What the protocol can do to the rest of the core.

use std::time::Duration;

use spkit_api::{
    __private::Effects, ContextId, DropReason, Error, ErrorKind, Inbox, Message, PipeId, Time,
    TimerId, protocol::Overflow,
};

use super::{Direction, Rest, TimerKey, queue::RecvQueue};

impl Effects for Rest {
    fn now(&mut self) -> Time {
        *self.now.get_or_insert_with(|| self.clock.now())
    }

    fn random(&mut self) -> u32 {
        self.random.next_u32()
    }

    fn try_send(&mut self, pipe: PipeId, message: &mut Option<Message>) -> bool {
        let Some(state) = self.pipes.get_mut(pipe.raw()) else {
            return false;
        };
        if state.closing.is_some() {
            return false;
        }
        if !state.out.has_room() {
            state.out.refused = true;
            return false;
        }
        if message.is_none() {
            return false;
        }
        state.out.borrow(&mut self.spare);
        state.out.push(message);
        if self.outcome.touched.last() != Some(&pipe) {
            self.outcome.touched.push(pipe);
        }
        true
    }

    fn can_send(&mut self, pipe: PipeId) -> bool {
        match self.pipes.get_mut(pipe.raw()) {
            Some(state) if state.closing.is_some() => false,
            Some(state) if state.out.has_room() => true,
            Some(state) => {
                state.out.refused = true;
                false
            }
            None => false,
        }
    }

    fn take_back(&mut self, pipe: PipeId) -> Option<Message> {
        self.pipes.get_mut(pipe.raw())?.out.pop()
    }

    fn pause(&mut self, pipe: PipeId) {
        if let Some(state) = self.pipes.get_mut(pipe.raw()) {
            state.held = true;
        }
    }

    fn resume(&mut self, pipe: PipeId) {
        if let Some(state) = self.pipes.get_mut(pipe.raw())
            && std::mem::take(&mut state.held)
            && !state.paused()
        {
            self.outcome.resumed.push(pipe);
        }
    }

    fn close(&mut self, pipe: PipeId, why: ErrorKind) {
        if let Some(state) = self.pipes.get_mut(pipe.raw())
            && state.closing.is_none()
        {
            state.closing = Some(Error::new(why, "the protocol refused the peer"));
            self.outcome.closed.push(pipe);
        }
    }

    fn queue(&mut self, context: ContextId, message: Message) {
        let Some(state) = self.contexts.get_mut(context.raw()) else {
            self.discard(message, DropReason::PipeGone);
            return;
        };
        // Protocols may queue what came over no pipe: it has a lane of its own.
        let pipe = message.pipe().unwrap_or(PipeId::from_raw(u32::MAX));
        let full = state.queue.push(pipe, message, &self.ranks);
        state.receivers.wake_one(&mut self.outcome.wakes);
        if full {
            self.choke(pipe);
        }
    }

    fn queue_all(&mut self, context: ContextId, messages: &mut Inbox) {
        let Some(pipe) = messages.peek().map(|first| first.pipe()) else {
            return;
        };
        let Some(state) = self.contexts.get_mut(context.raw()) else {
            while let Some(message) = messages.pop() {
                self.discard(message, DropReason::PipeGone);
            }
            return;
        };
        let pipe = pipe.unwrap_or(PipeId::from_raw(u32::MAX));
        let full = state.queue.push_all(pipe, messages, &self.ranks);
        state.receivers.wake_one(&mut self.outcome.wakes);
        if full {
            self.choke(pipe);
        }
    }

    fn queue_or_drop(&mut self, context: ContextId, message: Message, what: Overflow) {
        let pipe = message.pipe().unwrap_or(PipeId::from_raw(u32::MAX));
        while let Some(state) = self.contexts.get_mut(context.raw())
            && state.queue.is_full()
        {
            let newcomer_goes = match what {
                Overflow::DropNewest if state.queue.has(pipe) => true,
                Overflow::DropNewest => break,
                Overflow::DropOldest => match state.queue.drop_for(pipe, &self.ranks) {
                    Some(dropped) => {
                        self.discard(dropped, DropReason::QueueFull);
                        false
                    }
                    None => true,
                },
            };
            if newcomer_goes {
                return self.discard(message, DropReason::QueueFull);
            }
        }
        let Some(state) = self.contexts.get_mut(context.raw()) else {
            return self.discard(message, DropReason::PipeGone);
        };
        state.queue.append(pipe, message, &self.ranks);
        state.receivers.wake_one(&mut self.outcome.wakes);
    }

    fn dequeue(&mut self, context: ContextId) -> Option<Message> {
        self.pop(context)
    }

    fn has_queued(&mut self, context: ContextId) -> bool {
        !Self::queue(self, context).is_none_or(RecvQueue::is_empty)
    }

    fn retain(
        &mut self,
        context: ContextId,
        why: DropReason,
        keep: &mut dyn FnMut(&Message) -> bool,
    ) {
        let Some(state) = self.contexts.get_mut(context.raw()) else {
            return;
        };
        let dropped = state.queue.retain(keep);
        if state.queue.has_paused() {
            self.unchoke_some(context);
        }
        for message in dropped {
            self.discard(message, why);
        }
    }

    fn readable(&mut self, context: ContextId) {
        if let Some(state) = self.contexts.get_mut(context.raw()) {
            state.receivers.wake_one(&mut self.outcome.wakes);
        }
        self.guess(context, Direction::Recv, true);
    }

    fn writable(&mut self, context: ContextId) {
        if let Some(state) = self.contexts.get_mut(context.raw()) {
            state.senders.wake_one(&mut self.outcome.wakes);
        }
        self.guess(context, Direction::Send, true);
    }

    fn fail(&mut self, error: Error) {
        self.failed = Some(error);
    }

    fn fail_waiting(&mut self, context: ContextId, error: Error) {
        if let Some(state) = self.contexts.get_mut(context.raw()) {
            for id in state.receivers.ids() {
                if !state.recv_error.iter().any(|(ended, _)| *ended == id) {
                    state.recv_error.push((id, error.clone()));
                }
            }
            state.receivers.wake_all(&mut self.outcome.wakes);
        }
    }

    fn set_timer(&mut self, timer: TimerId, after: Duration) {
        let at = self.now() + after;
        self.timers.set(TimerKey::Protocol(timer), at);
        self.outcome.timer_set = true;
    }

    fn clear_timer(&mut self, timer: TimerId) {
        self.timers.clear(TimerKey::Protocol(timer));
    }

    fn resent(&mut self, _: ContextId, _: u32) {
        self.accounts.resent += 1;
    }

    fn discard(&mut self, message: Message, why: DropReason) {
        Self::discard(self, message, why);
    }

    fn drop_unsent(&mut self, pipe: Option<PipeId>, message: Message, why: DropReason) {
        Self::drop_unsent(self, pipe, message, why);
    }
}

impl Rest {
    fn choke(&mut self, pipe: PipeId) {
        if let Some(state) = self.pipes.get_mut(pipe.raw()) {
            state.choked = true;
        }
    }
}

//! Between the protocol and its socket.

use std::time::Duration;

use spkit_api::{
    __private::Effects, ContextId, Cx, DropReason, Error, ErrorKind, Inbox, Message, PipeId, Time,
    TimerId, protocol::Overflow,
};

use super::{How, Meddling};

/// Hands every effect on, but for those that the fault is about.
#[derive(Debug)]
pub(super) struct Meddler<'a, 'b> {
    pub(super) cx: &'a mut Cx<'b>,
    pub(super) meddling: &'a mut Meddling,
}

impl Meddler<'_, '_> {
    fn is(&self, how: How) -> bool {
        self.meddling.how == how
    }

    /// Whether this is one of the occasions of the fault.
    fn strikes(&mut self, how: How) -> bool {
        self.is(how) && self.meddling.now_and_then()
    }
}

impl Effects for Meddler<'_, '_> {
    fn now(&mut self) -> Time {
        self.cx.now()
    }

    fn random(&mut self) -> u32 {
        self.cx.random()
    }

    fn try_send(&mut self, pipe: PipeId, slot: &mut Option<Message>) -> bool {
        let Some(message) = slot else {
            return self.cx.try_send(pipe, slot);
        };
        self.meddling.id = message.header_words().last().copied();
        let before = self.meddling.pipe.replace(pipe);
        let mut to = pipe;
        if self.strikes(How::OtherId)
            && let Some(id) = message.pop_front()
        {
            message.push_front(id ^ 0x100);
        }
        if self.strikes(How::Alters) {
            message.body_mut(|body| {
                if let Some(first) = body.first_mut() {
                    *first ^= 1;
                }
            });
        }
        if self.is(How::ForgetsHops)
            && message.header_words().first().is_some_and(|hops| *hops > 0)
            && self.meddling.now_and_then()
            && let Some(hops) = message.pop_front()
        {
            message.push_front(hops - 1);
        }
        if self.strikes(How::NoRoom) {
            return false;
        }
        if self.strikes(How::LosesSent) {
            *slot = None;
            return true;
        }
        if self.strikes(How::DoublesSent) {
            let _ = self.cx.try_send(pipe, &mut Some(message.clone()));
        }
        if self.strikes(How::OtherPipe) {
            to = before.unwrap_or(pipe);
        }
        self.cx.try_send(to, slot)
    }

    fn can_send(&mut self, pipe: PipeId) -> bool {
        self.cx.can_send(pipe)
    }

    fn take_back(&mut self, pipe: PipeId) -> Option<Message> {
        self.cx.take_back(pipe)
    }

    fn pause(&mut self, pipe: PipeId) {
        self.cx.pause(pipe);
    }

    fn resume(&mut self, pipe: PipeId) {
        self.cx.resume(pipe);
    }

    fn close(&mut self, pipe: PipeId, why: ErrorKind) {
        if !self.is(How::RefusesNobody) {
            self.cx.close(pipe, why);
        }
    }

    fn queue(&mut self, context: ContextId, message: Message) {
        if self.strikes(How::LosesReceived) {
            return;
        }
        if self.strikes(How::DoublesReceived) {
            self.cx.queue(context, message.clone());
        }
        self.cx.queue(context, message);
    }

    fn queue_all(&mut self, context: ContextId, messages: &mut Inbox) {
        if self.is(How::LosesReceived) || self.is(How::DoublesReceived) {
            while let Some(message) = messages.pop() {
                self.queue(context, message);
            }
        }
        self.cx.queue_all(context, messages);
    }

    fn queue_or_drop(&mut self, context: ContextId, message: Message, what: Overflow) {
        if self.strikes(How::LosesReceived) {
            return;
        }
        if self.strikes(How::DoublesReceived) {
            self.cx.queue_or_drop(context, message.clone(), what);
        }
        self.cx.queue_or_drop(context, message, what);
    }

    fn dequeue(&mut self, context: ContextId) -> Option<Message> {
        self.cx.dequeue(context)
    }

    fn has_queued(&mut self, context: ContextId) -> bool {
        self.cx.has_queued(context)
    }

    fn retain(
        &mut self,
        context: ContextId,
        why: DropReason,
        keep: &mut dyn FnMut(&Message) -> bool,
    ) {
        self.cx.retain(context, why, keep);
    }

    fn readable(&mut self, context: ContextId) {
        if !self.is(How::SilentReadable) {
            self.cx.readable(context);
        }
    }

    fn writable(&mut self, context: ContextId) {
        if !self.is(How::SilentWritable) {
            self.cx.writable(context);
        }
    }

    fn fail(&mut self, error: Error) {
        self.cx.fail(error);
    }

    fn fail_waiting(&mut self, context: ContextId, error: Error) {
        if !self.is(How::CancelsNothing) {
            self.cx.fail_waiting(context, error);
        }
    }

    fn set_timer(&mut self, timer: TimerId, after: Duration) {
        if !self.is(How::NoTimers) {
            self.cx.set_timer(timer, after);
        }
    }

    fn clear_timer(&mut self, timer: TimerId) {
        self.cx.clear_timer(timer);
    }

    fn resent(&mut self, context: ContextId, attempts: u32) {
        self.cx.resent(context, attempts);
    }

    fn discard(&mut self, message: Message, why: DropReason) {
        self.cx.discard(message, why);
    }

    fn drop_unsent(&mut self, pipe: Option<PipeId>, message: Message, why: DropReason) {
        self.cx.drop_unsent(pipe, message, why);
    }
}

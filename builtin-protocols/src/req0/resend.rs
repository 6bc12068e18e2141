//! Requests that go out again, or are given up.

use spkit_api::{ContextId, Cx, Error, PipeId, TimerId};

use super::{Req0, context::Stage};
use crate::asking::context_of;

impl Req0 {
    /// A peer has room: first for those requests that were sent before, then for new ones.
    pub(super) fn on_room(&mut self, cx: &mut Cx<'_>) {
        while let Some(first) = self.unsent.first() {
            if !self.send_again(cx, first) {
                break;
            }
            self.unsent.pop();
        }
        cx.writable(ContextId::SOCKET);
        while let Some(context) = self.senders.pop() {
            if context != ContextId::SOCKET {
                cx.writable(context);
            }
        }
    }

    /// Requests that went over a lost pipe go elsewhere at once, if they may (SP-RR-013). Linear in the requests under
    /// way.
    pub(super) fn on_removed(&mut self, cx: &mut Cx<'_>, pipe: PipeId) {
        self.pipes.remove(pipe);
        let affected = self.awaited.contexts().filter(|whose| {
            let context = self.contexts.get(whose);
            context.is_some_and(|context| context.went_over(pipe))
        });
        for whose in affected.collect::<Vec<_>>() {
            let Some(context) = self.contexts.get_mut(&whose) else {
                continue;
            };
            let policy = context.policy;
            let Some(request) = context.request() else {
                continue;
            };
            let verdict = policy.after_loss(request.attempts);
            self.send_again_or_give_up(cx, whose, verdict);
        }
    }

    /// SP-RR-010, SP-RR-012
    pub(super) fn on_timer(&mut self, cx: &mut Cx<'_>, timer: TimerId) {
        let Some(whose) = context_of(timer) else {
            return;
        };
        let Some(context) = self.contexts.get_mut(&whose) else {
            return;
        };
        context.ticking = false;
        let policy = context.policy;
        let Some(interval) = policy.interval() else {
            return;
        };
        let Some(request) = context.request() else {
            return;
        };
        let waited = cx.now() - request.sent;
        if waited < interval {
            // The timer was set for an earlier request, or before this one went elsewhere.
            context.ticking = true;
            cx.set_timer(timer, interval - waited);
        } else {
            let verdict = policy.after_silence(request.attempts);
            self.send_again_or_give_up(cx, whose, verdict);
        }
    }

    fn send_again_or_give_up(
        &mut self,
        cx: &mut Cx<'_>,
        whose: ContextId,
        verdict: Result<(), Error>,
    ) {
        match verdict {
            Ok(()) if self.send_again(cx, whose) => {}
            Ok(()) => self.unsent.join(whose),
            Err(why) => self.give_up(cx, whose, why),
        }
    }

    /// Sends a context's request once more, same id, same body. False: no peer has room.
    fn send_again(&mut self, cx: &mut Cx<'_>, whose: ContextId) -> bool {
        let Some(context) = self.contexts.get_mut(&whose) else {
            return true;
        };
        let Some(request) = context.request() else {
            return true;
        };
        let mut copy = Some(request.message.clone());
        let Some(pipe) = self.pipes.offer(cx, &mut copy) else {
            return false;
        };
        request.pipe = pipe;
        request.sent = cx.now();
        request.attempts = request.attempts.saturating_add(1);
        cx.resent(whose, request.attempts);
        context.tick(cx, whose);
        true
    }

    /// Whoever waits for the reply, or asks for it before the next request, is told why there is none.
    fn give_up(&mut self, cx: &mut Cx<'_>, whose: ContextId, why: Error) {
        let Some(context) = self.contexts.get_mut(&whose) else {
            return;
        };
        let failed = Stage::Failed(why.clone());
        if let Stage::Asked(request) = std::mem::replace(&mut context.stage, failed) {
            self.awaited.end(request.id);
        }
        cx.fail_waiting(whose, why);
    }
}

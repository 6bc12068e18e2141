//! REQ version 0: the asking end of request/reply (sp-request-reply-01 §5.1, §6.1).
//!
//! A request is a 32-bit tag with its top bit set and the request's id below, then the body; its reply has the same
//! tag. Requests go to the peers in turn, and again to the next when no reply comes within
//! [`RESEND_TIME`](crate::options::RESEND_TIME) or when the connection is lost. Replies with no, another or an old id
//! are ignored. Each context has one request at a time; a new one cancels it.
//!
//! # Sending
//!
//! An endpoint's `send-priority` ranks its peers: a request, also one that goes out again, goes to one of the lowest
//! number that has any room at all.
//!
//! A request that no peer can take yet stays with its sender, who waits: it has no id, is not resent, and cancels
//! nothing. Once a peer took it, the machine keeps a copy (which shares the body) until the reply is there.
//!
//! # Resending
//!
//! [`RESEND`](crate::options::RESEND) says on which of the two occasions a request is sent again, and
//! [`MAX_ATTEMPTS`](crate::options::MAX_ATTEMPTS) how often. One that is not fails when it would have to be: receiving
//! reports why, until the next request. Contexts take over the socket's values when they open.

mod context;
mod policy;
mod raw;
mod resend;

use spkit_api::{
    ContextId, Cx, DropReason, Error, ErrorKind, Event, Message, Protocol, ProtocolInfo,
    protocol::{OptionSet, ReadyRequest, Received, RecvRequest, SendRequest},
    register_protocol,
    toolkit::{IdMap, Waitlist},
};

use self::context::{Context, Request, Stage};
pub use self::raw::{RawReq0, XREQ0};
use crate::{
    asking::{UnderWay, next_answer},
    ranks::Ranks,
    rep0,
};

/// What REQ announces.
pub const NUMBER: u16 = 0x0030;

static INFO: ProtocolInfo = ProtocolInfo::new("req", NUMBER, rep0::NUMBER)
    .with_contexts()
    .answers_recv()
    .with_options(policy::OPTIONS)
    .doc("The asking end of request/reply: send a request, receive its reply.");

register_protocol!(
    /// REQ version 0, opened as `req`.
    pub REQ0, &INFO, || Box::new(Req0::default())
);

/// The state machine of a REQ socket.
#[derive(Debug)]
pub struct Req0 {
    pipes: Ranks,
    contexts: IdMap<ContextId, Context>,
    /// Requests that a reply is awaited for.
    awaited: UnderWay,
    /// Contexts whose request lost its peer, or is due again, and found no other; some were answered since. While
    /// anybody is here no pipe is ready, so no new request overtakes them.
    unsent: Waitlist,
    /// Contexts whose sender waits for a peer.
    senders: Waitlist,
}

impl Default for Req0 {
    fn default() -> Self {
        Self {
            pipes: Ranks::default(),
            contexts: IdMap::from_iter([(ContextId::SOCKET, Context::default())]),
            awaited: UnderWay::default(),
            unsent: Waitlist::new(),
            senders: Waitlist::new(),
        }
    }
}

impl Protocol for Req0 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::PipeRemoved(removed) => self.on_removed(cx, removed.pipe),
            Event::Send(request) => self.on_send(cx, request),
            Event::Received(received) => self.on_received(cx, received),
            Event::Recv(request) => self.on_recv(cx, request),
            Event::CanSend(request) => *request.ready = Some(self.pipes.has_room(cx)),
            Event::CanRecv(request) => self.can_recv(cx, request),
            Event::Timer(timer) => self.on_timer(cx, timer),
            Event::OptionSet(set) => self.on_option(cx, &set),
            Event::ContextOpened(context) => self.open(context),
            Event::ContextClosed(context) => {
                self.forget(cx, context);
                self.contexts.remove(&context);
            }
            Event::Closing => {
                let contexts: Vec<_> = self.contexts.keys().copied().collect();
                for context in contexts {
                    self.forget(cx, context);
                }
            }
            pipes => {
                if self.pipes.on_event(&pipes) {
                    self.on_room(cx);
                }
            }
        }
    }
}

impl Req0 {
    /// A new request, if a peer takes it.
    fn on_send(&mut self, cx: &mut Cx<'_>, request: SendRequest<'_>) {
        let Some(context) = self.contexts.get_mut(&request.context) else {
            return cx.fail(ErrorKind::Closed);
        };
        let Some(mut message) = request.message.take() else {
            return;
        };
        let id = self.awaited.next_id(cx);
        message.clear_header();
        message.push_back(id);
        let Some(pipe) = self.pipes.offer(cx, &mut Some(message.clone())) else {
            // SP-RR-009: the sender waits, and an earlier request goes on.
            message.clear_header();
            *request.message = Some(message);
            self.senders.join(request.context);
            return;
        };
        self.awaited.begin(id, request.context);
        let sent = cx.now();
        context.tick(cx, request.context);
        // SP-RR-019
        let asked = Stage::Asked(Request {
            id,
            message,
            pipe,
            sent,
            attempts: 1,
        });
        match std::mem::replace(&mut context.stage, asked) {
            Stage::Asked(old) => {
                self.awaited.end(old.id);
                cx.fail_waiting(request.context, ErrorKind::Canceled);
            }
            Stage::Answered => {
                cx.clear_queue(request.context, DropReason::LateReply);
                cx.fail_waiting(request.context, ErrorKind::Canceled);
            }
            Stage::Idle | Stage::Failed(_) => {}
        }
    }

    fn on_recv(&mut self, cx: &mut Cx<'_>, request: RecvRequest<'_>) {
        let Some(context) = self.contexts.get_mut(&request.context) else {
            return cx.fail(ErrorKind::Closed);
        };
        match &context.stage {
            Stage::Idle => cx.fail(Error::new(
                ErrorKind::State,
                "there is no request to receive a reply to: send one first",
            )),
            Stage::Asked(_) => {}
            Stage::Answered => {
                *request.message = cx.dequeue(request.context);
                context.stage = Stage::Idle;
                if request.message.is_none() {
                    // Nobody but us takes from the queue, so it was emptied: the reply is gone.
                    cx.fail(ErrorKind::State);
                }
            }
            Stage::Failed(why) => cx.fail(why.clone()),
        }
    }

    /// A reply, or that there will be none.
    fn can_recv(&self, cx: &mut Cx<'_>, request: ReadyRequest<'_>) {
        let context = self.contexts.get(&request.context);
        let failed = context.is_some_and(|context| matches!(context.stage, Stage::Failed(_)));
        *request.ready = Some(failed || cx.has_queued(request.context));
    }

    fn on_received(&mut self, cx: &mut Cx<'_>, mut received: Received<'_>) {
        while let Some((id, reply)) = next_answer(cx, &mut received) {
            self.on_reply(cx, id, reply);
        }
    }

    /// A reply, over whichever connection (SP-RR-021).
    fn on_reply(&mut self, cx: &mut Cx<'_>, id: u32, message: Message) {
        let Some(whose) = self.awaited.end(id) else {
            // SP-RR-016, SP-RR-018
            return cx.discard(message, DropReason::LateReply);
        };
        if let Some(context) = self.contexts.get_mut(&whose) {
            context.stage = Stage::Answered;
        }
        cx.queue(whose, message);
    }

    /// Concerns the request under way as well: its interval begins anew.
    fn on_option(&mut self, cx: &mut Cx<'_>, set: &OptionSet<'_>) {
        let Some(context) = self.contexts.get_mut(&set.context) else {
            return cx.fail(ErrorKind::Closed);
        };
        context.policy.set(set);
        context.stop(cx, set.context);
        if context.request().is_some() {
            context.tick(cx, set.context);
        }
    }

    fn open(&mut self, context: ContextId) {
        let socket = self.contexts.get(&ContextId::SOCKET);
        let policy = socket.map(|socket| socket.policy).unwrap_or_default();
        let fresh = Context::new(policy);
        self.contexts.entry(context).or_insert(fresh);
    }

    /// Drops what a context has under way.
    fn forget(&mut self, cx: &mut Cx<'_>, whose: ContextId) {
        self.senders.leave(whose);
        self.unsent.leave(whose);
        if let Some(context) = self.contexts.get_mut(&whose) {
            if let Stage::Asked(request) = std::mem::replace(&mut context.stage, Stage::Idle) {
                self.awaited.end(request.id);
            }
            context.stop(cx, whose);
        }
    }
}

#[cfg(test)]
mod tests;

//! REQ version 0: the asking end of request/reply (sp-request-reply-01 §5.1, §6.1).
//!
//! A request is a 32-bit tag with its top bit set and the request's id below, then the body; its reply has the same
//! tag. Requests go to the peers in turn, and again to the next when no reply comes within [`RESEND_TIME`] or when the
//! connection is lost. Replies with no, another or an old id are ignored. Each context has one request at a time; a new
//! one cancels it.
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
//! With [`RESEND_TIME`] never, or zero, a request is sent once: if its connection is lost it fails, and receiving
//! reports [`ErrorKind::ConnectionReset`] until the next request. Setting the option concerns the request under way as
//! well: its interval begins anew. Contexts take over the socket's value when they open.

mod context;
mod raw;

use std::time::Duration;

use spkit_api::{
    ContextId, Cx, DropReason, Error, ErrorKind, Event, Message, OptSpec, PipeId, Protocol,
    ProtocolInfo, TimerId,
    option::{OptionType, Scope},
    protocol::{OptionSet, Received, RecvRequest, SendRequest},
    register_protocol,
    toolkit::{IdMap, Waitlist},
};

use self::context::{Context, Request, Stage};
pub use self::raw::{RawReq0, XREQ0};
use crate::{
    asking::{UnderWay, context_of, next_answer},
    options::RESEND_TIME,
    ranks::Ranks,
    rep0,
};

/// What REQ announces.
pub const NUMBER: u16 = 0x0030;

const DEFAULT_RESEND_MILLIS: u64 = 60_000;

static OPTIONS: &[OptSpec] = &[OptSpec::timeout(
    RESEND_TIME,
    Some(DEFAULT_RESEND_MILLIS),
    "How long to wait for a reply before the request is sent again; never or 0 sends it once only.",
)
.scope(Scope::Context)];

static INFO: ProtocolInfo = ProtocolInfo::new("req", NUMBER, rep0::NUMBER)
    .with_contexts()
    .answers_recv()
    .with_options(OPTIONS)
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
        let resend = Some(Duration::from_millis(DEFAULT_RESEND_MILLIS));
        Self {
            pipes: Ranks::default(),
            contexts: IdMap::from_iter([(ContextId::SOCKET, Context::new(resend))]),
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
        });
        match std::mem::replace(&mut context.stage, asked) {
            Stage::Asked(old) => {
                self.awaited.end(old.id);
                cx.fail_waiting(request.context, ErrorKind::Canceled);
            }
            Stage::Answered => {
                cx.clear_queue(request.context, DropReason::Stale);
                cx.fail_waiting(request.context, ErrorKind::Canceled);
            }
            Stage::Idle | Stage::Lost => {}
        }
    }

    fn on_recv(&mut self, cx: &mut Cx<'_>, request: RecvRequest<'_>) {
        let Some(context) = self.contexts.get_mut(&request.context) else {
            return cx.fail(ErrorKind::Closed);
        };
        match context.stage {
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
            Stage::Lost => cx.fail(Error::new(
                ErrorKind::ConnectionReset,
                "the connection was lost before the reply came, and resending is off",
            )),
        }
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
            return cx.discard(message, DropReason::Stale);
        };
        if let Some(context) = self.contexts.get_mut(&whose) {
            context.stage = Stage::Answered;
        }
        cx.queue(whose, message);
    }

    /// A peer has room: first for those requests that were sent before, then for new ones.
    fn on_room(&mut self, cx: &mut Cx<'_>) {
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

    /// Requests that went over a lost pipe go elsewhere at once (SP-RR-013). Linear in the requests under way.
    fn on_removed(&mut self, cx: &mut Cx<'_>, pipe: PipeId) {
        self.pipes.remove(pipe);
        let affected = self.awaited.contexts().filter(|whose| {
            let context = self.contexts.get(whose);
            context.is_some_and(|context| context.went_over(pipe))
        });
        for whose in affected.collect::<Vec<_>>() {
            let Some(context) = self.contexts.get_mut(&whose) else {
                continue;
            };
            let resends = context.resend.is_some();
            let Some(request) = context.request() else {
                continue;
            };
            if resends {
                self.send_again_or_later(cx, whose);
            } else {
                self.awaited.end(request.id);
                context.stage = Stage::Lost;
                cx.fail_waiting(whose, ErrorKind::ConnectionReset);
            }
        }
    }

    /// SP-RR-010, SP-RR-012
    fn on_timer(&mut self, cx: &mut Cx<'_>, timer: TimerId) {
        let Some(whose) = context_of(timer) else {
            return;
        };
        let Some(context) = self.contexts.get_mut(&whose) else {
            return;
        };
        context.ticking = false;
        let Some(interval) = context.resend else {
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
            self.send_again_or_later(cx, whose);
        }
    }

    fn on_option(&mut self, cx: &mut Cx<'_>, set: &OptionSet<'_>) {
        if set.name != RESEND_TIME.name() {
            return;
        }
        if let Some(context) = self.contexts.get_mut(&set.context)
            && let Some(time) = Option::<Duration>::from_value(set.value)
        {
            context.resend = time.filter(|time| !time.is_zero());
            context.stop(cx, set.context);
            if context.request().is_some() {
                context.tick(cx, set.context);
            }
        }
    }

    fn open(&mut self, context: ContextId) {
        let socket = self.contexts.get(&ContextId::SOCKET);
        let resend = socket.and_then(|socket| socket.resend);
        let fresh = Context::new(resend);
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

    fn send_again_or_later(&mut self, cx: &mut Cx<'_>, whose: ContextId) {
        if !self.send_again(cx, whose) {
            self.unsent.join(whose);
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
        context.tick(cx, whose);
        true
    }
}

#[cfg(test)]
mod tests;

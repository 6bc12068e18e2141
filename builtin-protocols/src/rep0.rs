//! REP version 0: the answering end of request/reply (sp-request-reply-01 §5.2, §6.2).
//!
//! A request is a row of 32-bit tags, the last with its top bit set, and a body. REP hands up the body and keeps the
//! tags; the reply goes back over the same connection with the same tags in front. A request without a last tag is
//! ignored, as is one with more tags than the TTL. A reply to a peer that is gone or slow is dropped, never waited for.
//! Each context answers one request at a time; receiving the next one drops the one before unanswered.
//!
//! Requests of all peers are queued on the socket, for whichever context receives next. A receive that finds none, or
//! gives up waiting, changes nothing: the request before can still be answered.

use spkit_api::{
    ContextId, Cx, DropReason, Error, ErrorKind, Event, OptSpec, PipeId, Protocol, ProtocolInfo,
    option::OptionType,
    options::TTL,
    protocol::{OptionSet, Received, RecvRequest, SendRequest},
    register_protocol,
    toolkit::{Backtrace, IdMap, Waitlist},
};

use crate::req0;

/// What REP announces.
pub const NUMBER: u16 = 0x0031;

/// Tags a request may have, its id included, unless the option says otherwise.
const DEFAULT_TTL: u8 = 8;

static OPTIONS: &[OptSpec] = &[OptSpec::int(
    TTL,
    DEFAULT_TTL as i64,
    "Tags a request may have, its id included: hops between the peers plus one; others are dropped.",
)
.range(1, 255)];

static INFO: ProtocolInfo = ProtocolInfo::new("rep", NUMBER, req0::NUMBER)
    .with_contexts()
    .answers_recv()
    .with_options(OPTIONS)
    .doc("The answering end of request/reply: receive a request, send its reply.");

register_protocol!(
    /// REP version 0, opened as `rep`.
    pub REP0, &INFO, || Box::new(Rep0::default())
);

/// The state machine of a REP socket.
#[derive(Debug)]
pub struct Rep0 {
    ttl: u8,
    pipes: IdMap<PipeId, ()>,
    /// The request each context has received and not yet answered.
    contexts: IdMap<ContextId, Option<Backtrace>>,
    /// Contexts that found no request; they wait for what is queued on the socket.
    waiting: Waitlist,
}

impl Default for Rep0 {
    fn default() -> Self {
        Self {
            ttl: DEFAULT_TTL,
            pipes: IdMap::default(),
            contexts: IdMap::from_iter([(ContextId::SOCKET, None)]),
            waiting: Waitlist::new(),
        }
    }
}

impl Protocol for Rep0 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::PipeAdded(added) => {
                self.pipes.insert(added.pipe, ());
            }
            Event::PipeRemoved(removed) => {
                self.pipes.remove(&removed.pipe);
            }
            Event::Received(received) => self.on_received(cx, received),
            Event::Recv(request) => self.on_recv(cx, request),
            Event::Send(request) => self.on_send(cx, request),
            Event::OptionSet(set) => self.on_option(&set),
            Event::ContextOpened(context) => {
                self.contexts.entry(context).or_default();
            }
            Event::ContextClosed(context) => {
                self.contexts.remove(&context);
                self.waiting.leave(context);
            }
            Event::Closing => {
                self.contexts.values_mut().for_each(|asked| *asked = None);
                self.waiting.clear();
            }
            _ => {}
        }
    }
}

impl Rep0 {
    /// Queues the requests of a batch for whichever context receives next.
    fn on_received(&mut self, cx: &mut Cx<'_>, received: Received<'_>) {
        let mut any = false;
        while let Some(mut message) = received.messages.pop() {
            match Backtrace::pull(&mut message, self.ttl) {
                Ok(()) => {
                    cx.queue(ContextId::SOCKET, message);
                    any = true;
                }
                // SP-RR-032, SP-RR-044: ignored; the connection stays.
                Err(why) => cx.discard(message, why),
            }
        }
        while any && let Some(context) = self.waiting.pop() {
            cx.readable(context);
        }
    }

    fn on_recv(&mut self, cx: &mut Cx<'_>, request: RecvRequest<'_>) {
        let Some(asked) = self.contexts.get_mut(&request.context) else {
            return cx.fail(ErrorKind::Closed);
        };
        match cx.dequeue(ContextId::SOCKET) {
            Some(mut message) => {
                // SP-RR-039: the request before, if any, is dropped unanswered.
                *asked = Some(Backtrace::save(&mut message));
                *request.message = Some(message);
            }
            // The queue itself wakes those who wait on the socket's own context.
            None if request.context != ContextId::SOCKET => self.waiting.join(request.context),
            None => {}
        }
    }

    fn on_send(&mut self, cx: &mut Cx<'_>, request: SendRequest<'_>) {
        let Some(asked) = self.contexts.get_mut(&request.context) else {
            return cx.fail(ErrorKind::Closed);
        };
        let Some(backtrace) = asked.take() else {
            // SP-RR-037, SP-RR-038
            return cx.fail(Error::new(
                ErrorKind::State,
                "there is no request to reply to: receive one first",
            ));
        };
        let Some(mut reply) = request.message.take() else {
            return;
        };
        backtrace.restore(&mut reply);
        let pipe = backtrace
            .pipe()
            .filter(|pipe| self.pipes.contains_key(pipe));
        let mut reply = Some(reply);
        // SP-RR-041, SP-RR-042: a peer that is gone or slow loses its reply, others do not wait for it.
        if !pipe.is_some_and(|pipe| cx.try_send(pipe, &mut reply))
            && let Some(reply) = reply
        {
            let why = match pipe {
                Some(_) => DropReason::QueueFull,
                None => DropReason::PipeGone,
            };
            cx.discard(reply, why);
        }
    }

    fn on_option(&mut self, set: &OptionSet<'_>) {
        if set.name == TTL.name()
            && let Some(ttl) = i64::from_value(set.value).and_then(|ttl| u8::try_from(ttl).ok())
        {
            self.ttl = ttl.max(1);
        }
    }
}

#[cfg(test)]
mod tests;

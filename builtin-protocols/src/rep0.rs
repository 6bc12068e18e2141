//! REP version 0: the answering end of request/reply (sp-request-reply-01 §5.2, §6.2).
//!
//! A request is a row of 32-bit tags, the last with its top bit set, and a body. REP hands up the body and keeps the
//! tags; the reply goes back over the same connection with the same tags in front. A request without a last tag is
//! ignored, as is one with more tags than the TTL. A reply to a peer that is gone or slow is dropped, never waited for.
//! Each context answers one request at a time; receiving the next one drops the one before unanswered.
//!
//! Requests of all peers are queued on the socket, for whichever context receives next. A receive that finds none, or
//! gives up waiting, changes nothing: the request before can still be answered.

mod raw;

use spkit_api::{Cx, Event, OptSpec, Protocol, ProtocolInfo, register_protocol};

pub use self::raw::{RawRep0, XREP0};
use crate::{
    answering::{Answerer, ttl_row},
    req0,
};

/// What REP announces.
pub const NUMBER: u16 = 0x0031;

static OPTIONS: &[OptSpec] = &[ttl_row(
    "Tags a request may have, its id included: hops between the peers plus one; others are dropped.",
)];

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
pub struct Rep0(Answerer);

impl Default for Rep0 {
    fn default() -> Self {
        Self(Answerer::new(
            "there is no request to reply to: receive one first",
        ))
    }
}

impl Protocol for Rep0 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        self.0.on_event(cx, event);
    }
}

#[cfg(test)]
mod tests;

//! RESPONDENT version 0: the answering end of a survey (sp-surveyor-01 §5.2, §6.2).
//!
//! A survey is a row of 32-bit tags, the last with its top bit set, and a body. RESPONDENT hands up the body and keeps
//! the tags; the answer goes back over the same connection with the same tags in front, at any time: whether it still
//! counts is the surveyor's to say. A survey without a last tag is ignored, as is one with more tags than the TTL. An
//! answer to a peer that is gone or slow is dropped, never waited for. Answering is optional: receiving the next survey
//! drops the one before.
//!
//! Surveys of all peers are queued on the socket, for whichever context receives next.

mod raw;

use spkit_api::{Cx, Event, OptSpec, Protocol, ProtocolInfo, register_protocol};

pub use self::raw::{RawRespondent0, XRESPONDENT0};
use crate::{
    answering::{Answerer, ttl_row},
    surveyor0,
};

/// What RESPONDENT announces.
pub const NUMBER: u16 = 0x0063;

static OPTIONS: &[OptSpec] = &[ttl_row(
    "Tags a survey may have, its id included: hops between the peers plus one; others are dropped.",
)];

static INFO: ProtocolInfo = ProtocolInfo::new("respondent", NUMBER, surveyor0::NUMBER)
    .with_contexts()
    .answers_recv()
    .with_options(OPTIONS)
    .doc("The answering end of a survey: receive a survey, send an answer or none.");

register_protocol!(
    /// RESPONDENT version 0, opened as `respondent`.
    pub RESPONDENT0, &INFO, || Box::new(Respondent0::default())
);

/// The state machine of a RESPONDENT socket.
#[derive(Debug)]
pub struct Respondent0(Answerer);

impl Default for Respondent0 {
    fn default() -> Self {
        Self(Answerer::new(
            "there is no survey to answer: receive one first",
        ))
    }
}

impl Protocol for Respondent0 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        self.0.on_event(cx, event);
    }
}

#[cfg(test)]
mod tests;

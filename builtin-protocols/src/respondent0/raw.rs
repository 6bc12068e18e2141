//! Raw RESPONDENT: surveys come with their way back in the header, and so do answers go.

use spkit_api::{Cx, Event, Protocol, ProtocolInfo, register_protocol};

use super::{NUMBER, OPTIONS};
use crate::{answering::RawAnswerer, surveyor0};

static INFO: ProtocolInfo = ProtocolInfo::new("xrespondent", NUMBER, surveyor0::NUMBER)
    .raw()
    .with_options(OPTIONS)
    .doc("RESPONDENT for devices: the header of a survey is the way back, the header of an answer its way.");

register_protocol!(
    /// Raw RESPONDENT version 0, opened as `xrespondent`.
    ///
    /// A survey's header is the number of its connection, which the socket adds, then the tags it came with, the id
    /// last. An answer goes to the connection that the first word of its header names, without that word; it is dropped
    /// and counted if that one is gone or has no room. A header that has no connection in front, or no id at its end,
    /// is a [`HeaderInvalid`](spkit_api::ErrorKind::HeaderInvalid) error, but one that begins with an id is dropped and
    /// counted: a device may be handed that by a peer.
    pub XRESPONDENT0, &INFO, || Box::new(RawRespondent0::default())
);

/// The state machine of a raw RESPONDENT socket.
#[derive(Debug, Default)]
pub struct RawRespondent0(RawAnswerer);

impl Protocol for RawRespondent0 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        self.0.on_event(cx, event);
    }
}

//! Raw REP: requests come with their way back in the header, and so do replies go.

use spkit_api::{Cx, Event, Protocol, ProtocolInfo, register_protocol};

use super::{NUMBER, OPTIONS};
use crate::{answering::RawAnswerer, req0};

static INFO: ProtocolInfo = ProtocolInfo::new("xrep", NUMBER, req0::NUMBER)
    .raw()
    .with_options(OPTIONS)
    .doc(
        "REP for devices: the header of a request is the way back, the header of a reply its way.",
    );

register_protocol!(
    /// Raw REP version 0, opened as `xrep`.
    ///
    /// A request's header is the number of its connection, which the socket adds, then the tags it came with, the id
    /// last. A reply goes to the connection that the first word of its header names, without that word; it is dropped
    /// and counted if that one is gone or has no room. A header that has no connection in front, or no id at its end,
    /// is a [`HeaderInvalid`](spkit_api::ErrorKind::HeaderInvalid) error, but one that begins with an id is dropped and
    /// counted: a device may be handed that by a peer.
    pub XREP0, &INFO, || Box::new(RawRep0::default())
);

/// The state machine of a raw REP socket.
#[derive(Debug, Default)]
pub struct RawRep0(RawAnswerer);

impl Protocol for RawRep0 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        self.0.on_event(cx, event);
    }
}

//! Raw REQ: requests go out with the header they have, and replies come with all of theirs.

use spkit_api::{Cx, Event, Protocol, ProtocolInfo, register_protocol};

use super::NUMBER;
use crate::{asking::raw, ranks::Ranks, rep0};

static INFO: ProtocolInfo = ProtocolInfo::new("xreq", NUMBER, rep0::NUMBER)
    .raw()
    .doc("REQ for devices: requests go to the peers in turn, once, with the header they have.");

register_protocol!(
    /// Raw REQ version 0, opened as `xreq`.
    ///
    /// A request has its tags in the header, the id with its top bit set last; anything else is a
    /// [`HeaderInvalid`](spkit_api::ErrorKind::HeaderInvalid) error. It goes to one peer, in turn among those of the
    /// best rank (`send-priority`); without one that has room, sending waits. Nothing is remembered and nothing resent:
    /// any reply is handed up, tags in its header, if an id is among them.
    pub XREQ0, &INFO, || Box::new(RawReq0::default())
);

/// The state machine of a raw REQ socket.
#[derive(Debug, Default)]
pub struct RawReq0 {
    pipes: Ranks,
}

impl Protocol for RawReq0 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::Send(request) => {
                if raw::has_id(cx, request.message) {
                    self.pipes.offer(cx, request.message);
                }
            }
            Event::Received(received) => raw::on_received(cx, received),
            other => self.pipes.follow(cx, other),
        }
    }
}

//! Raw SURVEYOR: surveys go out with the header they have, and answers come with all of theirs.

use spkit_api::{Cx, Event, Protocol, ProtocolInfo, register_protocol};

use super::NUMBER;
use crate::{
    asking::raw,
    broadcast::{self, Peers},
    respondent0,
};

static INFO: ProtocolInfo = ProtocolInfo::new("xsurveyor", NUMBER, respondent0::NUMBER)
    .raw()
    .doc("SURVEYOR for devices: surveys go to every peer with the header they have.");

register_protocol!(
    /// Raw SURVEYOR version 0, opened as `xsurveyor`.
    ///
    /// A survey has its tags in the header, the id with its top bit set last; anything else is a
    /// [`HeaderInvalid`](spkit_api::ErrorKind::HeaderInvalid) error. It goes to every peer that has room; sending never
    /// waits. Nothing is remembered and there is no deadline: any answer is handed up, tags in its header, if an id is
    /// among them.
    pub XSURVEYOR0, &INFO, || Box::new(RawSurveyor0::default())
);

/// The state machine of a raw SURVEYOR socket.
#[derive(Debug, Default)]
pub struct RawSurveyor0 {
    peers: Peers,
}

impl Protocol for RawSurveyor0 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::PipeAdded(added) => self.peers.add(added.pipe),
            Event::PipeRemoved(removed) => self.peers.remove(removed.pipe),
            Event::Send(request) if raw::has_id(cx, request.message) => {
                if let Some(survey) = request.message.take() {
                    self.peers.send(cx, survey, None, broadcast::lose);
                }
            }
            Event::Received(received) => raw::on_received(cx, received),
            _ => {}
        }
    }
}

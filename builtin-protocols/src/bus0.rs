//! BUS version 0: every message to every peer, best effort.
//!
//! There is no RFC; the three older implementations agree (SP-BU). The payload is the body. What is sent goes
//! to each direct peer once; what is received goes to the application and nowhere else, so a bus is as wide as its
//! connections. Sending never waits: a peer without room loses the message, as do all if there is none.
//!
//! The raw form ([`XBUS0`]) can forward: see there.

mod raw;

use spkit_api::{
    ContextId, Cx, Event, PipeId, Protocol, ProtocolInfo, protocol::SendRequest, register_protocol,
};

pub use self::raw::{XBUS0, XBus0};
use crate::broadcast::{self, Peers};

/// What BUS announces, and expects its peers to announce.
pub const NUMBER: u16 = 0x0070;

static INFO: ProtocolInfo = ProtocolInfo::new("bus", NUMBER, NUMBER)
    .doc("Many peers, each message to all of them, best effort.");

register_protocol!(
    /// BUS version 0, opened as `bus`.
    pub BUS0, &INFO, || Box::new(Bus0::default())
);

/// The state machine of a BUS socket.
#[derive(Debug, Default)]
pub struct Bus0 {
    peers: Peers,
}

impl Protocol for Bus0 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::PipeAdded(added) => self.peers.add(added.pipe),
            Event::PipeRemoved(removed) => self.peers.remove(removed.pipe),
            // SP-BU-003: not to other peers.
            Event::Received(received) => cx.queue_all(ContextId::SOCKET, received.messages),
            Event::Send(request) => self.send(cx, request, None),
            _ => {}
        }
    }
}

impl Bus0 {
    fn send(&self, cx: &mut Cx<'_>, request: SendRequest<'_>, except: Option<PipeId>) {
        if let Some(mut message) = request.message.take() {
            message.clear_header();
            self.peers.send(cx, message, except, broadcast::lose);
        }
    }
}

#[cfg(test)]
mod tests;

//! PAIR version 1: one peer, messages both ways, and a hop count.
//!
//! There is no RFC; nng and mangos agree but for the first count (SP-P1). Each message starts with the
//! number of hops it has behind it, as one word: an originator sends 1, and 0 is accepted. A message with more hops than
//! the TTL is dropped. A peer whose count is missing or above 255 is closed. Otherwise it is PAIR: one peer at a time, a
//! further one is closed after its handshake; sending waits for a peer and for room, and nothing is dropped.
//!
//! A node counts when it sends. So the raw form ([`XPAIR1`]) adds one to what its application hands it, and what is sent
//! as it was received has one hop more on the wire.
//!
//! [`poly`] is the form with many peers.

pub mod poly;

use spkit_api::{
    ContextId, Cx, DropReason, ErrorKind, Event, OptSpec, Protocol, ProtocolInfo,
    protocol::{Received, SendRequest},
    register_protocol,
};

use crate::{
    hops::{self, DEFAULT_TTL},
    only_peer::OnlyPeer,
    raw_header,
};

/// What PAIR version 1 announces, and expects its peer to announce.
pub const NUMBER: u16 = 0x0011;

/// What an originator sends (SP-P1-002).
const FIRST: u8 = 1;

static OPTIONS: &[OptSpec] = &[hops::ttl_row(
    "Hops a received message may have behind it; others are dropped.",
)];

static INFO: ProtocolInfo = ProtocolInfo::new("pair1", NUMBER, NUMBER)
    .with_options(OPTIONS)
    .doc("Two peers, messages both ways, with a hop count; a socket has one peer at a time.");

static RAW_INFO: ProtocolInfo = ProtocolInfo::new("xpair1", NUMBER, NUMBER)
    .raw()
    .with_options(OPTIONS)
    .doc("PAIR v1 for forwarders: the application sees the hop count.");

register_protocol!(
    /// PAIR version 1, opened as `pair1`.
    pub PAIR1, &INFO, || Box::new(Pair1::default())
);

register_protocol!(
    /// The raw form of PAIR version 1, opened as `xpair1`.
    ///
    /// The header of a received message is its hop count. A message to be sent needs the same header, at most 254; one
    /// is added to it on the way out.
    pub XPAIR1, &RAW_INFO, || Box::new(Pair1::raw())
);

/// The state machine of a PAIR version 1 socket, cooked or raw.
#[derive(Debug)]
pub struct Pair1 {
    raw: bool,
    ttl: u8,
    peer: OnlyPeer,
}

impl Default for Pair1 {
    fn default() -> Self {
        Self {
            raw: false,
            ttl: DEFAULT_TTL,
            peer: OnlyPeer::default(),
        }
    }
}

impl Protocol for Pair1 {
    fn info(&self) -> &'static ProtocolInfo {
        if self.raw { &RAW_INFO } else { &INFO }
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            // What a refused peer sent before it was closed stays in its batch, to be dropped (SP-P1-009).
            Event::Received(received) => {
                if self.peer.is(received.pipe) && !deliver(cx, received, self.ttl, self.raw) {
                    self.peer.forget();
                }
            }
            Event::Send(request) => self.send(cx, request),
            Event::OptionSet(set) => self.ttl = hops::ttl_of(&set).unwrap_or(self.ttl),
            other => self.peer.follow(cx, other),
        }
    }
}

impl Pair1 {
    /// The machine of a raw socket.
    pub fn raw() -> Self {
        Self {
            raw: true,
            ..Self::default()
        }
    }

    fn send(&self, cx: &mut Cx<'_>, request: SendRequest<'_>) {
        let Some(message) = request.message else {
            return;
        };
        let behind = match self.raw.then(|| hops::of_raw(message)) {
            None => FIRST - 1,
            Some(Ok(behind)) if behind < u8::MAX => behind,
            // SP-P1-008
            Some(Ok(_)) => {
                let needed = "a hop count of at most 254, since this hop adds one";
                return cx.fail(raw_header::invalid(needed, message.header_words()));
            }
            Some(Err(error)) => return cx.fail(error),
        };
        let Some(peer) = self.peer.pipe() else {
            return;
        };
        hops::put(message, behind + 1);
        if !cx.try_send(peer, request.message)
            && let Some(message) = request.message
        {
            // It waits as it came: another try counts again.
            message.clear_header();
            if self.raw {
                message.push_back(behind.into());
            }
        }
    }
}

/// Queues what a peer sent. False: it broke the rules and is closed (SP-P1-006).
fn deliver(cx: &mut Cx<'_>, received: Received<'_>, ttl: u8, raw: bool) -> bool {
    while let Some(mut message) = received.messages.pop() {
        match hops::pull(&mut message) {
            Some(hops) if hops <= ttl => {
                if raw {
                    message.push_back(hops.into());
                }
                cx.queue(ContextId::SOCKET, message);
            }
            // SP-P1-005
            Some(_) => cx.discard(message, DropReason::Ttl),
            None => {
                cx.discard(message, DropReason::Malformed);
                cx.close(received.pipe, ErrorKind::PeerMisbehaved);
                return false;
            }
        }
    }
    true
}

#[cfg(test)]
mod tests;

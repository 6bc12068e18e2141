//! STAR: every message to everybody, along a tree of connections.
//!
//! There is no RFC and only mangos has it, as an experiment (SP-ST). Each message starts with the number of
//! hops it has behind it, as one word; an originator sends 0, to all its peers. Who receives one delivers the body and
//! forwards the message, one hop more, to all peers but the one it came from. A message is dropped when its count has
//! reached the TTL, which ends it where connections form a circle, and when it is malformed. Sending and forwarding never
//! wait: a peer without room loses the message.
//!
//! An application that does not receive holds up what its node forwards, as it does in mangos.

use spkit_api::{
    ContextId, Cx, DropReason, Event, Message, OptSpec, PipeId, Protocol, ProtocolInfo,
    protocol::{Received, SendRequest},
    register_protocol,
};

use crate::{
    broadcast::{self, Peers},
    hops::{self, DEFAULT_TTL},
};

/// What STAR announces, and expects its peers to announce.
pub const NUMBER: u16 = 0x0640;

static OPTIONS: &[OptSpec] = &[hops::ttl_row(
    "Hops at which a received message is dropped; those with fewer are delivered and forwarded.",
)];

static INFO: ProtocolInfo = ProtocolInfo::new("star", NUMBER, NUMBER)
    .forwards()
    .with_options(OPTIONS)
    .doc("Many peers, each message to all and onwards to theirs, best effort.");

static RAW_INFO: ProtocolInfo = ProtocolInfo::new("xstar", NUMBER, NUMBER)
    .raw()
    .forwards()
    .with_options(OPTIONS)
    .doc("STAR for tools: the application sees and sets the hop count.");

register_protocol!(
    /// STAR, opened as `star`.
    pub STAR, &INFO, || Box::new(Star::default())
);

register_protocol!(
    /// The raw form of STAR, opened as `xstar`.
    ///
    /// It forwards as the cooked form does. The header of a received message is the hop count with which it was
    /// forwarded. A message to be sent needs such a header, at most 255; it goes to every peer as it is, also to the one
    /// it came from.
    pub XSTAR, &RAW_INFO, || Box::new(Star::raw())
);

/// The state machine of a STAR socket, cooked or raw.
#[derive(Debug)]
pub struct Star {
    raw: bool,
    ttl: u8,
    peers: Peers,
}

impl Default for Star {
    fn default() -> Self {
        Self {
            raw: false,
            ttl: DEFAULT_TTL,
            peers: Peers::default(),
        }
    }
}

impl Protocol for Star {
    fn info(&self) -> &'static ProtocolInfo {
        if self.raw { &RAW_INFO } else { &INFO }
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::PipeAdded(added) => self.peers.add(added.pipe),
            Event::PipeRemoved(removed) => self.peers.remove(removed.pipe),
            Event::Received(received) => self.on_received(cx, received),
            Event::Send(request) => self.on_send(cx, request),
            Event::OptionSet(set) => self.ttl = hops::ttl_of(&set).unwrap_or(self.ttl),
            _ => {}
        }
    }
}

impl Star {
    /// The machine of a raw socket.
    pub fn raw() -> Self {
        Self {
            raw: true,
            ..Self::default()
        }
    }

    fn on_received(&self, cx: &mut Cx<'_>, received: Received<'_>) {
        while let Some(mut message) = received.messages.pop() {
            match hops::pull(&mut message) {
                // Not above 255: the count is below the TTL.
                Some(hops) if hops < self.ttl => {
                    self.pass_on(cx, received.pipe, message, hops + 1);
                }
                // SP-ST-002, SP-ST-006
                Some(_) => cx.discard(message, DropReason::Ttl),
                None => cx.discard(message, DropReason::Malformed),
            }
        }
    }

    /// Forwards a message, and delivers it (SP-ST-003).
    fn pass_on(&self, cx: &mut Cx<'_>, from: PipeId, mut message: Message, hops: u8) {
        hops::put(&mut message, hops);
        if self.peers.has_other(from) {
            self.peers
                .send(cx, message.clone(), Some(from), broadcast::lose);
        }
        if !self.raw {
            message.clear_header();
        }
        cx.queue(ContextId::SOCKET, message);
    }

    fn on_send(&self, cx: &mut Cx<'_>, request: SendRequest<'_>) {
        let Some(mut message) = request.message.take() else {
            return;
        };
        // SP-ST-004, SP-ST-007
        match self.raw.then(|| hops::of_raw(&message)) {
            None => hops::put(&mut message, 0),
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                *request.message = Some(message);
                return cx.fail(error);
            }
        }
        self.peers.send(cx, message, None, broadcast::lose);
    }
}

#[cfg(test)]
mod tests;

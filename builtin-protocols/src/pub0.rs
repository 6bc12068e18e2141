//! PUB version 0: the sending end of publish/subscribe (sp-publish-subscribe-01).
//!
//! The draft says little more than the numbers; the older implementations agree on the rest (SP-PS). The
//! payload is the body, and every message goes to every peer: what they subscribed to they know themselves. A message
//! that finds no peer is gone. What a SUB sends against the rules does no harm: it is dropped and counted.
//!
//! [`BACK_PRESSURE`] says what becomes of a message for a peer that has no room: by default that peer loses it, and
//! sending never waits.

mod audience;

use spkit_api::{
    ContextId, Cx, DropReason, ErrorKind, Event, Message, OptSpec, PipeId, Protocol, ProtocolInfo,
    protocol::{OptionSet, SendRequest},
    register_protocol,
};

use self::audience::Audience;
use crate::{
    broadcast,
    headerless::Headerless,
    options::{BACK_PRESSURE, choose, names},
    sub0,
};

/// What PUB announces.
pub const NUMBER: u16 = 0x0020;

static OPTIONS: &[OptSpec] = &[OptSpec::text(
    BACK_PRESSURE,
    "drop-newest",
    "What becomes of a message when a peer has no room: drop-newest (that peer loses it), drop-oldest (that peer loses \
     what waits longest), block (sending waits until all have room) or disconnect (that peer is closed).",
)
.one_of(&names(WHEN_FULL))];

static INFO: ProtocolInfo = ProtocolInfo::new("pub", NUMBER, sub0::NUMBER)
    .send_only()
    .with_options(OPTIONS)
    .doc("The sending end of publish/subscribe: each message goes to every peer.");

static RAW_INFO: ProtocolInfo = ProtocolInfo::new("xpub", NUMBER, sub0::NUMBER)
    .send_only()
    .raw()
    .with_options(OPTIONS)
    .doc("The sending end of publish/subscribe, raw: the same, since there is no header.");

register_protocol!(
    /// PUB version 0, opened as `pub`.
    pub PUB0, &INFO, || Box::new(Pub0::default())
);

register_protocol!(
    /// PUB version 0, raw, opened as `xpub`: the other half of a device.
    pub XPUB0, &RAW_INFO, || Box::new(Headerless::new(&RAW_INFO, Pub0::default()))
);

/// The state machine of a PUB socket.
#[derive(Debug, Default)]
pub struct Pub0 {
    audience: Audience,
    when_full: WhenFull,
}

/// What becomes of a message for a peer without room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum WhenFull {
    #[default]
    DropNewest,
    DropOldest,
    Block,
    Disconnect,
}

const WHEN_FULL: &[(&str, WhenFull); 4] = &[
    ("drop-newest", WhenFull::DropNewest),
    ("drop-oldest", WhenFull::DropOldest),
    ("block", WhenFull::Block),
    ("disconnect", WhenFull::Disconnect),
];

impl Protocol for Pub0 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::PipeAdded(added) => self.audience.peers.add(added.pipe),
            Event::PipeRemoved(removed) => {
                if self.audience.remove(removed.pipe) {
                    cx.writable(ContextId::SOCKET);
                }
            }
            Event::PipeWritable(writable) => {
                if self.audience.writable(writable.pipe) {
                    cx.writable(ContextId::SOCKET);
                }
            }
            Event::Send(request) => self.on_send(cx, request),
            Event::CanSend(request) => {
                let waits = self.when_full == WhenFull::Block && !self.audience.has_room(cx);
                *request.ready = Some(!waits);
            }
            Event::OptionSet(set) => self.on_option(cx, &set),
            // SP-PS-012: what was received stays in its batch, which drops and counts it.
            _ => {}
        }
    }
}

impl Pub0 {
    fn on_send(&mut self, cx: &mut Cx<'_>, request: SendRequest<'_>) {
        if self.when_full == WhenFull::Block && !self.audience.has_room(cx) {
            return;
        }
        let Some(mut message) = request.message.take() else {
            return;
        };
        message.clear_header();
        // SP-PS-003, SP-PS-014
        let when_full = self.when_full;
        let peers = &self.audience.peers;
        peers.send(cx, message, None, |cx, pipe, message| {
            when_full.refused(cx, pipe, message);
        });
    }

    fn on_option(&mut self, cx: &mut Cx<'_>, set: &OptionSet<'_>) {
        if set.name != BACK_PRESSURE.name() {
            return;
        }
        self.when_full = choose(set, WHEN_FULL).unwrap_or(self.when_full);
        // Who waits may not have to any more.
        cx.writable(ContextId::SOCKET);
    }
}

impl WhenFull {
    /// SP-PS-009: who is slow loses something, others do not wait.
    fn refused(self, cx: &mut Cx<'_>, pipe: PipeId, message: Message) {
        let mut slot = Some(message);
        if self == Self::DropOldest {
            while let Some(oldest) = cx.take_back(pipe) {
                cx.drop_unsent(Some(pipe), oldest, DropReason::QueueFull);
                if cx.try_send(pipe, &mut slot) {
                    return;
                }
            }
        }
        if let Some(message) = slot {
            broadcast::lose(cx, pipe, message);
        }
        if self == Self::Disconnect {
            cx.close(pipe, ErrorKind::OutOfResources);
        }
    }
}

#[cfg(test)]
mod tests;

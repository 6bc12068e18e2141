//! SUB version 0: the receiving end of publish/subscribe (sp-publish-subscribe-01).
//!
//! The draft says little more than the numbers; the older implementations agree on the rest (SP-PS). The
//! payload is the body. A message is delivered if its body begins with one of the byte strings that were subscribed to;
//! without any, nothing is. SUB tells its peers nothing: they send everything, and it selects.
//!
//! # Subscriptions
//!
//! [`SUBSCRIBE`] and [`UNSUBSCRIBE`] are set on the socket or on a context; each has its own subscriptions, and a
//! message goes to all whose subscriptions match. Equal subscriptions are counted: it takes as many to end them.
//! Unsubscribing also drops what waits and matches no more; what was not subscribed cannot be unsubscribed.
//!
//! # When the application is slow
//!
//! A queue that is full drops what would be received next or, without [`PREFER_NEW`], what comes. With
//! [`BACK_PRESSURE`] `block` nothing is dropped: peers are not read until there is room, also for other contexts.

mod raw;
mod topics;

use spkit_api::{
    ContextId, Cx, DropReason, ErrorKind, Event, Message, OptSpec, Protocol, ProtocolInfo,
    option::{OptionType, Scope},
    protocol::{OptionSet, Overflow, Received},
    register_protocol,
    toolkit::IdMap,
};

pub use self::raw::XSUB0;
use self::topics::Topics;
use crate::{
    options::{BACK_PRESSURE, PREFER_NEW, SUBSCRIBE, UNSUBSCRIBE, choose, invalid, names},
    pub0,
};

/// What SUB announces.
pub const NUMBER: u16 = 0x0021;

static OPTIONS: &[OptSpec] = &[
    OptSpec::bytes(
        SUBSCRIBE,
        b"",
        "Bytes that a body must begin with to be delivered; empty is every message. Each one set adds to the others.",
    )
    .scope(Scope::Context)
    .act(),
    OptSpec::bytes(
        UNSUBSCRIBE,
        b"",
        "Ends a subscription to these bytes; an error if there is none.",
    )
    .scope(Scope::Context)
    .act(),
    OptSpec::bool(
        PREFER_NEW,
        true,
        "Whether a full queue drops what would be received next, rather than what comes.",
    )
    .scope(Scope::Context),
    OptSpec::text(
        BACK_PRESSURE,
        "drop",
        "What becomes of messages for a full queue: drop, or block (they stay with the peers, which are not read).",
    )
    .one_of(&names(BLOCKS))
    .scope(Scope::Context),
];

/// Whether a full queue blocks.
const BLOCKS: &[(&str, bool); 2] = &[("drop", false), ("block", true)];

static INFO: ProtocolInfo = ProtocolInfo::new("sub", NUMBER, pub0::NUMBER)
    .recv_only()
    .with_contexts()
    .with_options(OPTIONS)
    .doc(
        "The receiving end of publish/subscribe: messages that begin with what was subscribed to.",
    );

register_protocol!(
    /// SUB version 0, opened as `sub`.
    pub SUB0, &INFO, || Box::new(Sub0::default())
);

/// The state machine of a SUB socket.
#[derive(Debug)]
pub struct Sub0 {
    contexts: IdMap<ContextId, Subscriber>,
}

/// A context's state.
#[derive(Debug)]
struct Subscriber {
    topics: Topics,
    prefer_new: bool,
    /// Whether peers wait for it.
    blocks: bool,
}

impl Default for Subscriber {
    fn default() -> Self {
        Self {
            topics: Topics::default(),
            prefer_new: true,
            blocks: false,
        }
    }
}

impl Default for Sub0 {
    fn default() -> Self {
        Self {
            contexts: IdMap::from_iter([(ContextId::SOCKET, Subscriber::default())]),
        }
    }
}

impl Protocol for Sub0 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::Received(received) => self.on_received(cx, received),
            Event::OptionSet(set) => self.on_option(cx, &set),
            Event::ContextOpened(context) => self.open(context),
            Event::ContextClosed(context) => {
                self.contexts.remove(&context);
            }
            // SP-PS-004: nothing is ever sent.
            _ => {}
        }
    }
}

impl Sub0 {
    fn on_received(&mut self, cx: &mut Cx<'_>, received: Received<'_>) {
        while let Some(mut message) = received.messages.pop() {
            message.fold();
            // SP-PS-005..007: once to each context, however many of its subscriptions match.
            let mut wanted = self
                .contexts
                .iter()
                .filter(|(_, subscriber)| subscriber.topics.matches(message.body()));
            let Some(first) = wanted.next() else {
                cx.discard(message, DropReason::NoSubscriber);
                continue;
            };
            for (context, subscriber) in wanted {
                subscriber.queue(cx, *context, message.clone());
            }
            first.1.queue(cx, *first.0, message);
        }
    }

    fn on_option(&mut self, cx: &mut Cx<'_>, set: &OptionSet<'_>) {
        let Some(subscriber) = self.contexts.get_mut(&set.context) else {
            return cx.fail(ErrorKind::Closed);
        };
        if set.name == PREFER_NEW.name() {
            subscriber.prefer_new = bool::from_value(set.value).unwrap_or(true);
        } else if set.name == BACK_PRESSURE.name() {
            subscriber.blocks = choose(set, BLOCKS).unwrap_or(subscriber.blocks);
        } else if let Some(topic) = Vec::from_value(set.value) {
            if set.name == SUBSCRIBE.name() {
                subscriber.topics.add(&topic);
            } else if set.name == UNSUBSCRIBE.name() {
                subscriber.unsubscribe(cx, set, &topic);
            }
        }
    }

    /// A context takes over how the socket drops, and no subscription.
    fn open(&mut self, context: ContextId) {
        let mut fresh = Subscriber::default();
        if let Some(socket) = self.contexts.get(&ContextId::SOCKET) {
            fresh.prefer_new = socket.prefer_new;
            fresh.blocks = socket.blocks;
        }
        self.contexts.entry(context).or_insert(fresh);
    }
}

impl Subscriber {
    fn queue(&self, cx: &mut Cx<'_>, context: ContextId, message: Message) {
        match (self.blocks, self.prefer_new) {
            (true, _) => cx.queue(context, message),
            (false, true) => cx.queue_or_drop(context, message, Overflow::DropOldest),
            (false, false) => cx.queue_or_drop(context, message, Overflow::DropNewest),
        }
    }

    fn unsubscribe(&mut self, cx: &mut Cx<'_>, set: &OptionSet<'_>, topic: &[u8]) {
        match self.topics.remove(topic) {
            None => {
                let topic = topic[..topic.len().min(64)].escape_ascii();
                cx.fail(invalid(set, format!("found no subscription to `{topic}`")));
            }
            // What matches no more is not to be received.
            Some(0) => cx.retain(set.context, DropReason::NoSubscriber, |message| {
                self.topics.matches(message.body())
            }),
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;

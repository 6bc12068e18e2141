//! Judges a history by the requirements SP-PS. Knows nothing of how the protocols work.

mod context;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use bytes::Bytes;
use spkit_api::{ContextId, DropReason, Value};
use spkit_runtime::sim::SocketId;

use self::context::Context;
use super::super::{
    fanout::{self, Loss, Offer},
    history::{Act, Deed, History},
    lines::{self, Line},
    queue::Limit,
};

/// What is wrong with a history of publishers and subscribers.
pub(crate) fn check(history: &History) -> Vec<String> {
    let lines = lines::read(history);
    let mut faults = publishers(history, &lines);
    for socket in history.sockets_of("sub") {
        let mut judge = Subscriber::default();
        for (place, act) in history.acts.iter().enumerate() {
            if act.who.socket == socket {
                judge.act(place, act);
            }
        }
        let found = judge.finish(history, socket);
        let name = history.name(socket);
        faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    faults
}

/// Each message goes to every peer, as it is (SP-PS-002, SP-PS-003), in order (SP-PS-010), to those that are there
/// (SP-PS-011, SP-PS-014). What a peer loses the policy says (SP-PS-009).
fn publishers(history: &History, lines: &[Line]) -> Vec<String> {
    let mut accepted = history.accepted();
    let mut faults = Vec::new();
    for socket in history.sockets_of("pub") {
        let loss = policy(history, socket);
        let accepted = accepted.remove(&socket).unwrap_or_default();
        let offers = accepted.into_iter().map(|(at, message)| Offer {
            at,
            payload: message.body,
            except: None,
            loss,
            counts: true,
        });
        let offers: Vec<_> = offers.collect();
        faults.extend(fanout::check(history, lines, socket, &offers));
    }
    faults
}

/// What the publisher was opened with.
fn policy(history: &History, socket: SocketId) -> Loss {
    let set = history.acts.iter().find_map(|act| match &act.deed {
        Deed::Set {
            option: "back-pressure",
            value: Value::Text(policy),
            ..
        } if act.who.socket == socket => Some(policy.as_str()),
        _ => None,
    });
    match set {
        Some("block") => Loss::Never,
        Some("disconnect") => Loss::Closes,
        Some("drop-oldest") => Loss::Oldest,
        _ => Loss::Full,
    }
}

/// A subscribing socket on its way through the history.
#[derive(Default)]
struct Subscriber {
    limit: Limit,
    contexts: BTreeMap<ContextId, Context>,
    /// Messages that nobody there had subscribed to, and those that somebody had, each once for each context.
    unwanted: u64,
    wanted: u64,
    received: u64,
    faults: Vec<String>,
}

impl Subscriber {
    fn act(&mut self, place: usize, act: &Act) {
        let id = act.who.context;
        let context = self.contexts.entry(id).or_default();
        let fault = match &act.deed {
            Deed::Set {
                option,
                value,
                refused,
            } => {
                self.limit.set(id, option, value);
                context.set(place, option, value, *refused)
            }
            Deed::Arrived { payload, .. } => {
                self.arrived(place, act, payload);
                None
            }
            Deed::Received { body, from, .. } => {
                self.received += 1;
                context.received(place, *from, body)
            }
            // SP-PS-004
            Deed::Handed { .. } => Some("a subscriber sends".to_owned()),
            _ => None,
        };
        let fault = fault.map(|fault| format!("{id:?}: {fault}"));
        self.faults.extend(fault);
    }

    /// A message is for every context that subscribed to it by then, once (SP-PS-005, SP-PS-006, SP-PS-007).
    fn arrived(&mut self, place: usize, act: &Act, payload: &Bytes) {
        let connection = act.deed.connection();
        let contexts = self.contexts.values_mut();
        let wanting = contexts.filter(|context| context.wants(payload));
        let mut wanted = 0;
        for context in wanting {
            context.arrived(place, connection, payload);
            wanted += 1;
        }
        self.wanted += wanted;
        self.unwanted += u64::from(wanted == 0);
    }

    fn finish(mut self, history: &History, socket: SocketId) -> Vec<String> {
        for (id, context) in &self.contexts {
            let found = context.finish(self.limit);
            self.faults
                .extend(found.into_iter().map(|fault| format!("{id:?}: {fault}")));
        }
        let full = history.undelivered(socket, DropReason::QueueFull);
        let unwanted = history.undelivered(socket, DropReason::NoSubscriber);
        if self.wanted + self.unwanted != self.received + full + unwanted {
            self.faults.push(format!(
                "{} messages for its contexts and {} for none; {} were received, {full} found no room, {unwanted} \
                 nobody subscribed to",
                self.wanted, self.unwanted, self.received
            ));
        }
        self.faults
    }
}

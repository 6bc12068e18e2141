//! Judges a history by the requirements SP-BU. Knows nothing of how the protocols work.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use bytes::Bytes;
use spkit_runtime::sim::{ConnectionId, SocketId};

use super::super::{
    fanout::{self, Loss, Offer},
    history::{Deed, History},
    lines,
};

/// What is wrong with a history of buses. What came over a connection is received, all of it, in order (SP-BU-009).
pub(crate) fn check(history: &History) -> Vec<String> {
    let lines = lines::read(history);
    let mut accepted = history.accepted();
    let mut faults = Vec::new();
    for raw in [false, true] {
        for socket in history.sockets_of(if raw { "xbus" } else { "bus" }) {
            let sources = if raw {
                sources(history, socket)
            } else {
                BTreeMap::new()
            };
            // SP-BU-001 to SP-BU-006: what its user sends, as it is, to all who are there, and nothing else; SP-BU-007:
            // what comes from one of them, not back to that one.
            let accepted = accepted.remove(&socket).unwrap_or_default();
            let offers = accepted.into_iter().map(|(at, message)| Offer {
                at,
                except: sources.get(&message.body).copied(),
                payload: message.body,
                loss: Loss::Full,
                counts: true,
            });
            let offers: Vec<_> = offers.collect();
            faults.extend(fanout::check(history, &lines, socket, &offers));
        }
    }
    let delivery = lines.iter();
    let body = |payload: &Bytes| Some(payload.clone());
    faults.extend(delivery.filter_map(|line| lines::check_delivery(history, line, body)));
    faults
}

/// Which connection each message came over.
fn sources(history: &History, socket: SocketId) -> BTreeMap<Bytes, ConnectionId> {
    let there = history.acts.iter().filter(|act| act.who.socket == socket);
    let sources = there.filter_map(|act| match &act.deed {
        Deed::Received {
            body,
            from: Some(from),
            ..
        } => Some((body.clone(), *from)),
        _ => None,
    });
    sources.collect()
}

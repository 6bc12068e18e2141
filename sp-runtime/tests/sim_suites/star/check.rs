//! Judges a history by the requirements SP-ST. Knows nothing of how the protocol works.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use spkit_api::{DropReason, Value};
use spkit_runtime::sim::SocketId;

use super::super::{
    fanout::{self, Loss, Offer},
    history::{Deed, History},
    label,
    lines::{self, Line},
};

/// Hops at which a message is dropped, unless the option says otherwise.
const DEFAULT_TTL: u32 = 8;

/// What is wrong with a history of stars.
pub(crate) fn check(history: &History) -> Vec<String> {
    let lines = lines::read(history);
    let mut faults = Vec::new();
    for socket in history.sockets_of("star") {
        let ttl = ttl(history, socket);
        let (offers, over) = offers(history, socket, ttl);
        faults.extend(fanout::check(history, &lines, socket, &offers));
        let counted = history.undelivered(socket, DropReason::Ttl);
        if over != counted {
            let name = history.name(socket);
            faults.push(format!(
                "{name}: {over} messages had too many hops, and {counted} were counted"
            ));
        }
        // SP-ST-002, SP-ST-003
        let body = |payload: &Bytes| {
            let (hops, body) = split(payload)?;
            (hops < ttl).then_some(body)
        };
        let incoming = lines.iter().filter(|line| line.to == Some(socket));
        faults.extend(incoming.filter_map(|line| lines::check_delivery(history, line, body)));
    }
    if !has_circle(&lines) {
        faults.extend(once(history));
    }
    faults
}

/// What a socket has to send: what its user sends, with 0 hops (SP-ST-001, SP-ST-004), and what came with fewer hops than
/// the TTL, with one more, to all but where it came from (SP-ST-003). And how many messages had too many.
fn offers(history: &History, socket: SocketId, ttl: u32) -> (Vec<Offer>, u64) {
    let (mut offers, mut over) = (Vec::new(), 0);
    let accepted = history.accepted().remove(&socket).unwrap_or_default();
    offers.extend(accepted.into_iter().map(|(at, message)| Offer {
        at,
        payload: join(0, &message.body),
        except: None,
        loss: Loss::Full,
        counts: true,
    }));
    for (at, act) in history.acts.iter().enumerate() {
        let Deed::Arrived {
            connection,
            payload,
        } = &act.deed
        else {
            continue;
        };
        match split(payload) {
            Some((hops, body)) if act.who.socket == socket && hops < ttl => offers.push(Offer {
                at,
                payload: join(hops + 1, &body),
                except: Some(*connection),
                loss: Loss::Full,
                counts: false,
            }),
            Some(_) if act.who.socket == socket => over += 1,
            _ => {}
        }
    }
    offers.sort_by_key(|offer| offer.at);
    (offers, over)
}

fn ttl(history: &History, socket: SocketId) -> u32 {
    let set = history.acts.iter().find_map(|act| match act.deed {
        Deed::Set {
            option: "ttl",
            value: Value::Int(ttl),
            ..
        } if act.who.socket == socket => u32::try_from(ttl).ok(),
        _ => None,
    });
    set.unwrap_or(DEFAULT_TTL)
}

/// The hop count in front, and what follows.
fn split(payload: &Bytes) -> Option<(u32, Bytes)> {
    let hops = payload.first_chunk()?;
    Some((u32::from_be_bytes(*hops), payload.slice(4..)))
}

fn join(hops: u32, body: &[u8]) -> Bytes {
    [&hops.to_be_bytes(), body].concat().into()
}

/// Whether there is more than one way between two sockets.
fn has_circle(lines: &[Line]) -> bool {
    let pairs = lines.iter().filter_map(|line| Some((line.from, line.to?)));
    let pairs: BTreeSet<_> = pairs.map(|(a, b)| (a.min(b), a.max(b))).collect();
    let mut groups: BTreeMap<SocketId, SocketId> = BTreeMap::new();
    for (a, b) in pairs {
        let [a, b] = [a, b].map(|one| *groups.entry(one).or_insert(one));
        if a == b {
            return true;
        }
        groups.values_mut().for_each(|group| {
            if *group == b {
                *group = a;
            }
        });
    }
    twice(lines)
}

/// Whether two sockets had two connections at the same time, as either saw it.
fn twice(lines: &[Line]) -> bool {
    let ends = |line: &Line| line.to.map(|to| (line.from.min(to), line.from.max(to)));
    let down = |line: &Line| line.down.unwrap_or(usize::MAX);
    lines.iter().enumerate().any(|(number, one)| {
        lines[..number].iter().any(|other| {
            let same = ends(one).is_some() && ends(one) == ends(other);
            let another = one.connection != other.connection;
            same && another && one.up < down(other) && other.up < down(one)
        })
    })
}

/// Without a circle everybody gets each message once at most, and nobody his own.
fn once(history: &History) -> Vec<String> {
    let mut seen = BTreeSet::new();
    for (socket, accepted) in history.accepted() {
        seen.extend(
            accepted
                .into_iter()
                .map(|(_, message)| (socket, message.body)),
        );
    }
    let mut faults = Vec::new();
    for act in &history.acts {
        if let Deed::Received { body, .. } = &act.deed
            && !seen.insert((act.who.socket, body.clone()))
        {
            let (name, body) = (history.name(act.who.socket), label(body));
            faults.push(format!("{name}: came again: {body}"));
        }
    }
    faults
}

//! From a history to a ledger.

use std::collections::BTreeMap;

use bytes::Bytes;
use spkit_api::DropReason;
use spkit_runtime::sim::{ConnectionId, SocketId};

use super::{
    super::{
        history::{Accepted, Deed, History},
        lines,
    },
    Ledger, Line,
};

/// What a protocol promises besides.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Terms {
    /// Sockets have one peer at a time, and refuse others.
    pub(crate) exclusive: bool,
    /// What stands in front of each body on the wire.
    pub(crate) header: &'static [u8],
    /// A message may name its peer, and is dropped if that one has no room.
    pub(crate) directed: bool,
}

/// Reads the ledger of a run that is over.
pub(crate) fn read(history: &History, terms: Terms) -> Ledger {
    let closed = history.closed();
    let refused = if terms.exclusive {
        refused(history)
    } else {
        Vec::new()
    };
    let mut ledger = Ledger::default();
    let body = |payload: &Bytes| {
        // Without its header it is none of what was accepted.
        let body = payload.strip_prefix(terms.header).unwrap_or(payload);
        body.to_vec()
    };
    for line in lines::read(history) {
        ledger.lines.push(Line {
            from: history.name(line.from).to_owned(),
            to: line.to.map_or("nobody", |to| history.name(to)).to_owned(),
            connection: line.connection,
            handed: line.handed.iter().map(|(_, one)| body(one)).collect(),
            arrived: line.arrived.iter().map(|(_, one)| body(one)).collect(),
            received: line.received.iter().map(|(.., one)| one.to_vec()).collect(),
            ended: line.ended,
            refused: line
                .to
                .is_some_and(|to| refused.contains(&(to, line.connection))),
            closed: line.to.is_some_and(|to| closed.contains(&to)),
        });
    }
    for (socket, accepted) in history.accepted() {
        let name = history.name(socket).to_owned();
        let mut dropped = history.unsent(socket, DropReason::PipeGone);
        if terms.directed {
            dropped += history.unsent(socket, DropReason::QueueFull);
        }
        ledger.dropped.insert(name.clone(), dropped);
        let entry = |(_, message): (usize, Accepted)| (message.body.to_vec(), message.to);
        ledger
            .accepted
            .insert(name, accepted.into_iter().map(entry).collect());
    }
    ledger
}

/// Connections that a socket got while it had a peer.
fn refused(history: &History) -> Vec<(SocketId, ConnectionId)> {
    let mut peers = BTreeMap::new();
    let mut refused = Vec::new();
    for act in &history.acts {
        let socket = act.who.socket;
        match act.deed {
            Deed::Connected { connection } => {
                if *peers.entry(socket).or_insert(connection) != connection {
                    refused.push((socket, connection));
                }
            }
            Deed::Lost { connection } if peers.get(&socket) == Some(&connection) => {
                peers.remove(&socket);
            }
            _ => {}
        }
    }
    refused
}

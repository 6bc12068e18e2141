//! From a transcript to a ledger.

use std::collections::BTreeMap;

use spkit_api::{DropReason, PipeId};
use spkit_runtime::{
    SocketEvent,
    sim::{ConnectionId, Ended, Entry, OpId, SocketId, What, World},
};

use super::{Ledger, Line};

/// Reads the ledger of a run that is over. `exclusive`: sockets have one peer at a time, and refuse others.
pub(crate) fn read(world: &World, exclusive: bool) -> Ledger {
    let mut reader = Reader::default();
    for entry in world.transcript().entries() {
        if let Some(socket) = entry.socket {
            reader.entry(socket, entry, exclusive);
        }
    }
    reader.finish(world)
}

#[derive(Default)]
struct Reader {
    ends: BTreeMap<(ConnectionId, SocketId), End>,
    pipes: BTreeMap<(SocketId, PipeId), ConnectionId>,
    sending: BTreeMap<OpId, Vec<u8>>,
    accepted: BTreeMap<SocketId, Vec<Vec<u8>>>,
    /// The peer of each socket that has one.
    peers: BTreeMap<SocketId, PipeId>,
    closed: Vec<SocketId>,
}

/// What one end of a connection saw.
#[derive(Default)]
struct End {
    handed: Vec<Vec<u8>>,
    arrived: Vec<Vec<u8>>,
    received: Vec<Vec<u8>>,
    gone: bool,
    refused: bool,
}

impl Reader {
    fn entry(&mut self, socket: SocketId, entry: &Entry, exclusive: bool) {
        match &entry.what {
            What::Pipe {
                pipe, connection, ..
            } => {
                self.pipes.insert((socket, *pipe), *connection);
                let first = *self.peers.entry(socket).or_insert(*pipe) == *pipe;
                self.end(*connection, socket).refused = exclusive && !first;
            }
            What::Event(SocketEvent::Disconnected { pipe, .. }) => {
                if let Some(connection) = self.pipes.get(&(socket, *pipe)).copied() {
                    self.end(connection, socket).gone = true;
                }
                if self.peers.get(&socket) == Some(pipe) {
                    self.peers.remove(&socket);
                }
            }
            What::Started {
                op,
                sends: Some(body),
                ..
            } => {
                self.sending.insert(*op, body.to_vec());
            }
            What::Ended { op, ended, .. } => self.ended(socket, *op, ended),
            What::Handed {
                connection,
                payload,
                ..
            } => self.end(*connection, socket).handed.push(payload.to_vec()),
            What::Arrived {
                connection,
                payload,
                ..
            } => self.end(*connection, socket).arrived.push(payload.to_vec()),
            What::Closing | What::Killed => self.closed.push(socket),
            _ => {}
        }
    }

    fn end(&mut self, connection: ConnectionId, socket: SocketId) -> &mut End {
        self.ends.entry((connection, socket)).or_default()
    }

    fn ended(&mut self, socket: SocketId, op: OpId, ended: &Ended) {
        match ended {
            Ended::Sent => {
                if let Some(body) = self.sending.remove(&op) {
                    self.accepted.entry(socket).or_default().push(body);
                }
            }
            Ended::Received(message) => {
                let pipe = message.pipe().unwrap_or(PipeId::from_raw(u32::MAX));
                if let Some(connection) = self.pipes.get(&(socket, pipe)).copied() {
                    let body = message.body().to_vec();
                    self.end(connection, socket).received.push(body);
                }
            }
            _ => {}
        }
    }

    fn finish(mut self, world: &World) -> Ledger {
        let name = |socket: SocketId| world.transcript().name(socket).to_owned();
        let keys: Vec<_> = self.ends.keys().copied().collect();
        let mut ledger = Ledger::default();
        for (connection, from) in &keys {
            let is_other = |(key, to): &&(ConnectionId, SocketId)| key == connection && to != from;
            let to = keys.iter().find(is_other).map(|(_, to)| *to);
            let handed = std::mem::take(&mut self.end(*connection, *from).handed);
            let mut line = Line {
                from: name(*from),
                to: to.map_or_else(|| "nobody".to_owned(), name),
                handed,
                ended: self.end(*connection, *from).gone,
                ..Line::default()
            };
            if let Some(to) = to {
                let end = self.end(*connection, to);
                line.arrived = std::mem::take(&mut end.arrived);
                line.received = std::mem::take(&mut end.received);
                line.ended |= end.gone;
                line.refused = end.refused;
                line.closed = self.closed.contains(&to);
            }
            ledger.lines.push(line);
        }
        for (socket, accepted) in self.accepted {
            let dropped = world.stats(socket).dropped().of(DropReason::PipeGone);
            ledger.dropped.insert(name(socket), dropped);
            ledger.accepted.insert(name(socket), accepted);
        }
        ledger
    }
}

//! What a run comes down to: what its users and its connections saw, in order. All that is judged.

#[cfg(test)]
pub(crate) mod story;

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use spkit_api::{DropReason, ErrorKind, PipeId, Time, Value};
use spkit_runtime::{
    SocketEvent,
    sim::{At, ConnectionId, Ended, Entry, OpId, SocketId, What, World},
};

/// Where a message goes that names a pipe which never was.
pub(crate) const NOWHERE: ConnectionId = ConnectionId::from_raw(usize::MAX);

#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) acts: Vec<Act>,
    pub(crate) sockets: BTreeMap<SocketId, Books>,
    /// When it was over.
    pub(crate) end: Time,
}

/// What a socket is, and its counters at the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    pub(crate) name: String,
    pub(crate) protocol: &'static str,
    /// Dropped on their way out, and on their way in.
    pub(crate) unsent: BTreeMap<DropReason, u64>,
    pub(crate) undelivered: BTreeMap<DropReason, u64>,
    /// Messages its carriers took.
    pub(crate) handed: u64,
}

/// One thing that somebody did or saw.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub(crate) at: Time,
    pub(crate) who: At,
    pub(crate) deed: Deed,
}

#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// A user wants to send something.
    Sends {
        op: OpId,
        /// What a raw socket is to put in front.
        header: Vec<u32>,
        body: Bytes,
        /// The connection of the pipe that the message names.
        to: Option<ConnectionId>,
        within: Option<Duration>,
    },
    /// A user wants to receive.
    Receives {
        op: OpId,
        within: Option<Duration>,
    },
    /// A send succeeded.
    Sent {
        op: OpId,
    },
    Received {
        op: OpId,
        body: Bytes,
        /// The connection it came over.
        from: Option<ConnectionId>,
    },
    Failed {
        op: OpId,
        why: ErrorKind,
    },
    GivenUp {
        op: OpId,
    },
    /// A user sets an option.
    Set {
        option: &'static str,
        value: Value,
        refused: bool,
    },
    ContextOpened,
    ContextClosed,
    /// The socket got a connection.
    Connected {
        connection: ConnectionId,
    },
    /// The socket lost one.
    Lost {
        connection: ConnectionId,
    },
    /// A message, header in front, was given to a connection.
    Handed {
        connection: ConnectionId,
        payload: Bytes,
    },
    /// A message, header in front, came over a connection.
    Arrived {
        connection: ConnectionId,
        payload: Bytes,
    },
    /// The socket was closed.
    Closed,
}

impl Deed {
    /// The connection that it is about.
    pub(crate) fn connection(&self) -> Option<ConnectionId> {
        match self {
            Self::Connected { connection }
            | Self::Lost { connection }
            | Self::Handed { connection, .. }
            | Self::Arrived { connection, .. } => Some(*connection),
            Self::Received { from, .. } => *from,
            _ => None,
        }
    }
}

impl History {
    pub(crate) fn new(end: Time) -> Self {
        Self {
            acts: Vec::new(),
            sockets: BTreeMap::new(),
            end,
        }
    }

    /// How many messages a socket dropped on their way out, for this reason.
    pub(crate) fn unsent(&self, socket: SocketId, why: DropReason) -> u64 {
        let books = self.sockets.get(&socket);
        let unsent = books.and_then(|books| books.unsent.get(&why));
        unsent.copied().unwrap_or(0)
    }

    /// How many messages a socket dropped on their way in, for this reason.
    pub(crate) fn undelivered(&self, socket: SocketId, why: DropReason) -> u64 {
        let books = self.sockets.get(&socket);
        let undelivered = books.and_then(|books| books.undelivered.get(&why));
        undelivered.copied().unwrap_or(0)
    }

    pub(crate) fn name(&self, socket: SocketId) -> &str {
        self.sockets.get(&socket).map_or("?", |books| &books.name)
    }

    /// The sockets of a protocol.
    pub(crate) fn sockets_of(&self, protocol: &str) -> impl Iterator<Item = SocketId> {
        let of = self
            .sockets
            .iter()
            .filter(move |(_, books)| books.protocol == protocol);
        of.map(|(socket, _)| *socket)
    }

    /// Sockets that were closed or killed.
    pub(crate) fn closed(&self) -> Vec<SocketId> {
        let closed = self
            .acts
            .iter()
            .filter(|act| matches!(act.deed, Deed::Closed));
        closed.map(|act| act.who.socket).collect()
    }

    /// What each socket's users had accepted, in order, with its place in the history.
    pub(crate) fn accepted(&self) -> BTreeMap<SocketId, Vec<(usize, Accepted)>> {
        let mut sending = BTreeMap::new();
        let mut accepted: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (place, act) in self.acts.iter().enumerate() {
            match &act.deed {
                Deed::Sends {
                    op,
                    header,
                    body,
                    to,
                    ..
                } => {
                    let message = Accepted {
                        header: header.clone(),
                        body: body.clone(),
                        to: *to,
                    };
                    sending.insert(*op, message);
                }
                Deed::Sent { op } => {
                    if let Some(message) = sending.remove(op) {
                        let of = accepted.entry(act.who.socket).or_default();
                        of.push((place, message));
                    }
                }
                _ => {}
            }
        }
        accepted
    }
}

/// A message that a socket accepted.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(crate) header: Vec<u32>,
    pub(crate) body: Bytes,
    pub(crate) to: Option<ConnectionId>,
}

/// The history of a run that is over.
pub(crate) fn read(world: &World) -> History {
    let mut history = History::new(world.now());
    let mut pipes = BTreeMap::new();
    for entry in world.transcript().entries() {
        let Some(socket) = entry.socket else {
            continue;
        };
        if let What::Opened { protocol } = entry.what {
            let stats = world.stats(socket);
            let books = Books {
                name: world.transcript().name(socket).to_owned(),
                protocol,
                unsent: stats.unsent.iter().collect(),
                undelivered: stats.undelivered.iter().collect(),
                handed: stats.handed,
            };
            history.sockets.insert(socket, books);
        }
        history.acts.extend(act(socket, entry, &mut pipes));
    }
    history
}

type Pipes = BTreeMap<(SocketId, PipeId), ConnectionId>;

fn act(socket: SocketId, entry: &Entry, pipes: &mut Pipes) -> Option<Act> {
    let (who, deed) = match &entry.what {
        What::Started {
            op,
            context,
            sends,
            within,
        } => {
            let (op, within) = (*op, *within);
            let deed = match sends {
                Some(message) => Deed::Sends {
                    op,
                    header: message.header_words().to_vec(),
                    body: message.body_bytes(),
                    to: message
                        .pipe()
                        .map(|pipe| *pipes.get(&(socket, pipe)).unwrap_or(&NOWHERE)),
                    within,
                },
                None => Deed::Receives { op, within },
            };
            (socket.context(*context), deed)
        }
        What::Ended { op, context, ended } => {
            (socket.context(*context), end(*op, ended, socket, pipes))
        }
        What::Set {
            context,
            option,
            value,
            refused,
        } => {
            let deed = Deed::Set {
                option,
                value: value.clone(),
                refused: refused.is_some(),
            };
            (socket.context(*context), deed)
        }
        What::ContextOpened { context } => (socket.context(*context), Deed::ContextOpened),
        What::ContextClosed { context } => (socket.context(*context), Deed::ContextClosed),
        What::Pipe {
            pipe, connection, ..
        } => {
            pipes.insert((socket, *pipe), *connection);
            let connection = *connection;
            (socket.into(), Deed::Connected { connection })
        }
        What::Event(SocketEvent::Disconnected { pipe, .. }) => {
            let connection = *pipes.get(&(socket, *pipe))?;
            (socket.into(), Deed::Lost { connection })
        }
        What::Handed {
            connection,
            payload,
            ..
        } => {
            let (connection, payload) = (*connection, payload.clone());
            let deed = Deed::Handed {
                connection,
                payload,
            };
            (socket.into(), deed)
        }
        What::Arrived {
            connection,
            payload,
            ..
        } => {
            let (connection, payload) = (*connection, payload.clone());
            let deed = Deed::Arrived {
                connection,
                payload,
            };
            (socket.into(), deed)
        }
        What::Closing | What::Killed => (socket.into(), Deed::Closed),
        _ => return None,
    };
    let at = entry.at;
    Some(Act { at, who, deed })
}

fn end(op: OpId, ended: &Ended, socket: SocketId, pipes: &Pipes) -> Deed {
    match ended {
        Ended::Sent => Deed::Sent { op },
        Ended::Received(message) => {
            let pipe = message.pipe();
            Deed::Received {
                op,
                body: message.body_bytes(),
                from: pipe.and_then(|pipe| pipes.get(&(socket, pipe)).copied()),
            }
        }
        Ended::Failed(error) => Deed::Failed {
            op,
            why: error.kind(),
        },
        _ => Deed::GivenUp { op },
    }
}

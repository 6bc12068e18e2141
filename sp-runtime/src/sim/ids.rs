//! What things are named by.

use std::fmt;

use spkit_api::ContextId;

/// A socket of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub(super) usize);

/// An operation of a world: a send or a receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OpId(pub(super) u64);

/// A user of a world's sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub(super) usize);

/// A connection between two sockets of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub(super) usize);

/// Where operations are made: a socket, or one of its contexts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct At {
    /// The socket.
    pub socket: SocketId,
    /// Its context.
    pub context: ContextId,
}

impl SocketId {
    /// The id with this number: sockets are counted from 0 as they are opened.
    pub const fn from_raw(raw: usize) -> Self {
        Self(raw)
    }

    /// One of its contexts.
    pub fn context(self, context: ContextId) -> At {
        At {
            socket: self,
            context,
        }
    }
}

impl OpId {
    /// The id with this number, for histories that are made up.
    pub const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }
}

impl ConnectionId {
    /// The id with this number, for histories that are made up.
    pub const fn from_raw(raw: usize) -> Self {
        Self(raw)
    }
}

impl From<SocketId> for At {
    fn from(socket: SocketId) -> Self {
        socket.context(ContextId::SOCKET)
    }
}

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "op#{}", self.0)
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection#{}", self.0)
    }
}

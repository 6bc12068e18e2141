//! Names of the things a socket holds.

use std::fmt;

/// A connection to one peer, named within its socket.
///
/// The value carries a generation: a pipe that went away and the one that took its place differ.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PipeId(u32);

impl PipeId {
    /// The id with this number. Ids are the runtime's to give; protocols pass on what they got.
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// The number, for maps and logs. It says nothing else.
    pub const fn raw(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for PipeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pipe#{}.{}", self.0 & 0xf_ffff, self.0 >> 20)
    }
}

/// One conversation on a socket: its own requests, replies and deadlines.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContextId(u32);

impl ContextId {
    /// The context every socket has from the start: what `socket.send` and `socket.recv` use.
    pub const SOCKET: Self = Self(0);

    /// The id with this number.
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// The number, for maps and logs.
    pub const fn raw(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for ContextId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "context#{}", self.0)
    }
}

/// A timer of a protocol or of a transport object, chosen by its owner: setting it again moves it.
///
/// The uppermost 65,536 ids are the runtime's and the toolkits'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId(pub u64);

/// A dialer or a listener, named within its socket.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointId(u32);

impl EndpointId {
    /// The id with this number.
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// The number, for maps and logs.
    pub const fn raw(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for EndpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "endpoint#{}", self.0)
    }
}

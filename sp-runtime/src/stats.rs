//! Counters with stable names: of a socket, of its endpoints, of its pipes.

mod counts;
#[cfg(feature = "openmetrics")]
mod openmetrics;

use std::time::Duration;

use spkit_api::{Address, EndpointId, PipeId};

pub use self::counts::{Count, Dropped, Refused};
#[cfg(feature = "openmetrics")]
pub use self::openmetrics::openmetrics;

/// What passed over a pipe, or over all pipes of an endpoint or a socket, those that are gone included.
///
/// `sent.messages` is always `handed` + `waiting` + what `unsent` counts as `pipe-gone`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Traffic {
    /// Messages the protocol gave to the pipe, and bytes of payload (protocol header and body).
    pub sent: Count,
    /// Of these, messages handed to the carrier: to the kernel, or to the peer's ring. Not: delivered.
    pub handed: u64,
    /// Of these, messages that wait for the carrier.
    pub waiting: u64,
    /// Messages the peer sent, and bytes of payload.
    pub received: Count,
    /// Messages for the peer that were dropped.
    pub unsent: Dropped,
    /// Messages of the peer that were dropped.
    pub undelivered: Dropped,
}

impl Traffic {
    pub(crate) fn add(&mut self, more: &Self) {
        self.sent.add_all(more.sent);
        self.handed += more.handed;
        self.waiting += more.waiting;
        self.received.add_all(more.received);
        self.unsent.add_all(&more.unsent);
        self.undelivered.add_all(&more.undelivered);
    }
}

/// Connections of an endpoint or a socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Connections {
    /// Pipes at the moment.
    pub current: usize,
    /// Connections that became pipes, dialed by us.
    pub dialed: u64,
    /// Connections that became pipes, accepted by us.
    pub accepted: u64,
    /// Pipes that ended, by whoever's will.
    pub ended: u64,
    /// Connections, and attempts to connect, that did not become a pipe, by the kind of their error.
    pub refused: Refused,
}

/// What a socket did so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stats {
    /// Messages that `send` accepted, and bytes of body.
    pub sent: Count,
    /// Messages that `recv` delivered, and bytes of body.
    pub received: Count,
    /// Copies of messages on their way to peers: more than `sent` where a message goes to several, is sent again or is
    /// forwarded, and fewer while the protocol keeps one. Always `handed` + `waiting` + all that `unsent` counts.
    pub copies: u64,
    /// Copies handed to the carriers, that is to the kernel or to the peer's ring. Not: delivered.
    pub handed: u64,
    /// Copies that wait for a carrier.
    pub waiting: u64,
    /// Copies dropped on their way out.
    pub unsent: Dropped,
    /// Messages from peers that `recv` never delivers.
    pub undelivered: Dropped,
    /// Requests that went out again, counted each time: no reply came in time, or the connection was lost.
    pub resent: u64,
    /// Its connections.
    pub connections: Connections,
    /// Events that nobody took in time.
    pub events_lost: u64,
}

impl Stats {
    /// All messages dropped, in either direction.
    pub fn dropped(&self) -> Dropped {
        let mut all = self.unsent;
        all.add_all(&self.undelivered);
        all
    }
}

/// What a dialer or listener did so far.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct EndpointStats {
    /// The endpoint.
    #[cfg_attr(feature = "serde", serde(serialize_with = "counts::endpoint"))]
    pub endpoint: EndpointId,
    /// Its address; a listener's with the system's choices filled in.
    #[cfg_attr(feature = "serde", serde(serialize_with = "counts::address"))]
    pub address: Address,
    /// Whether it dials.
    pub dials: bool,
    /// Its connections.
    pub connections: Connections,
    /// What passed over them.
    pub traffic: Traffic,
}

/// What a pipe did so far.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PipeStats {
    /// The pipe.
    #[cfg_attr(feature = "serde", serde(serialize_with = "counts::pipe"))]
    pub pipe: PipeId,
    /// The dialer or listener it came from.
    #[cfg_attr(feature = "serde", serde(serialize_with = "counts::endpoint"))]
    pub endpoint: EndpointId,
    /// The peer's address, where it has one.
    #[cfg_attr(feature = "serde", serde(serialize_with = "counts::some_address"))]
    pub remote: Option<Address>,
    /// How long it has been connected.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "age_seconds", serialize_with = "counts::seconds")
    )]
    pub age: Duration,
    /// What passed over it.
    pub traffic: Traffic,
}

/// Everything a socket counts, at one moment. The names of the fields are stable.
///
/// With the feature `serde` it can be serialised: durations are seconds, drop reasons and error kinds go by their
/// names. With the feature `openmetrics` it can be written as text for a collector.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Snapshot {
    /// The socket's number in its runtime.
    pub id: u32,
    /// The socket's protocol, by name.
    pub protocol: &'static str,
    /// The socket as a whole.
    pub socket: Stats,
    /// Its dialers and listeners that are not closed.
    pub endpoints: Vec<EndpointStats>,
    /// Its pipes.
    pub pipes: Vec<PipeStats>,
}

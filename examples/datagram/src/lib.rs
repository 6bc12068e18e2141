//! A transport with many pipes on one descriptor, as a third party would add it to spkit: `dgram://path`, datagrams on
//! Unix sockets.
//!
//! A listener owns one socket, whatever the number of its peers; each is known by the name of its own socket. A message
//! is a datagram, so there is no framing and no stream: this is a [`Pipe`](spkit_api::Pipe) from scratch.
//!
//! | file | what is in it |
//! |---|---|
//! | `wire` | what a datagram says: hello, message, credit, goodbye |
//! | `socket`, `file` | the descriptor, and its file |
//! | `port` | the descriptor shared: who reads it, for whom |
//! | `peer`, `window` | what came for one pipe, and how much may |
//! | `seat`, `pipe` | a pipe's place at the port, and the pipe |
//!
//! # What it promises
//!
//! * Reliable and ordered, as Unix datagrams are on Linux. Messages up to 65,535 bytes, which the pipe's facts say.
//! * A slow consumer stops nobody else and makes nobody's memory grow: see `window`.
//! * A peer that vanished is noticed within `dgram-keepalive`; one that is merely slow is left alone.
//! * Access is what the file's permissions allow.
//!
//! # What it costs
//!
//! Linux queues ten datagrams at a socket (`net.unix.max_dgram_qlen`), for all senders together, and counts what a peer
//! has not read against our one send buffer. Where no readiness tells that there is room again, a timer looks.
//!
//! A program links this crate by `use example_datagram as _;` and dials or listens by the scheme.
// Other systems have no names of sockets without a file, and lose datagrams.
#![cfg(target_os = "linux")]
#![warn(missing_docs)]

mod dial;
mod file;
mod listen;
mod peer;
mod pipe;
mod port;
mod seat;
mod socket;
mod window;
mod wire;

use std::{path::PathBuf, time::Duration};

use spkit_api::{
    Connecting, EndpointConfig, Error, ErrorKind, Listener, LiveConfig, Opt, OptSpec, Result,
    Transport, TransportInfo,
    option::{Change, Scope},
    register_transport,
    stream::StreamConfig,
};

/// How often a pipe looks whether its peer's socket is still there.
pub const KEEPALIVE: Opt<Duration> = Opt::new("dgram-keepalive");

static OPTIONS: &[OptSpec] = &[OptSpec::duration(
    KEEPALIVE,
    1_000,
    "How often a pipe looks whether its peer's socket is still there.",
)
.range(10, 3_600_000)
.scope(Scope::Endpoint)
.change(Change::NextConnection)];

static INFO: TransportInfo = TransportInfo::new(&["dgram"])
    .doc("Datagrams on Unix sockets, at a path: many connections, one descriptor.")
    .with_options(OPTIONS);

register_transport!(
    /// The transport.
    pub DATAGRAM, &Datagrams
);

/// Bytes of a path: `sun_path` without its final NUL.
const PATH_MAX: usize = 107;

/// The transport: a factory without state.
#[derive(Clone, Copy, Debug)]
pub struct Datagrams;

impl Transport for Datagrams {
    fn info(&self) -> &'static TransportInfo {
        &INFO
    }

    fn dial(&self, at: &EndpointConfig<'_>) -> Result<Box<dyn Connecting>> {
        dial::dial(at)
    }

    fn listen(&self, at: &EndpointConfig<'_>) -> Result<Box<dyn Listener>> {
        listen::listen(at)
    }
}

/// What connections know of their endpoint.
#[derive(Clone, Copy, Debug)]
struct Settings {
    /// Protocol number, receive limit and send buffer: of use without a stream too.
    stream: StreamConfig,
    keepalive: Duration,
}

impl Settings {
    fn of(config: &LiveConfig) -> Self {
        let keepalive = config.options().get(KEEPALIVE);
        Self {
            stream: StreamConfig::of(config),
            keepalive: keepalive.unwrap_or(Duration::from_secs(1)),
        }
    }
}

/// The path in an address, if a socket can have it.
fn path_of(at: &EndpointConfig<'_>) -> Result<PathBuf> {
    let path = at.address().rest();
    if (1..=PATH_MAX).contains(&path.len()) {
        return Ok(path.into());
    }
    Err(Error::new(
        ErrorKind::AddressInvalid,
        format!(
            "the path of a Unix socket has 1 to {PATH_MAX} bytes, this one has {}",
            path.len()
        ),
    ))
}

#[cfg(test)]
mod tests;

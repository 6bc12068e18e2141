//! TCP: sp-tcp-mapping-01 on `tcp://host:port`.
//!
//! `tcp4` and `tcp6` keep to one family. Listeners take `*` or nothing as "every address", which on `tcp` is both
//! families, and port 0 as "any free port". Dialers take `local;host:port` to leave from a certain address. On Linux
//! either may name a network interface instead (`eth0:5555`, `eth0;host:5555`). A dialer resolves its host name in the
//! background and tries all its addresses in order; a listener resolves one while `listen` is called.

mod dial;
mod interface;
mod listen;
mod stream;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use spkit_api::{
    Connecting, EndpointConfig, Error, ErrorKind, Listener, OptSpec, Result, Transport,
    TransportInfo,
    option::{Change, Scope},
    options::{TCP_KEEPALIVE, TCP_NODELAY},
    transport::StreamKind,
};

static OPTIONS: &[OptSpec] = &[
    OptSpec::bool(
        TCP_NODELAY,
        true,
        "Send small segments at once, without waiting for acknowledgements (no Nagle's algorithm).",
    )
    .scope(Scope::Endpoint)
    .change(Change::NextConnection),
    OptSpec::bool(
        TCP_KEEPALIVE,
        false,
        "Have the system probe idle connections, so that a peer that vanished is noticed.",
    )
    .scope(Scope::Endpoint)
    .change(Change::NextConnection),
];

static INFO: TransportInfo = TransportInfo::new(&["tcp", "tcp4", "tcp6"])
    .doc("TCP over IPv4 and IPv6, at host:port.")
    .with_options(OPTIONS)
    .speaks(StreamKind::Tcp);

/// The TCP transport.
#[derive(Clone, Copy, Debug)]
pub struct Tcp;

impl Transport for Tcp {
    fn info(&self) -> &'static TransportInfo {
        &INFO
    }

    fn dial(&self, at: &EndpointConfig<'_>) -> Result<Box<dyn Connecting>> {
        dial::dial(at).map_err(|error| error.at(at.address()))
    }

    fn listen(&self, at: &EndpointConfig<'_>) -> Result<Box<dyn Listener>> {
        listen::listen(at).map_err(|error| error.at(at.address()))
    }
}

/// What a socket is given before it connects or when it was accepted.
#[derive(Clone, Copy, Debug)]
struct Tuning {
    nodelay: bool,
    keepalive: bool,
}

impl Tuning {
    fn new(at: &EndpointConfig<'_>) -> Self {
        Self {
            nodelay: at.options().get(TCP_NODELAY).unwrap_or(true),
            keepalive: at.options().get(TCP_KEEPALIVE).unwrap_or(false),
        }
    }

    /// Failures are of no consequence: the connection works, and if it is broken the first read tells.
    fn apply(self, socket: &socket2::Socket) {
        let _ = socket.set_tcp_nodelay(self.nodelay);
        if self.keepalive {
            let _ = socket.set_keepalive(true);
        }
    }
}

/// The families that a scheme allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Both,
    V4,
    V6,
}

impl Family {
    fn of(scheme: &str) -> Self {
        match scheme {
            "tcp4" => Self::V4,
            "tcp6" => Self::V6,
            _ => Self::Both,
        }
    }

    fn allows(self, ip: IpAddr) -> bool {
        match self {
            Self::Both => true,
            Self::V4 => ip.is_ipv4(),
            Self::V6 => ip.is_ipv6(),
        }
    }

    /// Checks a literal address.
    fn check(self, ip: IpAddr) -> Result<()> {
        if self.allows(ip) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::AddressInvalid,
            format!("{ip} is not of the scheme's family"),
        ))
    }
}

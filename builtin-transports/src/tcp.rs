//! TCP: sp-tcp-mapping-01 on `tcp://host:port`.
//!
//! `tcp4` and `tcp6` keep to one family. Listeners take `*` or nothing as "every address", which on `tcp` is both
//! families, and port 0 as "any free port". Dialers take `local;host:port` to leave from a certain address. On Linux
//! either may name a network interface instead (`eth0:5555`, `eth0;host:5555`), which goes before the option
//! `tcp-bind-to-device`. A dialer resolves its host name in the
//! background and tries all its addresses in order; a listener resolves one while `listen` is called.

mod dial;
mod interface;
mod listen;
mod stream;
#[cfg(target_os = "linux")]
mod taken;
#[cfg(test)]
mod tests;
mod tuning;

use std::net::IpAddr;

use spkit_api::{
    Connecting, EndpointConfig, Error, ErrorKind, Listener, OptSpec, Options, Result, Transport,
    TransportInfo,
    option::{Change, Scope},
    transport::StreamKind,
};

use self::tuning::Tuning;
use crate::options::{
    BACKLOG_ROW, RECV_BUFFER_ROW, SEND_BUFFER_ROW, TCP_BIND_TO_DEVICE, TCP_CONNECT_TIMEOUT,
    TCP_IPV4_ONLY, TCP_KEEPALIVE, TCP_KEEPALIVE_COUNT, TCP_KEEPALIVE_IDLE, TCP_KEEPALIVE_INTERVAL,
    TCP_NODELAY, TCP_TOS, TCP_USER_TIMEOUT,
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
    OptSpec::duration(
        TCP_KEEPALIVE_IDLE,
        0,
        "How long a connection is idle before it is probed, in whole seconds; 0 leaves it to the system.",
    )
    .range(0, 32_767_000)
    .scope(Scope::Endpoint)
    .change(Change::NextConnection),
    OptSpec::duration(
        TCP_KEEPALIVE_INTERVAL,
        0,
        "How long after an unanswered probe the next is sent, in whole seconds; 0 leaves it to the system.",
    )
    .range(0, 32_767_000)
    .scope(Scope::Endpoint)
    .change(Change::NextConnection),
    OptSpec::int(
        TCP_KEEPALIVE_COUNT,
        0,
        "Unanswered probes that end a connection; 0 leaves it to the system.",
    )
    .range(0, 127)
    .scope(Scope::Endpoint)
    .change(Change::NextConnection),
    OptSpec::duration(
        TCP_USER_TIMEOUT,
        0,
        "How long what was sent may stay unacknowledged before the connection ends (Linux); 0 leaves it to the system.",
    )
    .range(0, 86_400_000)
    .scope(Scope::Endpoint)
    .change(Change::NextConnection),
    OptSpec::timeout(
        TCP_CONNECT_TIMEOUT,
        None,
        "How long connecting to one address may take; never leaves it to handshake-timeout, which limits all of it.",
    )
    .range(1, 3_600_000)
    .scope(Scope::Dialer)
    .change(Change::NextConnection),
    OptSpec::bool(
        TCP_IPV4_ONLY,
        false,
        "Leave IPv6 alone: names resolve to IPv4 addresses, and every address is every IPv4 address.",
    )
    .scope(Scope::Endpoint)
    .change(Change::BeforeStart),
    OptSpec::text(
        TCP_BIND_TO_DEVICE,
        "",
        "The network interface to keep to (Linux); nothing is any. One that the address names goes before it.",
    )
    .takes("the name of a network interface, at most 15 bytes", is_device)
    .scope(Scope::Endpoint)
    .change(Change::BeforeStart),
    OptSpec::int(
        TCP_TOS,
        0,
        "Type of service of what is sent: differentiated services times 4; 0 leaves it to the system.",
    )
    .range(0, 255)
    .scope(Scope::Endpoint)
    .change(Change::NextConnection),
    BACKLOG_ROW,
    SEND_BUFFER_ROW,
    RECV_BUFFER_ROW,
];

/// Linux's IFNAMSIZ, less the final NUL; a name with a slash would be looked for elsewhere.
fn is_device(name: &str) -> bool {
    name.len() <= 15 && !name.contains(['/', '\0'])
}

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

/// The families that scheme and options allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Both,
    V4,
    V6,
}

impl Family {
    fn of(at: &EndpointConfig<'_>) -> Result<Self> {
        let only_v4 = at.options().get(TCP_IPV4_ONLY).unwrap_or(false);
        match at.address().scheme() {
            "tcp6" if only_v4 => Err(Error::new(
                ErrorKind::OptionInvalid,
                "option `tcp-ipv4-only` leaves no address to the scheme tcp6",
            )),
            "tcp6" => Ok(Self::V6),
            "tcp4" => Ok(Self::V4),
            _ if only_v4 => Ok(Self::V4),
            _ => Ok(Self::Both),
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
        let why = match self {
            Self::V4 => {
                "is no IPv4 address, the only kind for scheme tcp4 and option `tcp-ipv4-only`"
            }
            _ => "is no IPv6 address, the only kind for scheme tcp6",
        };
        Err(Error::new(ErrorKind::AddressInvalid, format!("{ip} {why}")))
    }
}

/// The interface among the options.
fn device(options: &Options) -> Option<String> {
    options
        .get(TCP_BIND_TO_DEVICE)
        .filter(|name| !name.is_empty())
}

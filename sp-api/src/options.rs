//! The options every socket has, whatever its protocol and transports.

use std::time::Duration;

use crate::option::{Change, Opt, OptSpec, Scope};

/// How long `send` waits for room.
pub const SEND_TIMEOUT: Opt<Option<Duration>> = Opt::new("send-timeout");
/// How long `recv` waits for a message.
pub const RECV_TIMEOUT: Opt<Option<Duration>> = Opt::new("recv-timeout");
/// Whether a send that would have to wait fails while nobody is connected.
pub const FAIL_WITHOUT_PEERS: Opt<bool> = Opt::new("fail-without-peers");
/// Largest payload accepted from a peer.
pub const RECV_MAX: Opt<usize> = Opt::new("recv-max");
/// Bytes that wait to be received, per pipe and context.
pub const RECV_BUFFER: Opt<usize> = Opt::new("recv-buffer");
/// Messages that wait to be received, per pipe and context.
pub const RECV_BUFFER_MESSAGES: Opt<i64> = Opt::new("recv-buffer-messages");
/// Bytes that wait to be sent, per pipe.
pub const SEND_BUFFER: Opt<usize> = Opt::new("send-buffer");
/// Messages that wait to be sent, per pipe.
pub const SEND_BUFFER_MESSAGES: Opt<i64> = Opt::new("send-buffer-messages");
/// Rank of an endpoint's peers among those that a message may go to: 1 to 16, the lowest first.
///
/// REQ, PUSH and polyamorous PAIR send to those of the lowest number that have room, in turn, and to others only when
/// those are full or gone (as in nanomsg; nng and mangos have no priorities). SURVEYOR, PUB, BUS and STAR send to every
/// peer, and REP and RESPONDENT answer who asked: there it has no effect, as in nanomsg.
pub const SEND_PRIORITY: Opt<i64> = Opt::new("send-priority");
/// Rank of an endpoint's peers among those whose messages wait to be received.
pub const RECV_PRIORITY: Opt<i64> = Opt::new("recv-priority");
/// First pause before a dialer tries again.
pub const RECONNECT_MIN: Opt<Duration> = Opt::new("reconnect-min");
/// Longest pause before a dialer tries again.
pub const RECONNECT_MAX: Opt<Duration> = Opt::new("reconnect-max");
/// How long a connection may take from its first byte to a usable pipe.
pub const HANDSHAKE_TIMEOUT: Opt<Duration> = Opt::new("handshake-timeout");
/// How long the last drop of a socket goes on sending in the background.
pub const LINGER: Opt<Duration> = Opt::new("linger");
/// Connections of one listener that may be in their handshake.
pub const MAX_HANDSHAKES: Opt<i64> = Opt::new("max-handshakes");
/// Pipes of one listener.
pub const MAX_PIPES: Opt<i64> = Opt::new("max-pipes");
/// Hops a message may have behind it.
pub const TTL: Opt<i64> = Opt::new("ttl");
/// How often a receiver looks again before it sleeps.
pub const YIELDS: Opt<i64> = Opt::new("yields");
/// What the socket is called where it shows.
pub const SOCKET_NAME: Opt<String> = Opt::new("socket-name");

/// Bytes of the longest socket name, as in nanomsg.
const NAME_MAX: usize = 63;

/// The table of the options that every socket has.
pub static COMMON: &[OptSpec] = &[
    OptSpec::timeout(
        SEND_TIMEOUT,
        None,
        "How long send waits for room; never ends by default.",
    )
    .scope(Scope::Context),
    OptSpec::timeout(
        RECV_TIMEOUT,
        None,
        "How long recv waits for a message; never ends by default.",
    )
    .scope(Scope::Context),
    OptSpec::bool(
        FAIL_WITHOUT_PEERS,
        false,
        "Whether a send that would have to wait fails while no peer is connected, instead of waiting for one.",
    ),
    OptSpec::size(
        RECV_MAX,
        1 << 20,
        "Largest payload in bytes, protocol header included, accepted from a peer; 0 is unlimited.",
    )
    .scope(Scope::Endpoint)
    .change(Change::NextConnection),
    OptSpec::size(
        RECV_BUFFER,
        128 << 10,
        "Bytes that wait to be received, per pipe and context; beyond it the pipe is not read.",
    )
    .range(1, i64::MAX)
    .scope(Scope::Context),
    OptSpec::int(
        RECV_BUFFER_MESSAGES,
        1024,
        "Messages that wait to be received, per pipe and context; beyond it the pipe is not read.",
    )
    .range(1, 1 << 20)
    .scope(Scope::Context),
    OptSpec::size(
        SEND_BUFFER,
        256 << 10,
        "Bytes that wait to be sent, per pipe; beyond it the pipe takes no more.",
    )
    .range(1, i64::MAX)
    .scope(Scope::Endpoint)
    .change(Change::NextConnection),
    OptSpec::int(
        SEND_BUFFER_MESSAGES,
        1024,
        "Messages that wait to be sent, per pipe; beyond it the pipe takes no more.",
    )
    .range(1, 1 << 20)
    .scope(Scope::Endpoint)
    .change(Change::NextConnection),
    OptSpec::int(
        SEND_PRIORITY,
        8,
        "Rank of the peers; REQ, PUSH and pair1-poly send to those with the lowest number of all that have room. \
         No effect on protocols that send to every peer, as SURVEYOR, or only answer.",
    )
    .range(1, 16)
    .scope(Scope::Endpoint)
    .change(Change::NextConnection),
    OptSpec::int(
        RECV_PRIORITY,
        8,
        "Rank of the peers; of the messages that wait, those of peers with the lowest number are received first.",
    )
    .range(1, 16)
    .scope(Scope::Endpoint)
    .change(Change::NextConnection),
    OptSpec::duration(
        RECONNECT_MIN,
        100,
        "First pause before a dialer tries again; it doubles with each failure.",
    )
    .range(1, 86_400_000)
    .scope(Scope::Dialer),
    OptSpec::duration(
        RECONNECT_MAX,
        5_000,
        "Longest pause before a dialer tries again; 0 leaves the pauses as they begin.",
    )
    .range(0, 86_400_000)
    .scope(Scope::Dialer),
    OptSpec::duration(
        HANDSHAKE_TIMEOUT,
        10_000,
        "How long a connection may take to become a usable pipe.",
    )
    .range(1, 3_600_000)
    .scope(Scope::Endpoint)
    .change(Change::NextConnection),
    OptSpec::duration(
        LINGER,
        1_000,
        "How long a dropped socket goes on sending what it accepted.",
    ),
    OptSpec::int(
        MAX_HANDSHAKES,
        1_024,
        "Connections of a listener that may be in their handshake at once.",
    )
    .range(1, 1 << 20)
    .scope(Scope::Listener),
    OptSpec::int(
        MAX_PIPES,
        16_384,
        "Pipes of a listener at once; further connections wait in the system's backlog.",
    )
    .range(1, 1 << 20)
    .scope(Scope::Listener),
    OptSpec::int(
        YIELDS,
        30,
        "How often a receiver gives up the CPU and looks again before it sleeps; 0 sleeps at once.",
    )
    .range(0, 10_000),
    OptSpec::text(
        SOCKET_NAME,
        "",
        "What the socket is called in its debug output.",
    )
    .takes("at most 63 bytes", |name| name.len() <= NAME_MAX),
];

//! Keys of the options that these transports have of their own.
//!
//! An option that only one of them has begins with its name. Zero, an empty text or -1 leave to the system what it decides.

use std::time::Duration;

use spkit_api::{
    Opt, OptSpec,
    option::{Change, Scope},
};

/// tcp: send small segments at once (no Nagle's algorithm).
pub const TCP_NODELAY: Opt<bool> = Opt::new("tcp-nodelay");
/// tcp: let the system probe idle connections.
pub const TCP_KEEPALIVE: Opt<bool> = Opt::new("tcp-keepalive");
/// tcp: how long a connection is idle before it is probed.
pub const TCP_KEEPALIVE_IDLE: Opt<Duration> = Opt::new("tcp-keepalive-idle");
/// tcp: how long after an unanswered probe the next one is sent.
pub const TCP_KEEPALIVE_INTERVAL: Opt<Duration> = Opt::new("tcp-keepalive-interval");
/// tcp: unanswered probes that end a connection.
pub const TCP_KEEPALIVE_COUNT: Opt<i64> = Opt::new("tcp-keepalive-count");
/// tcp: how long what was sent may stay unacknowledged before the connection ends.
pub const TCP_USER_TIMEOUT: Opt<Duration> = Opt::new("tcp-user-timeout");
/// tcp: how long connecting to one address may take.
pub const TCP_CONNECT_TIMEOUT: Opt<Option<Duration>> = Opt::new("tcp-connect-timeout");
/// tcp: whether IPv6 is left alone.
pub const TCP_IPV4_ONLY: Opt<bool> = Opt::new("tcp-ipv4-only");
/// tcp: the network interface that connections keep to (Linux).
pub const TCP_BIND_TO_DEVICE: Opt<String> = Opt::new("tcp-bind-to-device");
/// tcp: type of service of what is sent.
pub const TCP_TOS: Opt<i64> = Opt::new("tcp-tos");
/// ipc: mode of the listener's file.
pub const IPC_PERMISSIONS: Opt<String> = Opt::new("ipc-permissions");
/// ipc: user that the listener's file belongs to.
pub const IPC_OWNER: Opt<i64> = Opt::new("ipc-owner");
/// ipc: group that the listener's file belongs to.
pub const IPC_GROUP: Opt<i64> = Opt::new("ipc-group");
/// ipc: whether a listener takes over the file that a dead process left.
pub const IPC_REMOVE_STALE: Opt<bool> = Opt::new("ipc-remove-stale");
/// ipc: whether a listener's file goes with it.
pub const IPC_REMOVE_FILE: Opt<bool> = Opt::new("ipc-remove-file");
/// tcp, ipc: connections that wait to be accepted.
pub const BACKLOG: Opt<i64> = Opt::new("backlog");
/// tcp, ipc: bytes that the system keeps of what was sent and not yet taken.
pub const SYSTEM_SEND_BUFFER: Opt<usize> = Opt::new("system-send-buffer");
/// tcp: bytes that the system keeps of what came and was not yet read.
pub const SYSTEM_RECV_BUFFER: Opt<usize> = Opt::new("system-recv-buffer");

/// The largest buffer that the system is asked for.
const BUFFER_MAX: i64 = 1 << 30;

pub(crate) const BACKLOG_ROW: OptSpec = OptSpec::int(
    BACKLOG,
    4096,
    "Connections that may wait to be accepted; the system may allow fewer.",
)
.range(1, 65_535)
.scope(Scope::Listener)
.change(Change::BeforeStart);

pub(crate) const SEND_BUFFER_ROW: OptSpec = OptSpec::size(
    SYSTEM_SEND_BUFFER,
    0,
    "Bytes that the system keeps of what was sent, per connection; 0 leaves it to the system.",
)
.range(0, BUFFER_MAX)
.scope(Scope::Endpoint)
.change(Change::NextConnection);

pub(crate) const RECV_BUFFER_ROW: OptSpec = OptSpec::size(
    SYSTEM_RECV_BUFFER,
    0,
    "Bytes that the system keeps of what came, per connection; 0 leaves it to the system.",
)
.range(0, BUFFER_MAX)
.scope(Scope::Endpoint)
.change(Change::NextConnection);

//! Unix sockets: sp-ipc-mapping-01 on `ipc://path`.
//!
//! `unix` is another name for it; on Linux `abstract://name` (percent-encoded) is a name without a file. A path may be
//! relative. A listener makes the file, takes over one that a dead process left behind, and removes its own when it
//! goes; a file that is no socket is never touched.

mod dial;
mod file;
mod listen;
mod name;
mod rights;
mod stream;
#[cfg(test)]
mod tests;

use spkit_api::{
    Connecting, EndpointConfig, Listener, OptSpec, Result, Transport, TransportInfo,
    option::{Change, Scope},
    transport::StreamKind,
};

use crate::options::{
    BACKLOG_ROW, IPC_GROUP, IPC_OWNER, IPC_PERMISSIONS, IPC_REMOVE_FILE, IPC_REMOVE_STALE,
    SEND_BUFFER_ROW,
};

#[cfg(target_os = "linux")]
static SCHEMES: &[&str] = &["ipc", "unix", "abstract"];
#[cfg(not(target_os = "linux"))]
static SCHEMES: &[&str] = &["ipc", "unix"];

static OPTIONS: &[OptSpec] = &[
    OptSpec::text(
        IPC_PERMISSIONS,
        "",
        "Mode of the listener's file, in octal; connecting takes the right to write. Nothing leaves it to the umask.",
    )
    .takes("an octal mode of up to 777", |mode| mode.is_empty() || rights::mode(mode).is_some())
    .scope(Scope::Listener)
    .change(Change::BeforeStart),
    OptSpec::int(
        IPC_OWNER,
        -1,
        "Number of the user that the listener's file is given to; -1 leaves it with the process.",
    )
    .range(-1, rights::ID_MAX)
    .scope(Scope::Listener)
    .change(Change::BeforeStart),
    OptSpec::int(
        IPC_GROUP,
        -1,
        "Number of the group that the listener's file is given to; -1 leaves it with the process.",
    )
    .range(-1, rights::ID_MAX)
    .scope(Scope::Listener)
    .change(Change::BeforeStart),
    OptSpec::bool(
        IPC_REMOVE_STALE,
        true,
        "Take over the socket file that a dead process left; without it, a file in the way is an error.",
    )
    .scope(Scope::Listener)
    .change(Change::BeforeStart),
    OptSpec::bool(
        IPC_REMOVE_FILE,
        true,
        "Remove the listener's file when the listener goes.",
    )
    .scope(Scope::Listener)
    .change(Change::BeforeStart),
    BACKLOG_ROW,
    SEND_BUFFER_ROW,
];

static INFO: TransportInfo = TransportInfo::new(SCHEMES)
    .doc("Unix sockets, between the processes of one machine, at a path.")
    .with_options(OPTIONS)
    .speaks(StreamKind::Ipc);

/// The Unix socket transport.
#[derive(Clone, Copy, Debug)]
pub struct Ipc;

impl Transport for Ipc {
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

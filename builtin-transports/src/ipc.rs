//! Unix sockets: sp-ipc-mapping-01 on `ipc://path`.
//!
//! `unix` is another name for it; on Linux `abstract://name` (percent-encoded) is a name without a file. A path may be
//! relative. A listener makes the file, takes over one that a dead process left behind, and removes its own when it
//! goes; a file that is no socket is never touched.

mod dial;
mod file;
mod listen;
mod name;
mod stream;
#[cfg(test)]
mod tests;

use spkit_api::{
    Connecting, EndpointConfig, Listener, Result, Transport, TransportInfo, transport::StreamKind,
};

#[cfg(target_os = "linux")]
static SCHEMES: &[&str] = &["ipc", "unix", "abstract"];
#[cfg(not(target_os = "linux"))]
static SCHEMES: &[&str] = &["ipc", "unix"];

static INFO: TransportInfo = TransportInfo::new(SCHEMES)
    .doc("Unix sockets, between the processes of one machine, at a path.")
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

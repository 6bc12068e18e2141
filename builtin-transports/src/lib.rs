//! The transports that come with spkit: tcp, ipc and inproc.
//!
//! Each is a plugin like any other, written against the published face of `spkit-api`.

mod accept;
#[cfg(unix)]
mod descriptor;
pub mod inproc;
#[cfg(unix)]
pub mod ipc;
pub mod options;
pub mod tcp;
#[cfg(test)]
mod testing;

use spkit_api::{Plugin, register_transport};

register_transport!(
    /// TCP.
    pub TCP,
    &tcp::Tcp
);

#[cfg(unix)]
register_transport!(
    /// Unix sockets.
    pub IPC,
    &ipc::Ipc
);

register_transport!(
    /// Within the process.
    pub INPROC,
    &inproc::Inproc
);

/// All of them, for a registry that is put together by hand.
pub static PLUGINS: &[Plugin] = &[
    Plugin::transport(&TCP),
    #[cfg(unix)]
    Plugin::transport(&IPC),
    Plugin::transport(&INPROC),
];

//! Network interfaces by name, where the system lets a socket keep to one.

use std::io;

use socket2::Socket;

/// Whether the machine has an interface of this name. Names of interfaces go before names of hosts, as in nanomsg.
#[cfg(target_os = "linux")]
pub(super) fn exists(name: &str) -> bool {
    std::path::Path::new("/sys/class/net").join(name).exists()
}

/// Has a socket send and receive over this interface alone.
#[cfg(target_os = "linux")]
pub(super) fn bind(socket: &Socket, name: &str) -> io::Result<()> {
    socket.bind_device(Some(name.as_bytes()))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn exists(_name: &str) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
pub(super) fn bind(_socket: &Socket, _name: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

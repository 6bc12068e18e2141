//! Network interfaces by name, where the system lets a socket keep to one.

use socket2::Socket;
use spkit_api::{Error, ErrorKind, Result};

/// Whether the machine has an interface of this name. Names of interfaces go before names of hosts, as in nanomsg.
#[cfg(target_os = "linux")]
pub(super) fn exists(name: &str) -> bool {
    std::path::Path::new("/sys/class/net").join(name).exists()
}

/// Has a socket send and receive over this interface alone.
#[cfg(target_os = "linux")]
pub(super) fn bind(socket: &Socket, name: &str) -> Result<()> {
    let bound = socket.bind_device(Some(name.as_bytes()));
    bound.map_err(|error| {
        let why = match exists(name) {
            true => format!("network interface `{name}`"),
            false => format!("there is no network interface `{name}`"),
        };
        match Error::from(error) {
            denied if denied.kind() == ErrorKind::PermissionDenied => denied.within(why),
            error => Error::new(ErrorKind::Unreachable, why).caused_by(error),
        }
    })
}

#[cfg(not(target_os = "linux"))]
pub(super) fn exists(_name: &str) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
pub(super) fn bind(_socket: &Socket, name: &str) -> Result<()> {
    Err(Error::new(
        ErrorKind::NotSupported,
        format!("this system keeps no socket to a network interface such as `{name}`"),
    ))
}

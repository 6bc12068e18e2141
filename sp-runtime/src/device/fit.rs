//! Which sockets make a device (SP-DV-001).

use std::sync::Arc;

use spkit_api::{Error, ErrorKind, ProtocolInfo, ProtocolPlugin, Result};

use super::name;
use crate::driver::Shared;

/// Whether two sockets fit: raw, and each other's peers (nng's rule and mangos'; nanomsg looks at less, D-31).
pub(super) fn pair(first: &Arc<Shared>, second: &Arc<Shared>) -> Result<()> {
    let (one, other) = (first.info, second.info);
    if Arc::ptr_eq(first, second) {
        return Err(misfit(
            "both its sockets are the same one: Device::loopback joins a socket to itself",
        ));
    }
    is_raw(first)?;
    is_raw(second)?;
    if (one.number(), one.peer()) == (other.peer(), other.number()) {
        return Ok(());
    }
    Err(misfit(format!(
        "`{}` and `{}` are not each other's peers; {}",
        one.name(),
        other.name(),
        ["with", "and with"]
            .into_iter()
            .zip([first, second])
            .map(|(with, socket)| format!("{with} `{}` goes {}", name(socket), partners(socket)))
            .collect::<Vec<_>>()
            .join(", "),
    )))
}

/// Whether a socket can be a device alone.
pub(super) fn alone(socket: &Arc<Shared>) -> Result<()> {
    is_raw(socket)?;
    let info = socket.info;
    if info.number() != info.peer() {
        return Err(misfit(format!(
            "`{}` does not talk to itself: it takes a second socket, {}",
            info.name(),
            partners(socket)
        )));
    }
    if info.is_forwarding() {
        return Err(misfit(format!(
            "`{}` forwards by itself: its peers would get everything twice, and their own messages back",
            info.name()
        )));
    }
    Ok(())
}

fn is_raw(socket: &Shared) -> Result<()> {
    let info = socket.info;
    if info.is_raw() {
        return Ok(());
    }
    let twins = raws(socket, |raw| {
        (raw.number(), raw.peer()) == (info.number(), info.peer())
    });
    Err(misfit(format!(
        "`{}` is not raw: it keeps the headers to itself; {}",
        info.name(),
        one_of(&twins, "its raw form is", "no raw form of it is linked")
    )))
}

/// The protocols that a socket makes a device with.
fn partners(socket: &Shared) -> String {
    let info = socket.info;
    let partners = raws(socket, |raw| {
        (raw.peer(), raw.number()) == (info.number(), info.peer())
    });
    one_of(&partners, "", "none that is linked")
}

/// Raw protocols of the socket's registry.
fn raws(socket: &Shared, wanted: impl Fn(&ProtocolInfo) -> bool) -> Vec<String> {
    let all = socket.runtime.registry.protocols();
    all.map(ProtocolPlugin::info)
        .filter(|info| info.is_raw() && wanted(info))
        .map(|info| format!("`{}`", info.name()))
        .collect()
}

fn one_of(names: &[String], are: &str, none: &str) -> String {
    match names {
        [] => none.to_owned(),
        names => format!("{are} {}", names.join(" or ")).trim().to_owned(),
    }
}

fn misfit(what: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::NotSupported,
        format!("a device of these sockets: {what}"),
    )
}

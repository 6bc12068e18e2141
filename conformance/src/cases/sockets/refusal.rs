//! Peers of the wrong protocol.

use spkit_api::{ErrorKind, ProtocolPlugin};
use spkit_runtime::{Socket, SocketEvent};

use super::{Carrier, on_site, site::Site};
use crate::{
    case::Case,
    catalogue::Protocol,
    verdict::{During, Outcome, ensure},
};

/// One protocol listens, one that is not its peer dials: both are told, and the dialer goes on trying.
pub(super) fn case(
    carrier: Carrier,
    plugin: &'static ProtocolPlugin,
    protocols: &[&'static ProtocolPlugin],
) -> Case {
    let one = Protocol::of(plugin);
    let strangers = protocols.iter().map(|plugin| Protocol::of(plugin));
    let stranger = strangers
        .filter(|other| other.id != one.peer)
        .min_by_key(|other| {
            // The most interesting stranger is its own kind, where it does not talk to that.
            other.id != one.id
        });
    let slug = format!("refusal.{}", one.name);
    let requirements = &carrier.ids(&["SPK-006", "SP-PID-003"], &["SP-IN-004"]);
    match stranger {
        Some(other) => on_site(carrier, slug, requirements, &[one.name], move |site| {
            refuses(site, one, other)
        }),
        None => Case {
            missing: Some("needs a protocol that is not its peer; none is linked in".to_owned()),
            ..on_site(carrier, slug, requirements, &[one.name], |_| Ok(()))
        },
    }
}

fn refuses(site: &Site, one: Protocol, other: Protocol) -> Outcome {
    let (listening, dialing) = (site.open(one)?, site.open(other)?);
    let address = site.listen(&listening)?.local_addr().to_string();
    site.dial(&dialing, &address)?;
    refused_event(site, &listening, one, other.id).during("at the listener")?;
    refused_event(site, &dialing, other, one.id).during("at the dialer")?;
    site.await_redial(&dialing)?;
    let peers = listening.peers() + dialing.peers();
    ensure(peers == 0, "no connection between the two", || {
        format!("{peers} pipes")
    })
}

fn refused_event(site: &Site, socket: &Socket, own: Protocol, theirs: u16) -> Outcome {
    let error = site.await_event(socket, "a peer was refused", |event| match event {
        SocketEvent::Refused { error, .. } => Some(error.clone()),
        _ => None,
    })?;
    let text = error.to_string();
    let names = [format!("0x{theirs:04x}"), format!("0x{:04x}", own.peer)];
    ensure(
        error.kind() == ErrorKind::ProtocolMismatch && names.iter().all(|name| text.contains(name)),
        format!("ProtocolMismatch, naming {} and {}", names[0], names[1]),
        || format!("{:?}: {text}", error.kind()),
    )
}

//! What PAIR version 1, BUS and STAR do with a message: hop counts, many peers, and loss instead of waiting.

use std::io;

use super::{Application, Fault, hub::Hub};
use crate::{endpoints, scene::tagged};

/// Hops a message may have.
const TTL: u32 = 8;

/// Whether a slow peer of this protocol loses messages here.
pub(super) fn drops(protocol: u16) -> bool {
    matches!(
        protocol,
        endpoints::PAIR1 | endpoints::BUS | endpoints::STAR
    )
}

/// The payload of a message that goes to all peers, in the protocols that have such.
pub(super) fn to_all(protocol: u16, body: &[u8]) -> Option<Vec<u8>> {
    match protocol {
        endpoints::BUS => Some(body.to_vec()),
        endpoints::STAR => Some(tagged(0, body)),
        _ => None,
    }
}

/// The payload of a message that goes to one.
pub(super) fn with_count(protocol: u16, body: &[u8]) -> Vec<u8> {
    match protocol {
        endpoints::PAIR1 => tagged(1, body),
        _ => body.to_vec(),
    }
}

/// A PAIR version 1 message as a device sends it on, if it may go on.
pub(super) fn one_more_hop(hub: &Hub, payload: &[u8]) -> Option<Vec<u8>> {
    let (count, body) = payload.split_first_chunk()?;
    let hops = u32::from_be_bytes(*count);
    let adds = u32::from(!hub.setup.has(Fault::CountsNothing));
    (hops <= TTL || hub.setup.has(Fault::NoTtl)).then(|| tagged(hops + adds, body))
}

/// A message came. An error closes the connection.
pub(super) fn take(hub: &Hub, id: u32, payload: Vec<u8>) -> io::Result<()> {
    let others = |other| other != id || hub.setup.has(Fault::SendsBack);
    if hub.setup.protocol == endpoints::BUS {
        match hub.setup.application {
            Application::Reflect => hub.post_all(&payload, others),
            _ if hub.setup.has(Fault::SendsBack) => hub.post_all(&payload, |_| true),
            _ => hub.deliver(id, payload),
        }
        return Ok(());
    }
    let is_star = hub.setup.protocol == endpoints::STAR;
    let (hops, body) = match payload.split_first_chunk() {
        Some((count, body)) if count[..3] == [0; 3] => (u32::from_be_bytes(*count), body),
        _ if hub.setup.has(Fault::TakesUncounted) => (0, &payload[..]),
        _ if is_star => {
            hub.threw_away(&mut hub.lock());
            return Ok(());
        }
        _ => {
            hub.threw_away(&mut hub.lock());
            return Err(io::ErrorKind::InvalidData.into());
        }
    };
    let most = if is_star { TTL - 1 } else { TTL };
    if hops > most && !hub.setup.has(Fault::NoTtl) {
        hub.threw_away(&mut hub.lock());
        return Ok(());
    }
    let onwards = tagged(hops + u32::from(!hub.setup.has(Fault::CountsNothing)), body);
    if is_star {
        hub.post_all(&onwards, others);
    }
    match (is_star, hub.setup.application) {
        (true, Application::Reflect) => hub.post_all(&onwards, |_| true),
        (false, Application::Reflect) => hub.post_all(&onwards, |other| other == id),
        (false, Application::Echo) => {
            let all = hub.setup.has(Fault::SendsBack);
            hub.post_all(&tagged(1, body), |other| other == id || all);
        }
        _ => hub.deliver(id, body.to_vec()),
    }
    Ok(())
}

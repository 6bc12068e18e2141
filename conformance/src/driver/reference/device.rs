//! One side of a device: what comes in is looked at, tagged or untagged, and sent on by the other side.

use std::time::Duration;

use super::{Fault, groups, hub::Hub};
use crate::{endpoints, scene::tagged};

/// How long a message may wait for room on the other side.
const PATIENCE: Duration = Duration::from_secs(5);

/// A message came at this side.
pub(super) fn take(hub: &Hub, id: u32, payload: Vec<u8>) {
    let Some(other) = hub.onwards.get().and_then(std::sync::Weak::upgrade) else {
        return;
    };
    match hub.setup.protocol {
        endpoints::REP | endpoints::RESPONDENT => {
            let ttl = match hub.setup.has(Fault::NoTtl) {
                true => usize::MAX,
                false => hub.setup.ttl,
            };
            let mut tags = payload.chunks_exact(4).take(ttl);
            let has_id = tags.any(|tag| tag[0] & 0x80 != 0);
            if has_id || hub.setup.has(Fault::AnswersAnything) {
                put(&other, &tagged(id, &payload));
            } else {
                hub.threw_away(&mut hub.lock());
            }
        }
        endpoints::PAIR1 => {
            if let Some(onwards) = groups::one_more_hop(hub, &payload) {
                put(&other, &onwards);
            }
        }
        _ => put(&other, &payload),
    }
}

/// A message leaves at this side.
fn put(hub: &Hub, payload: &[u8]) {
    let mut payload = payload.to_vec();
    if hub.setup.has(Fault::WrongBytes)
        && let Some(last) = payload.last_mut()
    {
        *last ^= 1;
    }
    let payload = &payload[..];
    match hub.setup.protocol {
        // Back to where the first tag says, or nowhere.
        endpoints::REP | endpoints::RESPONDENT => {
            let any = hub.setup.has(Fault::AnyChannel);
            match payload.split_first_chunk() {
                Some((tag, rest)) => {
                    let to = u32::from_be_bytes(*tag);
                    hub.post_all(rest, |id| id == to || any);
                }
                None => hub.threw_away(&mut hub.lock()),
            }
        }
        endpoints::REQ | endpoints::PUSH | endpoints::PAIR1 => {
            hub.post_one(payload, PATIENCE);
        }
        endpoints::PAIR => {
            hub.send(payload, PATIENCE);
        }
        _ => hub.post_all(payload, |_| true),
    }
}

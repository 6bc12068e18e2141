//! Judges what went over the connections, by the requirements SP-RR, reading the bytes itself.

mod losses;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use spkit_runtime::sim::{Ended, Entry, OpId, SocketId, What, World};

use self::losses::Losses;
use super::{
    super::{label, tags::ID_BIT},
    Roles,
};

/// What is wrong on the wire. From the entry `silent_from` on no request may be sent any more.
pub(crate) fn check(world: &World, roles: &Roles, silent_from: usize) -> Vec<String> {
    let mut wire = Wire::default();
    let mut losses = Losses::new(roles);
    for (number, entry) in world.transcript().entries().iter().enumerate() {
        let Some(socket) = entry.socket else {
            continue;
        };
        if roles.requesters.contains_key(&socket) {
            wire.requester(socket, entry);
            losses.entry(socket, entry);
            if number >= silent_from && matches!(entry.what, What::Handed { .. }) {
                wire.fault(entry, "a request is sent again although all have ended");
            }
        }
    }
    wire.faults.append(&mut losses.finish(world.now()));
    wire.faults
}

#[derive(Default)]
struct Wire {
    faults: Vec<String>,
    sending: BTreeMap<OpId, Vec<u8>>,
    accepted: BTreeMap<SocketId, Accepted>,
}

/// The requests of a socket, in the order in which they were accepted.
#[derive(Default)]
struct Accepted {
    order: BTreeMap<Vec<u8>, u32>,
    /// The id of the first.
    base: Option<u32>,
}

impl Wire {
    fn fault(&mut self, entry: &Entry, what: &str) {
        let seconds = entry.at.as_nanos() as f64 / 1e9;
        self.faults
            .push(format!("{seconds:.9} on the wire: {what}: {}", entry.what));
    }

    fn requester(&mut self, socket: SocketId, entry: &Entry) {
        match &entry.what {
            What::Started {
                op,
                sends: Some(request),
                ..
            } => {
                self.sending.insert(*op, request.body().to_vec());
            }
            What::Ended {
                op,
                ended: Ended::Sent,
                ..
            } => {
                if let Some(body) = self.sending.remove(op) {
                    self.accepted.entry(socket).or_default().add(body);
                }
            }
            What::Handed { payload, .. } => {
                if let Err(what) = self.request(socket, payload) {
                    self.fault(entry, &what);
                }
            }
            _ => {}
        }
    }

    /// One tag with the top bit set, then the body unchanged; the ids count up (SP-RR-002, SP-RR-005); a request that
    /// is sent again is the same, byte for byte (SP-RR-010).
    fn request(&mut self, socket: SocketId, payload: &[u8]) -> Result<(), String> {
        let (id, body) = split(payload).ok_or("a request without an id")?;
        let accepted = self.accepted.entry(socket).or_default();
        let number = *accepted
            .order
            .get(body)
            .ok_or("a request that no user sent")?;
        let base = *accepted.base.get_or_insert_with(|| id.wrapping_sub(number));
        if id & ID_BIT == 0 || (id ^ base.wrapping_add(number)) & !ID_BIT != 0 {
            return Err(format!(
                "{} is request {number} after {base:08x}",
                label(body)
            ));
        }
        Ok(())
    }
}

impl Accepted {
    /// Its number, whether or not it was known.
    fn add(&mut self, body: Vec<u8>) -> u32 {
        let next = self.order.len() as u32;
        *self.order.entry(body).or_insert(next)
    }
}

/// The tag in front, and what follows.
fn split(payload: &[u8]) -> Option<(u32, &[u8])> {
    let (tag, body) = payload.split_first_chunk()?;
    Some((u32::from_be_bytes(*tag), body))
}

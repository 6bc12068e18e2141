//! Judges devices by the requirements SP-DV and SP-RR-050 to SP-RR-053, by the bytes on either side of them. Knows nothing
//! of how the protocols work.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use spkit_api::DropReason;
use spkit_runtime::sim::{ConnectionId, SocketId};

use super::super::{
    history::{Act, Deed, History},
    label,
    lines::{self, Line},
    tags::{ID_BIT, Tagged},
};

/// A device: the raw sockets towards those who ask and towards those who answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Device {
    pub(crate) front: SocketId,
    pub(crate) back: SocketId,
    pub(crate) ttl: usize,
}

/// What is wrong with these devices. `surveys`: what is asked leaves over every connection of the back, not one.
pub(crate) fn check(history: &History, devices: &[Device], surveys: bool) -> Vec<String> {
    let lines = lines::read(history);
    let mut faults = Vec::new();
    for device in devices {
        let name = history.name(device.front);
        let mut judge = Judge {
            device: *device,
            surveys,
            faults: Vec::new(),
            channels: BTreeMap::new(),
            asked: Vec::new(),
            taken: BTreeSet::new(),
            latest: BTreeMap::new(),
            answers: Vec::new(),
            too_far: 0,
        };
        history.acts.iter().for_each(|act| judge.act(act));
        judge.account(history);
        let found = judge.faults.into_iter();
        faults.extend(found.map(|fault| format!("{name}: {fault}")));
        faults.extend(delivery(history, &lines, device));
    }
    faults
}

/// What comes in is received: in front if it has not too many tags (SP-DV-007, SP-DV-008).
fn delivery(history: &History, lines: &[Line], device: &Device) -> Vec<String> {
    let mut faults = Vec::new();
    for (socket, most) in [(device.front, device.ttl), (device.back, usize::MAX)] {
        let body = |payload: &Bytes| {
            let asked = Tagged::read(payload)?;
            (asked.tags.len() <= most).then_some(asked.body)
        };
        let incoming = lines.iter().filter(|line| line.to == Some(socket));
        faults.extend(incoming.filter_map(|line| lines::check_delivery(history, line, body)));
    }
    faults
}

struct Judge {
    device: Device,
    surveys: bool,
    faults: Vec<String>,
    /// The number of each connection of the front, once it is known.
    channels: BTreeMap<u32, ConnectionId>,
    /// What came in front, over which connection.
    asked: Vec<(ConnectionId, Bytes)>,
    /// What of it went on, over which connection of the back: `None`, whichever, where that is one.
    taken: BTreeSet<(usize, Option<ConnectionId>)>,
    /// The last of it, from one connection to the other.
    latest: BTreeMap<(ConnectionId, ConnectionId), usize>,
    /// What came at the back, and did not go on.
    answers: Vec<Option<Tagged>>,
    too_far: u64,
}

impl Judge {
    fn fault(&mut self, act: &Act, what: &str, payload: &Bytes) {
        let seconds = act.at.as_nanos() as f64 / 1e9;
        let body = Tagged::read(payload).map_or_else(|| payload.clone(), |tagged| tagged.body);
        self.faults
            .push(format!("{seconds:.9} {what}: {}", label(&body)));
    }

    fn act(&mut self, act: &Act) {
        let socket = act.who.socket;
        let (front, back) = (socket == self.device.front, socket == self.device.back);
        let fault = match &act.deed {
            Deed::Arrived {
                connection,
                payload,
            } if front => {
                self.comes(*connection, payload);
                return;
            }
            Deed::Arrived { payload, .. } if back => {
                self.answers.push(Tagged::read(payload));
                return;
            }
            Deed::Handed {
                connection,
                payload,
            } if back => (self.goes_on(*connection, payload), payload),
            Deed::Handed {
                connection,
                payload,
            } if front => (self.goes_back(*connection, payload), payload),
            _ => return,
        };
        if let (Err(what), payload) = fault {
            self.fault(act, what, payload);
        }
    }

    fn comes(&mut self, connection: ConnectionId, payload: &Bytes) {
        let tags = Tagged::read(payload).map_or(0, |asked| asked.tags.len());
        if tags > self.device.ttl {
            self.too_far += 1;
        } else {
            self.asked.push((connection, payload.clone()));
        }
    }

    /// What goes on is what came, in that order, with the number of its connection in front (SP-DV-002, SP-DV-006), which
    /// no other has (SP-DV-009) or had (SP-DV-011). Once; a survey once to each.
    fn goes_on(&mut self, to: ConnectionId, payload: &Bytes) -> Result<(), &'static str> {
        let Some((channel, rest)) = payload.split_first_chunk() else {
            return Err("without the number of its connection");
        };
        let channel = u32::from_be_bytes(*channel);
        if channel & ID_BIT != 0 {
            return Err("without the number of its connection");
        }
        let known = self.channels.get(&channel).copied();
        let over = self.surveys.then_some(to);
        let came = |(number, (from, asked)): &(usize, &(ConnectionId, Bytes))| {
            asked == rest
                && known.is_none_or(|known| known == *from)
                && !self.taken.contains(&(*number, over))
        };
        let Some((number, (from, _))) = self.asked.iter().enumerate().find(came) else {
            return Err("goes on and did not come, or twice, or changed");
        };
        let from = *from;
        let numbers = self.channels.iter().filter(|(_, of)| **of == from);
        if known.is_none() && numbers.count() > 0 {
            return Err("its connection has another number");
        }
        self.channels.insert(channel, from);
        self.taken.insert((number, over));
        match self.latest.insert((from, to), number) {
            Some(before) if before > number => Err("goes on out of order"),
            _ => Ok(()),
        }
    }

    /// What goes back is what came back, over the connection whose number it has in front, without that (SP-DV-003 to
    /// SP-DV-005), once for each time that it came.
    fn goes_back(&mut self, to: ConnectionId, payload: &Bytes) -> Result<(), &'static str> {
        let came = self.answers.iter_mut().find(|answer| {
            let Some(Tagged { tags, body }) = answer else {
                return false;
            };
            let rest = Tagged {
                tags: tags[1..].to_vec(),
                body: body.clone(),
            };
            self.channels.get(&tags[0]) == Some(&to) && rest.write() == *payload
        });
        came.map(|answer| *answer = None)
            .ok_or("goes back and did not come back for this connection, or twice")
    }

    /// What did not go on was dropped, and counted.
    fn account(&mut self, history: &History) {
        let Device { front, back, .. } = self.device;
        let counted = history.dropped(front, DropReason::Ttl);
        if counted != self.too_far {
            let came = self.too_far;
            self.faults.push(format!(
                "{came} messages had too many tags, and {counted} were counted"
            ));
        }
        let accepted = history.accepted();
        for socket in [front, back] {
            if socket == back && self.surveys {
                // It sends any number of copies.
                continue;
            }
            let sent = accepted.get(&socket).map_or(0, Vec::len) as u64;
            let handed = history.sockets.get(&socket).map_or(0, |books| books.handed);
            let dropped: u64 = [DropReason::QueueFull, DropReason::PipeGone]
                .map(|why| history.dropped(socket, why))
                .iter()
                .sum();
            if sent != handed + dropped {
                let name = history.name(socket);
                self.faults.push(format!(
                    "{name} was given {sent} messages to send; {handed} were handed over, {dropped} dropped"
                ));
            }
        }
    }
}

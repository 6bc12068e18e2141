//! Judges devices by the requirements SP-DV and SP-RR-050 to SP-RR-053, by the bytes on either side of them. Knows nothing
//! of how the protocols work.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use spkit_api::DropReason;
use spkit_runtime::sim::{ConnectionId, SocketId};

use super::super::{
    fanout::{self, Loss, Offer},
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
        // The right first number is the one with which most makes sense.
        let bases = bases(history, device);
        let found = bases.map(|base| Judge::judge(history, &lines, *device, surveys, base));
        let found = found.min_by_key(Vec::len).unwrap_or_default().into_iter();
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

/// What the first connection of the front may be numbered, going by the first message that went on. There is one number,
/// unless the same came over several connections.
fn bases(history: &History, device: &Device) -> impl Iterator<Item = u32> {
    let first = history.acts.iter().find_map(|act| match &act.deed {
        Deed::Handed { payload, .. } if act.who.socket == device.back => Some(payload),
        _ => None,
    });
    let first = first.and_then(|payload| payload.split_first_chunk());
    let (channel, rest) = first.map_or((0, &[][..]), |(channel, rest)| {
        (u32::from_be_bytes(*channel), rest)
    });
    let (mut connections, mut bases) = (BTreeMap::new(), BTreeSet::new());
    for act in history
        .acts
        .iter()
        .filter(|act| act.who.socket == device.front)
    {
        let next = connections.len() as u32;
        match &act.deed {
            Deed::Connected { connection } => {
                connections.insert(connection, next);
            }
            Deed::Arrived {
                connection,
                payload,
            } if payload == rest => {
                bases.extend(
                    connections
                        .get(connection)
                        .map(|number| channel.wrapping_sub(*number)),
                );
            }
            _ => {}
        }
    }
    bases.insert(channel);
    bases.into_iter()
}

struct Judge {
    device: Device,
    surveys: bool,
    faults: Vec<String>,
    /// The number of the next connection of the front, and those that there are.
    next: u32,
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
    /// What is wrong, if connections are numbered from this on (SP-RR-050).
    fn judge(
        history: &History,
        lines: &[Line],
        device: Device,
        surveys: bool,
        base: u32,
    ) -> Vec<String> {
        let mut judge = Self {
            device,
            surveys,
            faults: Vec::new(),
            next: base,
            channels: BTreeMap::new(),
            asked: Vec::new(),
            taken: BTreeSet::new(),
            latest: BTreeMap::new(),
            answers: Vec::new(),
            too_far: 0,
        };
        history.acts.iter().for_each(|act| judge.act(act));
        judge.account(history);
        judge.dropped_for_a_reason(history, lines);
        judge.faults
    }

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
            Deed::Connected { connection } if front => {
                self.channels.insert(self.next & !ID_BIT, *connection);
                self.next = self.next.wrapping_add(1);
                return;
            }
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
        let channel = payload.split_first_chunk();
        let from = channel.and_then(|(channel, rest)| {
            let channel = u32::from_be_bytes(*channel);
            Some((*self.channels.get(&channel)?, rest))
        });
        let Some((from, rest)) = from else {
            return Err("without the number of a connection");
        };
        let over = self.surveys.then_some(to);
        let came = |(number, asked): &(usize, &(ConnectionId, Bytes))| {
            (asked.0, &asked.1[..]) == (from, rest) && !self.taken.contains(&(*number, over))
        };
        let Some((number, _)) = self.asked.iter().enumerate().find(came) else {
            return Err("goes on and did not come from there, or twice, or changed");
        };
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

    /// What goes back is only dropped if its connection is gone, or has no room (SP-DV-010, SP-DV-020).
    fn dropped_for_a_reason(&mut self, history: &History, lines: &[Line]) {
        let accepted = history
            .accepted()
            .remove(&self.device.front)
            .unwrap_or_default();
        let offers = accepted.into_iter().filter_map(|(at, message)| {
            let (channel, tags) = message.header.split_first()?;
            let answer = Tagged {
                tags: tags.to_vec(),
                body: message.body,
            };
            let offer = Offer {
                at,
                payload: answer.write(),
                except: None,
                loss: Loss::Full,
                counts: false,
            };
            Some((*self.channels.get(channel)?, offer))
        });
        let offers: Vec<_> = offers.collect();
        let found = fanout::check_directed(history, lines, self.device.front, &offers);
        self.faults.extend(found);
    }

    /// What did not go on was dropped, and counted.
    fn account(&mut self, history: &History) {
        let Device { front, back, .. } = self.device;
        let counted = history.undelivered(front, DropReason::Ttl);
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
                .map(|why| history.unsent(socket, why))
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

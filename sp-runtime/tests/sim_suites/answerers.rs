//! Judges repliers and respondents by what SP-RR and SP-SV ask of both. Knows nothing of how the protocols work.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use spkit_api::{ContextId, DropReason, ErrorKind};
use spkit_runtime::sim::{ConnectionId, OpId, SocketId};

use super::{
    fanout::{self, Loss, Offer},
    history::{Act, Deed, History},
    label,
    lines::{self, Line},
    tags::{DEFAULT_TTL, Tagged, answer_to},
};

/// What is wrong with a replier or respondent.
pub(crate) fn check(history: &History, lines: &[Line], socket: SocketId) -> Vec<String> {
    let mut judge = Judge::default();
    let acts = history.acts.iter().enumerate();
    let acts = acts.filter(|(_, act)| act.who.socket == socket);
    acts.for_each(|(place, act)| judge.act(place, act));
    let Judge {
        mut faults,
        offers,
        accepted,
        ..
    } = judge;
    faults.extend(account(history, socket, accepted));
    // Each answer goes over the connection on which it was asked for, with the same tags, once, and over no other
    // (SP-RR-031, SP-RR-036, SP-RR-037), unless that one has no room.
    faults.extend(fanout::check_directed(history, lines, socket, &offers));
    // What comes, and has not too many tags, is received by whoever receives next, once and in order (SP-RR-030,
    // SP-RR-040, SP-RR-044).
    let body = |payload: &Bytes| well_formed(payload).map(|asked| asked.body);
    let incoming = lines.iter().filter(|line| line.to == Some(socket));
    faults.extend(incoming.filter_map(|line| lines::check_delivery(history, line, body)));
    faults
}

/// What has an id, and not too many tags.
fn well_formed(payload: &Bytes) -> Option<Tagged> {
    Tagged::read(payload).filter(|asked| asked.tags.len() <= DEFAULT_TTL)
}

#[derive(Default)]
struct Judge {
    faults: Vec<String>,
    sending: BTreeMap<OpId, Bytes>,
    /// What came over each connection, and was not received yet.
    came: BTreeMap<ConnectionId, VecDeque<Tagged>>,
    /// What each context was asked last, and did not answer.
    asked: BTreeMap<ContextId, (ConnectionId, Tagged)>,
    /// What is to go over which connection.
    offers: Vec<(ConnectionId, Offer)>,
    accepted: u64,
    closed: bool,
}

impl Judge {
    fn fault(&mut self, act: &Act, what: &str, body: &[u8]) {
        let seconds = act.at.as_nanos() as f64 / 1e9;
        let text = format!("{seconds:.9} {:?}: {what}: {}", act.who, label(body));
        self.faults.push(text);
    }

    fn act(&mut self, place: usize, act: &Act) {
        match &act.deed {
            Deed::Received { from, .. } => {
                // Whether it is what was to be received, is judged elsewhere.
                let came =
                    from.and_then(|from| Some((from, self.came.get_mut(&from)?.pop_front()?)));
                self.asked.extend(came.map(|came| (act.who.context, came)));
            }
            Deed::Sends { op, body, .. } => {
                self.sending.insert(*op, body.clone());
            }
            Deed::Sent { op } => self.answered(place, act, *op),
            Deed::Failed { op, why } => self.failed(act, *op, *why),
            Deed::Arrived {
                connection,
                payload,
            } => {
                if let Some(asked) = well_formed(payload) {
                    self.came.entry(*connection).or_default().push_back(asked);
                }
            }
            Deed::Closed => self.closed = true,
            _ => {}
        }
    }

    /// One answer to what was received last (SP-RR-037, SP-SV-016).
    fn answered(&mut self, place: usize, act: &Act, op: OpId) {
        self.accepted += 1;
        let Some(body) = self.sending.remove(&op) else {
            return;
        };
        match self.asked.remove(&act.who.context) {
            Some((connection, asked)) if answer_to(&asked.body) == body => {
                let offer = Offer {
                    at: place,
                    payload: asked.answered_by(body).write(),
                    except: None,
                    loss: Loss::Full,
                    counts: false,
                };
                self.offers.push((connection, offer));
            }
            Some(_) => self.fault(act, "an answer to something else was accepted", &body),
            None => self.fault(act, "an answer to nothing was accepted", &body),
        }
    }

    /// SP-RR-038
    fn failed(&mut self, act: &Act, op: OpId, why: ErrorKind) {
        let sends = self.sending.remove(&op).is_some();
        let right = match why {
            ErrorKind::Closed => self.closed,
            ErrorKind::State => sends && !self.asked.contains_key(&act.who.context),
            ErrorKind::WouldBlock | ErrorKind::TimedOut => !sends,
            _ => false,
        };
        if !right {
            self.fault(act, &format!("an operation failed: {why:?}"), b"");
        }
    }
}

/// An answer that is not handed over was dropped and counted: who asked is gone or slow (SP-RR-041, SP-RR-042,
/// SP-SV-017).
fn account(history: &History, socket: SocketId, accepted: u64) -> Option<String> {
    let handed = history.sockets.get(&socket).map_or(0, |books| books.handed);
    let full = history.unsent(socket, DropReason::QueueFull);
    let gone = history.unsent(socket, DropReason::PipeGone);
    (accepted != handed + full + gone).then(|| {
        let name = history.name(socket);
        format!(
            "{name}: {accepted} answers were accepted; {handed} were handed over, {full} found no room, {gone} nobody"
        )
    })
}

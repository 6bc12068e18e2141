//! What went over the connections of a run, each direction by itself.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use bytes::Bytes;
use spkit_api::ContextId;
use spkit_runtime::sim::{ConnectionId, SocketId};

use super::{
    history::{Deed, History},
    label,
};

/// One direction of one connection. Everything has its place in the history in front.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) connection: ConnectionId,
    pub(crate) from: SocketId,
    /// `None`: the other end never knew of it.
    pub(crate) to: Option<SocketId>,
    /// Since when the sender had it, and until when.
    pub(crate) up: usize,
    pub(crate) down: Option<usize>,
    pub(crate) handed: Vec<(usize, Bytes)>,
    pub(crate) arrived: Vec<(usize, Bytes)>,
    pub(crate) received: Vec<(usize, ContextId, Bytes)>,
    /// Either end lost it.
    pub(crate) ended: bool,
}

#[derive(Default)]
struct End {
    up: usize,
    down: Option<usize>,
    handed: Vec<(usize, Bytes)>,
    arrived: Vec<(usize, Bytes)>,
    received: Vec<(usize, ContextId, Bytes)>,
}

/// Both directions of every connection that somebody had.
pub(crate) fn read(history: &History) -> Vec<Line> {
    let mut ends: BTreeMap<(ConnectionId, SocketId), End> = BTreeMap::new();
    for (place, act) in history.acts.iter().enumerate() {
        let Some(connection) = act.deed.connection() else {
            continue;
        };
        let end = ends.entry((connection, act.who.socket)).or_default();
        match &act.deed {
            Deed::Connected { .. } => end.up = place,
            Deed::Lost { .. } => end.down = Some(place),
            Deed::Handed { payload, .. } => end.handed.push((place, payload.clone())),
            Deed::Arrived { payload, .. } => end.arrived.push((place, payload.clone())),
            Deed::Received { body, .. } => {
                end.received.push((place, act.who.context, body.clone()));
            }
            _ => {}
        }
    }
    let keys: Vec<_> = ends.keys().copied().collect();
    let mut lines = Vec::new();
    for (connection, from) in &keys {
        let is_other = |(key, to): &&(_, _)| key == connection && to != from;
        let to = keys.iter().find(is_other).map(|(_, to)| *to);
        let (mut arrived, mut received, mut ended) = (Vec::new(), Vec::new(), false);
        if let Some(end) = to.and_then(|to| ends.get_mut(&(*connection, to))) {
            arrived = std::mem::take(&mut end.arrived);
            received = std::mem::take(&mut end.received);
            ended = end.down.is_some();
        }
        let Some(end) = ends.get_mut(&(*connection, *from)) else {
            continue;
        };
        lines.push(Line {
            connection: *connection,
            from: *from,
            to,
            up: end.up,
            down: end.down,
            handed: std::mem::take(&mut end.handed),
            arrived,
            received,
            ended: ended || end.down.is_some(),
        });
    }
    lines
}

impl Line {
    pub(crate) fn name(&self, history: &History) -> String {
        let to = self.to.map_or("nobody", |to| history.name(to));
        format!("{} to {to}, {}", history.name(self.from), self.connection)
    }
}

/// What a connection is handed it brings, once and in order, until it ends.
pub(crate) fn check_carriers(history: &History, lines: &[Line]) -> Vec<String> {
    let faults = lines.iter().filter_map(|line| {
        let handed: Vec<_> = line.handed.iter().map(|(_, payload)| payload).collect();
        let arrived: Vec<_> = line.arrived.iter().map(|(_, payload)| payload).collect();
        let fault = begins_with(&handed, &arrived, !line.ended)?;
        Some(format!("{}: on the way: {fault}", line.name(history)))
    });
    faults.collect()
}

/// What arrives is received, once and in order; to the end, unless the receiver closed. `body` takes the header off what
/// is to be received; what it has none of is not.
pub(crate) fn check_delivery(
    history: &History,
    line: &Line,
    body: impl Fn(&Bytes) -> Option<Bytes>,
) -> Option<String> {
    let arrived: Vec<_> = line
        .arrived
        .iter()
        .filter_map(|(_, payload)| body(payload))
        .collect();
    let arrived: Vec<_> = arrived.iter().collect();
    let received: Vec<_> = line.received.iter().map(|(_, _, body)| body).collect();
    let closed = line.to.is_some_and(|to| history.closed().contains(&to));
    let fault = begins_with(&arrived, &received, !closed)?;
    Some(format!("{}: at the receiver: {fault}", line.name(history)))
}

/// Whether the second is a beginning of the first; or all of it, if it has to be.
fn begins_with(all: &[&Bytes], some: &[&Bytes], entirely: bool) -> Option<String> {
    let differs = (0..some.len()).find(|at| all.get(*at) != some.get(*at));
    if let Some(at) = differs {
        let what = match all.iter().position(|one| *one == some[at]) {
            None => "out of nowhere",
            Some(before) if before < at => "twice",
            Some(_) => "out of order, or something is missing before it",
        };
        return Some(format!("{what}: {}", label(some[at])));
    }
    let missing = all.get(some.len()).filter(|_| entirely)?;
    Some(format!("missing: {}", label(missing)))
}

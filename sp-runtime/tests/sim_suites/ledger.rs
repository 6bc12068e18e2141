//! Follows every message of protocols that send it to one peer: accepted, handed over, arrived, received.
//!
//! Inside a connection nothing is lost, doubled or overtaken; what misses was under way when its connection ended.

mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use spkit_runtime::sim::ConnectionId;

pub(crate) use self::read::{Terms, read};
use super::label;

/// A message, and the connection that it named.
pub(crate) type Accepted = (Vec<u8>, Option<ConnectionId>);

/// What became of the messages of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// What each socket accepted, in order.
    pub(crate) accepted: BTreeMap<String, Vec<Accepted>>,
    /// Messages that a socket accepted and dropped because their pipe went, or had no room.
    pub(crate) dropped: BTreeMap<String, u64>,
    pub(crate) lines: Vec<Line>,
}

/// One direction of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) connection: ConnectionId,
    pub(crate) handed: Vec<Vec<u8>>,
    pub(crate) arrived: Vec<Vec<u8>>,
    pub(crate) received: Vec<Vec<u8>>,
    /// The connection ended.
    pub(crate) ended: bool,
    /// The receiver has no use for this connection: it has another peer.
    pub(crate) refused: bool,
    /// The receiver is closed, and receives no more.
    pub(crate) closed: bool,
}

/// What is wrong with a ledger.
pub(crate) fn check(ledger: &Ledger) -> Vec<String> {
    let mut faults = Vec::new();
    for line in &ledger.lines {
        let name = format!("{} to {}", line.from, line.to);
        faults.extend(check_line(line).map(|fault| format!("{name}: {fault}")));
        let accepted = ledger
            .accepted
            .get(&line.from)
            .map_or(&[][..], Vec::as_slice);
        faults.extend(check_order(line, accepted).map(|fault| format!("{name}: {fault}")));
    }
    for (socket, accepted) in &ledger.accepted {
        let dropped = ledger.dropped.get(socket).copied().unwrap_or(0);
        let fault = check_accepted(ledger, socket, accepted, dropped);
        faults.extend(fault.map(|fault| format!("{socket}: {fault}")));
    }
    faults
}

/// What was handed over arrives, and what arrives is received, in the same order.
fn check_line(line: &Line) -> Option<String> {
    let Line {
        handed,
        arrived,
        received,
        ..
    } = line;
    if let Some(at) = differ(handed, arrived) {
        return Some(format!("not what was handed over: {}", label(&arrived[at])));
    }
    if !line.ended && arrived.len() < handed.len() {
        let missing = label(&handed[arrived.len()]);
        return Some(format!(
            "did not arrive, and the connection stands: {missing}"
        ));
    }
    if line.refused && !line.ended {
        return Some("a second peer is not refused".to_owned());
    }
    if line.refused {
        return received
            .first()
            .map(|body| format!("from a refused peer: {}", label(body)));
    }
    if let Some(at) = differ(arrived, received) {
        return Some(format!("not what arrived: {}", label(&received[at])));
    }
    if !line.closed && received.len() < arrived.len() {
        let missing = label(&arrived[received.len()]);
        return Some(format!("arrived and was not received: {missing}"));
    }
    None
}

/// Where the second stops being a beginning of the first.
fn differ(all: &[Vec<u8>], some: &[Vec<u8>]) -> Option<usize> {
    let differs = |at: &usize| all.get(*at) != some.get(*at);
    (0..some.len()).find(differs)
}

/// Messages go over a connection in the order in which they were accepted.
fn check_order(line: &Line, accepted: &[Accepted]) -> Option<String> {
    let mut rest = accepted.iter();
    for body in &line.handed {
        let why = match rest.find(|(other, _)| other == body) {
            Some((_, to)) if to.is_none_or(|to| to == line.connection) => continue,
            Some(_) => "meant for another peer",
            None if accepted.iter().any(|(other, _)| other == body) => "out of order, or twice",
            None => "never accepted",
        };
        return Some(format!("{why}: {}", label(body)));
    }
    None
}

/// Each message goes over one connection, once; what went over none was dropped with its pipe, and counted.
fn check_accepted(
    ledger: &Ledger,
    socket: &str,
    accepted: &[Accepted],
    dropped: u64,
) -> Option<String> {
    let mut times: BTreeMap<&[u8], usize> = BTreeMap::new();
    for line in ledger.lines.iter().filter(|line| line.from == socket) {
        for body in &line.handed {
            *times.entry(body).or_default() += 1;
        }
    }
    if let Some((body, _)) = times.iter().find(|(_, times)| **times > 1) {
        return Some(format!("handed over more than once: {}", label(body)));
    }
    let bodies = accepted.iter().map(|(body, _)| body);
    let never = bodies.filter(|body| !times.contains_key(&body[..]));
    let never: Vec<_> = never.map(|body| label(body)).collect();
    (never.len() as u64 > dropped).then(|| {
        format!(
            "{dropped} were dropped, but these went nowhere: {}",
            never.join(", ")
        )
    })
}

//! A request whose connection is lost goes over another one at once, or fails if it is sent once only (SP-RR-013).

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use spkit_api::{ContextId, ErrorKind, PipeId, Time};
use spkit_runtime::{
    SocketEvent,
    sim::{Ended, Entry, OpId, SocketId, What},
};

use super::{super::Roles, label, split};

/// How long a request may take to get on its way again while there is a connection: that one may be held up.
const AGAIN: Duration = Duration::from_secs(20);

/// How long a loss may take to be told.
const TOLD: Duration = Duration::from_secs(1);

pub(super) struct Losses {
    faults: Vec<String>,
    resends: BTreeMap<SocketId, bool>,
    sockets: BTreeMap<SocketId, Socket>,
    sending: BTreeMap<OpId, Vec<u8>>,
}

#[derive(Default)]
struct Socket {
    pipes: BTreeSet<PipeId>,
    /// Since when there is a connection, without a gap.
    connected: Option<Time>,
    /// The request of each context, until it ends.
    open: BTreeMap<ContextId, Open>,
}

struct Open {
    body: Vec<u8>,
    /// The pipe it was handed to last.
    pipe: Option<PipeId>,
    /// When that was lost.
    lost: Option<Time>,
}

impl Losses {
    pub(super) fn new(roles: &Roles) -> Self {
        let resends = roles.requesters.iter();
        Self {
            faults: Vec::new(),
            resends: resends.map(|(id, time)| (*id, time.is_some())).collect(),
            sockets: BTreeMap::new(),
            sending: BTreeMap::new(),
        }
    }

    pub(super) fn entry(&mut self, socket: SocketId, entry: &Entry) {
        self.judge(socket, entry.at);
        let state = self.sockets.entry(socket).or_default();
        match &entry.what {
            What::Started {
                op,
                sends: Some(request),
                ..
            } => {
                self.sending.insert(*op, request.body().to_vec());
            }
            What::Ended { op, context, ended } => self.ended(socket, entry, *op, *context, ended),
            What::Handed { pipe, payload, .. } => {
                let body = split(payload).map_or(&[][..], |(_, body)| body);
                let mut open = state.open.values_mut();
                if let Some(open) = open.find(|open| open.body == body) {
                    open.pipe = Some(*pipe);
                    open.lost = None;
                }
            }
            What::Pipe { pipe, .. } => {
                state.pipes.insert(*pipe);
                state.connected.get_or_insert(entry.at);
            }
            What::Event(SocketEvent::Disconnected { pipe, .. }) => state.lose(*pipe, entry.at),
            _ => {}
        }
    }

    pub(super) fn finish(mut self, end: Time) -> Vec<String> {
        let sockets: Vec<_> = self.sockets.keys().copied().collect();
        for socket in sockets {
            self.judge(socket, end);
        }
        self.faults
    }

    fn ended(
        &mut self,
        socket: SocketId,
        entry: &Entry,
        op: OpId,
        context: ContextId,
        ended: &Ended,
    ) {
        let state = self.sockets.entry(socket).or_default();
        match ended {
            Ended::Sent => {
                let open = Open {
                    body: self.sending.remove(&op).unwrap_or_default(),
                    pipe: None,
                    lost: None,
                };
                state.open.insert(context, open);
            }
            Ended::Received(_) => {
                state.open.remove(&context);
            }
            // A new request that nobody took leaves the old one as it was.
            Ended::Failed(_) if self.sending.remove(&op).is_some() => {}
            Ended::Failed(error) if error.kind() == ErrorKind::ConnectionReset => {
                state.open.remove(&context);
            }
            Ended::Failed(error) if error.kind() == ErrorKind::TimedOut => {
                let lost = state.open.get(&context).and_then(|open| open.lost);
                let once = self.resends.get(&socket) == Some(&false);
                if once && lost.is_some_and(|lost| entry.at > lost + TOLD) {
                    let seconds = entry.at.as_nanos() as f64 / 1e9;
                    self.faults.push(format!(
                        "{seconds:.9} {op} timed out: its user was not told of the loss"
                    ));
                }
            }
            _ => {}
        }
    }

    /// Whether a request waits for too long, now that something else happens.
    fn judge(&mut self, socket: SocketId, now: Time) {
        let resends = self.resends.get(&socket) == Some(&true);
        let Some(state) = self.sockets.get_mut(&socket).filter(|_| resends) else {
            return;
        };
        let Some(connected) = state.connected else {
            return;
        };
        for open in state.open.values_mut() {
            let waits = open.lost.map(|lost| now.since(lost.max(connected)));
            if waits.is_some_and(|waits| waits > AGAIN) {
                open.lost = None;
                let body = label(&open.body);
                self.faults.push(format!(
                    "request {body} lost its connection and was not sent again at once"
                ));
            }
        }
    }
}

impl Socket {
    fn lose(&mut self, pipe: PipeId, at: Time) {
        for open in self.open.values_mut() {
            if open.pipe == Some(pipe) {
                open.lost.get_or_insert(at);
            }
        }
        self.pipes.remove(&pipe);
        if self.pipes.is_empty() {
            self.connected = None;
        }
    }
}

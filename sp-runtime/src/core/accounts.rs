//! What the core counts, and the statistics made of it.

use spkit_api::{DropReason, EndpointId, ErrorKind, Message, PipeId, Time};

use super::{Rest, SocketCore};
use crate::stats::{Connections, Count, Dropped, PipeStats, Stats, Traffic};

/// The books of a socket, what its pipes count themselves excepted.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    pub(super) sent: Count,
    pub(super) received: Count,
    pub(super) resent: u64,
    /// Dropped before any pipe had it.
    unplaced: Dropped,
    undelivered: Dropped,
    pub(super) connections: Connections,
    /// What passed over pipes that are gone.
    gone: Traffic,
}

/// The books of a pipe, in little space: most pipes drop nothing.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Taken out of the outbox.
    pub(crate) sent: Count,
    pub(crate) handed: u64,
    pub(crate) received: Count,
    dropped: Option<Box<Losses>>,
}

#[derive(Debug, Default)]
struct Losses {
    unsent: Dropped,
    undelivered: Dropped,
}

impl Tally {
    /// In full, with what is still in the outbox (messages, bytes).
    pub(crate) fn traffic(&self, outbox: (usize, usize)) -> Traffic {
        let mut traffic = Traffic {
            sent: self.sent,
            handed: self.handed,
            received: self.received,
            ..Traffic::default()
        };
        traffic.sent.add_many(outbox.0, outbox.1);
        traffic.waiting = traffic.sent.messages.saturating_sub(traffic.handed);
        if let Some(losses) = &self.dropped {
            traffic.unsent = losses.unsent;
            traffic.undelivered = losses.undelivered;
        }
        traffic
    }

    fn losses(&mut self) -> &mut Losses {
        self.dropped.get_or_insert_default()
    }
}

impl SocketCore {
    /// What the socket did so far.
    pub(crate) fn stats(&self) -> Stats {
        let accounts = &self.rest.accounts;
        let mut traffic = accounts.gone.clone();
        for (_, pipe) in self.rest.pipes.iter() {
            let own = pipe.traffic();
            traffic.handed += own.handed;
            traffic.waiting += own.waiting;
        }
        // What was for a certain pipe is in the socket's books as well.
        let lost = traffic.unsent.of(DropReason::PipeGone);
        let mut unsent = accounts.unplaced;
        unsent.add(DropReason::PipeGone, lost);
        let mut connections = accounts.connections.clone();
        connections.current = self.rest.pipes.len();
        Stats {
            sent: accounts.sent,
            received: accounts.received,
            copies: traffic.handed + traffic.waiting + unsent.total(),
            handed: traffic.handed,
            waiting: traffic.waiting,
            unsent,
            undelivered: accounts.undelivered,
            resent: accounts.resent,
            connections,
            ..Stats::default()
        }
    }

    /// What an endpoint did so far.
    pub(crate) fn endpoint_stats(&self, endpoint: EndpointId) -> Option<(Connections, Traffic)> {
        let state = self.rest.endpoints.get(endpoint.raw())?;
        let mut connections = state.connections.clone();
        connections.current = state.pipes;
        let mut traffic = state.gone.clone();
        for (_, pipe) in self.rest.pipes.iter() {
            if pipe.endpoint() == endpoint {
                traffic.add(&pipe.traffic());
            }
        }
        Some((connections, traffic))
    }

    /// What its pipes did so far.
    pub(crate) fn pipe_stats(&self, now: Time) -> Vec<PipeStats> {
        let pipes = self.rest.pipes.iter();
        pipes
            .map(|(key, state)| PipeStats {
                pipe: PipeId::from_raw(key),
                endpoint: state.endpoint(),
                remote: state.facts.remote.clone(),
                age: now.since(state.since),
                traffic: state.traffic(),
            })
            .collect()
    }

    /// Copies that went with their pipes.
    pub(crate) fn lost(&self) -> u64 {
        self.rest.accounts.gone.unsent.of(DropReason::PipeGone)
    }
}

impl Rest {
    /// A message from a peer that nobody gets.
    pub(super) fn discard(&mut self, message: Message, why: DropReason) {
        self.undelivered(message.pipe(), why);
        self.outcome.garbage.push(message);
    }

    /// A message for a peer that it does not get, and that no pipe had yet.
    pub(super) fn drop_unsent(&mut self, pipe: Option<PipeId>, message: Message, why: DropReason) {
        self.accounts.unplaced.add(why, 1);
        if let Some(state) = pipe.and_then(|pipe| self.pipes.get_mut(pipe.raw())) {
            state.tally.losses().unsent.add(why, 1);
        }
        self.outcome.garbage.push(message);
    }

    pub(super) fn undelivered(&mut self, pipe: Option<PipeId>, why: DropReason) {
        self.accounts.undelivered.add(why, 1);
        if let Some(state) = pipe.and_then(|pipe| self.pipes.get_mut(pipe.raw())) {
            state.tally.losses().undelivered.add(why, 1);
        }
    }

    /// Books a new pipe.
    pub(super) fn pipe_came(&mut self, endpoint: EndpointId, dialed: bool) {
        let mut books = vec![&mut self.accounts.connections];
        if let Some(state) = self.endpoints.get_mut(endpoint.raw()) {
            state.pipes += 1;
            books.push(&mut state.connections);
        }
        for connections in books {
            match dialed {
                true => connections.dialed += 1,
                false => connections.accepted += 1,
            }
        }
    }

    /// Closes the books of a pipe: what it did not hand over is lost.
    pub(super) fn pipe_went(&mut self, endpoint: EndpointId, mut traffic: Traffic) {
        let lost = std::mem::take(&mut traffic.waiting);
        traffic.unsent.add(DropReason::PipeGone, lost);
        self.accounts.connections.ended += 1;
        if let Some(state) = self.endpoints.get_mut(endpoint.raw()) {
            state.connections.ended += 1;
            state.gone.add(&traffic);
        }
        self.accounts.gone.add(&traffic);
    }

    /// Books a connection that did not become a pipe.
    pub(super) fn pipe_refused(&mut self, endpoint: EndpointId, kind: ErrorKind) {
        self.accounts.connections.refused.add(kind, 1);
        if let Some(state) = self.endpoints.get_mut(endpoint.raw()) {
            state.connections.refused.add(kind, 1);
        }
    }
}

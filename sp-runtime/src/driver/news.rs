//! Waiting for events and changes.

use std::sync::PoisonError;

use spkit_api::{EndpointId, Error, Time};

use super::{Shared, clock};
use crate::{
    event::SocketEvent,
    stats::{EndpointStats, Snapshot, Stats},
    sync::lock,
};

impl Shared {
    pub(crate) fn next_event(&self, until: Option<Time>) -> Option<SocketEvent> {
        if let Some(event) = self.take_event() {
            return Some(event);
        }
        let until = until.filter(|until| *until > clock::now())?;
        self.wait_until(until, Self::take_event)
    }

    /// Waits until the condition holds. The background thread drives the socket meanwhile.
    pub(crate) fn wait_until<T>(
        &self,
        until: Time,
        condition: impl Fn(&Self) -> Option<T>,
    ) -> Option<T> {
        self.watch();
        let mut state = lock(&self.news.state);
        let result = loop {
            let seen = state.changes;
            drop(state);
            if let Some(value) = condition(self) {
                break Some(value);
            }
            if self.is_closing() {
                // Nothing more will come to pass.
                break None;
            }
            state = lock(&self.news.state);
            let left = until.since(clock::now());
            if left.is_zero() {
                drop(state);
                break None;
            }
            if state.changes == seen {
                state = self
                    .news
                    .changed
                    .wait_timeout(state, left)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
        };
        self.unwatch();
        result
    }

    fn take_event(&self) -> Option<SocketEvent> {
        let mut state = lock(&self.news.state);
        if state.events.is_empty() && state.lost > 0 {
            let count = std::mem::take(&mut state.lost);
            return Some(SocketEvent::Lost { count });
        }
        state.events.pop_front()
    }

    pub(crate) fn last_failure(&self, endpoint: EndpointId) -> Option<Error> {
        let state = lock(&self.news.state);
        let failure = state.failures.iter().find(|(of, _)| *of == endpoint);
        failure.map(|(_, error)| error.clone())
    }

    pub(crate) fn stats(&self) -> Stats {
        let mut stats = lock(&self.core).core.stats();
        stats.events_lost = lock(&self.news.state).lost_ever;
        stats
    }

    /// Everything it counts, at one moment.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let socket = self.stats();
        let known = self.known_endpoints();
        let hosted = lock(&self.core);
        let endpoints = known.into_iter().filter_map(|(endpoint, address, dials)| {
            let (connections, traffic) = hosted.core.endpoint_stats(endpoint)?;
            Some(EndpointStats {
                endpoint,
                address,
                dials,
                connections,
                traffic,
            })
        });
        Snapshot {
            id: self.id,
            protocol: self.info.name(),
            socket,
            endpoints: endpoints.collect(),
            pipes: hosted.core.pipe_stats(clock::now()),
        }
    }

    pub(crate) fn pipe_count(&self) -> usize {
        lock(&self.core).core.pipe_count()
    }

    pub(crate) fn endpoint_pipes(&self, endpoint: EndpointId) -> usize {
        lock(&self.core).core.endpoint_pipes(endpoint)
    }
}

//! Dialers and listeners, and when to dial again.

use std::time::Duration;

use spkit_api::{Address, ContextId, EndpointId, Error, ErrorKind, Result, Time};

use super::{EndpointState, Phase, Rest, SocketCore, TimerKey, dialers::Redial};
use crate::{
    event::SocketEvent,
    stats::{Connections, Traffic},
};

/// What is known of a peer that did not get in.
#[derive(Debug, Default)]
pub(crate) struct Stranger {
    pub(crate) remote: Option<Address>,
    pub(crate) announced: Option<u16>,
}

impl SocketCore {
    /// A new endpoint; a dialer has its pauses.
    pub(crate) fn add_endpoint(
        &mut self,
        redial: Option<(Duration, Duration)>,
    ) -> Result<EndpointId> {
        self.rest.check_open(ContextId::SOCKET)?;
        let state = EndpointState {
            redial: redial.map(|(min, max)| Redial::new(min, max)),
            pipes: 0,
            connections: Connections::default(),
            gone: Traffic::default(),
        };
        let key = self.rest.endpoints.insert(state).ok_or_else(|| {
            Error::new(
                ErrorKind::OutOfResources,
                "a socket has at most a million endpoints",
            )
        })?;
        Ok(EndpointId::from_raw(key))
    }

    /// Other pauses for a dialer.
    pub(crate) fn set_pauses(&mut self, endpoint: EndpointId, min: Duration, max: Duration) {
        let state = self.rest.endpoints.get_mut(endpoint.raw());
        if let Some(redial) = state.and_then(|state| state.redial.as_mut()) {
            redial.change(min, max);
        }
    }

    /// An attempt of a dialer failed before it was a pipe, or a listener's connection did.
    pub(crate) fn refused(&mut self, endpoint: EndpointId, who: Stranger, error: Error) {
        self.rest.pipe_refused(endpoint, error.kind());
        self.rest.outcome.events.push(SocketEvent::Refused {
            endpoint,
            remote: who.remote,
            announced: who.announced,
            error: error.clone(),
        });
        self.rest.redial(endpoint, error);
    }

    /// Has a dialer try at once.
    pub(crate) fn redial_now(&mut self, endpoint: EndpointId) {
        let Some(state) = self.rest.endpoints.get(endpoint.raw()) else {
            return;
        };
        if state.pipes == 0 && state.redial.as_ref().is_some_and(|redial| !redial.closed) {
            self.rest.timers.clear(TimerKey::Redial(endpoint));
            self.rest.outcome.dial.push(endpoint);
        }
    }

    /// An endpoint ends; its pipes live on.
    pub(crate) fn remove_endpoint(&mut self, endpoint: EndpointId, error: Option<Error>) {
        self.rest.timers.clear(TimerKey::Redial(endpoint));
        if self.rest.endpoints.remove(endpoint.raw()).is_some() {
            let event = SocketEvent::EndpointClosed { endpoint, error };
            self.rest.outcome.events.push(event);
        }
    }

    /// Whether a dialer is going to try again.
    #[cfg(feature = "sim")]
    pub(crate) fn redials(&self, endpoint: EndpointId) -> bool {
        self.rest.timers.is_set(TimerKey::Redial(endpoint))
    }

    pub(crate) fn endpoint_pipes(&self, endpoint: EndpointId) -> usize {
        let state = self.rest.endpoints.get(endpoint.raw());
        state.map_or(0, |state| state.pipes)
    }
}

impl Rest {
    pub(super) fn endpoint_lost_pipe(&mut self, endpoint: EndpointId, since: Time, error: Error) {
        let now = self.clock.now();
        if let Some(state) = self.endpoints.get_mut(endpoint.raw()) {
            state.pipes -= 1;
            if let Some(redial) = &mut state.redial {
                redial.connected(since, now);
            }
        }
        self.redial(endpoint, error);
    }

    /// Sets the timer of a dialer's next attempt.
    fn redial(&mut self, endpoint: EndpointId, error: Error) {
        let now = self.clock.now();
        if !matches!(self.phase, Phase::Open) {
            return;
        }
        let Some(state) = self.endpoints.get_mut(endpoint.raw()) else {
            return;
        };
        let Some(redial) = state.redial.as_mut().filter(|redial| !redial.closed) else {
            return;
        };
        let after = redial.next(&mut self.random);
        self.timers.set(TimerKey::Redial(endpoint), now + after);
        self.outcome.timer_set = true;
        self.outcome.events.push(SocketEvent::Redialing {
            endpoint,
            after,
            error,
        });
    }
}

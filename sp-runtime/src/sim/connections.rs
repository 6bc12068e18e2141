//! Listeners, dialers, and connections on their way to be pipes.

use std::{sync::Arc, task::Poll, time::Duration};

use spkit_api::{
    Address, Connecting, EndpointId, Error, ErrorKind, IoCx, Options, Pipe, Ready, Result, TimerId,
    options::{HANDSHAKE_TIMEOUT, MAX_HANDSHAKES, MAX_PIPES},
    stream::{Plain, SpWire, StreamConnecting},
};

use super::{
    ConnectionId, What,
    host::{Env, Host},
    pipes::PipeIo,
    reactor::ObjectReactor,
    stream::SimStream,
};
use crate::core::{endpoints::Stranger, pipes::take_options};

/// The host's own timer of a connection in its handshake.
pub(super) const HANDSHAKE: TimerId = TimerId(u64::MAX);

/// What is polled.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) endpoint: EndpointId,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Listener,
    Connecting {
        connecting: Box<dyn Connecting>,
        line: (usize, usize),
    },
    Pipe(PipeIo),
}

/// A dialer or listener, with what it needs to make connections.
#[derive(Debug)]
pub(super) struct Endpoint {
    address: Address,
    options: Arc<Options>,
    /// The listener's object.
    listener: Option<u32>,
    /// A dialer's connection on its way.
    attempt: Option<u32>,
    handshakes: i64,
    pipes: i64,
}

impl Endpoint {
    fn new(address: Address, options: Options) -> Self {
        Self {
            address,
            options: Arc::new(options),
            listener: None,
            attempt: None,
            handshakes: 0,
            pipes: 0,
        }
    }

    fn has_fill(&self) -> bool {
        let limit = |key| self.options.get(key).unwrap_or(i64::MAX);
        self.handshakes >= limit(MAX_HANDSHAKES) || self.pipes >= limit(MAX_PIPES)
    }

    /// Whether a dialer has, or is about to have, a connection.
    pub(super) fn is_busy(&self) -> bool {
        self.attempt.is_some() || self.pipes > 0
    }

    pub(super) fn is_dialer(&self) -> bool {
        self.listener.is_none()
    }
}

impl Host {
    pub(super) fn listen(
        &mut self,
        address: Address,
        options: Options,
        env: &mut Env,
    ) -> Result<EndpointId> {
        let endpoint = self.core.add_endpoint(None)?;
        let object = Object {
            endpoint,
            kind: Kind::Listener,
        };
        let key = self.objects.insert(object).ok_or_else(too_many)?;
        let token = self.token(key);
        if !env.hub.net().bind(address.rest(), self.index, token) {
            self.objects.remove(key);
            self.core.remove_endpoint(endpoint, None);
            self.settle(env);
            return Err(Error::from(ErrorKind::AddressInUse).at(&address));
        }
        let text = address.rest().to_owned();
        env.note(
            self.index,
            What::Listening {
                endpoint,
                address: text,
            },
        );
        let mut state = Endpoint::new(address, options);
        state.listener = Some(key);
        self.endpoints.insert(endpoint, state);
        self.settle(env);
        Ok(endpoint)
    }

    pub(super) fn dial(
        &mut self,
        address: Address,
        options: Options,
        pauses: (Duration, Duration),
        env: &mut Env,
    ) -> Result<EndpointId> {
        let endpoint = self.core.add_endpoint(Some(pauses))?;
        let text = address.rest().to_owned();
        env.note(
            self.index,
            What::Dialing {
                endpoint,
                address: text,
            },
        );
        self.endpoints
            .insert(endpoint, Endpoint::new(address, options));
        self.core.redial_now(endpoint);
        self.settle(env);
        Ok(endpoint)
    }

    /// Ends an endpoint: its listener or its attempt, not its pipes.
    pub(super) fn close_endpoint(&mut self, endpoint: EndpointId, env: &mut Env) {
        if let Some(state) = self.endpoints.remove(&endpoint) {
            if state.listener.is_some() {
                env.hub.net().unbind(state.address.rest());
            }
            for key in [state.listener, state.attempt].into_iter().flatten() {
                self.clear_timers(key);
                self.objects.remove(key);
            }
        }
        self.core.remove_endpoint(endpoint, None);
        self.settle(env);
    }

    /// Polls an object for these reasons.
    pub(super) fn poll(&mut self, key: u32, ready: Ready, env: &mut Env) {
        let Some(object) = self.objects.get(key) else {
            // A late event of something that is gone.
            return;
        };
        let endpoint = object.endpoint;
        match object.kind {
            Kind::Listener => self.accept(endpoint, env),
            Kind::Connecting { .. } => self.connect(key, ready, env),
            Kind::Pipe(_) => self.poll_pipe(key, ready, env),
        }
    }

    fn accept(&mut self, endpoint: EndpointId, env: &mut Env) {
        while let Some(state) = self
            .endpoints
            .get(&endpoint)
            .filter(|state| !state.has_fill())
        {
            let Some(cable) = env.hub.net().accept(state.address.rest()) else {
                return;
            };
            let config = self.stream_config(&state.address, &state.options);
            let stream = SimStream::new(&env.hub, cable, 1);
            let wire = SpWire::tcp(&config);
            let connecting = StreamConnecting::accepted(stream, Plain, wire, &config);
            self.start_connecting(endpoint, Box::new(connecting), (cable, 1), env);
        }
    }

    /// Dials an endpoint whose turn it is.
    pub(super) fn dial_now(&mut self, endpoint: EndpointId, env: &mut Env) {
        self.dialing.remove(&endpoint);
        let Some(state) = self
            .endpoints
            .get(&endpoint)
            .filter(|state| !state.is_busy())
        else {
            return;
        };
        let cable = env.hub.net().dial(self.index, state.address.rest());
        let config = self.stream_config(&state.address, &state.options);
        let stream = SimStream::new(&env.hub, cable, 0);
        let connecting = StreamConnecting::dialed(stream, Plain, SpWire::tcp(&config), &config);
        self.start_connecting(endpoint, Box::new(connecting), (cable, 0), env);
        self.settle(env);
    }

    fn start_connecting(
        &mut self,
        endpoint: EndpointId,
        connecting: Box<dyn Connecting>,
        line: (usize, usize),
        env: &mut Env,
    ) {
        let kind = Kind::Connecting { connecting, line };
        let Some(key) = self.objects.insert(Object { endpoint, kind }) else {
            return self.core.refused(endpoint, Stranger::default(), too_many());
        };
        let Some(state) = self.endpoints.get_mut(&endpoint) else {
            self.objects.remove(key);
            return;
        };
        if state.listener.is_some() {
            state.handshakes += 1;
        } else {
            state.attempt = Some(key);
        }
        let limit = state.options.get(HANDSHAKE_TIMEOUT);
        let limit = limit.unwrap_or(Duration::from_secs(10));
        self.timers.set((key, HANDSHAKE), env.now() + limit);
        self.connect(key, Ready::NONE, env);
    }

    fn connect(&mut self, key: u32, ready: Ready, env: &mut Env) {
        let Some(Object { endpoint, kind }) = self.objects.get_mut(key) else {
            return;
        };
        let Kind::Connecting { connecting, line } = kind else {
            return;
        };
        let (endpoint, line) = (*endpoint, *line);
        let mut reactor = ObjectReactor {
            hub: &env.hub,
            scratch: &mut env.scratch,
            memory: &self.memory,
            timers: &mut self.timers,
            host: self.index,
            object: key,
            line,
        };
        match connecting.poll_pipe(&mut IoCx::new(&mut reactor, ready)) {
            Poll::Pending => {}
            Poll::Ready(Ok(pipe)) => self.adopt(key, endpoint, pipe, line, env),
            Poll::Ready(Err(error)) => self.refuse(key, endpoint, error, env),
        }
        self.settle(env);
    }

    /// A connection became a pipe.
    fn adopt(
        &mut self,
        key: u32,
        endpoint: EndpointId,
        pipe: Box<dyn Pipe>,
        line: (usize, usize),
        env: &mut Env,
    ) {
        let Some(state) = self.endpoints.get_mut(&endpoint) else {
            return self.end_connecting(key, endpoint, env);
        };
        let mut facts = pipe.facts();
        facts.dialed = state.is_dialer();
        facts.endpoint = endpoint;
        let room = take_options(&mut facts, &state.options);
        self.end_handshake(key, endpoint, env);
        match self.core.add_pipe(facts, room) {
            Ok(id) => {
                let connection = ConnectionId(line.0);
                env.note(
                    self.index,
                    What::Pipe {
                        pipe: id,
                        endpoint,
                        connection,
                    },
                );
                self.count_pipe(endpoint, 1);
                self.pipes.insert(id, key);
                if let Some(object) = self.objects.get_mut(key) {
                    object.kind = Kind::Pipe(PipeIo::new(id, pipe, line));
                }
                // What came with the handshake has no edge of its own.
                env.hub.net().raise(self.token(key), Ready::NOTIFIED);
            }
            Err(error) => {
                drop(pipe);
                self.refuse(key, endpoint, error, env);
            }
        }
    }

    pub(super) fn count_pipe(&mut self, endpoint: EndpointId, more: i64) {
        if let Some(state) = self.endpoints.get_mut(&endpoint) {
            state.pipes += more;
        }
    }

    /// A connection did not become a pipe.
    fn refuse(&mut self, key: u32, endpoint: EndpointId, error: Error, env: &mut Env) {
        let error = match self.endpoints.get(&endpoint) {
            Some(state) => error.at(&state.address),
            None => error,
        };
        self.end_connecting(key, endpoint, env);
        self.core.refused(endpoint, Stranger::default(), error);
    }

    pub(super) fn handshake_timed_out(&mut self, key: u32, env: &mut Env) {
        let Some(object) = self.objects.get(key) else {
            return;
        };
        if let Kind::Connecting { .. } = object.kind {
            let error = ErrorKind::HandshakeTimedOut.into();
            self.refuse(key, object.endpoint, error, env);
        }
    }

    fn end_connecting(&mut self, key: u32, endpoint: EndpointId, env: &mut Env) {
        self.objects.remove(key);
        self.end_handshake(key, endpoint, env);
        self.clear_timers(key);
    }

    fn end_handshake(&mut self, key: u32, endpoint: EndpointId, env: &mut Env) {
        self.timers.clear((key, HANDSHAKE));
        let Some(state) = self.endpoints.get_mut(&endpoint) else {
            return;
        };
        if state.listener.is_some() {
            state.handshakes -= 1;
        }
        state.attempt = state.attempt.filter(|attempt| *attempt != key);
        self.look_for_more(endpoint, env);
    }

    /// A listener that had its fill may accept again.
    pub(super) fn look_for_more(&self, endpoint: EndpointId, env: &Env) {
        let state = self.endpoints.get(&endpoint);
        if let Some(listener) = state.and_then(|state| state.listener) {
            env.hub.net().raise(self.token(listener), Ready::NOTIFIED);
        }
    }

    pub(super) fn clear_timers(&mut self, key: u32) {
        self.timers.clear_all(|(object, _)| *object == key);
    }
}

fn too_many() -> Error {
    Error::new(
        ErrorKind::OutOfResources,
        "too many endpoints and connections",
    )
}

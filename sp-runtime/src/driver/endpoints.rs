//! Dialers and listeners.

use std::{
    mem,
    sync::{Arc, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

use spkit_api::{
    Address, EndpointConfig, EndpointId, Error, ErrorKind, IoCx, Listener, Options, Ready, Result,
    TransportPlugin,
    option::LiveOptions,
    options::{MAX_HANDSHAKES, MAX_PIPES},
    plugin::Origin,
};

use super::{
    Shared, clock,
    connections::{Kind, Object, Objects},
    options::pauses,
    pipe_cell::{Held, guarded},
    reactor::ObjectReactor,
    turn::{Poller, REST},
};
use crate::{core::endpoints::Stranger, event::SocketEvent, sync::lock};

/// How long a listener rests after the system ran out of something.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Connections accepted before other objects have their turn.
const ACCEPT_BATCH: usize = 64;

/// A dialer or listener, with what it needs to make connections.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) address: Address,
    /// Where a listener listens.
    local: Option<Address>,
    pub(super) plugin: &'static TransportPlugin,
    pub(super) options: LiveOptions,
    /// The listener's object.
    pub(super) listener: Option<u32>,
    /// A dialer's connection on its way.
    pub(super) attempt: Option<u32>,
    pub(super) handshakes: i64,
    pub(super) pipes: i64,
    /// The listener has its fill and was not polled to the end.
    pub(super) full: bool,
}

impl Endpoint {
    pub(super) fn new(
        address: Address,
        plugin: &'static TransportPlugin,
        options: LiveOptions,
    ) -> Self {
        Self {
            address,
            local: None,
            plugin,
            options,
            listener: None,
            attempt: None,
            handshakes: 0,
            pipes: 0,
            full: false,
        }
    }

    pub(super) fn origin(&self) -> Origin {
        self.plugin.origin()
    }

    fn has_fill(&self) -> bool {
        let options = self.options.now();
        let limit = |key| options.get(key).unwrap_or(i64::MAX);
        self.handshakes >= limit(MAX_HANDSHAKES) || self.pipes >= limit(MAX_PIPES)
    }
}

impl Shared {
    /// Starts to listen. Errors of the address and of the system are reported here.
    pub(crate) fn listen(
        self: &Arc<Self>,
        address: &Address,
        plugin: &'static TransportPlugin,
        options: Options,
    ) -> Result<(EndpointId, Address)> {
        let options = LiveOptions::new(options);
        let config = self.config(address, &options);
        let listener = guarded(plugin.origin(), || plugin.transport().listen(&config));
        let listener = Held::new(listener.map_err(|error| error.at(address))?);
        let local = guarded(plugin.origin(), || Ok(listener.local_address()))
            .map_err(|error| error.at(address))?;
        let endpoint = self.with_core(|hosted| hosted.core.add_endpoint(None))?;
        let object = {
            let mut objects = lock(&self.objects);
            let object = Object {
                endpoint,
                kind: Kind::Listener(listener),
            };
            let key = objects.slots.insert(object).ok_or_else(too_many)?;
            let mut state = Endpoint::new(address.clone(), plugin, options);
            state.listener = Some(key);
            state.local = Some(local.clone());
            objects.endpoints.insert(endpoint, state);
            objects.started = true;
            key
        };
        self.publish(&mut vec![SocketEvent::Listening {
            endpoint,
            local: local.clone(),
        }]);
        self.handover.notify(u64::from(object));
        Ok((endpoint, local))
    }

    /// Starts to dial. Only what needs no I/O is reported here.
    pub(crate) fn dial(
        self: &Arc<Self>,
        address: &Address,
        plugin: &'static TransportPlugin,
        options: Options,
    ) -> Result<EndpointId> {
        let pauses = pauses(&options);
        let options = LiveOptions::new(options);
        let config = self.config(address, &options);
        // The first attempt is made twice: here for its errors, and in its turn for the connection.
        let probe = guarded(plugin.origin(), || plugin.transport().dial(&config));
        drop(Held::new(probe.map_err(|error| error.at(address))?));
        let endpoint = self.with_core(|hosted| hosted.core.add_endpoint(Some(pauses)))?;
        let state = Endpoint::new(address.clone(), plugin, options);
        {
            let mut objects = lock(&self.objects);
            objects.endpoints.insert(endpoint, state);
            objects.started = true;
        }
        self.with_core(|hosted| hosted.core.redial_now(endpoint));
        Ok(endpoint)
    }

    /// Ends an endpoint: its listener or its attempt, not its pipes.
    pub(crate) fn close_endpoint(self: &Arc<Self>, endpoint: EndpointId) {
        let removed = {
            let mut objects = lock(&self.objects);
            let state = objects.endpoints.remove(&endpoint);
            let keys = state.map_or([None, None], |state| [state.listener, state.attempt]);
            let removed =
                keys.map(|key| key.and_then(|key| Some((key, objects.slots.remove(key)?))));
            self.until_returned(objects, keys[0]);
            removed
        };
        for (key, object) in removed.into_iter().flatten() {
            self.clear_timers(key);
            drop(object);
        }
        self.with_core(|hosted| hosted.core.remove_endpoint(endpoint, None));
    }

    /// Waits until a listener that was closed while somebody polled it is gone: then its address is free.
    fn until_returned(&self, mut objects: MutexGuard<'_, Objects>, listener: Option<u32>) {
        while listener.is_some() && objects.polled == listener {
            let waited = self.returned.wait(objects);
            objects = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn accept(self: &Arc<Self>, key: u32, endpoint: EndpointId, poller: &mut Poller) {
        for round in 0.. {
            if round == ACCEPT_BATCH {
                return poller.push(key, Ready::NOTIFIED);
            }
            let Some((mut listener, origin)) = self.take_listener(key, endpoint) else {
                return;
            };
            let mut reactor = ObjectReactor {
                shared: self,
                object: key,
                scratch: poller.scratch(),
            };
            let accepted = guarded(origin, || {
                match listener.poll_accept(&mut IoCx::new(&mut reactor, Ready::READABLE)) {
                    Poll::Pending => Ok(None),
                    Poll::Ready(result) => result.map(|made| Some(Held::new(made))),
                }
            });
            let ended = matches!(&accepted, Err(error) if !error.is_transient());
            // Back in its place before anything else of the user's runs: a hook may wait for who closes it.
            self.return_listener(key, listener, ended);
            match accepted {
                Ok(None) => return,
                Ok(Some(connecting)) => self.start_connecting(endpoint, connecting, poller),
                Err(error) if ended => {
                    lock(&self.objects).endpoints.remove(&endpoint);
                    self.clear_timers(key);
                    return self.with_core(|hosted| {
                        hosted.core.remove_endpoint(endpoint, Some(error));
                    });
                }
                Err(error) => return self.rest(key, endpoint, error),
            }
        }
    }

    /// Takes a listener off the table to poll it, unless it is closed or has its fill.
    fn take_listener(
        &self,
        key: u32,
        endpoint: EndpointId,
    ) -> Option<(Held<dyn Listener>, Origin)> {
        let mut objects = lock(&self.objects);
        let state = objects.endpoints.get_mut(&endpoint)?;
        state.full = state.has_fill();
        if state.full {
            return None;
        }
        let origin = state.origin();
        let kind = &mut objects.slots.get_mut(key)?.kind;
        match mem::replace(kind, Kind::Away) {
            Kind::Listener(listener) => {
                objects.polled = Some(key);
                Some((listener, origin))
            }
            other => {
                *kind = other;
                None
            }
        }
    }

    /// Puts a listener back on the table; one that ended, or was closed meanwhile, goes.
    fn return_listener(&self, key: u32, listener: Held<dyn Listener>, ended: bool) {
        let gone = {
            let mut objects = lock(&self.objects);
            match objects.slots.get_mut(key) {
                Some(object) if !ended => {
                    object.kind = Kind::Listener(listener);
                    None
                }
                _ => {
                    objects.slots.remove(key);
                    Some(listener)
                }
            }
        };
        drop(gone);
        lock(&self.objects).polled = None;
        self.returned.notify_all();
    }

    /// The system is out of something: no new edge will come, so a timer has the listener polled again.
    fn rest(self: &Arc<Self>, key: u32, endpoint: EndpointId, error: Error) {
        let at = clock::now() + ACCEPT_REST;
        lock(&self.timers).set((key, REST), at);
        self.timer_is_due(at);
        let event = SocketEvent::ListenerPaused { endpoint, error };
        self.publish(&mut vec![event]);
    }

    /// Dials an endpoint whose turn it is.
    pub(super) fn dial_now(self: &Arc<Self>, endpoint: EndpointId, poller: &mut Poller) {
        let prepared = {
            let objects = lock(&self.objects);
            let Some(state) = objects.endpoints.get(&endpoint) else {
                return;
            };
            if state.attempt.is_some() || state.pipes > 0 {
                return;
            }
            (state.plugin, state.address.clone(), state.options.clone())
        };
        let (plugin, address, options) = prepared;
        let config = self.config(&address, &options);
        self.publish(&mut vec![SocketEvent::Dialing {
            endpoint,
            address: address.clone(),
        }]);
        match guarded(plugin.origin(), || plugin.transport().dial(&config)) {
            Ok(connecting) => self.start_connecting(endpoint, Held::new(connecting), poller),
            Err(error) => self.refused(endpoint, Stranger::default(), error.at(&address)),
        }
    }

    /// Endpoints that are not closed: the address, and whether it dials.
    pub(super) fn known_endpoints(&self) -> Vec<(EndpointId, Address, bool)> {
        let objects = lock(&self.objects);
        let mut known: Vec<_> = objects
            .endpoints
            .iter()
            .map(|(id, state)| {
                let address = state.local.as_ref().unwrap_or(&state.address);
                (*id, address.clone(), state.listener.is_none())
            })
            .collect();
        known.sort_by_key(|(id, ..)| *id);
        known
    }

    pub(super) fn config<'a>(
        &'a self,
        address: &'a Address,
        options: &LiveOptions,
    ) -> EndpointConfig<'a> {
        EndpointConfig::new(address, options, self.info.number(), &self.runtime.state)
            .receiving(self.info.can_recv())
    }
}

pub(super) fn too_many() -> Error {
    Error::new(
        ErrorKind::OutOfResources,
        "a socket has at most a million endpoints and connections",
    )
}

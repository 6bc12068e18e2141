//! What is polled, and connections on their way to be pipes.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, atomic::Ordering},
    task::Poll,
    time::Duration,
};

use spkit_api::{
    Connecting, EndpointId, Error, ErrorKind, IoCx, Listener, Pipe, Ready,
    options::HANDSHAKE_TIMEOUT, plugin::Origin,
};

use super::{
    Shared, clock,
    endpoints::{Endpoint, too_many},
    pipe_cell::{Held, PipeCell, guarded},
    reactor::ObjectReactor,
    turn::{HANDSHAKE, Poller},
};
use crate::{
    core::{endpoints::Stranger, pipes::take_options},
    slots::Slots,
    sync::lock,
};

#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) slots: Slots<Object>,
    pub(super) endpoints: HashMap<EndpointId, Endpoint>,
    /// There was an endpoint once.
    pub(super) started: bool,
    /// The listener that is being polled.
    pub(super) polled: Option<u32>,
}

/// What is polled.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) endpoint: EndpointId,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Listener(Held<dyn Listener>),
    Connecting(Held<dyn Connecting>),
    Pipe(Arc<PipeCell>),
    /// Being polled, outside of the table.
    Away,
}

impl Shared {
    /// Polls an object for these reasons. True: something came of it.
    pub(super) fn poll_object(
        self: &Arc<Self>,
        key: u32,
        ready: Ready,
        poller: &mut Poller,
    ) -> bool {
        let (endpoint, kind) = {
            let mut objects = lock(&self.objects);
            let Some(object) = objects.slots.get_mut(key) else {
                // A late event of something that is gone.
                return false;
            };
            let endpoint = object.endpoint;
            let kind = match &object.kind {
                Kind::Pipe(cell) => Kind::Pipe(Arc::clone(cell)),
                Kind::Listener(_) => {
                    drop(objects);
                    self.accept(key, endpoint, poller);
                    return true;
                }
                _ => mem::replace(&mut object.kind, Kind::Away),
            };
            (endpoint, kind)
        };
        match kind {
            Kind::Pipe(cell) => self.poll_pipe(&cell, ready, poller),
            Kind::Connecting(connecting) => self.connect(key, endpoint, connecting, ready, poller),
            Kind::Listener(_) | Kind::Away => false,
        }
    }

    fn poll_pipe(
        self: &Arc<Self>,
        cell: &Arc<PipeCell>,
        ready: Ready,
        poller: &mut Poller,
    ) -> bool {
        let wakes_writer = Ready::WRITABLE | Ready::NOTIFIED | Ready::TIMER;
        let mut hosted = lock(&self.core);
        let (refused, wanted) = (hosted.core.is_refused(cell.id), hosted.core.wants(cell.id));
        if wakes_writer.intersects(ready) && hosted.core.has_output(cell.id) {
            let started = self.unblock(&mut hosted, cell.id);
            drop(hosted);
            if let Some((cell, batch)) = started {
                self.carry(&cell, batch);
            }
        } else {
            drop(hosted);
        }
        if refused {
            self.close_pipe(cell, ErrorKind::Closed.into());
            return true;
        }
        if self.is_closing() {
            self.close_in_order(cell);
            return true;
        }
        if !wanted || ready == Ready::WRITABLE {
            // Resuming a paused pipe will have it polled. A leader that only tried its luck has found nothing: to tell it
            // otherwise would have it try for ever, and never look what the system has to say.
            return !ready.is_none();
        }
        self.read_pipe(cell, ready, poller)
    }

    pub(super) fn start_connecting(
        self: &Arc<Self>,
        endpoint: EndpointId,
        connecting: Held<dyn Connecting>,
        poller: &mut Poller,
    ) {
        let (key, limit) = {
            let mut objects = lock(&self.objects);
            let object = Object {
                endpoint,
                kind: Kind::Away,
            };
            let Some(key) = objects.slots.insert(object) else {
                drop(objects);
                self.refused(endpoint, Stranger::default(), too_many());
                return;
            };
            let Some(state) = objects.endpoints.get_mut(&endpoint) else {
                objects.slots.remove(key);
                return;
            };
            if state.listener.is_some() {
                state.handshakes += 1;
            } else {
                state.attempt = Some(key);
            }
            (key, state.options.now().get(HANDSHAKE_TIMEOUT))
        };
        let limit = limit.unwrap_or(Duration::from_secs(10));
        let at = clock::now() + limit;
        lock(&self.timers).set((key, HANDSHAKE), at);
        self.timer_is_due(at);
        self.connect(key, endpoint, connecting, Ready::NONE, poller);
    }

    fn connect(
        self: &Arc<Self>,
        key: u32,
        endpoint: EndpointId,
        mut connecting: Held<dyn Connecting>,
        ready: Ready,
        poller: &mut Poller,
    ) -> bool {
        let origin = {
            let objects = lock(&self.objects);
            match objects.endpoints.get(&endpoint) {
                Some(state) => state.origin(),
                None => {
                    drop(objects);
                    self.end_connecting(key, endpoint);
                    return true;
                }
            }
        };
        let mut reactor = ObjectReactor {
            shared: self,
            object: key,
            scratch: poller.scratch(),
        };
        let polled = guarded(origin, || {
            match connecting.poll_pipe(&mut IoCx::new(&mut reactor, ready)) {
                Poll::Pending => Ok(None),
                Poll::Ready(result) => result.map(|made| Some(Held::new(made))),
            }
        });
        match polled {
            Ok(None) => {
                let mut objects = lock(&self.objects);
                if let Some(object) = objects.slots.get_mut(key) {
                    object.kind = Kind::Connecting(connecting);
                }
            }
            Ok(Some(pipe)) => {
                drop(connecting);
                self.adopt(key, endpoint, pipe, origin, poller);
            }
            Err(error) => {
                drop(connecting);
                self.refuse(key, endpoint, Stranger::default(), error);
            }
        }
        true
    }

    /// A connection became a pipe.
    fn adopt(
        self: &Arc<Self>,
        key: u32,
        endpoint: EndpointId,
        pipe: Held<dyn Pipe>,
        origin: Origin,
        poller: &mut Poller,
    ) {
        let facts = guarded(origin, || Ok(pipe.facts()));
        let mut facts = match facts {
            Ok(facts) => facts,
            Err(error) => return self.refuse(key, endpoint, Stranger::default(), error),
        };
        let (dialed, room) = {
            let objects = lock(&self.objects);
            let Some(state) = objects.endpoints.get(&endpoint) else {
                drop(objects);
                self.end_connecting(key, endpoint);
                return;
            };
            let room = take_options(&mut facts, &state.options.now());
            (state.listener.is_none(), room)
        };
        facts.dialed = dialed;
        facts.endpoint = endpoint;
        let coalesces = facts.coalesces;
        let who = Stranger {
            remote: facts.remote.clone(),
            announced: Some(facts.protocol),
        };
        if let Err(error) = self.admit(&facts) {
            drop(pipe);
            return self.refuse(key, endpoint, who, error);
        }
        self.end_handshake(key, endpoint);
        self.count_pipe(endpoint, 1);
        let mut pipe = Some(pipe);
        let adopted = self.with_core(|hosted| {
            let id = hosted.core.add_pipe(facts, room)?;
            let pipe = pipe.take().ok_or(ErrorKind::Internal)?;
            let cell = PipeCell::new(id, key, endpoint, coalesces, origin, pipe);
            hosted.set_cell(id, Some(Arc::clone(&cell)));
            self.pipes.fetch_add(1, Ordering::Relaxed);
            Ok(cell)
        });
        match adopted {
            Ok(cell) => {
                // If it failed already, its object is gone.
                if let Some(object) = lock(&self.objects).slots.get_mut(key) {
                    object.kind = Kind::Pipe(cell);
                }
                // What came with the handshake has no edge of its own.
                poller.push(key, Ready::NOTIFIED);
            }
            Err(error) => {
                drop(pipe);
                self.count_pipe(endpoint, -1);
                self.refuse(key, endpoint, who, error);
            }
        }
    }

    pub(super) fn count_pipe(&self, endpoint: EndpointId, more: i64) {
        if let Some(state) = lock(&self.objects).endpoints.get_mut(&endpoint) {
            state.pipes += more;
        }
    }

    /// A connection did not become a pipe.
    fn refuse(self: &Arc<Self>, key: u32, endpoint: EndpointId, who: Stranger, error: Error) {
        let error = match (error.address(), &who.remote) {
            (Some(_), _) => error,
            (None, Some(remote)) => error.at(remote),
            (None, None) => match lock(&self.objects).endpoints.get(&endpoint) {
                Some(state) => error.at(&state.address),
                None => error,
            },
        };
        self.end_connecting(key, endpoint);
        self.refused(endpoint, who, error);
    }

    pub(super) fn refused(self: &Arc<Self>, endpoint: EndpointId, who: Stranger, error: Error) {
        self.with_core(|hosted| hosted.core.refused(endpoint, who, error));
    }

    pub(super) fn handshake_timed_out(self: &Arc<Self>, key: u32) {
        let endpoint = {
            let objects = lock(&self.objects);
            match objects.slots.get(key) {
                Some(Object {
                    endpoint,
                    kind: Kind::Connecting(_),
                }) => *endpoint,
                _ => return,
            }
        };
        let error = Error::new(
            ErrorKind::HandshakeTimedOut,
            "the connection did not become usable in time (option handshake-timeout)",
        );
        self.refuse(key, endpoint, Stranger::default(), error);
    }

    /// Takes a connection on its way off the table.
    fn end_connecting(self: &Arc<Self>, key: u32, endpoint: EndpointId) {
        let object = lock(&self.objects).slots.remove(key);
        drop(object);
        self.end_handshake(key, endpoint);
        self.clear_timers(key);
    }

    fn end_handshake(&self, key: u32, endpoint: EndpointId) {
        lock(&self.timers).clear((key, HANDSHAKE));
        let waits = {
            let mut objects = lock(&self.objects);
            let Some(state) = objects.endpoints.get_mut(&endpoint) else {
                return;
            };
            if state.listener.is_some() {
                state.handshakes -= 1;
            }
            state.attempt = state.attempt.filter(|attempt| *attempt != key);
            state.listener.filter(|_| state.full)
        };
        if let Some(listener) = waits {
            self.handover.notify(u64::from(listener));
        }
    }

    /// A pipe is gone, by its own error or by ours.
    pub(super) fn close_pipe(self: &Arc<Self>, cell: &Arc<PipeCell>, error: Error) {
        let (pipe, handed, left) = {
            let mut io = lock(&cell.io);
            let handed = io.newly_handed();
            let Some(pipe) = io.pipe.take() else {
                return;
            };
            (pipe, handed, mem::take(&mut io.batch))
        };
        let (object, waits) = {
            let mut objects = lock(&self.objects);
            let object = objects.slots.remove(cell.object);
            let waits = objects.endpoints.get_mut(&cell.endpoint).and_then(|state| {
                state.pipes -= 1;
                state.listener.filter(|_| state.full)
            });
            (object, waits)
        };
        self.clear_timers(cell.object);
        self.with_core(|hosted| {
            if let Some(state) = hosted.core.pipe(cell.id) {
                state.tally.handed += handed;
            }
            hosted.set_cell(cell.id, None);
            self.pipes.fetch_sub(1, Ordering::Relaxed);
            hosted.core.remove_pipe(cell.id, error);
            if self.is_alone(hosted) {
                hosted.core.wake_senders();
            }
        });
        // The plugin's object goes outside of every lock, and after its pipe: once the peer sees the end, no message may
        // be given to the pipe any more.
        drop(pipe);
        drop(object);
        drop(left);
        if let Some(listener) = waits {
            self.handover.notify(u64::from(listener));
        }
        self.forget_hot(cell);
    }

    pub(super) fn clear_timers(&self, key: u32) {
        lock(&self.timers).clear_all(|(object, _)| *object == key);
    }
}

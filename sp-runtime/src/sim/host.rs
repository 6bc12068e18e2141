//! One socket and what the driver would be to it, on one thread: a socket's core, its endpoints, its pipes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use spkit_api::{
    EndpointConfig, EndpointId, Error, ErrorKind, Inbox, Memory, Options, PipeId, ProtocolPlugin,
    Ready, Result, SharedState, Time, TimerId, options::COMMON, stream::StreamConfig,
};

use super::{
    Dice, OpId, SocketId, What,
    agenda::Happening,
    clock::SimClock,
    connections::{Endpoint, HANDSHAKE, Kind, Object},
    net::{Hub, token},
    reactor::Scratch,
    transcript::Transcript,
};
use crate::{
    core::{Clock, SocketCore, outcome::Outcome, timers::Timers, waiters::Wake},
    runtime::queue_limit,
    slots::Slots,
};

/// Receive memory of a socket.
const MEMORY: usize = 256 << 20;

/// What all hosts of a world share.
#[derive(Debug)]
pub(super) struct Env {
    pub(super) hub: Arc<Hub>,
    pub(super) clock: Arc<SimClock>,
    pub(super) dice: Dice,
    pub(super) transcript: Transcript,
    pub(super) scratch: Scratch,
    pub(super) inbox: Inbox,
}

impl Env {
    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }

    pub(super) fn enter_soon(&self, host: usize, what: Happening) {
        self.hub.net().enter_soon(host, what);
    }

    pub(super) fn note(&mut self, host: usize, what: What) {
        let now = self.now();
        self.transcript.add(now, Some(SocketId(host)), what);
    }
}

#[derive(Debug)]
pub(super) struct Host {
    pub(super) index: usize,
    pub(super) core: SocketCore,
    pub(super) options: Options,
    pub(super) objects: Slots<Object>,
    pub(super) endpoints: BTreeMap<EndpointId, Endpoint>,
    /// The objects of pipes.
    pub(super) pipes: BTreeMap<PipeId, u32>,
    pub(super) timers: Timers<(u32, TimerId)>,
    pub(super) memory: Arc<Memory>,
    state: SharedState,
    /// Dialers that are about to dial.
    pub(super) dialing: BTreeSet<EndpointId>,
    /// Pipes with messages to be written a little later.
    put_off: Vec<PipeId>,
    /// When the timers are looked at next.
    tick: Option<Time>,
    /// When to give up closing in order.
    pub(super) close_by: Option<Time>,
}

impl Host {
    pub(super) fn new(
        index: usize,
        plugin: &ProtocolPlugin,
        mut options: Options,
        env: &mut Env,
    ) -> Result<Self> {
        let clock = Arc::clone(&env.clock) as Arc<dyn Clock>;
        let limit = queue_limit(&options);
        let seed = env.dice.throw();
        let mut core = SocketCore::new(plugin.build(), plugin.origin(), clock, seed, limit);
        core.preset(&mut options)?;
        Ok(Self {
            index,
            core,
            options,
            objects: Slots::default(),
            endpoints: BTreeMap::new(),
            pipes: BTreeMap::new(),
            timers: Timers::default(),
            memory: Memory::new(MEMORY),
            state: SharedState::new(),
            dialing: BTreeSet::new(),
            put_off: Vec::new(),
            tick: None,
            close_by: None,
        })
    }

    pub(super) fn token(&self, object: u32) -> u64 {
        token(self.index, object)
    }

    /// The options of a new endpoint.
    pub(super) fn endpoint_options(&self) -> Options {
        let mut options = Options::over(&[COMMON]);
        options.inherit(&self.options);
        options
    }

    pub(super) fn stream_config(
        &self,
        address: &spkit_api::Address,
        options: &Options,
    ) -> StreamConfig {
        let info = self.core.info();
        let at = EndpointConfig::new(address, options, info.number(), &self.state);
        StreamConfig::new(&at.receiving(info.can_recv()))
    }

    /// Does what the core asked for, until it asks for nothing more.
    pub(super) fn settle(&mut self, env: &mut Env) {
        while !self.core.outcome().is_empty() {
            let outcome = std::mem::take(self.core.outcome());
            self.apply(outcome, env);
        }
        self.arm(env);
    }

    fn apply(&mut self, outcome: Outcome, env: &mut Env) {
        for wake in outcome.wakes {
            match wake {
                Wake::Tag(op) => env.enter_soon(self.index, Happening::Retry { op: OpId(op) }),
                Wake::Task(waker) => waker.wake(),
                Wake::Thread(_) => unreachable!("no thread waits in a simulation"),
            }
        }
        for event in outcome.events {
            env.note(self.index, What::Event(event));
        }
        for endpoint in outcome.dial {
            let host = self.index;
            self.dialing.insert(endpoint);
            env.enter_soon(host, Happening::Dial { host, endpoint });
        }
        for pipe in outcome.closed {
            self.poke(pipe, env);
        }
        for pipe in outcome.resumed {
            if self.core.resume(pipe) {
                self.poke(pipe, env);
            }
        }
        for pipe in outcome.touched {
            // The driver writes at once or leaves it to the flusher, as it sees fit.
            if env.dice.below(2) == 0 {
                self.transmit(pipe, env);
            } else {
                self.put_off(pipe, env);
            }
        }
    }

    pub(super) fn put_off(&mut self, pipe: PipeId, env: &Env) {
        if self.put_off.is_empty() {
            let host = self.index;
            env.enter_soon(host, Happening::Flush { host });
        }
        if !self.put_off.contains(&pipe) {
            self.put_off.push(pipe);
        }
    }

    /// Writes what was put off.
    pub(super) fn flush(&mut self, env: &mut Env) {
        for pipe in std::mem::take(&mut self.put_off) {
            self.transmit(pipe, env);
        }
        self.settle(env);
    }

    /// Has a pipe polled.
    pub(super) fn poke(&self, pipe: PipeId, env: &Env) {
        if let Some(object) = self.pipes.get(&pipe) {
            let token = self.token(*object);
            env.hub.net().raise(token, Ready::NOTIFIED);
        }
    }

    // ---- time

    /// Sees to it that the timers are looked at in time.
    fn arm(&mut self, env: &Env) {
        let due = [self.core.next_due(), self.timers.next(), self.close_by];
        let Some(due) = due.into_iter().flatten().min() else {
            return;
        };
        if self.tick.is_none_or(|tick| due < tick) {
            self.tick = Some(due);
            let host = self.index;
            env.hub.net().enter_at(host, due, Happening::Tick { host });
        }
    }

    /// Does what is due.
    pub(super) fn tick(&mut self, env: &mut Env) {
        let now = env.now();
        self.tick = None;
        if self.core.next_due().is_some_and(|due| due <= now) {
            self.core.run_timers();
        }
        while let Some((object, timer)) = self.timers.expired(now) {
            if timer == HANDSHAKE {
                self.handshake_timed_out(object, env);
            } else {
                self.poll(object, Ready::TIMER, env);
            }
        }
        if self.close_by.is_some_and(|by| by <= now) {
            self.close_by = None;
            self.drop_pipes(ErrorKind::Closed.into(), env);
        }
        self.settle(env);
    }

    // ---- the end

    /// Takes nothing new, and goes on sending what it has for at most `drain`.
    pub(super) fn close(&mut self, drain: Duration, env: &mut Env) {
        env.note(self.index, What::Closing);
        self.core.close();
        self.drop_endpoints(env);
        for pipe in self.core.pipe_ids() {
            self.poke(pipe, env);
        }
        self.close_by = Some(env.now() + drain);
        self.settle(env);
    }

    /// Ends as a killed process does: at once, and all its connections break.
    pub(super) fn kill(&mut self, env: &mut Env) {
        env.note(self.index, What::Killed);
        let cables = env.hub.net().between(Some(self.index), None);
        for cable in cables {
            env.hub.net().cut(cable, false);
        }
        self.core.close();
        self.drop_endpoints(env);
        self.drop_pipes(ErrorKind::Closed.into(), env);
        self.settle(env);
    }

    fn drop_endpoints(&mut self, env: &mut Env) {
        let endpoints: Vec<_> = self.endpoints.keys().copied().collect();
        for endpoint in endpoints {
            self.close_endpoint(endpoint, env);
        }
    }

    fn drop_pipes(&mut self, error: Error, env: &mut Env) {
        let objects: Vec<_> = self.pipes.values().copied().collect();
        for object in objects {
            self.close_pipe(object, error.clone(), env);
        }
    }
}

/// What a stuck socket shows.
impl Host {
    /// The cable of an object, and which end of it.
    pub(super) fn line(&self, object: u32) -> Option<(usize, usize)> {
        match &self.objects.get(object)?.kind {
            Kind::Listener => None,
            Kind::Connecting { line, .. } => Some(*line),
            Kind::Pipe(io) => Some(io.line()),
        }
    }

    /// Dialers without a connection that are not about to make one.
    pub(super) fn idle_dialers(&self) -> Vec<EndpointId> {
        let dialers = self.endpoints.iter().filter(|(_, state)| state.is_dialer());
        let tries = |id| self.core.redials(id) || self.dialing.contains(&id);
        let idle = dialers.filter(|(id, state)| !state.is_busy() && !tries(**id));
        idle.map(|(id, _)| *id).collect()
    }

    /// Pipes with messages, and nobody who writes them.
    pub(super) fn idle_writers(&mut self) -> Vec<PipeId> {
        let mut pipes = self.core.pipe_ids();
        pipes.retain(|pipe| {
            let put_off = self.put_off.contains(pipe);
            let state = self.core.pipe(*pipe);
            state.is_some_and(|state| state.out.len() > 0 && !state.out.blocked && !put_off)
        });
        pipes
    }
}

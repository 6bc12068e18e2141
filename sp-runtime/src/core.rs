//! A socket without I/O, clock or threads: its protocol, pipes, queues, waiting operations, timers and dialers.
//!
//! Whoever hosts it (the driver, the simulator) calls it under a lock, then does what the [`Outcome`] says. The
//! protocol sees the rest of the core only through its effects.

pub(crate) mod dialers;
mod effects;
pub(crate) mod outcome;
pub(crate) mod pipes;
pub(crate) mod queue;
pub(crate) mod random;
pub(crate) mod timers;
pub(crate) mod waiters;

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use spkit_api::{
    ContextId, Cx, DropReason, EndpointId, Error, ErrorKind, Event, Inbox, Message, Options,
    PipeFacts, PipeId, Protocol, ProtocolInfo, Result, Time, TimerId, Value, plugin::Origin,
};

use self::{
    dialers::Redial,
    outcome::Outcome,
    pipes::{Batch, PipeState},
    queue::{Next, QueueLimit, RecvQueue},
    random::Random,
    timers::Timers,
    waiters::{WaitId, Waiters, Wake},
};
use crate::{event::SocketEvent, slots::Slots, stats::Stats};

/// Where the core has its time from.
pub(crate) trait Clock: Send + Sync + fmt::Debug {
    fn now(&self) -> Time;
}

/// Which way an operation goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Send,
    Recv,
}

#[derive(Debug)]
pub(crate) struct SocketCore {
    protocol: Box<dyn Protocol>,
    info: &'static ProtocolInfo,
    origin: Origin,
    rest: Rest,
}

/// Everything but the protocol, so that the protocol can act on it during an event.
#[derive(Debug)]
pub(crate) struct Rest {
    clock: Arc<dyn Clock>,
    /// Read once an event, if at all.
    now: Option<Time>,
    random: Random,
    limit: QueueLimit,
    pipes: Slots<PipeState>,
    contexts: Slots<ContextState>,
    /// Memory for an outbox: pipes that have nothing to send keep none.
    spare: Batch,
    /// Operations on all lists together.
    waiting: usize,
    timers: Timers<TimerKey>,
    endpoints: Slots<EndpointState>,
    phase: Phase,
    /// The error of the current operation.
    failed: Option<Error>,
    pub(crate) outcome: Outcome,
    pub(crate) stats: Stats,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum TimerKey {
    Protocol(TimerId),
    Redial(EndpointId),
}

#[derive(Debug)]
struct ContextState {
    queue: RecvQueue,
    senders: Waiters,
    receivers: Waiters,
    /// Ends the receivers that wait now.
    recv_error: Vec<(WaitId, Error)>,
}

#[derive(Debug)]
struct EndpointState {
    /// `None` for listeners.
    redial: Option<Redial>,
    pipes: usize,
}

#[derive(Debug)]
enum Phase {
    Open,
    Closing,
    Failed(Error),
}

impl SocketCore {
    pub(crate) fn new(
        protocol: Box<dyn Protocol>,
        origin: Origin,
        clock: Arc<dyn Clock>,
        seed: u64,
        limit: QueueLimit,
    ) -> Self {
        let info = protocol.info();
        let mut contexts = Slots::default();
        // The first key is 0: ContextId::SOCKET.
        contexts.insert(ContextState::new(limit));
        Self {
            protocol,
            info,
            origin,
            rest: Rest {
                clock,
                now: None,
                random: Random::new(seed),
                limit,
                pipes: Slots::default(),
                contexts,
                spare: Batch::new(),
                waiting: 0,
                timers: Timers::default(),
                endpoints: Slots::default(),
                phase: Phase::Open,
                failed: None,
                outcome: Outcome::default(),
                stats: Stats::default(),
            },
        }
    }

    #[cfg(feature = "sim")]
    pub(crate) fn info(&self) -> &'static ProtocolInfo {
        self.info
    }

    #[cfg(feature = "sim")]
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.rest.phase, Phase::Open)
    }

    pub(crate) fn stats(&self) -> &Stats {
        &self.rest.stats
    }

    pub(crate) fn stats_mut(&mut self) -> &mut Stats {
        &mut self.rest.stats
    }

    pub(crate) fn outcome(&mut self) -> &mut Outcome {
        &mut self.rest.outcome
    }

    // ---- operations

    /// Sends, if that can be done now. `Ok(false)` leaves the message in its slot: wait for the direction and repeat.
    pub(crate) fn send(
        &mut self,
        context: ContextId,
        message: &mut Option<Message>,
    ) -> Result<bool> {
        if !self.info.can_send() {
            return Err(self.cannot("send"));
        }
        self.rest.check_open(context)?;
        let bytes = message.as_ref().map_or(0, Message::len);
        self.event_at_once(Event::send(context, message));
        if let Some(error) = self.rest.failed.take() {
            return Err(error);
        }
        if message.is_some() {
            return Ok(false);
        }
        self.rest.stats.sent.add(bytes);
        Ok(true)
    }

    /// Receives, if that can be done now. `Ok(None)`: wait for the direction and repeat.
    pub(crate) fn recv(&mut self, context: ContextId) -> Result<Option<Message>> {
        if !self.info.can_recv() {
            return Err(self.cannot("receive"));
        }
        let mut message = None;
        // What had come before a close may still be taken.
        if let Err(error) = self.rest.check_open(context)
            && self.rest.queue(context).is_none_or(RecvQueue::is_empty)
        {
            return Err(error);
        }
        if self.info.wants_recv() {
            self.event(Event::recv(context, &mut message));
            if let Some(error) = self.rest.failed.take() {
                return Err(error);
            }
        } else {
            message = self.rest.pop(context);
        }
        let Some(mut message) = message else {
            return Ok(None);
        };
        message.fold();
        self.rest.stats.received.add(message.len());
        Ok(Some(message))
    }

    /// What is queued next, where the protocol has no say in it, counted as received: [`take`](Self::take_queued) it.
    #[inline(always)]
    pub(crate) fn next_queued(&mut self, context: ContextId) -> Option<Next> {
        if self.info.wants_recv() || matches!(self.rest.phase, Phase::Failed(_)) {
            return None;
        }
        let next = self.rest.next(context)?;
        self.rest.stats.received.add(next.len);
        Some(next)
    }

    #[inline(always)]
    pub(crate) fn take_queued(&mut self, context: ContextId, next: Next) -> Message {
        match self.rest.take(context, next) {
            Some(message) => message,
            None => unreachable!("it was there"),
        }
    }

    /// An operation that could not be done now waits to be told to try again.
    pub(crate) fn wait(&mut self, context: ContextId, direction: Direction, wake: Wake) -> WaitId {
        // A closed context's operation fails at its next try: tell it to.
        self.rest.waiting += 1;
        match self.rest.waiters(context, direction) {
            Some(waiters) => waiters.add(wake),
            None => {
                self.rest.outcome.wakes.push(wake);
                Waiters::default().add(Wake::Task(std::task::Waker::noop().clone()))
            }
        }
    }

    /// It tried in vain and waits on. An error: it is over.
    pub(crate) fn wait_again(
        &mut self,
        context: ContextId,
        direction: Direction,
        id: WaitId,
        wake: Option<Wake>,
    ) {
        if let Some(waiters) = self.rest.waiters(context, direction) {
            waiters.again(id, wake);
        }
    }

    /// The error that ends this waiting receive, if there is one.
    pub(crate) fn ended(&mut self, context: ContextId, id: WaitId) -> Option<Error> {
        let state = self.rest.contexts.get_mut(context.raw())?;
        let at = state
            .recv_error
            .iter()
            .position(|(ended, _)| *ended == id)?;
        Some(state.recv_error.swap_remove(at).1)
    }

    /// It waits no more: it was served, or it gave up. A wake it did not need goes to the next.
    pub(crate) fn waited(&mut self, context: ContextId, direction: Direction, id: WaitId) {
        self.rest.waiting -= 1;
        let Some(state) = self.rest.contexts.get_mut(context.raw()) else {
            return;
        };
        let waiters = match direction {
            Direction::Send => &mut state.senders,
            Direction::Recv => {
                // Senders have numbers of their own, which may be the same.
                state.recv_error.retain(|(ended, _)| *ended != id);
                &mut state.receivers
            }
        };
        if waiters.remove(id) {
            waiters.wake_one(&mut self.rest.outcome.wakes);
        }
    }

    /// After an operation that was served: the next one may be served too.
    pub(crate) fn passed(&mut self, context: ContextId, direction: Direction) {
        if self.rest.waiting == 0 {
            return;
        }
        let Some(state) = self.rest.contexts.get_mut(context.raw()) else {
            return;
        };
        match direction {
            Direction::Send => state.senders.wake_one(&mut self.rest.outcome.wakes),
            // A protocol that answers receives may have something for the next one, if only an error.
            Direction::Recv if !state.queue.is_empty() || self.info.wants_recv() => {
                state.receivers.wake_one(&mut self.rest.outcome.wakes);
            }
            Direction::Recv => {}
        }
    }

    // ---- contexts and options

    pub(crate) fn open_context(&mut self) -> Result<ContextId> {
        if !self.info.has_contexts() {
            return Err(Error::new(
                ErrorKind::NotSupported,
                format!("protocol `{}` has no contexts", self.info.name()),
            ));
        }
        self.rest.check_open(ContextId::SOCKET)?;
        let state = ContextState::new(self.rest.limit);
        let key = self.rest.contexts.insert(state).ok_or_else(|| {
            Error::new(
                ErrorKind::OutOfResources,
                "a socket has at most a million contexts",
            )
        })?;
        let context = ContextId::from_raw(key);
        self.event(Event::ContextOpened(context));
        Ok(context)
    }

    pub(crate) fn close_context(&mut self, context: ContextId) {
        let Some(mut state) = self.rest.contexts.remove(context.raw()) else {
            return;
        };
        state.senders.wake_all(&mut self.rest.outcome.wakes);
        state.receivers.wake_all(&mut self.rest.outcome.wakes);
        let mut resumed = Vec::new();
        while let Some(message) = state.queue.pop() {
            self.rest.discard(message, DropReason::PipeGone);
        }
        state.queue.resume(&mut resumed);
        for pipe in resumed {
            self.rest.unchoke(pipe);
        }
        self.event(Event::ContextClosed(context));
    }

    /// Tells a new protocol of all its options: their values first, then what is to be done.
    pub(crate) fn preset(&mut self, options: &mut Options) -> Result<()> {
        for row in self.info.options() {
            if let Some(value) = options.value(row.name()) {
                self.set_option(ContextId::SOCKET, row.name(), &value)?;
            }
        }
        for (row, value) in options.take_acts() {
            self.set_option(ContextId::SOCKET, row.name(), &value)?;
        }
        Ok(())
    }

    /// Tells the protocol of an option, if it is one of its own. An error: the protocol refuses the value.
    pub(crate) fn set_option(
        &mut self,
        context: ContextId,
        name: &'static str,
        value: &Value,
    ) -> Result<()> {
        if !self.info.options().iter().any(|row| row.name() == name) {
            return Ok(());
        }
        self.rest.check_open(context)?;
        self.event(Event::option_set(context, name, value));
        self.rest.failed.take().map_or(Ok(()), Err)
    }

    // ---- pipes

    /// A connection became a pipe. An error refuses it.
    pub(crate) fn add_pipe(&mut self, facts: PipeFacts, send_buffer: usize) -> Result<PipeId> {
        if !matches!(self.rest.phase, Phase::Open) {
            return Err(ErrorKind::Closing.into());
        }
        if facts.protocol != self.info.peer() {
            return Err(self.mismatch(facts.protocol));
        }
        let now = self.rest.clock.now();
        let endpoint = facts.endpoint;
        let remote = facts.remote.clone();
        let copy = facts.clone();
        let state = PipeState::new(facts, now, send_buffer);
        let key = self.rest.pipes.insert(state).ok_or_else(|| {
            Error::new(
                ErrorKind::OutOfResources,
                "a socket has at most a million pipes",
            )
        })?;
        let pipe = PipeId::from_raw(key);
        if let Some(state) = self.rest.endpoints.get_mut(endpoint.raw()) {
            state.pipes += 1;
        }
        self.rest.stats.pipes += 1;
        self.rest.outcome.events.push(SocketEvent::Connected {
            pipe,
            endpoint,
            remote,
        });
        self.event(Event::pipe_added(pipe, &copy));
        Ok(pipe)
    }

    /// A pipe is gone, whoever ended it.
    pub(crate) fn remove_pipe(&mut self, pipe: PipeId, error: Error) {
        let Some(mut state) = self.rest.pipes.remove(pipe.raw()) else {
            return;
        };
        let error = state.closing.take().unwrap_or(error);
        let mut batch = Batch::new();
        state.out.take(&mut batch);
        let rest = state.rest.take();
        for message in batch.into_iter().flatten() {
            self.rest.discard(message, DropReason::PipeGone);
        }
        if let Some(mut rest) = rest {
            while let Some(message) = rest.pop() {
                self.rest.discard(message, DropReason::PipeGone);
            }
        }
        for key in self.rest.contexts.keys() {
            if let Some(context) = self.rest.contexts.get_mut(key) {
                context.queue.forget(pipe);
            }
        }
        self.rest.stats.pipes -= 1;
        let endpoint = state.endpoint();
        self.rest.outcome.events.push(SocketEvent::Disconnected {
            pipe,
            endpoint,
            error: error.clone(),
        });
        self.event(Event::pipe_removed(pipe));
        self.rest.endpoint_lost_pipe(endpoint, state.since, error);
    }

    /// Whether the pipe is to be read now.
    pub(crate) fn wants(&self, pipe: PipeId) -> bool {
        let state = self.rest.pipes.get(pipe.raw());
        state.is_some_and(|state| !state.paused())
    }

    /// Whether there is something to send over the pipe, or somebody at it.
    pub(crate) fn has_output(&self, pipe: PipeId) -> bool {
        let state = self.rest.pipes.get(pipe.raw());
        state.is_some_and(|state| !state.out.is_idle())
    }

    /// Whether the protocol, or its failure, wants the pipe closed.
    pub(crate) fn is_refused(&self, pipe: PipeId) -> bool {
        let state = self.rest.pipes.get(pipe.raw());
        state.is_some_and(|state| state.closing.is_some())
    }

    /// Messages the carrier had taken, or was about to, went with their pipe.
    pub(crate) fn lost(&mut self, messages: usize) {
        let dropped = &mut self.rest.stats.dropped;
        dropped.add_many(DropReason::PipeGone, messages as u64);
    }

    /// Messages came over a pipe. Empties the inbox.
    pub(crate) fn received(&mut self, pipe: PipeId, inbox: &mut Inbox) {
        for message in inbox.iter_mut() {
            message.set_pipe(Some(pipe));
        }
        self.deliver(pipe, inbox);
    }

    fn deliver(&mut self, pipe: PipeId, inbox: &mut Inbox) {
        if inbox.is_empty() {
            return;
        }
        if let Some(state) = self.rest.pipes.get_mut(pipe.raw())
            && state.held
        {
            // Paused while the batch was read.
            let rest = state.rest.get_or_insert_default();
            while let Some(message) = inbox.pop() {
                rest.push(message);
            }
            return;
        }
        self.event_at_once(Event::received(pipe, inbox));
        if inbox.is_empty() {
            return;
        }
        match self.rest.pipes.get_mut(pipe.raw()) {
            Some(state) if state.held => {
                state.rest = Some(Box::new(std::mem::take(inbox)));
            }
            _ => {
                while let Some(message) = inbox.pop() {
                    self.rest.discard(message, DropReason::Ignored);
                }
            }
        }
    }

    /// Hands on what a pipe held back while it was paused. True: it may be read again.
    pub(crate) fn resume(&mut self, pipe: PipeId) -> bool {
        if let Some(state) = self.rest.pipes.get_mut(pipe.raw())
            && !state.paused()
            && let Some(mut rest) = state.rest.take()
        {
            self.deliver(pipe, &mut rest);
        }
        self.wants(pipe)
    }

    /// The pipe's outbox was emptied into the carrier: it has room again.
    pub(crate) fn writable(&mut self, pipe: PipeId) {
        let Some(state) = self.rest.pipes.get_mut(pipe.raw()) else {
            return;
        };
        if state.out.refused && state.out.has_room() {
            state.out.refused = false;
            self.event(Event::pipe_writable(pipe));
        }
    }

    /// The pipe has nothing to send: its outbox's memory is for others.
    pub(crate) fn retire_outbox(&mut self, pipe: PipeId) {
        if let Some(state) = self.rest.pipes.get_mut(pipe.raw()) {
            state.out.lend(&mut self.rest.spare);
        }
    }

    pub(crate) fn pipe(&mut self, pipe: PipeId) -> Option<&mut PipeState> {
        self.rest.pipes.get_mut(pipe.raw())
    }

    pub(crate) fn pipe_ids(&self) -> Vec<PipeId> {
        let keys = self.rest.pipes.keys();
        keys.into_iter().map(PipeId::from_raw).collect()
    }

    pub(crate) fn pipe_count(&self) -> usize {
        self.rest.pipes.len()
    }

    // ---- endpoints

    /// A new endpoint; a dialer has its pauses.
    pub(crate) fn add_endpoint(
        &mut self,
        redial: Option<(Duration, Duration)>,
    ) -> Result<EndpointId> {
        self.rest.check_open(ContextId::SOCKET)?;
        let state = EndpointState {
            redial: redial.map(|(min, max)| Redial::new(min, max)),
            pipes: 0,
        };
        let key = self.rest.endpoints.insert(state).ok_or_else(|| {
            Error::new(
                ErrorKind::OutOfResources,
                "a socket has at most a million endpoints",
            )
        })?;
        Ok(EndpointId::from_raw(key))
    }

    /// An attempt of a dialer failed before it was a pipe, or a listener's connection did.
    pub(crate) fn refused(&mut self, endpoint: EndpointId, error: Error) {
        self.rest.outcome.events.push(SocketEvent::Refused {
            endpoint,
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

    // ---- time

    /// When the core wants to be called next.
    pub(crate) fn next_due(&self) -> Option<Time> {
        self.rest.timers.next()
    }

    /// Does what is due.
    pub(crate) fn run_timers(&mut self) {
        let now = self.rest.clock.now();
        while let Some(key) = self.rest.timers.expired(now) {
            match key {
                TimerKey::Protocol(timer) => self.event(Event::Timer(timer)),
                TimerKey::Redial(endpoint) => self.rest.outcome.dial.push(endpoint),
            }
        }
    }

    // ---- the end

    /// Takes nothing new from now on. What was accepted still goes out.
    pub(crate) fn close(&mut self) {
        if !matches!(self.rest.phase, Phase::Open) {
            return;
        }
        self.rest.phase = Phase::Closing;
        self.event(Event::Closing);
        self.rest
            .timers
            .clear_all(|key| matches!(key, TimerKey::Redial(_)));
        self.rest.wake_everybody();
    }

    // ---- the protocol

    #[inline(never)]
    fn event(&mut self, event: Event<'_>) {
        self.event_at_once(event);
    }

    /// [`event`](Self::event) for the hot paths, made where it is used.
    #[inline(always)]
    fn event_at_once(&mut self, event: Event<'_>) {
        if matches!(self.rest.phase, Phase::Failed(_)) {
            return;
        }
        self.rest.now = None;
        self.rest.failed = None;
        let (protocol, rest) = (&mut self.protocol, &mut self.rest);
        let result = catch_unwind(AssertUnwindSafe(|| {
            protocol.on_event(&mut Cx::new(rest), event);
        }));
        if result.is_err() {
            self.fail();
        }
    }

    /// The protocol panicked: every operation ends with an error that says so.
    #[cold]
    fn fail(&mut self) {
        let error = Error::new(
            ErrorKind::PluginPanicked,
            format!(
                "protocol `{}` of crate {}: the socket is closed",
                self.info.name(),
                self.origin
            ),
        );
        self.rest.phase = Phase::Failed(error.clone());
        self.rest.failed = Some(error.clone());
        self.rest.outcome.events.push(SocketEvent::Failed { error });
        let pipes = self.pipe_ids();
        for pipe in &pipes {
            if let Some(state) = self.rest.pipes.get_mut(pipe.raw()) {
                state.closing = Some(ErrorKind::PluginPanicked.into());
            }
        }
        self.rest.outcome.closed.extend(pipes);
        self.rest.wake_everybody();
    }

    fn cannot(&self, what: &str) -> Error {
        Error::new(
            ErrorKind::NotSupported,
            format!(
                "a socket of protocol `{}` does not {what}",
                self.info.name()
            ),
        )
    }

    fn mismatch(&self, theirs: u16) -> Error {
        Error::new(
            ErrorKind::ProtocolMismatch,
            format!(
                "the peer announced protocol {} (0x{theirs:04x}), and `{}` connects to {} (0x{:04x}) only",
                crate::names::protocol_name(theirs),
                self.info.name(),
                crate::names::protocol_name(self.info.peer()),
                self.info.peer(),
            ),
        )
    }
}

/// Stands in for a protocol that is dropped.
#[derive(Debug)]
struct Gone(&'static ProtocolInfo);

impl Protocol for Gone {
    fn info(&self) -> &'static ProtocolInfo {
        self.0
    }

    fn on_event(&mut self, _: &mut Cx<'_>, _: Event<'_>) {}
}

impl Drop for SocketCore {
    fn drop(&mut self) {
        let protocol = std::mem::replace(&mut self.protocol, Box::new(Gone(self.info)));
        // Its destructor is foreign: a panic in it ends there.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(protocol)));
    }
}

impl Rest {
    fn check_open(&self, context: ContextId) -> Result<()> {
        if context == ContextId::SOCKET && matches!(self.phase, Phase::Open) {
            return Ok(());
        }
        match &self.phase {
            Phase::Failed(error) => Err(error.clone()),
            Phase::Closing => Err(ErrorKind::Closed.into()),
            Phase::Open if self.contexts.get(context.raw()).is_none() => {
                Err(Error::new(ErrorKind::Closed, "the context is closed"))
            }
            Phase::Open => Ok(()),
        }
    }

    fn queue(&self, context: ContextId) -> Option<&RecvQueue> {
        self.contexts.get(context.raw()).map(|state| &state.queue)
    }

    fn waiters(&mut self, context: ContextId, direction: Direction) -> Option<&mut Waiters> {
        let state = self.contexts.get_mut(context.raw())?;
        Some(match direction {
            Direction::Send => &mut state.senders,
            Direction::Recv => &mut state.receivers,
        })
    }

    fn pop(&mut self, context: ContextId) -> Option<Message> {
        let next = self.next(context)?;
        self.take(context, next)
    }

    /// What is received next, with the books as if it were taken: [`take`](Self::take) it.
    #[inline(always)]
    fn next(&mut self, context: ContextId) -> Option<Next> {
        let queue = &mut self.contexts.get_mut(context.raw())?.queue;
        let next = queue.next()?;
        if queue.has_paused() {
            self.unchoke_some(context);
        }
        Some(next)
    }

    #[inline(always)]
    fn take(&mut self, context: ContextId, next: Next) -> Option<Message> {
        let state = self.contexts.get_mut(context.raw())?;
        state.queue.take(next.lane)
    }

    #[inline(never)]
    fn unchoke_some(&mut self, context: ContextId) {
        let mut resumed = Vec::new();
        if let Some(state) = self.contexts.get_mut(context.raw()) {
            state.queue.resume(&mut resumed);
        }
        for pipe in resumed {
            self.unchoke(pipe);
        }
    }

    fn unchoke(&mut self, pipe: PipeId) {
        if let Some(state) = self.pipes.get_mut(pipe.raw()) {
            state.choked = false;
            if !state.paused() {
                self.outcome.resumed.push(pipe);
            }
        }
    }

    fn discard(&mut self, message: Message, why: DropReason) {
        self.stats.dropped.add(why);
        self.outcome.garbage.push(message);
    }

    fn wake_everybody(&mut self) {
        for key in self.contexts.keys() {
            if let Some(state) = self.contexts.get_mut(key) {
                state.senders.wake_all(&mut self.outcome.wakes);
                state.receivers.wake_all(&mut self.outcome.wakes);
            }
        }
    }

    fn endpoint_lost_pipe(&mut self, endpoint: EndpointId, since: Time, error: Error) {
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

impl ContextState {
    fn new(limit: QueueLimit) -> Self {
        Self {
            queue: RecvQueue::new(limit),
            senders: Waiters::default(),
            receivers: Waiters::default(),
            recv_error: Vec::new(),
        }
    }
}

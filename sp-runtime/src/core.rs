//! A socket without I/O, clock or threads: its protocol, pipes, queues, waiting operations, timers and dialers.
//!
//! Whoever hosts it (the driver, the simulator) calls it under a lock, then does what the [`Outcome`] says. The
//! protocol sees the rest of the core only through its effects.

mod accounts;
mod connections;
mod contexts;
pub(crate) mod dialers;
mod effects;
pub(crate) mod endpoints;
mod operations;
pub(crate) mod outcome;
pub(crate) mod pipes;
pub(crate) mod queue;
pub(crate) mod random;
#[cfg_attr(not(unix), allow(dead_code))]
pub(crate) mod readiness;
pub(crate) mod timers;
pub(crate) mod waiters;

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use spkit_api::{
    ContextId, Cx, EndpointId, Error, ErrorKind, Event, Protocol, ProtocolInfo, Result, Time,
    TimerId, plugin::Origin,
};

use self::{
    accounts::Accounts,
    dialers::Redial,
    outcome::Outcome,
    pipes::{Batch, PipeState},
    queue::{QueueLimit, Ranks, RecvQueue},
    random::Random,
    readiness::Question,
    timers::Timers,
    waiters::{WaitId, Waiters},
};
use crate::{
    event::SocketEvent,
    slots::Slots,
    stats::{Connections, Traffic},
};

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
    ranks: Ranks,
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
    /// What users poll for.
    questions: Vec<Question>,
    pub(crate) outcome: Outcome,
    accounts: Accounts,
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
    connections: Connections,
    /// What passed over pipes that are gone.
    gone: Traffic,
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
                ranks: Ranks::default(),
                contexts,
                spare: Batch::new(),
                waiting: 0,
                timers: Timers::default(),
                endpoints: Slots::default(),
                phase: Phase::Open,
                failed: None,
                questions: Vec::new(),
                outcome: Outcome::default(),
                accounts: Accounts::default(),
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

    /// Whether nothing follows from what was done: what the driver asks after each operation.
    #[inline]
    pub(crate) fn is_settled(&self) -> bool {
        self.rest.questions.is_empty() && self.rest.outcome.is_empty()
    }

    pub(crate) fn outcome(&mut self) -> &mut Outcome {
        &mut self.rest.outcome
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

    fn wake_everybody(&mut self) {
        for key in self.contexts.keys() {
            if let Some(state) = self.contexts.get_mut(key) {
                state.senders.wake_all(&mut self.outcome.wakes);
                state.receivers.wake_all(&mut self.outcome.wakes);
            }
        }
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

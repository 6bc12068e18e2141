//! The driver: the only place with threads, system calls and a clock.
//!
//! [`Shared`] is one socket. Locks, in this order, each released as soon as possible:
//!
//! 1. `poller`: held by whoever leads, sleeping included; nobody else wants it.
//! 2. `objects`: listeners, connections on their way, pipes by key.
//! 3. a pipe's own lock: held while it reads or writes without blocking.
//! 4. `core`: protocol, queues, waiters. No system call and nothing foreign but the protocol runs under it.
//!
//! Leaves, held for a few instructions: the hand-over's state, object timers, the event queue, what a polled descriptor
//! shows.

mod admission;
pub(crate) mod background;
mod clock;
pub(crate) mod closing;
mod connections;
mod endpoints;
mod news;
pub(crate) mod operations;
mod options;
mod pipe_cell;
mod reactor;
#[cfg(unix)]
pub(crate) mod readiness;
pub(crate) mod resolver;
mod transmit;
mod turn;
mod yields;

use std::{
    cell::Cell,
    collections::VecDeque,
    fmt, io,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock,
        atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use mio::{Registry, Token, Waker};
use spkit_api::options::SOCKET_NAME;
use spkit_api::{
    __private::Notify, EndpointId, Options, PipeId, Protocol, ProtocolInfo, Time, TimerId,
    plugin::Origin,
};

use self::{
    admission::Admission, background::SocketBells, connections::Objects, pipe_cell::PipeCell,
    turn::Poller,
};
use crate::{
    core::{
        Direction, SocketCore, outcome::Outcome, queue::QueueLimit, timers::Timers, waiters::Wake,
    },
    event::SocketEvent,
    handover::{ATTENTION, Handover, flush::FlushQueue},
    runtime::RuntimeInner,
    sync::lock,
};

pub(crate) use self::clock::{SystemClock, now};

thread_local! {
    /// An outcome to swap with, so that doing what a core asks allocates nothing.
    static SPARE: Cell<Outcome> = Cell::default();
}

/// The waker's token; objects have smaller ones.
const WAKER: Token = Token(usize::MAX);

/// Events kept for a user who does not take them.
const EVENTS: usize = 1024;

/// One socket, shared by its handles, the callers that lead it, and the background thread.
pub(crate) struct Shared {
    pub(crate) runtime: Arc<RuntimeInner>,
    pub(crate) info: &'static ProtocolInfo,
    pub(crate) options: Mutex<Options>,
    core: Mutex<Hosted>,
    handover: Handover<SocketBells>,
    poller: Mutex<Poller>,
    objects: Mutex<Objects>,
    /// A listener that was polled is back, or gone.
    returned: Condvar,
    timers: Mutex<Timers<(u32, TimerId)>>,
    /// When the next timer is due, in nanoseconds, or earlier.
    due_hint: AtomicU64,
    /// Something was left to the flusher.
    put_off: AtomicBool,
    /// Pipes there are, as a hint.
    pipes: AtomicUsize,
    /// Dialers to dial.
    dials: Mutex<Vec<EndpointId>>,
    /// Made with the first source of the system.
    registry: OnceLock<Registry>,
    /// The poller that goes with it, until whoever leads picks it up.
    fresh: Mutex<Option<mio::Poll>>,
    news: News,
    admission: Admission,
    yields: AtomicI64,
    /// The option fail-without-peers.
    fails_alone: AtomicBool,
    /// The options send-timeout and recv-timeout in nanoseconds; `u64::MAX` is for ever.
    timeouts: [AtomicU64; 2],
    /// The socket closes.
    closing: AtomicBool,
    /// When to give up closing in order.
    close_by: Mutex<Option<Time>>,
    id: u32,
}

/// The core and what goes with it under its lock.
#[derive(Debug)]
pub(crate) struct Hosted {
    pub(crate) core: SocketCore,
    /// By the slot of the pipe's id.
    cells: Vec<Option<Arc<PipeCell>>>,
    flush: FlushQueue<PipeId>,
    /// Something was received since the last send.
    heard: bool,
    /// When the last send call ended; long ago if it followed something heard.
    sent_at: Time,
}

/// What users are told: events, and changes to wait for.
#[derive(Debug, Default)]
struct News {
    state: Mutex<NewsState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct NewsState {
    events: VecDeque<SocketEvent>,
    /// Events there was no room for: since the user was last told, and in all.
    lost: u64,
    lost_ever: u64,
    /// The last failure of each dialer.
    failures: Vec<(EndpointId, spkit_api::Error)>,
    /// Counts what happened, so that a wait misses nothing.
    changes: u64,
    closed: bool,
    /// Copies lost with their pipes before the socket closed.
    lost_before: u64,
    complete: bool,
}

impl Shared {
    pub(crate) fn start(
        runtime: Arc<RuntimeInner>,
        protocol: Box<dyn Protocol>,
        origin: Origin,
        options: Options,
        limit: QueueLimit,
    ) -> io::Result<Arc<Self>> {
        let seed = u64::from(runtime.random()) << 32 | u64::from(runtime.random());
        let info = protocol.info();
        let core = SocketCore::new(protocol, origin, Arc::new(SystemClock), seed, limit);
        let background = runtime.background()?;
        let plain = runtime.plain;
        let id = background.reserve();
        let shared = Arc::new(Self {
            info,
            options: Mutex::new(options),
            core: Mutex::new(Hosted {
                core,
                cells: Vec::new(),
                flush: FlushQueue::default(),
                heard: true,
                sent_at: Time::from_nanos(0),
            }),
            handover: Handover::new(SocketBells::new(Arc::clone(&background), id), plain),
            poller: Mutex::new(Poller::default()),
            objects: Mutex::new(Objects::default()),
            returned: Condvar::new(),
            timers: Mutex::new(Timers::default()),
            due_hint: AtomicU64::new(turn::NEVER),
            put_off: AtomicBool::new(false),
            pipes: AtomicUsize::new(0),
            dials: Mutex::new(Vec::new()),
            registry: OnceLock::new(),
            fresh: Mutex::new(None),
            news: News::default(),
            admission: Admission::default(),
            yields: AtomicI64::new(0),
            fails_alone: AtomicBool::new(false),
            timeouts: [const { AtomicU64::new(u64::MAX) }; 2],
            closing: AtomicBool::new(false),
            close_by: Mutex::new(None),
            id,
            runtime,
        });
        background.add(id, Arc::clone(&shared));
        Ok(shared)
    }

    /// Works on the core under its lock, then does what that asks of the surroundings.
    pub(crate) fn with_core<R>(self: &Arc<Self>, work: impl FnOnce(&mut Hosted) -> R) -> R {
        let mut hosted = lock(&self.core);
        let result = work(&mut hosted);
        self.finish(hosted);
        result
    }

    /// Releases the core, then does what it asked for.
    #[inline]
    fn finish(self: &Arc<Self>, hosted: MutexGuard<'_, Hosted>) {
        if hosted.core.is_settled() {
            return;
        }
        self.finish_something(hosted);
    }

    #[inline(never)]
    fn finish_something(self: &Arc<Self>, mut hosted: MutexGuard<'_, Hosted>) {
        if hosted.core.is_followed() {
            hosted.core.answer();
            if hosted.core.outcome().is_empty() {
                return;
            }
        }
        if let Some(wake) = hosted.core.outcome().only_wake() {
            drop(hosted);
            return self.wake(wake);
        }
        let mut outcome = SPARE.take();
        std::mem::swap(&mut outcome, hosted.core.outcome());
        drop(hosted);
        self.apply(&mut outcome);
        SPARE.set(outcome);
    }

    /// Does what the core asked for, and empties the list. No lock is held.
    fn apply(self: &Arc<Self>, outcome: &mut Outcome) {
        for wake in outcome.wakes.drain(..) {
            self.wake(wake);
        }
        for (signal, answer) in outcome.signals.drain(..) {
            signal.tell(answer);
        }
        self.publish(&mut outcome.events);
        outcome.garbage.clear();
        if !outcome.dial.is_empty() {
            lock(&self.dials).append(&mut outcome.dial);
            self.handover.notify(ATTENTION);
        }
        for pipe in outcome.closed.drain(..) {
            self.poke(pipe);
        }
        for pipe in outcome.resumed.drain(..) {
            self.resume(pipe);
        }
        for pipe in outcome.touched.drain(..) {
            self.transmit(pipe);
        }
        if std::mem::take(&mut outcome.timer_set) {
            let due = lock(&self.core).core.next_due();
            if let Some(due) = due {
                self.timer_is_due(due);
            }
        }
    }

    fn wake(&self, wake: Wake) {
        match wake {
            Wake::Thread(waiter) => self.handover.wake(&waiter),
            Wake::Task(waker) => waker.wake(),
            #[cfg(feature = "sim")]
            Wake::Tag(_) => {}
        }
    }

    /// Has whoever leads look at a pipe.
    fn poke(&self, pipe: PipeId) {
        let cell = lock(&self.core).cell(pipe);
        if let Some(cell) = cell {
            self.handover.notify(u64::from(cell.object));
        }
    }

    /// A pipe may deliver again. Its queue still holds messages, so nobody waits for it, unless it held some back.
    fn resume(self: &Arc<Self>, pipe: PipeId) {
        let (wanted, cell) = self.with_core(|hosted| (hosted.core.resume(pipe), hosted.cell(pipe)));
        if let (true, Some(cell)) = (wanted, cell) {
            self.handover.notify_later(u64::from(cell.object));
        }
    }

    fn publish(&self, events: &mut Vec<SocketEvent>) {
        if events.is_empty() {
            return;
        }
        let mut state = lock(&self.news.state);
        for event in events.drain(..) {
            if let SocketEvent::Refused {
                endpoint, error, ..
            }
            | SocketEvent::Redialing {
                endpoint, error, ..
            } = &event
            {
                state.failures.retain(|(of, _)| of != endpoint);
                state.failures.push((*endpoint, error.clone()));
            }
            if let SocketEvent::EndpointClosed { endpoint, .. } = &event {
                state.failures.retain(|(of, _)| of != endpoint);
            }
            if state.events.len() < EVENTS {
                state.events.push_back(event);
            } else {
                state.lost += 1;
                state.lost_ever += 1;
            }
        }
        state.changes += 1;
        drop(state);
        self.news.changed.notify_all();
    }

    /// The registry of the socket's poller, opened with the first source; the background thread's in the plain backend.
    fn registry(&self) -> io::Result<&Registry> {
        if let Some(registry) = self.registry.get() {
            return Ok(registry);
        }
        // Two threads may meet here; one poller it shall be.
        let mut fresh = lock(&self.fresh);
        if let Some(registry) = self.registry.get() {
            return Ok(registry);
        }
        let registry = if self.runtime.plain {
            self.handover.bells().background().registry()?
        } else {
            let poll = mio::Poll::new()?;
            let registry = poll.registry().try_clone()?;
            self.handover
                .bells()
                .set_waker(Waker::new(&registry, WAKER)?);
            *fresh = Some(poll);
            registry
        };
        let registry = self.registry.get_or_init(|| registry);
        drop(fresh);
        // Whoever leads may sleep without the poller.
        self.handover.notify(ATTENTION);
        Ok(registry)
    }

    fn token(&self, object: u32) -> Token {
        if self.runtime.plain {
            Token((self.id as usize) << 32 | object as usize)
        } else {
            Token(object as usize)
        }
    }

    /// The time limit of operations in this direction.
    pub(crate) fn timeout(&self, direction: Direction) -> Option<Duration> {
        let nanos = self.timeouts[direction as usize].load(Ordering::Relaxed);
        (nanos != u64::MAX).then(|| Duration::from_nanos(nanos))
    }
}

impl Hosted {
    fn cell(&self, pipe: PipeId) -> Option<Arc<PipeCell>> {
        let cell = self.cells.get(index(pipe))?.as_ref()?;
        (cell.id == pipe).then(|| Arc::clone(cell))
    }

    fn set_cell(&mut self, pipe: PipeId, cell: Option<Arc<PipeCell>>) {
        let at = index(pipe);
        if self.cells.len() <= at {
            self.cells.resize(at + 1, None);
        }
        self.cells[at] = cell;
    }
}

fn index(pipe: PipeId) -> usize {
    (pipe.raw() & 0xf_ffff) as usize
}

impl Notify for Shared {
    fn notify(&self, object: u64) {
        self.handover.notify(object);
    }
}

impl fmt::Debug for Shared {
    /// The state dump of tests and stall detectors. Takes no lock that somebody may hold for long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut dump = f.debug_struct("Socket");
        if let Ok(options) = self.options.try_lock()
            && let Some(name) = options.get(SOCKET_NAME).filter(|name| !name.is_empty())
        {
            dump.field("name", &name);
        }
        dump.field("protocol", &self.info.name())
            .field("handover", &self.handover);
        match self.core.try_lock() {
            Ok(hosted) => dump.field("core", &*hosted),
            Err(_) => dump.field("core", &"locked"),
        };
        dump.field("timers", &self.timers)
            .field(
                "poller",
                &if self.poller.try_lock().is_ok() {
                    "free"
                } else {
                    "locked"
                },
            )
            .finish_non_exhaustive()
    }
}

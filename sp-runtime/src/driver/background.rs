//! The background thread: one per runtime. It drives the sockets nobody is blocked on, and flushes bursts.

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use mio::{Events, Interest, Registry, Token, Waker};
use spkit_api::Time;

use super::{Shared, clock};
use crate::{
    core::timers::Timers,
    handover::{Bells, Look},
    sync::lock,
};

const WAKER: Token = Token(usize::MAX);

/// How long a socket may be without a lead before the background thread looks, if nothing is outstanding: at first,
/// and at most, while callers come and go.
const GRACE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(32));

/// Looks of the flusher that may find nothing before it sleeps.
const IDLE_FLUSHES: u32 = 3;

/// Turns for one socket before others have theirs. One, where all have one poller together, or a socket that has much to
/// do would keep that from being asked.
const TURNS: u32 = 4;

/// The thread's inbox.
#[derive(Debug)]
pub(crate) struct Background {
    inbox: Mutex<Inbox>,
    waker: Waker,
    registry: Registry,
    ids: AtomicU32,
}

#[derive(Debug, Default)]
struct Inbox {
    commands: Vec<Command>,
    asleep: bool,
}

#[derive(Debug)]
enum Command {
    Add(u32, Arc<Shared>),
    /// Somebody has to lead this socket.
    Summon(u32),
    /// There is something to flush.
    Flush(u32),
    /// Look at this socket then.
    Arm(u32, Time),
    /// No socket will be added.
    Stop,
}

impl Background {
    pub(crate) fn start() -> io::Result<Arc<Self>> {
        let poll = mio::Poll::new()?;
        let background = Arc::new(Self {
            inbox: Mutex::new(Inbox::default()),
            waker: Waker::new(poll.registry(), WAKER)?,
            registry: poll.registry().try_clone()?,
            ids: AtomicU32::new(1),
        });
        let worker = Worker {
            background: Arc::clone(&background),
            poll,
            sockets: HashMap::new(),
            timers: Timers::default(),
            flushing: HashMap::new(),
            busy: Vec::new(),
            stop: false,
        };
        thread::Builder::new()
            .name("spkit-background".to_owned())
            .spawn(move || worker.run())?;
        Ok(background)
    }

    /// A number for a socket.
    pub(super) fn reserve(&self) -> u32 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn add(&self, id: u32, socket: Arc<Shared>) {
        self.send(Command::Add(id, socket));
    }

    pub(crate) fn stop(&self) {
        self.send(Command::Stop);
    }

    pub(super) fn registry(&self) -> io::Result<Registry> {
        self.registry.try_clone()
    }

    fn send(&self, command: Command) {
        let asleep = {
            let mut inbox = lock(&self.inbox);
            inbox.commands.push(command);
            std::mem::take(&mut inbox.asleep)
        };
        if asleep {
            // It can only fail if the descriptor is gone, and that lives as long as the thread.
            let _ = self.waker.wake();
        }
    }
}

/// How the hand-over of one socket reaches those who sleep.
#[derive(Debug)]
pub(crate) struct SocketBells {
    background: Arc<Background>,
    id: u32,
    waker: OnceLock<Waker>,
    /// Nanoseconds.
    grace: AtomicU64,
}

impl SocketBells {
    pub(super) fn new(background: Arc<Background>, id: u32) -> Self {
        Self {
            background,
            id,
            waker: OnceLock::new(),
            grace: AtomicU64::new(GRACE.0.as_nanos() as u64),
        }
    }

    pub(super) fn background(&self) -> &Background {
        &self.background
    }

    pub(super) fn set_waker(&self, waker: Waker) {
        let _ = self.waker.set(waker);
    }

    /// There is something to flush.
    pub(super) fn flush(&self) {
        self.background.send(Command::Flush(self.id));
    }

    fn grace(&self) -> Duration {
        Duration::from_nanos(self.grace.load(Ordering::Relaxed))
    }

    fn set_grace(&self, grace: Duration) {
        let nanos = grace.min(GRACE.1).as_nanos() as u64;
        self.grace.store(nanos, Ordering::Relaxed);
    }
}

impl Bells for SocketBells {
    fn ring(&self) {
        if let Some(waker) = self.waker.get() {
            let _ = waker.wake();
        }
    }

    fn summon(&self) {
        self.background.send(Command::Summon(self.id));
    }

    fn grace_end(&self) -> u64 {
        (clock::now() + self.grace()).as_nanos()
    }

    fn arm(&self, at: u64) {
        self.background
            .send(Command::Arm(self.id, Time::from_nanos(at)));
    }
}

/// What the thread works with.
#[derive(Debug)]
struct Worker {
    background: Arc<Background>,
    poll: mio::Poll,
    sockets: HashMap<u32, Watched>,
    timers: Timers<(u32, Timer)>,
    /// Sockets in a burst, with the number of looks in vain.
    flushing: HashMap<u32, u32>,
    /// Sockets with more to do.
    busy: Vec<u32>,
    stop: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Timer {
    /// The grace period of a socket without lead.
    Look,
    /// A watched socket's own timers.
    Due,
}

#[derive(Debug)]
struct Watched {
    socket: Arc<Shared>,
    /// The descriptor of its poller, while that is nested in ours.
    nested: Option<i32>,
}

impl Worker {
    fn run(mut self) {
        let mut events = Events::with_capacity(256);
        let mut commands = Vec::new();
        loop {
            std::mem::swap(&mut lock(&self.background.inbox).commands, &mut commands);
            for command in commands.drain(..) {
                self.obey(command);
            }
            self.run_timers();
            self.flush();
            if self.stop && self.sockets.is_empty() {
                return;
            }
            let timeout = if !self.flushing.is_empty() {
                rustix::thread::sched_yield();
                Some(Duration::ZERO)
            } else if !self.busy.is_empty() {
                Some(Duration::ZERO)
            } else {
                self.sleep_for()
            };
            if timeout != Some(Duration::ZERO) {
                let mut inbox = lock(&self.background.inbox);
                if !inbox.commands.is_empty() {
                    continue;
                }
                inbox.asleep = true;
            }
            let polled = self.poll.poll(&mut events, timeout);
            lock(&self.background.inbox).asleep = false;
            if polled.is_err() {
                continue;
            }
            self.dispatch(&events);
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Add(id, socket) => {
                let watched = Watched {
                    socket,
                    nested: None,
                };
                self.sockets.insert(id, watched);
            }
            Command::Summon(id) => self.summoned(id),
            Command::Flush(id) => {
                self.flushing.insert(id, 0);
            }
            Command::Arm(id, at) => self.timers.set_earlier((id, Timer::Look), at),
            Command::Stop => self.stop = true,
        }
    }

    fn dispatch(&mut self, events: &Events) {
        let mut touched = HashSet::new();
        for event in events.iter().filter(|event| event.token() != WAKER) {
            let plain = (event.token().0 >> 32) as u32;
            let id = match plain {
                0 => event.token().0 as u32,
                id => {
                    if let Some(watched) = self.sockets.get(&id) {
                        watched.socket.plain_event(event);
                    }
                    id
                }
            };
            touched.insert(id);
        }
        touched.extend(self.busy.drain(..));
        for id in touched {
            self.summoned(id);
        }
    }

    /// A socket wants to be led.
    fn summoned(&mut self, id: u32) {
        let Some(watched) = self.sockets.get_mut(&id) else {
            return;
        };
        if watched.socket.handover.take_over() {
            self.turn(id);
        } else {
            // A caller leads: its events need not wake this thread as well.
            watched.detach(&self.background.registry);
        }
    }

    /// Leads a socket until it has nothing to do.
    fn turn(&mut self, id: u32) {
        let Some(watched) = self.sockets.get_mut(&id) else {
            return;
        };
        let socket = Arc::clone(&watched.socket);
        socket.handover.bells().set_grace(GRACE.0);
        let turns = if socket.runtime.plain { 1 } else { TURNS };
        for _ in 0..turns {
            if socket.background_turn() {
                continue;
            }
            if socket.is_closed() {
                return self.forget(id);
            }
            watched.attach(id, &self.background.registry);
            let due = socket.next_due();
            if socket.handover.settle(due.map_or(u64::MAX, Time::as_nanos)) {
                match due {
                    Some(due) => self.timers.set((id, Timer::Due), due),
                    None => self.timers.clear((id, Timer::Due)),
                }
                return;
            }
        }
        // Others first. The lead stays here.
        self.busy.push(id);
    }

    fn forget(&mut self, id: u32) {
        if let Some(mut watched) = self.sockets.remove(&id) {
            watched.detach(&self.background.registry);
        }
        self.timers.clear((id, Timer::Look));
        self.timers.clear((id, Timer::Due));
        self.flushing.remove(&id);
    }

    fn run_timers(&mut self) {
        if self.timers.next().is_none() {
            return;
        }
        let now = clock::now();
        let mut due = Vec::new();
        while let Some(key) = self.timers.expired(now) {
            due.push(key);
        }
        for (id, timer) in due {
            match timer {
                Timer::Due => self.summoned(id),
                Timer::Look => self.look(id, now),
            }
        }
    }

    fn look(&mut self, id: u32, now: Time) {
        let Some(watched) = self.sockets.get(&id) else {
            return;
        };
        let handover = &watched.socket.handover;
        let longer = handover.bells().grace() * 2;
        let next = now + longer.min(GRACE.1);
        match handover.look(next.as_nanos()) {
            Look::Turn => self.turn(id),
            Look::Again => {
                handover.bells().set_grace(longer);
                self.timers.set((id, Timer::Look), next);
            }
            Look::Leave => handover.bells().set_grace(longer),
        }
    }

    fn flush(&mut self) {
        self.flushing.retain(|id, vain| {
            let Some(watched) = self.sockets.get(id) else {
                return false;
            };
            *vain = if watched.socket.flush() { 0 } else { *vain + 1 };
            *vain < IDLE_FLUSHES || !watched.socket.flusher_sleeps()
        });
    }

    fn sleep_for(&self) -> Option<Duration> {
        let next = self.timers.next()?;
        Some(next.since(clock::now()))
    }
}

#[cfg(unix)]
impl Watched {
    /// Nests the socket's poller in ours, if it has one by now.
    fn attach(&mut self, id: u32, registry: &Registry) {
        if self.nested.is_some() || self.socket.runtime.plain {
            return;
        }
        let Some(fd) = self.socket.poll_fd() else {
            return;
        };
        let mut source = mio::unix::SourceFd(&fd);
        if registry
            .register(&mut source, Token(id as usize), Interest::READABLE)
            .is_ok()
        {
            self.nested = Some(fd);
        }
    }

    fn detach(&mut self, registry: &Registry) {
        if let Some(fd) = self.nested.take() {
            // The descriptor lives as long as the socket.
            let _ = registry.deregister(&mut mio::unix::SourceFd(&fd));
        }
    }
}

#[cfg(not(unix))]
impl Watched {
    fn attach(&mut self, _: u32, _: &Registry) {}

    fn detach(&mut self, _: &Registry) {}
}

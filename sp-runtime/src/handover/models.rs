//! The hand-over under a model checker: every order in which at most four threads can go through it.
//!
//! The threads run the loops of real callers and of the real background thread around the real [`Handover`]; the
//! core, the poller and the background thread's desk are small stand-ins. Nothing here wakes by itself (a timer
//! fires, and the armed look comes, only where a model says so), so a lost wake-up is a deadlock, which the checker
//! reports. `SPKIT_MUTANT` breaks one place; `.ci/models` knows which models must notice.

mod background;
mod callers;
mod flusher;
mod handle;

use std::{collections::VecDeque, sync::atomic::AtomicBool as Plain};

use loom::{sync::Condvar, thread::JoinHandle};

use super::{ATTENTION, Bells, Handover, Lead, Look, Role, Waiter};
use crate::sync::{Arc, Mutex, MutexGuard, Ordering, lock, mutant, thread};

/// An object whose messages go to the socket's receive queue.
const MAIL: u64 = 1;
/// An object whose messages are answered to somebody outside, who waits for that.
const PEER: u64 = 2;
/// When the armed look comes, and the one after it.
const LOOK_AT: u64 = 100;
const LOOK_AGAIN_AT: u64 = 1_000;

/// Explores a model: all orders with at most three preemptions (or `LOOM_MAX_PREEMPTIONS`).
fn explore(model: impl Fn() + Sync + Send + 'static) {
    explore_within(3, model);
}

fn explore_within(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(preemptions);
    builder.max_branches = 2_000;
    builder.check(model);
}

/// A sticky bell.
#[derive(Debug, Default)]
struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Bell {
    fn ring(&self) {
        *lock(&self.rung) = true;
        self.changed.notify_one();
    }

    fn wait(&self) {
        let mut rung = lock(&self.rung);
        while !std::mem::take(&mut *rung) {
            rung = wait(&self.changed, rung);
        }
    }
}

fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condvar.wait(guard).unwrap_or_else(|_| unreachable!())
}

/// The socket's poller: the system's events, and the leader's bell.
#[derive(Debug, Default)]
struct Poller {
    state: Mutex<Polled>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Polled {
    rung: bool,
    events: Vec<u64>,
    /// Not nested in the poller of the background thread, which watches no more.
    detached: bool,
}

impl Poller {
    fn sleep(&self, events: &mut Vec<u64>) {
        let mut state = lock(&self.state);
        while !state.rung && state.events.is_empty() {
            state = wait(&self.changed, state);
        }
        state.rung = false;
        events.append(&mut state.events);
    }

    /// Looks without sleeping.
    fn look(&self, events: &mut Vec<u64>) {
        events.append(&mut lock(&self.state).events);
    }
}

/// Where the background thread sleeps.
#[derive(Debug, Default)]
struct Desk {
    calls: Mutex<Calls>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
struct Calls {
    summoned: bool,
    /// The socket's poller, nested in that of the background thread, became ready.
    event: bool,
    /// The armed look, which came at this time.
    look: Option<u64>,
    /// The timer of a watched socket, which fired at this time.
    due: Option<u64>,
    quit: bool,
}

impl Calls {
    fn any(&self) -> bool {
        self.summoned || self.event || self.look.is_some() || self.due.is_some() || self.quit
    }
}

impl Desk {
    fn call(&self, how: impl FnOnce(&mut Calls)) {
        how(&mut lock(&self.calls));
        self.changed.notify_one();
    }

    fn sleep(&self) -> Calls {
        let mut calls = lock(&self.calls);
        loop {
            let taken = std::mem::take(&mut *calls);
            if taken.any() {
                return taken;
            }
            calls = wait(&self.changed, calls);
        }
    }
}

/// Which looks of the background thread come. What relies on one that does not waits for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    None,
    Armed,
    All,
}

#[derive(Debug)]
struct TestBells {
    poller: Poller,
    desk: Desk,
    looks: Looks,
}

impl Bells for TestBells {
    fn ring(&self) {
        lock(&self.poller.state).rung = true;
        self.poller.changed.notify_one();
    }

    fn summon(&self) {
        self.desk.call(|calls| calls.summoned = true);
    }

    fn grace_end(&self) -> u64 {
        LOOK_AT
    }

    fn arm(&self, at: u64) {
        if self.looks != Looks::None {
            self.desk.call(|calls| calls.look = Some(at));
        }
    }
}

/// Who is told that an operation may go on.
#[derive(Clone, Debug)]
enum Wake {
    Thread(Arc<Waiter>),
    Task(Arc<Bell>),
}

impl PartialEq for Wake {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Thread(one), Self::Thread(other)) => Arc::ptr_eq(one, other),
            (Self::Task(one), Self::Task(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

/// A waiting operation, as in the core's list.
#[derive(Debug)]
struct Waiting {
    wake: Wake,
    /// It was told, and did not try yet.
    woken: bool,
}

/// What is under the lock of the socket's core.
#[derive(Debug, Default)]
struct Core {
    /// Messages that arrived for an object and were not polled yet.
    mail: u8,
    peer: u8,
    /// Messages to receive.
    queue: u8,
    waiting: VecDeque<Waiting>,
    closed: bool,
    /// The socket has a source of the system, hence a poller.
    source: bool,
    /// When a message comes by itself, and for what object.
    timer: Option<(u64, u64)>,
    now: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Received {
    Message,
    Closed,
}

impl Core {
    fn wake_one(&mut self, wakes: &mut Vec<Wake>) {
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| !waiting.woken) {
            waiting.woken = true;
            wakes.push(waiting.wake.clone());
        }
    }

    fn wake_all(&mut self, wakes: &mut Vec<Wake>) {
        for waiting in self.waiting.iter_mut().filter(|waiting| !waiting.woken) {
            waiting.woken = true;
            wakes.push(waiting.wake.clone());
        }
    }

    fn deliver(&mut self, wakes: &mut Vec<Wake>) {
        self.queue += 1;
        self.wake_one(wakes);
    }

    fn receive(&mut self) -> Option<Received> {
        if self.queue > 0 {
            self.queue -= 1;
            return Some(Received::Message);
        }
        self.closed.then_some(Received::Closed)
    }

    fn wake_by(&self) -> u64 {
        self.timer.map_or(u64::MAX, |(at, _)| at)
    }

    fn place(&self, wake: &Wake) -> usize {
        let place = self
            .waiting
            .iter()
            .position(|waiting| waiting.wake == *wake);
        place.expect("it waits")
    }
}

/// How long a caller waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patience {
    Forever,
    /// Its time is up as soon as it sleeps.
    None,
}

#[derive(Debug)]
struct World {
    handover: Handover<TestBells>,
    core: Mutex<Core>,
    /// Rung when the peer is answered.
    answered: Bell,
    /// Somebody leads. The model checker does not see this one.
    led: Plain,
    /// Whether there are timers, so that models without need not look.
    timers: bool,
}

impl World {
    fn new() -> Self {
        Self::with(false)
    }

    /// The plain backend.
    fn plain() -> Self {
        Self::with(true)
    }

    fn with(callers_park: bool) -> Self {
        let bells = TestBells {
            poller: Poller::default(),
            desk: Desk::default(),
            looks: Looks::None,
        };
        let core = Core {
            source: true,
            ..Core::default()
        };
        Self {
            handover: Handover::new(bells, callers_park),
            core: Mutex::new(core),
            answered: Bell::default(),
            led: Plain::new(false),
            timers: false,
        }
    }

    fn looking(mut self, looks: Looks) -> Self {
        self.handover.bells.looks = looks;
        self
    }

    /// There are timers.
    fn timed(mut self) -> Self {
        self.timers = true;
        self
    }

    /// No source of the system yet, hence no poller.
    fn sourceless(self) -> Self {
        lock(&self.core).source = false;
        self
    }

    fn bells(&self) -> &TestBells {
        self.handover.bells()
    }

    // ---- the world outside

    fn inbox(&self, object: u64) {
        let mut core = lock(&self.core);
        match object {
            MAIL => core.mail += 1,
            _ => core.peer += 1,
        }
    }

    /// A message arrives for an object, which gets an event of the system.
    fn arrive(&self, object: u64) {
        self.inbox(object);
        let detached = {
            let mut state = lock(&self.bells().poller.state);
            state.events.push(object);
            state.detached
        };
        self.bells().poller.changed.notify_one();
        if !detached {
            self.bells().desk.call(|calls| calls.event = true);
        }
    }

    /// A message arrives for an object, which another thread of this process tells.
    fn notify(&self, object: u64) {
        self.inbox(object);
        self.handover.notify(object);
    }

    fn set_timer(&self, at: u64, object: u64) {
        lock(&self.core).timer = Some((at, object));
        self.handover.due(at);
    }

    fn close(&self) {
        let mut wakes = Vec::new();
        {
            let mut core = lock(&self.core);
            core.closed = true;
            match mutant("close_wakes_one") {
                true => core.wake_one(&mut wakes),
                false => core.wake_all(&mut wakes),
            }
        }
        self.fire(wakes);
    }

    fn fire(&self, wakes: Vec<Wake>) {
        for wake in wakes {
            match wake {
                Wake::Thread(waiter) => self.handover.wake(&waiter),
                Wake::Task(bell) => bell.ring(),
            }
        }
    }

    // ---- the core's list of waiting operations

    fn enter(&self, wake: &Wake) {
        lock(&self.core).waiting.push_back(Waiting {
            wake: wake.clone(),
            woken: false,
        });
    }

    fn retry(&self, wake: &Wake) -> Option<Received> {
        // From here on a wake counts again, so that one which comes during the attempt is not lost.
        {
            let mut core = lock(&self.core);
            let place = core.place(wake);
            core.waiting[place].woken = false;
        }
        lock(&self.core).receive()
    }

    /// A wake that it did not use goes to the next.
    fn exit(&self, wake: &Wake) {
        let mut wakes = Vec::new();
        {
            let mut core = lock(&self.core);
            let place = core.place(wake);
            let woken = core.waiting.remove(place).is_some_and(|me| me.woken);
            if woken && !mutant("exit_keeps_wake") {
                core.wake_one(&mut wakes);
            }
        }
        self.fire(wakes);
    }

    // ---- whoever leads

    fn begins_to_lead(&self) {
        assert!(!self.led.swap(true, Ordering::Relaxed), "two lead");
    }

    fn ends_to_lead(&self) {
        self.led.store(false, Ordering::Relaxed);
    }

    /// Polls what is due or ready, a message at a time, until nothing is or the caller has its result.
    fn turn(&self, ready: &mut Vec<u64>, me: Option<&Waiter>) {
        if self.timers {
            let mut core = lock(&self.core);
            let now = core.now;
            if let Some((_, object)) = core.timer.take_if(|(at, _)| *at <= now) {
                drop(core);
                self.inbox(object);
                ready.push(object);
            }
        }
        while let Some(object) = ready.pop() {
            let (mut wakes, mut answered) = (Vec::new(), false);
            {
                let mut core = lock(&self.core);
                let inbox = match object {
                    MAIL => &mut core.mail,
                    PEER => &mut core.peer,
                    _ => continue,
                };
                if *inbox == 0 {
                    continue;
                }
                *inbox -= 1;
                if *inbox > 0 {
                    ready.push(object);
                }
                match object {
                    MAIL => core.deliver(&mut wakes),
                    _ => answered = true,
                }
            }
            self.fire(wakes);
            if answered {
                self.answered.ring();
            }
            if me.is_some_and(Waiter::is_woken) {
                return;
            }
        }
    }

    // ---- the background thread

    /// Runs until [`World::quit`].
    fn background(&self) {
        loop {
            let calls = self.bells().desk.sleep();
            if calls.quit {
                return;
            }
            if let Some(at) = calls.look.max(calls.due) {
                lock(&self.core).now = at;
            }
            let mut leads = false;
            if calls.summoned || calls.event || calls.due.is_some() {
                leads = self.handover.take_over();
                // A caller's events need not wake this thread as well.
                lock(&self.bells().poller.state).detached = !leads;
            }
            if !leads && calls.look.is_some() {
                match self.handover.look(LOOK_AGAIN_AT) {
                    Look::Turn => leads = true,
                    Look::Again if self.bells().looks == Looks::All => {
                        self.bells().arm(LOOK_AGAIN_AT);
                    }
                    Look::Again | Look::Leave => {}
                }
            }
            if leads {
                self.background_turn();
            }
        }
    }

    fn background_turn(&self) {
        let mut ready = Vec::new();
        let TestBells { poller, desk, .. } = self.bells();
        loop {
            self.begins_to_lead();
            self.handover.collect(&mut ready);
            poller.look(&mut ready);
            self.turn(&mut ready, None);
            // Attached again, a poller that is ready already says so.
            let event = {
                let mut state = lock(&poller.state);
                std::mem::take(&mut state.detached) && !state.events.is_empty()
            };
            let wake_by = lock(&self.core).wake_by();
            {
                let mut calls = lock(&desk.calls);
                calls.event |= event;
                // A look that was armed need not come.
                calls.look = None;
                calls.due = (wake_by < u64::MAX).then_some(wake_by);
            }
            self.ends_to_lead();
            if self.handover.settle(wake_by) {
                let state = lock(&self.handover.state);
                let left = state.lead == Lead::Watch && !state.parked.is_empty();
                assert!(!left || state.callers_park, "a caller could lead");
                return;
            }
        }
    }

    fn quit(&self) {
        self.bells().desk.call(|calls| calls.quit = true);
    }
}

// ---- waiting operations, as in `driver::operations`

/// Receives on a thread: leads or parks.
fn receive(world: &World) -> Received {
    let received = Operation::new(world, Patience::Forever).run();
    received.expect("it waits for ever")
}

/// As [`receive`], but gives up as soon as it sleeps.
fn receive_in_no_time(world: &World) -> Option<Received> {
    Operation::new(world, Patience::None).run()
}

/// Receives in a task: watches.
fn receive_in_task(world: &World) -> Received {
    let bell = Arc::new(Bell::default());
    let me = Wake::Task(Arc::clone(&bell));
    world.enter(&me);
    world.handover.watch();
    let received = loop {
        if let Some(received) = world.retry(&me) {
            break received;
        }
        bell.wait();
    };
    world.exit(&me);
    world.handover.unwatch();
    received
}

struct Operation<'a> {
    world: &'a World,
    me: Arc<Waiter>,
    patience: Patience,
}

impl<'a> Operation<'a> {
    fn new(world: &'a World, patience: Patience) -> Self {
        Self {
            world,
            me: Waiter::new(),
            patience,
        }
    }

    fn run(&self) -> Option<Received> {
        let wake = Wake::Thread(Arc::clone(&self.me));
        self.world.enter(&wake);
        let received = loop {
            let received = self.world.retry(&wake);
            if mutant("renew_after_attempt") {
                self.me.renew();
            }
            if received.is_some() {
                break received;
            }
            let in_time = self.wait_for();
            if !in_time {
                break None;
            }
        };
        self.world.exit(&wake);
        received
    }

    /// False: its time is up.
    fn wait_for(&self) -> bool {
        let handover = &self.world.handover;
        let mut role = handover.join(&self.me);
        let in_time = loop {
            match role {
                Role::Woken => break true,
                Role::Lead => break self.lead(),
                Role::Park if self.patience == Patience::None => break false,
                Role::Park => thread::park(),
            }
            role = handover.role(&self.me);
        };
        handover.leave(&self.me);
        in_time
    }

    fn lead(&self) -> bool {
        let world = self.world;
        let mut ready = Vec::new();
        let mut in_time = true;
        world.begins_to_lead();
        loop {
            let woken = world.handover.after_sleep(&self.me, &mut ready);
            world.turn(&mut ready, Some(&self.me));
            let woken = woken || self.me.is_woken();
            if woken || !in_time {
                // Its successor finds what it leaves undone.
                for object in ready.drain(..) {
                    if !mutant("leftovers_forgotten") {
                        world.handover.notify_later(object);
                    }
                }
                world.ends_to_lead();
                return woken;
            }
            in_time = self.sleep(&mut ready);
        }
    }

    /// False: its time is up.
    fn sleep(&self, events: &mut Vec<u64>) -> bool {
        let world = self.world;
        let (polling, wake_by) = {
            let core = lock(&world.core);
            (core.source, core.wake_by())
        };
        if !world.handover.before_sleep(&self.me, wake_by, polling) {
            return true;
        }
        let poller = &world.bells().poller;
        match self.patience {
            Patience::None => poller.look(events),
            Patience::Forever if wake_by < u64::MAX => {
                lock(&world.core).now = wake_by;
                poller.look(events);
            }
            Patience::Forever if polling => poller.sleep(events),
            Patience::Forever => thread::park(),
        }
        self.patience == Patience::Forever
    }
}

fn spawn<T: 'static>(shared: &Arc<T>, run: impl FnOnce(&T) + 'static) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    thread::spawn(move || run(&shared))
}

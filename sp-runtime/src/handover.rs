//! Who drives a socket: the hand-over of the lead between callers and the background thread, without I/O.
//!
//! One party at a time *leads* a socket: it sleeps in the socket's poller and dispatches what happens. A caller that
//! blocks leads its own socket; further callers park. When no caller blocks, the background thread leads.
//!
//! Every piece of state is under one small lock, and each transition looks at all of it: there is no flag to publish
//! in the right order. The promises, each model-checked with a mutant that breaks it:
//!
//! * Work announced by [`Handover::notify`] is looked at: the leader does not sleep over it, or is rung, or the
//!   background thread is summoned.
//! * A woken waiter returns, whether it leads, parks, or has not come to wait yet.
//! * Whoever leaves the lead passes it to a parked caller, or to the background thread if anything is outstanding, or
//!   has the background thread look again after a while.
//! * What is due is looked at in time, whoever led when that was said.
//!
//! The bells are sticky: one that rings before the sleep ends that sleep at once. They may ring for nothing.

pub(crate) mod flush;
pub(crate) mod level;

use std::{
    collections::VecDeque,
    ops::{Deref, DerefMut},
};

use crate::sync::{Arc, AtomicBool, Mutex, MutexGuard, Ordering, Thread, lock, mutant, thread};

/// How the hand-over reaches those who sleep.
pub(crate) trait Bells {
    /// Wakes the leader out of the socket's poller. Sticky.
    fn ring(&self);
    /// Has the background thread look at the socket. Sticky.
    fn summon(&self);
    /// When a grace period that starts now is over (nanoseconds).
    fn grace_end(&self) -> u64;
    /// Has the background thread look at the socket then.
    fn arm(&self, at: u64);
}

/// Stands in the ready list for "look at everything again": no object has this number.
pub(crate) const ATTENTION: u64 = u64::MAX;

/// A caller that waits. Its flags are only touched under the hand-over's lock.
#[derive(Debug)]
pub(crate) struct Waiter {
    thread: Thread,
    woken: AtomicBool,
    leads: AtomicBool,
}

impl Waiter {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            thread: thread::current(),
            woken: AtomicBool::new(false),
            leads: AtomicBool::new(false),
        })
    }

    /// Forgets an earlier wait. Nobody else may know of the waiter any more.
    pub(crate) fn renew(&self) {
        self.woken.store(false, Ordering::Relaxed);
    }

    /// A hint, without the lock: right if it says yes.
    pub(crate) fn is_woken(&self) -> bool {
        self.woken()
    }

    fn woken(&self) -> bool {
        self.woken.load(Ordering::Relaxed)
    }

    fn leads(&self) -> bool {
        self.leads.load(Ordering::Relaxed)
    }

    fn set_leads(&self, leads: bool) {
        self.leads.store(leads, Ordering::Relaxed);
    }
}

/// Who drives the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lead {
    /// Nobody: the last caller left a moment ago, and the background thread will look.
    Nobody,
    /// A blocked caller.
    Caller,
    /// The background thread, which sleeps in its own poller with this socket's nested in it.
    Watch,
    /// The background thread, awake.
    Turn,
}

/// How the leading caller sleeps.
#[derive(Debug)]
enum Sleep {
    Awake,
    /// In the socket's poller.
    Polling,
    /// Parked: the socket has no source of the system.
    Parked(Thread),
}

#[derive(Debug)]
struct State {
    lead: Lead,
    sleep: Sleep,
    /// Objects that were notified. Whoever leads next polls them.
    ready: Vec<u64>,
    /// Objects to poll when somebody leads anyway: a resumed pipe whose queue still holds messages.
    later: Vec<u64>,
    parked: VecDeque<Arc<Waiter>>,
    /// Wakers of tasks and other parties who wait without leading.
    watchers: usize,
    /// The background thread was summoned and did not look yet.
    summoned: bool,
    /// The background thread will look after the grace period.
    armed: bool,
    /// A caller led since the background thread looked last.
    used: bool,
    /// Nothing is due before that (nanoseconds), as far as was said: whoever sleeps looks by then.
    wake_by: u64,
    /// When the armed look comes.
    look_at: u64,
    /// No caller may lead: the plain backend.
    callers_park: bool,
}

/// What a caller does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Its operation can go on.
    Woken,
    /// Drive the socket.
    Lead,
    /// Park until [`Handover::role`] says something else.
    Park,
}

/// What the background thread does after its timer for a socket fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Drive the socket: nobody else does.
    Turn,
    /// Callers come and go: look again after a longer while.
    Again,
    /// A caller leads, who will say when it leaves.
    Leave,
}

#[derive(Debug)]
pub(crate) struct Handover<B> {
    state: Mutex<State>,
    bells: B,
}

/// The state, locked. What has to ring rings once the lock is released: whoever wakes up would run into it.
struct Locked<'a, B: Bells> {
    state: Option<MutexGuard<'a, State>>,
    bells: &'a B,
    ring: bool,
    summon: bool,
    arm: Option<u64>,
    unpark: Option<Thread>,
}

impl<B: Bells> Deref for Locked<'_, B> {
    type Target = State;

    fn deref(&self) -> &State {
        match &self.state {
            Some(state) => state,
            None => unreachable!("locked until dropped"),
        }
    }
}

impl<B: Bells> DerefMut for Locked<'_, B> {
    fn deref_mut(&mut self) -> &mut State {
        match &mut self.state {
            Some(state) => state,
            None => unreachable!("locked until dropped"),
        }
    }
}

impl<B: Bells> Drop for Locked<'_, B> {
    fn drop(&mut self) {
        self.state = None;
        if let Some(at) = self.arm {
            self.bells.arm(at);
        }
        if self.summon {
            self.bells.summon();
        }
        if self.ring {
            self.bells.ring();
        }
        if let Some(thread) = self.unpark.take() {
            thread.unpark();
        }
    }
}

impl<B: Bells> Handover<B> {
    pub(crate) fn new(bells: B, callers_park: bool) -> Self {
        let state = State {
            lead: Lead::Watch,
            sleep: Sleep::Awake,
            ready: Vec::new(),
            later: Vec::new(),
            parked: VecDeque::new(),
            watchers: 0,
            summoned: false,
            armed: false,
            used: false,
            wake_by: u64::MAX,
            look_at: u64::MAX,
            callers_park,
        };
        Self {
            state: Mutex::new(state),
            bells,
        }
    }

    pub(crate) fn bells(&self) -> &B {
        &self.bells
    }

    // ---- callers

    /// A caller comes to wait. Every `join` has its [`leave`](Self::leave), also before the next `join`.
    pub(crate) fn join(&self, me: &Arc<Waiter>) -> Role {
        let mut state = self.lock();
        if me.woken() {
            return Role::Woken;
        }
        let free = matches!(state.lead, Lead::Nobody | Lead::Watch) || mutant("join_overtakes");
        if free && !state.callers_park {
            state.lead = Lead::Caller;
            state.used = true;
            me.set_leads(true);
            return Role::Lead;
        }
        state.parked.push_back(Arc::clone(me));
        if !state.later.is_empty() && !mutant("park_leaves_later") {
            state.hurry();
            state.attend();
        }
        Role::Park
    }

    /// What a parked caller is to do now. Between calls it parks its thread.
    pub(crate) fn role(&self, me: &Waiter) -> Role {
        let _state = lock(&self.state);
        match () {
            () if me.woken() => Role::Woken,
            () if me.leads() => Role::Lead,
            () => Role::Park,
        }
    }

    /// A caller stops waiting, for whatever reason, to try its operation again: from here on a wake counts anew. If it
    /// led, the lead goes on to the next.
    pub(crate) fn leave(&self, me: &Arc<Waiter>) {
        let mut state = self.lock();
        me.renew();
        if !me.leads() || mutant("leave_keeps_lead") {
            state.parked.retain(|parked| !Arc::ptr_eq(parked, me));
            return;
        }
        me.set_leads(false);
        state.sleep = Sleep::Awake;
        state.pass_on();
    }

    /// Makes the waiter's operation go on, wherever it is.
    pub(crate) fn wake(&self, waiter: &Waiter) {
        let mut state = self.lock();
        waiter.woken.store(true, Ordering::Relaxed);
        match waiter.leads() {
            true if mutant("wake_spares_leader") => {}
            true => state.rouse(),
            false if mutant("wake_spares_parked") => {}
            false => state.unpark = Some(waiter.thread.clone()),
        }
    }

    /// The leading caller wants to sleep until `wake_by`. False: there is something to do first.
    pub(crate) fn before_sleep(&self, me: &Waiter, wake_by: u64, polling: bool) -> bool {
        let mut state = lock(&self.state);
        let woken = me.woken() && !mutant("sleep_over_wake");
        let ready = !state.ready.is_empty() && !mutant("sleep_over_ready");
        let later = !state.later.is_empty() && !mutant("sleep_over_later");
        if woken || ready || later {
            return false;
        }
        state.wake_by = wake_by;
        state.sleep = if polling {
            Sleep::Polling
        } else {
            Sleep::Parked(me.thread.clone())
        };
        true
    }

    /// The leader is awake: takes over what was notified. True if its own operation can go on.
    pub(crate) fn after_sleep(&self, me: &Waiter, ready: &mut Vec<u64>) -> bool {
        let mut state = lock(&self.state);
        state.sleep = Sleep::Awake;
        state.collect(ready);
        me.woken()
    }

    // ---- anybody

    /// An object wants to be polled.
    pub(crate) fn notify(&self, object: u64) {
        let mut state = self.lock();
        if !state.ready.contains(&object) {
            state.ready.push(object);
        }
        state.attend();
    }

    /// An object may be polled when somebody leads anyway: the queue is not empty.
    pub(crate) fn notify_later(&self, object: u64) {
        let mut state = self.lock();
        if state.later.contains(&object) {
            return;
        }
        state.later.push(object);
        // Those who wait without leading may have emptied the queue since.
        let watched = state.watchers > 0 && !mutant("later_spares_watchers");
        let parked = !state.parked.is_empty() && !mutant("later_spares_parked");
        if watched || parked {
            state.hurry();
            state.attend();
        } else if !mutant("later_spares_leader") {
            // A leader that sleeps would sleep over it.
            state.rouse();
        }
    }

    /// What was put off is wanted now: somebody found the queue empty and does not lead.
    pub(crate) fn hurry(&self) {
        let mut state = self.lock();
        if !state.later.is_empty() && !mutant("hurry_waits") {
            state.hurry();
            state.attend();
        }
    }

    /// Something is due at `at`: if whoever is responsible would look later than that, it looks now.
    pub(crate) fn due(&self, at: u64) {
        let mut state = self.lock();
        let looks_in_time = match (state.lead, &state.sleep) {
            (Lead::Caller, Sleep::Awake) | (Lead::Turn, _) => mutant("due_trusts_the_awake"),
            (Lead::Caller, _) | (Lead::Watch, _) => state.wake_by <= at,
            (Lead::Nobody, _) => state.look_at <= at,
        };
        state.wake_by = state.wake_by.min(at);
        if !looks_in_time {
            state.ready.push(ATTENTION);
            state.attend();
        }
    }

    /// A party waits without leading: from now on somebody drives the socket all the time.
    pub(crate) fn watch(&self) {
        let mut state = self.lock();
        state.watchers += 1;
        state.hurry();
        let nobody = state.lead == Lead::Nobody && !mutant("watch_over_nobody");
        if nobody || !state.ready.is_empty() {
            state.attend();
        }
    }

    /// That party waits no more.
    pub(crate) fn unwatch(&self) {
        lock(&self.state).watchers -= 1;
    }

    // ---- the background thread

    /// The summoned background thread looks. True: it leads now and runs a turn.
    pub(crate) fn take_over(&self) -> bool {
        let mut state = self.lock();
        state.summoned = mutant("summoned_for_ever");
        if state.lead == Lead::Caller && !mutant("take_over_from_caller") {
            // The caller looks at everything before it sleeps and when it leaves.
            return false;
        }
        state.lead = Lead::Turn;
        state.armed = mutant("armed_after_turn");
        true
    }

    /// The grace period is over; should callers come and go, the next look is at `next`.
    pub(crate) fn look(&self, next: u64) -> Look {
        let mut state = self.lock();
        match state.lead {
            Lead::Caller => {
                state.armed = mutant("armed_after_look");
                Look::Leave
            }
            Lead::Nobody if state.used && (state.wake_by >= next || mutant("look_over_timer")) => {
                state.used = false;
                state.look_at = next;
                Look::Again
            }
            _ => {
                state.lead = Lead::Turn;
                state.armed = false;
                Look::Turn
            }
        }
    }

    /// Takes over what was notified, during the background thread's turn.
    pub(crate) fn collect(&self, ready: &mut Vec<u64>) {
        lock(&self.state).collect(ready);
    }

    /// The background thread's turn is over. True: it sleeps until `wake_by`, or somebody else leads.
    /// False: there is more to do.
    pub(crate) fn settle(&self, wake_by: u64) -> bool {
        let mut state = self.lock();
        let ready = !state.ready.is_empty() && !mutant("settle_over_ready");
        if ready || !state.later.is_empty() {
            return false;
        }
        state.lead = Lead::Watch;
        state.wake_by = wake_by;
        state.used = false;
        if !state.callers_park
            && !mutant("settle_over_parked")
            && let Some(next) = state.parked.pop_front()
        {
            state.lead = Lead::Caller;
            state.used = true;
            next.set_leads(true);
            state.unpark = Some(next.thread.clone());
        }
        true
    }

    fn lock(&self) -> Locked<'_, B> {
        Locked {
            state: Some(lock(&self.state)),
            bells: &self.bells,
            ring: false,
            summon: false,
            arm: None,
            unpark: None,
        }
    }
}

/// Transitions.
impl<B: Bells> Locked<'_, B> {
    /// Sees to it that somebody looks at the state.
    fn attend(&mut self) {
        match self.lead {
            Lead::Caller => self.rouse(),
            // Looks again before it settles.
            Lead::Turn => {}
            Lead::Watch if mutant("notify_over_watch") => {}
            Lead::Nobody | Lead::Watch => self.summon(),
        }
    }

    /// Wakes the leading caller if it sleeps.
    fn rouse(&mut self) {
        match std::mem::replace(&mut self.sleep, Sleep::Awake) {
            Sleep::Awake => {}
            Sleep::Polling => self.ring = true,
            Sleep::Parked(_) if mutant("parked_leader_sleeps_on") => {}
            Sleep::Parked(thread) => self.unpark = Some(thread),
        }
    }

    fn summon(&mut self) {
        if !self.summoned {
            self.summoned = true;
            self.summon = true;
        }
    }

    fn pass_on(&mut self) {
        if let Some(next) = self.parked.pop_front() {
            next.set_leads(true);
            if !mutant("lead_passed_silently") {
                self.unpark = Some(next.thread.clone());
            }
            return;
        }
        self.lead = Lead::Nobody;
        let ready = !self.ready.is_empty() && !mutant("leave_over_ready");
        let watched = self.watchers > 0 && !mutant("leave_over_watchers");
        if ready || watched {
            return self.summon();
        }
        if !self.armed && !mutant("leave_unarmed") {
            self.armed = true;
            self.look_at = self.bells.grace_end();
            self.arm = Some(self.look_at);
        }
        if self.wake_by < self.look_at && !mutant("leave_over_timer") {
            self.summon();
        }
    }
}

impl State {
    /// What could wait until somebody leads is wanted now.
    fn hurry(&mut self) {
        self.ready.append(&mut self.later);
    }

    fn collect(&mut self, ready: &mut Vec<u64>) {
        ready.append(&mut self.ready);
        ready.append(&mut self.later);
    }
}

#[cfg(all(test, loom))]
mod models;

//! Leading a socket: sleep in its poller, dispatch what happened, do what is due.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use mio::{Events, event::Event};
use spkit_api::{Inbox, IoCx, Progress, Ready, Time, TimerId};

use super::{
    Shared, WAKER, clock,
    pipe_cell::{PipeCell, guarded},
    reactor::{ObjectReactor, Scratch},
    yields::Yields,
};
use crate::{
    handover::{ATTENTION, Waiter},
    sync::{lock, thread},
};

/// Rounds of work after which the system is asked for events, however much there is to do.
const UNASKED: u32 = 4;

/// Rounds of work after which the clock is read for timers, however much there is to do.
const UNTIMED: u32 = 16;

/// No timer is set.
pub(super) const NEVER: u64 = u64::MAX;

/// Events taken from the system at once.
const EVENTS: usize = 256;

/// What whoever leads works with.
pub(super) struct Poller {
    poll: Option<mio::Poll>,
    events: Events,
    /// Objects to poll, and why.
    work: Vec<(u32, Ready)>,
    /// What was notified.
    ready: Vec<u64>,
    inbox: Inbox,
    scratch: Scratch,
    yields: Yields,
    /// Rounds since the system was asked for events.
    unasked: u32,
    /// Rounds since the clock was read.
    untimed: u32,
    /// Messages received since the last look at them.
    came: usize,
    /// The pipe that delivered last: worth a guess if it is the only one.
    hot: Option<Arc<PipeCell>>,
}

impl Default for Poller {
    fn default() -> Self {
        Self {
            poll: None,
            events: Events::with_capacity(EVENTS),
            work: Vec::new(),
            ready: Vec::new(),
            inbox: Inbox::default(),
            scratch: Scratch::default(),
            yields: Yields::new(0),
            unasked: 0,
            untimed: 0,
            came: 0,
            hot: None,
        }
    }
}

impl Shared {
    /// A caller leads, until its operation can go on or its time is over.
    pub(super) fn lead(self: &Arc<Self>, me: &Arc<Waiter>, deadline: Option<Time>) {
        let poller = &mut *lock(&self.poller);
        let most = self.yields.load(Ordering::Relaxed);
        poller.yields.start(u32::try_from(most).unwrap_or(0));
        loop {
            // What is put off could be what the peer waits for before it answers.
            self.flush();
            let woken = self.handover.after_sleep(me, &mut poller.ready);
            if !poller.ready.is_empty() {
                // A pipe that always has more must not keep the others from being seen.
                poller.unasked += 1;
                if poller.unasked >= UNASKED {
                    self.look(poller, Some(Duration::ZERO));
                }
            }
            let worked = self.work_through(poller, Some(me));
            // Also by a leader that always finds its result at once.
            poller.untimed += 1;
            if poller.untimed >= UNTIMED {
                self.run_timers(poller, clock::now());
            }
            if woken || me.is_woken() {
                self.hand_back(poller);
                return;
            }
            if worked {
                poller.yields.refill(std::mem::take(&mut poller.came));
                continue;
            }
            if self.try_yield(poller, me) {
                continue;
            }
            let now = clock::now();
            if deadline.is_some_and(|at| at <= now) {
                self.hand_back(poller);
                return;
            }
            if self.run_timers(poller, now) {
                continue;
            }
            let due = self.next_due();
            let until = match (deadline, due) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            if until.is_some_and(|at| at <= now) {
                continue;
            }
            let wake_by = until.map_or(u64::MAX, Time::as_nanos);
            // The work may have registered the first source.
            self.pick_up(poller);
            if self
                .handover
                .before_sleep(me, wake_by, poller.poll.is_some())
            {
                self.sleep(poller, until.map(|at| at.since(now)));
            }
        }
    }

    /// The background thread's turn: looks without sleeping. True: there was something.
    pub(super) fn background_turn(self: &Arc<Self>) -> bool {
        let poller = &mut *lock(&self.poller);
        self.handover.collect(&mut poller.ready);
        poller.unasked += 1;
        if poller.unasked >= UNASKED || (poller.ready.is_empty() && poller.work.is_empty()) {
            self.look(poller, Some(Duration::ZERO));
        }
        let worked = self.work_through(poller, None);
        self.run_timers(poller, clock::now());
        self.closing_turn();
        worked
    }

    /// An event of the plain backend's shared poller.
    pub(super) fn plain_event(&self, event: &Event) {
        let object = (event.token().0 & 0xffff_ffff) as u32;
        lock(&self.poller).work.push((object, reasons(event)));
    }

    /// When the socket has to be looked at next, whatever happens.
    pub(super) fn next_due(&self) -> Option<Time> {
        let mut due = self.due_hint.load(Ordering::Acquire);
        if self.is_closing() {
            let close_by = *lock(&self.close_by);
            due = due.min(close_by.map_or(NEVER, Time::as_nanos));
        }
        (due != NEVER).then(|| Time::from_nanos(due))
    }

    /// The descriptor of the socket's poller, for nesting.
    #[cfg(unix)]
    pub(super) fn poll_fd(&self) -> Option<std::os::fd::RawFd> {
        use std::os::fd::AsRawFd;
        let mut poller = lock(&self.poller);
        self.pick_up(&mut poller);
        poller.poll.as_ref().map(AsRawFd::as_raw_fd)
    }

    fn pick_up(&self, poller: &mut Poller) {
        if poller.poll.is_none() {
            poller.poll = lock(&self.fresh).take();
        }
    }

    fn sleep(&self, poller: &mut Poller, timeout: Option<Duration>) {
        // A timeout never ends early: the system's clock counts in coarser steps than ours.
        let timeout = timeout.map(|left| left + Duration::from_nanos(999_999));
        if poller.poll.is_some() {
            self.look(poller, timeout);
        } else {
            match timeout {
                Some(timeout) => thread::park_timeout(timeout),
                None => thread::park(),
            }
        }
    }

    /// Takes events from the system's poller.
    fn look(&self, poller: &mut Poller, timeout: Option<Duration>) {
        self.pick_up(poller);
        poller.unasked = 0;
        let Poller {
            poll, events, work, ..
        } = poller;
        let Some(poll) = poll else {
            return;
        };
        if poll.poll(events, timeout).is_err() {
            // Interrupted: whoever called looks at the time and comes again.
            return;
        }
        for event in events.iter().filter(|event| event.token() != WAKER) {
            work.push((event.token().0 as u32, reasons(event)));
        }
    }

    /// Gives up the CPU for a moment and looks again. False: time to sleep.
    fn try_yield(self: &Arc<Self>, poller: &mut Poller, me: &Waiter) -> bool {
        if !poller.yields.try_yield() {
            return false;
        }
        if me.is_woken() {
            return true;
        }
        match &poller.hot {
            // One read costs less than asking the system what is readable.
            Some(hot) if hot.coalesces && self.pipes.load(Ordering::Relaxed) == 1 => {
                let object = hot.object;
                poller.work.push((object, Ready::NONE));
            }
            _ if poller.poll.is_some() => self.look(poller, Some(Duration::ZERO)),
            _ => {}
        }
        true
    }

    /// Polls every object that has a reason, each within its budget, until none has or the caller has its result; for
    /// the background thread, once. True: there was one.
    fn work_through(self: &Arc<Self>, poller: &mut Poller, me: Option<&Arc<Waiter>>) -> bool {
        let mut worked = false;
        for at in 0..poller.ready.len() {
            worked = true;
            match poller.ready[at] {
                ATTENTION => {
                    let dials = std::mem::take(&mut *lock(&self.dials));
                    for endpoint in dials {
                        self.dial_now(endpoint, poller);
                    }
                }
                object => poller.work.push((object as u32, Ready::NOTIFIED)),
            }
        }
        poller.ready.clear();
        while !poller.work.is_empty() {
            let mut batch = std::mem::take(&mut poller.work);
            merge(&mut batch);
            for (object, ready) in batch.drain(..) {
                worked |= !ready.is_none();
                worked |= self.poll_object(object, ready, poller);
            }
            if poller.work.is_empty() {
                // Keeps the list's memory.
                poller.work = batch;
            }
            // Every event that was taken had its turn. A leader with its own result in hand goes; the background
            // thread looks what else there is.
            if me.is_none_or(|me| me.is_woken()) {
                break;
            }
        }
        worked
    }

    /// What a leader leaves undone, its successor finds: there is more where its own result came from.
    fn hand_back(&self, poller: &mut Poller) {
        for (object, _) in poller.work.drain(..) {
            self.handover.notify_later(u64::from(object));
        }
    }

    /// Does what is due. True: something may have been.
    fn run_timers(self: &Arc<Self>, poller: &mut Poller, now: Time) -> bool {
        poller.untimed = 0;
        if self.due_hint.load(Ordering::Acquire) > now.as_nanos() {
            return false;
        }
        // What is set from here on lowers the hint again.
        self.due_hint.store(NEVER, Ordering::Release);
        self.with_core(|hosted| hosted.core.run_timers());
        loop {
            let Some((object, timer)) = lock(&self.timers).expired(now) else {
                break;
            };
            if timer == HANDSHAKE {
                self.handshake_timed_out(object);
            } else {
                self.poll_object(object, Ready::TIMER, poller);
            }
        }
        let core = lock(&self.core).core.next_due();
        let objects = lock(&self.timers).next();
        if let Some(next) = core.into_iter().chain(objects).min() {
            self.due_hint.fetch_min(next.as_nanos(), Ordering::AcqRel);
        }
        true
    }

    /// A timer was set: whoever is responsible looks in time.
    pub(super) fn timer_is_due(&self, at: Time) {
        self.due_hint.fetch_min(at.as_nanos(), Ordering::AcqRel);
        self.handover.due(at.as_nanos());
    }

    /// Reads what a pipe has, within one budget. True: something came.
    pub(super) fn read_pipe(
        self: &Arc<Self>,
        cell: &Arc<PipeCell>,
        ready: Ready,
        poller: &mut Poller,
    ) -> bool {
        let mut io = lock(&cell.io);
        let Some(pipe) = io.pipe.as_mut() else {
            return false;
        };
        let Poller { scratch, inbox, .. } = poller;
        let mut reactor = ObjectReactor {
            shared: self,
            object: cell.object,
            scratch,
        };
        let mut owes = false;
        let result = guarded(cell.origin, || {
            let progress = pipe.poll_recv(&mut IoCx::new(&mut reactor, ready), inbox)?;
            // A carrier that must answer (a handshake, a ping) has its say at once.
            owes = pipe.pending().bytes > 0;
            Ok(progress)
        });
        let came = !inbox.is_empty();
        if came {
            poller.came += inbox.len();
            let mut hosted = lock(&self.core);
            hosted.heard = true;
            hosted.core.received(cell.id, inbox);
            drop(io);
            self.finish(hosted);
            if poller.hot.as_ref().is_none_or(|hot| hot.id != cell.id) {
                poller.hot = Some(Arc::clone(cell));
            }
        } else {
            drop(io);
        }
        if owes {
            self.transmit(cell.id);
        }
        match result {
            Ok(Progress::Drained) => {}
            Ok(Progress::More) => poller.work.push((cell.object, Ready::NOTIFIED)),
            Err(error) => self.close_pipe(cell, error),
        }
        came
    }

    pub(super) fn forget_hot(&self, cell: &PipeCell) {
        // Only whoever leads holds the poller; a stale hint costs one useless guess.
        if let Ok(mut poller) = self.poller.try_lock()
            && poller.hot.as_ref().is_some_and(|hot| hot.id == cell.id)
        {
            poller.hot = None;
        }
    }
}

/// The runtime's own timer of a connection in its handshake.
pub(super) const HANDSHAKE: TimerId = TimerId(u64::MAX);
/// The runtime's own timer of a listener that rests after an error.
pub(super) const REST: TimerId = TimerId(u64::MAX - 1);

impl Poller {
    pub(super) fn scratch(&mut self) -> &mut Scratch {
        &mut self.scratch
    }

    pub(super) fn push(&mut self, object: u32, ready: Ready) {
        self.work.push((object, ready));
    }
}

/// Leaves one entry an object: each asks for another while there is more, so duplicates would add up and never go.
fn merge(work: &mut Vec<(u32, Ready)>) {
    if work.len() < 2 {
        return;
    }
    work.sort_unstable_by_key(|(object, _)| *object);
    work.dedup_by(|(object, ready), (kept, reasons)| {
        let same = object == kept;
        if same {
            *reasons |= *ready;
        }
        same
    });
}

fn reasons(event: &Event) -> Ready {
    let mut ready = Ready::NONE;
    if event.is_readable() {
        ready |= Ready::READABLE;
    }
    if event.is_writable() {
        ready |= Ready::WRITABLE;
    }
    if event.is_read_closed() || event.is_error() {
        ready |= Ready::READABLE | Ready::CLOSED;
    }
    if event.is_write_closed() {
        ready |= Ready::WRITABLE;
    }
    ready
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_one_entry_with_all_its_reasons() {
        let mut work = vec![
            (7, Ready::READABLE),
            (3, Ready::NOTIFIED),
            (7, Ready::NOTIFIED),
            (7, Ready::WRITABLE),
        ];
        merge(&mut work);
        let all = Ready::READABLE | Ready::NOTIFIED | Ready::WRITABLE;
        assert_eq!(work, [(3, Ready::NOTIFIED), (7, all)]);
    }
}

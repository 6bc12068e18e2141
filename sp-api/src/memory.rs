//! The receive memory of a runtime, shared by all its pipes.
//!
//! Limits per message and per queue do not bound what thousands of peers make a process keep together. This does: what
//! a pipe has to hold while a message is incomplete is reserved first, and a pipe that gets none waits, unread, so that
//! its peer is held up by its own carrier.
//!
//! * **Share.** A holder may have at most as much as is left for others. So a hundred large messages that never end
//!   leave room for small ones, without anybody having to know how many there are.
//! * **Lease.** Many honest messages could all wait for each other, each half received. One of those that wait may
//!   therefore go beyond its share, into an eighth that is kept apart for it, if it can finish that way; then the next.
//! * **Revocation.** Who has the lease and receives nothing for some seconds while others wait loses its connection:
//!   memory was all it could have waited for.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering, fence},
    },
    task::Poll,
    time::Duration,
};

use crate::{Error, ErrorKind, IoCx, Notifier, Result, Time, TimerId};

/// Asks again, should nobody give anything back. Ids this high are not the plugins'.
const AGAIN: TimerId = TimerId(u64::MAX - 0x100);

/// How soon.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How long a lease lasts without a byte arriving.
const LEASE: Duration = Duration::from_secs(5);

/// A total that [`Reservation`]s are taken from.
pub struct Memory {
    total: usize,
    used: AtomicUsize,
    /// Used beyond the shares, under a lease.
    leased: AtomicUsize,
    refused: AtomicUsize,
    revoked: AtomicUsize,
    /// Whether `queue` has bells, to be read without the lock.
    waiters: AtomicBool,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    /// Who waits. All are rung: those who are refused again come back.
    bells: Vec<Notifier>,
    lease: Option<Lease>,
}

struct Lease {
    ticket: Arc<Ticket>,
    bell: Notifier,
    /// When its holder received something last.
    since: Time,
}

/// What the holder of a lease and the memory have in common.
#[derive(Debug, Default)]
struct Ticket {
    revoked: AtomicBool,
}

impl Memory {
    /// So many bytes for everybody together.
    pub fn new(total: usize) -> Arc<Self> {
        Arc::new(Self {
            total,
            used: AtomicUsize::new(0),
            leased: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            revoked: AtomicUsize::new(0),
            waiters: AtomicBool::new(false),
            queue: Mutex::default(),
        })
    }

    /// What there is for everybody together.
    pub fn total(&self) -> usize {
        self.total
    }

    /// What is reserved now. May exceed the total by an eighth, and by what was [charged](Reservation::charge) unasked.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed) + self.leased.load(Ordering::Relaxed)
    }

    /// How often a reservation could not grow at once, since the start.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }

    /// How many connections were given up because they held memory that others needed, since the start.
    pub fn revoked(&self) -> usize {
        self.revoked.load(Ordering::Relaxed)
    }

    /// The most that a single holder can ever get: half of the total. A message larger than this cannot be received.
    pub fn largest(&self) -> usize {
        self.total / 2
    }

    /// Whether there is so little left (a quarter) that nobody should read more than it has to.
    pub fn is_tight(&self) -> bool {
        self.used() > self.total / 4 * 3
    }

    /// A reservation of nothing yet.
    pub fn reservation(self: &Arc<Self>) -> Reservation {
        Reservation {
            memory: Arc::clone(self),
            held: 0,
            leased: 0,
            ticket: None,
        }
    }

    fn give(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::SeqCst);
        // Whoever was refused has entered itself before it looked at `used` again: one of the two sees the other.
        fence(Ordering::SeqCst);
        self.ring();
    }

    fn ring(&self) {
        if !self.waiters.load(Ordering::SeqCst) {
            return;
        }
        let woken = {
            let mut queue = self.lock();
            self.waiters.store(false, Ordering::SeqCst);
            std::mem::take(&mut queue.bells)
        };
        for bell in woken {
            bell.notify();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({} of {} used)", self.used(), self.total)
    }
}

/// A part of a [`Memory`]. Dropping it gives everything back.
#[derive(Debug)]
pub struct Reservation {
    memory: Arc<Memory>,
    held: usize,
    /// Beyond its share.
    leased: usize,
    /// Of the lease it has, or had.
    ticket: Option<Arc<Ticket>>,
}

impl Reservation {
    /// Bytes reserved.
    pub fn held(&self) -> usize {
        self.held + self.leased
    }

    /// Reserves `more` bytes on top, or nothing: then give up, or [wait](Self::poll_grow).
    #[must_use = "what was not reserved must not be used"]
    pub fn grow(&mut self, more: usize) -> bool {
        // Its own part and the new one must be matched by as much that is free.
        let memory = &self.memory;
        let taken = take(&memory.used, more, self.held, memory.total);
        if taken {
            self.held += more;
        }
        taken
    }

    /// Reserves `more` bytes on top, now or later, towards `whole` bytes in the end.
    ///
    /// Pending: nothing was reserved; the object holds what it has, reads nothing, and is polled again when memory was
    /// given back, or after a second. An error means that what it has is needed by others more: the connection goes.
    pub fn poll_grow(&mut self, more: usize, whole: usize, io: &mut IoCx<'_>) -> Poll<Result<()>> {
        if self.is_revoked() {
            return Poll::Ready(Err(revoked()));
        }
        if self.grow(more) {
            return Poll::Ready(Ok(()));
        }
        self.memory.refused.fetch_add(1, Ordering::Relaxed);
        {
            let mut queue = self.memory.lock();
            queue.bells.push(io.notifier());
            self.memory.waiters.store(true, Ordering::SeqCst);
        }
        fence(Ordering::SeqCst);
        // What was given back in between rang for nobody. A late ring after a success is a hint too many, no more.
        if self.grow(more) || self.grow_by_lease(more, whole, io) {
            return Poll::Ready(Ok(()));
        }
        io.set_timer(AGAIN, AGAIN_AFTER);
        Poll::Pending
    }

    /// Says that something arrived for what is reserved: whoever holds up others is judged by it.
    pub fn arrived(&mut self, io: &mut IoCx<'_>) {
        let Some(ticket) = &self.ticket else {
            return;
        };
        let mut queue = self.memory.lock();
        if let Some(lease) = &mut queue.lease
            && Arc::ptr_eq(&lease.ticket, ticket)
        {
            lease.since = io.now();
        }
    }

    /// Whether others need the memory more. The object is polled when that happens, and ends its connection.
    pub fn is_revoked(&self) -> bool {
        let revoked = |ticket: &Arc<Ticket>| ticket.revoked.load(Ordering::SeqCst);
        self.ticket.as_ref().is_some_and(revoked)
    }

    /// Makes the reservation this large, whatever is free: for bytes that are here already and cannot be refused.
    pub fn charge(&mut self, bytes: usize) {
        if bytes > self.held {
            self.memory
                .used
                .fetch_add(bytes - self.held, Ordering::SeqCst);
        } else if bytes < self.held {
            self.memory.give(self.held - bytes);
        }
        self.held = bytes;
    }

    fn grow_by_lease(&mut self, more: usize, whole: usize, io: &mut IoCx<'_>) -> bool {
        let memory = &self.memory;
        // Only who can finish: the rest of the whole must fit as well.
        let rest = whole.saturating_sub(self.held()).saturating_sub(more);
        let now = io.now();
        let mut late = None;
        let taken = {
            let mut queue = memory.lock();
            let mine = match (&queue.lease, &self.ticket) {
                (Some(lease), Some(ticket)) => Arc::ptr_eq(&lease.ticket, ticket),
                _ => false,
            };
            if !mine
                && let Some(lease) = &queue.lease
                && now.since(lease.since) > LEASE
            {
                late = queue.lease.take();
            }
            let taken = (mine || queue.lease.is_none())
                && take(&memory.leased, more, rest, memory.total / 8);
            if taken {
                let ticket = Arc::clone(self.ticket.get_or_insert_default());
                queue.lease = Some(Lease {
                    ticket,
                    bell: io.notifier(),
                    since: now,
                });
            }
            taken
        };
        if let Some(lease) = late {
            lease.ticket.revoked.store(true, Ordering::SeqCst);
            memory.revoked.fetch_add(1, Ordering::Relaxed);
            lease.bell.notify();
        }
        if taken {
            self.leased += more;
        }
        taken
    }
}

/// Adds `more` if the sum is within the limit and leaves `room` below it.
fn take(sum: &AtomicUsize, more: usize, room: usize, limit: usize) -> bool {
    let fits = |sum: usize| {
        let needed = sum.checked_add(more)?.checked_add(room)?;
        (needed <= limit).then_some(sum + more)
    };
    sum.fetch_update(Ordering::SeqCst, Ordering::Relaxed, fits)
        .is_ok()
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let mut queue = self.memory.lock();
            if queue
                .lease
                .as_ref()
                .is_some_and(|lease| Arc::ptr_eq(&lease.ticket, &ticket))
            {
                queue.lease = None;
            }
        }
        self.memory.leased.fetch_sub(self.leased, Ordering::SeqCst);
        self.charge(0);
    }
}

#[cold]
fn revoked() -> Error {
    Error::new(
        ErrorKind::OutOfResources,
        "receive memory is short, and nothing came of a message it was kept for",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ready, testing::TestReactor};

    fn grow(held: &mut Reservation, more: usize, whole: usize, at: &mut TestReactor) -> bool {
        match held.poll_grow(more, whole, &mut at.io(Ready::NONE)) {
            Poll::Ready(result) => {
                result.unwrap();
                true
            }
            Poll::Pending => false,
        }
    }

    #[test]
    fn nobody_gets_more_than_is_left_for_others() {
        let memory = Memory::new(1000);
        let mut first = memory.reservation();
        assert!(first.grow(500));
        assert!(!first.grow(1), "half is the most");
        let mut second = memory.reservation();
        assert!(second.grow(250));
        assert!(!second.grow(1));
        assert!(
            memory.reservation().grow(125),
            "a newcomer still gets something"
        );
        drop(first);
        assert_eq!(memory.used(), 250);
        assert!(second.grow(125));
    }

    #[test]
    fn who_was_refused_is_told_when_memory_comes_back() {
        let memory = Memory::new(100);
        let mut first = memory.reservation();
        first.charge(100);
        let mut reactor = TestReactor::new();
        let mut second = memory.reservation();
        assert!(!grow(&mut second, 20, 20, &mut reactor));
        assert_eq!((reactor.take_notified(), reactor.timers()), (0, 1));
        first.charge(10);
        assert_eq!(reactor.take_notified(), 1);
        assert!(grow(&mut second, 20, 20, &mut reactor));
        assert_eq!(memory.refused(), 1);
    }

    #[test]
    fn absurd_wishes_are_refused_without_wrapping() {
        let memory = Memory::new(100);
        let mut reservation = memory.reservation();
        assert!(reservation.grow(1));
        assert!(!reservation.grow(usize::MAX));
        assert!(!grow(
            &mut reservation,
            usize::MAX,
            usize::MAX,
            &mut TestReactor::new()
        ));
        assert_eq!(memory.used(), 1);
    }

    #[test]
    fn messages_that_wait_for_each_other_finish_one_after_the_other() {
        let memory = Memory::new(1000);
        let mut reactors: Vec<_> = (0..20).map(|_| TestReactor::new()).collect();
        let mut held: Vec<_> = (0..20).map(|_| memory.reservation()).collect();
        // Each wants 100 in steps of 10: together twice what there is.
        let mut finished = 0;
        for round in 0..100 {
            for (held, reactor) in held.iter_mut().zip(&mut reactors) {
                if grow(held, 10, 100, reactor) && held.held() == 100 {
                    finished += 1;
                    *held = memory.reservation();
                    if finished >= 20 {
                        return;
                    }
                }
            }
            assert!(memory.used() <= 1125, "round {round}");
        }
        panic!("only {finished} finished");
    }

    #[test]
    fn a_lease_without_progress_is_lost_to_others_and_with_progress_is_not() {
        let memory = Memory::new(1000);
        let mut full = memory.reservation();
        full.charge(1000);
        let (mut slow, mut other) = (memory.reservation(), memory.reservation());
        let (mut slow_reactor, mut reactor) = (TestReactor::new(), TestReactor::new());
        assert!(grow(&mut slow, 10, 100, &mut slow_reactor), "the lease");
        assert!(!grow(&mut other, 10, 50, &mut reactor));
        for _ in 0..2 {
            slow_reactor.advance(Duration::from_secs(4));
            reactor.advance(Duration::from_secs(4));
            slow.arrived(&mut slow_reactor.io(Ready::NONE));
            assert!(!grow(&mut other, 10, 50, &mut reactor));
        }
        slow_reactor.take_notified();
        reactor.advance(Duration::from_secs(6));
        assert!(grow(&mut other, 10, 50, &mut reactor));
        assert!(slow.is_revoked());
        assert!(slow_reactor.take_notified() > 0);
        assert_eq!(memory.revoked(), 1);
        let refused = slow.poll_grow(10, 100, &mut slow_reactor.io(Ready::NONE));
        assert!(matches!(refused, Poll::Ready(Err(_))));
        drop(slow);
        drop(other);
        assert_eq!(memory.used(), 1000);
        assert!(grow(&mut memory.reservation(), 10, 50, &mut reactor));
    }

    #[test]
    fn who_cannot_finish_gets_no_lease() {
        let memory = Memory::new(1000);
        let mut full = memory.reservation();
        full.charge(1000);
        let mut reactor = TestReactor::new();
        assert!(!grow(&mut memory.reservation(), 10, 200, &mut reactor));
    }
}

//! The receive memory of a runtime, shared by all its pipes.
//!
//! Limits per message and per queue do not bound what thousands of peers make a process keep together. This does: what
//! a pipe has to hold while a message is incomplete is reserved first, and a pipe that gets none waits, unread, so that
//! its peer is held up by its own carrier.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering, fence},
    },
};

use crate::Notifier;

/// A total that [`Reservation`]s are taken from.
///
/// A holder may have at most as much as is left for others. So one or a hundred large messages that never end leave
/// room for small ones, without anybody having to know how many there are.
pub struct Memory {
    total: usize,
    used: AtomicUsize,
    refused: AtomicUsize,
    /// Length of `waiting`, to be read without the lock.
    waiters: AtomicUsize,
    waiting: Mutex<Vec<Notifier>>,
}

impl Memory {
    /// So many bytes for everybody together.
    pub fn new(total: usize) -> Arc<Self> {
        Arc::new(Self {
            total,
            used: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            waiters: AtomicUsize::new(0),
            waiting: Mutex::new(Vec::new()),
        })
    }

    /// What there is for everybody together.
    pub fn total(&self) -> usize {
        self.total
    }

    /// What is reserved now. May exceed the total by what was [charged](Reservation::charge) unasked.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// How often a reservation could not grow at once, since the start.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
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
        }
    }

    fn take(&self, held: usize, more: usize) -> bool {
        let fits = |used: usize| {
            let free = self.total.saturating_sub(used);
            (held.saturating_add(more) <= free).then(|| used + more)
        };
        self.used
            .fetch_update(Ordering::SeqCst, Ordering::Relaxed, fits)
            .is_ok()
    }

    fn give(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::SeqCst);
        // Whoever was refused has entered itself before it looked at `used` again: one of the two sees the other.
        fence(Ordering::SeqCst);
        if self.waiters.load(Ordering::SeqCst) == 0 {
            return;
        }
        let woken = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            self.waiters.store(0, Ordering::SeqCst);
            std::mem::take(&mut *waiting)
        };
        for notifier in woken {
            notifier.notify();
        }
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
}

impl Reservation {
    /// Bytes reserved.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Reserves `more` bytes on top, or nothing: then call [`grow_or_wait`](Self::grow_or_wait), or give up.
    #[must_use = "what was not reserved must not be used"]
    pub fn grow(&mut self, more: usize) -> bool {
        let taken = self.memory.take(self.held, more);
        if taken {
            self.held += more;
        }
        taken
    }

    /// Reserves `more` bytes on top, or nothing: then the object behind the notifier is polled once memory was
    /// released, and may ask again. Until then it holds what it has and reads nothing.
    #[must_use = "what was not reserved must not be used"]
    pub fn grow_or_wait(&mut self, more: usize, notifier: impl FnOnce() -> Notifier) -> bool {
        if self.grow(more) {
            return true;
        }
        self.memory.refused.fetch_add(1, Ordering::Relaxed);
        {
            let mut waiting = self
                .memory
                .waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            waiting.push(notifier());
            self.memory.waiters.store(waiting.len(), Ordering::SeqCst);
        }
        fence(Ordering::SeqCst);
        // What was released in between rang for nobody. A late ring after a success is a hint too many, no more.
        self.grow(more)
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
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.charge(0);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Weak, atomic::AtomicBool};

    use super::*;
    use crate::transport::Notify;

    #[derive(Default)]
    struct Bell(AtomicBool);

    impl Notify for Bell {
        fn notify(&self, _object: u64) {
            self.0.store(true, Ordering::SeqCst);
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
    fn a_refused_holder_is_told_when_memory_comes_back() {
        let bell = Arc::new(Bell::default());
        let target: Weak<dyn Notify> = Arc::downgrade(&bell) as _;
        let memory = Memory::new(100);
        let mut first = memory.reservation();
        first.charge(90);
        let mut second = memory.reservation();
        assert!(!second.grow_or_wait(20, || Notifier::new(target, 7)));
        assert!(!bell.0.load(Ordering::SeqCst));
        first.charge(10);
        assert!(bell.0.load(Ordering::SeqCst));
        assert!(second.grow(20));
        assert_eq!(memory.refused(), 1);
    }

    #[test]
    fn absurd_wishes_are_refused_without_wrapping() {
        let memory = Memory::new(100);
        let mut reservation = memory.reservation();
        assert!(reservation.grow(1));
        assert!(!reservation.grow(usize::MAX));
        assert_eq!(memory.used(), 1);
    }
}

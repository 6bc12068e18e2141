//! Operations that wait. They hold no message: a woken one tries its operation again.

use std::{collections::VecDeque, task::Waker};

use crate::{handover::Waiter, sync::Arc};

/// How a waiting operation is told to try again.
#[derive(Clone, Debug)]
pub(crate) enum Wake {
    /// A blocked thread.
    Thread(Arc<Waiter>),
    /// A task of some executor.
    Task(Waker),
    /// A number, for the simulator.
    #[cfg(feature = "sim")]
    Tag(u64),
}

/// A waiting operation's place in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WaitId(u64);

#[derive(Debug, Default)]
pub(crate) struct Waiters {
    list: VecDeque<Waiting>,
    next: u64,
}

#[derive(Debug)]
struct Waiting {
    id: WaitId,
    wake: Wake,
    /// It was told, and did not try yet.
    woken: bool,
}

impl Waiters {
    pub(crate) fn add(&mut self, wake: Wake) -> WaitId {
        let id = WaitId(self.next);
        self.next += 1;
        self.list.push_back(Waiting {
            id,
            wake,
            woken: false,
        });
        id
    }

    /// The operation tried in vain: it waits on, in its old place.
    pub(crate) fn again(&mut self, id: WaitId, wake: Option<Wake>) {
        if let Some(waiting) = self.list.iter_mut().find(|waiting| waiting.id == id) {
            waiting.woken = false;
            if let Some(wake) = wake {
                waiting.wake = wake;
            }
        }
    }

    /// The operation is over. True: it had been woken, so if it was not served, the next one has to be.
    #[must_use]
    pub(crate) fn remove(&mut self, id: WaitId) -> bool {
        let Some(at) = self.list.iter().position(|waiting| waiting.id == id) else {
            return false;
        };
        self.list.remove(at).is_some_and(|waiting| waiting.woken)
    }

    /// Tells the longest waiting one that was not told yet.
    pub(crate) fn wake_one(&mut self, wakes: &mut Vec<Wake>) {
        if let Some(waiting) = self.list.iter_mut().find(|waiting| !waiting.woken) {
            waiting.woken = true;
            wakes.push(waiting.wake.clone());
        }
    }

    /// Tells every one.
    pub(crate) fn wake_all(&mut self, wakes: &mut Vec<Wake>) {
        for waiting in self.list.iter_mut().filter(|waiting| !waiting.woken) {
            waiting.woken = true;
            wakes.push(waiting.wake.clone());
        }
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = WaitId> {
        self.list.iter().map(|waiting| waiting.id)
    }
}

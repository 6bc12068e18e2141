//! Who sent what, and what came: nothing lost, nothing twice, in order.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Messages of one sending thread over one pipe, numbered from 0.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) id: u32,
    pub(crate) name: String,
    /// Messages handed to `send`, the one included that waits there.
    sent: AtomicU64,
    received: AtomicU64,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// All below were received.
    below: u64,
    /// Received ahead of these, by other threads.
    ahead: BTreeSet<u64>,
}

/// What one receiving thread had last of each stream: to it, messages come in order.
#[derive(Debug, Default)]
pub(crate) struct Order {
    last: Vec<Option<u64>>,
}

impl Stream {
    pub(crate) fn new(id: u32, name: String) -> Self {
        Self {
            id,
            name,
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            seen: Mutex::default(),
        }
    }

    pub(crate) fn sending(&self) {
        self.sent.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn is_drained(&self) -> bool {
        self.received() == self.sent()
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Acquire)
    }

    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Acquire)
    }

    /// Enters a message that came. `alone`: this thread is the only receiver, so nothing may be missing before it.
    pub(crate) fn enter(&self, number: u64, order: &mut Order, alone: bool) -> Result<(), String> {
        let fault = |what: String| Err(format!("stream {} ({}): {what}", self.id, self.name));
        let at = self.id as usize;
        if order.last.len() <= at {
            order.last.resize(at + 1, None);
        }
        if let Some(last) = order.last[at].replace(number)
            && number <= last
        {
            return fault(format!("message {number} came after {last}"));
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if number < seen.below || seen.ahead.contains(&number) {
            return fault(format!("message {number} came twice"));
        }
        if number >= self.sent() {
            return fault(format!("message {number} came and was not sent"));
        }
        if number > seen.below {
            if alone {
                return fault(format!("message {number} came instead of {}", seen.below));
            }
            seen.ahead.insert(number);
        } else {
            seen.below += 1;
            while let Some(next) = seen.ahead.first().copied() {
                if next != seen.below {
                    break;
                }
                seen.ahead.pop_first();
                seen.below += 1;
            }
        }
        drop(seen);
        self.received.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// One line of its state.
    pub(crate) fn line(&self) -> String {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        format!(
            "stream {} ({}): sent {}, received {}, all below {}, ahead {:?}",
            self.id,
            self.name,
            self.sent(),
            self.received(),
            seen.below,
            seen.ahead
        )
    }
}

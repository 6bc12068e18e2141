//! Futures polled by hand, and what their wakers were told.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Condvar, Mutex},
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

/// A future with a waker that counts.
pub(crate) struct Polled<F> {
    future: Pin<Box<F>>,
    bell: Arc<Bell>,
}

#[derive(Default)]
struct Bell {
    rings: Mutex<usize>,
    rang: Condvar,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.rings.lock().unwrap() += 1;
        self.rang.notify_all();
    }
}

impl<F: Future> Polled<F> {
    pub(crate) fn new(future: F) -> Self {
        Self {
            future: Box::pin(future),
            bell: Arc::default(),
        }
    }

    pub(crate) fn poll(&mut self) -> Poll<F::Output> {
        let waker = Waker::from(Arc::clone(&self.bell));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    /// How often it was woken.
    pub(crate) fn rings(&self) -> usize {
        *self.bell.rings.lock().unwrap()
    }

    /// Waits until it has been woken more often than that. False: it was not, in all that time.
    pub(crate) fn rings_after(&self, seen: usize, patience: Duration) -> bool {
        let rings = self.bell.rings.lock().unwrap();
        let waited = self
            .bell
            .rang
            .wait_timeout_while(rings, patience, |rings| *rings <= seen)
            .unwrap();
        !waited.1.timed_out()
    }

    /// Polls it when it was woken, and not otherwise, until it is ready. `None`: it never was.
    pub(crate) fn finish(mut self, patience: Duration) -> Option<F::Output> {
        let until = Instant::now() + patience;
        loop {
            let seen = self.rings();
            if let Poll::Ready(done) = self.poll() {
                return Some(done);
            }
            let left = until.saturating_duration_since(Instant::now());
            if !self.rings_after(seen, left) {
                return None;
            }
        }
    }
}

//! Who writes to a pipe, and when what was put off is written. Both live under the lock of the socket's core.

use crate::sync::mutant;

/// Lets one party at a time flush a pipe, and makes it go round again for those it turned away.
#[derive(Debug, Default)]
pub(crate) struct Turnstile {
    busy: bool,
    again: bool,
}

impl Turnstile {
    /// Asks to flush. False: somebody does already, and will look again before it leaves.
    pub(crate) fn enter(&mut self) -> bool {
        if self.busy {
            self.again = !mutant("turnstile_forgets");
            return false;
        }
        self.busy = true;
        true
    }

    /// Asks to leave. False: somebody was turned away meanwhile, go round again.
    pub(crate) fn leave(&mut self) -> bool {
        self.busy = std::mem::take(&mut self.again);
        !self.busy
    }

    /// Whether somebody flushes.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }
}

/// Pipes with messages that nobody wrote yet, for the flusher.
#[derive(Debug)]
pub(crate) struct FlushQueue<T> {
    pipes: Vec<T>,
    /// The flusher is awake, or summoned: it will see what is added.
    awake: bool,
}

impl<T> Default for FlushQueue<T> {
    fn default() -> Self {
        Self {
            pipes: Vec::new(),
            awake: false,
        }
    }
}

impl<T: PartialEq> FlushQueue<T> {
    /// Puts a pipe off. True: the flusher sleeps, summon it.
    #[must_use]
    pub(crate) fn add(&mut self, pipe: T) -> bool {
        if !self.pipes.contains(&pipe) {
            self.pipes.push(pipe);
        }
        !std::mem::replace(&mut self.awake, true) && !mutant("put_off_silently")
    }

    /// Whether the flusher is awake or summoned, so that adding costs nothing.
    pub(crate) fn is_awake(&self) -> bool {
        self.awake
    }

    /// What is to be flushed, into an empty list.
    pub(crate) fn take(&mut self, pipes: &mut Vec<T>) {
        std::mem::swap(&mut self.pipes, pipes);
    }

    /// The flusher wants to sleep. False: something was added.
    pub(crate) fn sleep(&mut self) -> bool {
        self.awake = !self.pipes.is_empty() && !mutant("flusher_sleeps_over_pipes");
        !self.awake
    }
}

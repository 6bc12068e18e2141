//! What a polled descriptor shows: the answer found last, although answers are found under the core's lock and shown,
//! which takes a system call, after it.

use crate::sync::{Mutex, lock, mutant};

/// Whether an operation could be done. Of two answers the later one is true.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answer {
    version: u64,
    pub(crate) ready: bool,
}

impl Answer {
    /// The answer that follows.
    pub(crate) fn then(self, ready: bool) -> Self {
        Self {
            version: self.version + 1,
            ready,
        }
    }
}

/// What shows it.
pub(crate) trait Show {
    /// Shows what was not shown before. Calls alternate, beginning with true.
    fn show(&self, ready: bool);
}

#[derive(Debug, Default)]
pub(crate) struct Level<S> {
    shown: Mutex<Answer>,
    signal: S,
}

impl<S: Show> Level<S> {
    /// Shows nothing yet, which is not to be ready.
    pub(crate) fn new(signal: S) -> Self {
        Self {
            shown: Mutex::new(Answer::default()),
            signal,
        }
    }

    pub(crate) fn signal(&self) -> &S {
        &self.signal
    }

    /// Shows this answer, unless a later one was faster.
    pub(crate) fn follow(&self, answer: Answer) {
        let mut shown = lock(&self.shown);
        if answer.version <= shown.version && !mutant("level_goes_back") {
            return;
        }
        let before = std::mem::replace(&mut *shown, answer);
        if before.ready != answer.ready {
            self.signal.show(answer.ready);
        }
    }
}

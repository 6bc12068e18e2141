//! The primitives of the hand-over: std's, or the model checker's under `cfg(loom)`.

#[cfg(loom)]
pub(crate) use self::thread::Thread;
#[cfg(loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, Ordering},
};
// Counting references orders nothing here, and the model checker's would only be more to explore.
pub(crate) use std::sync::Arc;
#[cfg(not(loom))]
pub(crate) use std::{
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, Thread},
};

/// Locks, whatever a panicking plugin left behind: every structure under a lock is consistent between its own calls.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    match mutex.lock() {
        Ok(guard) => guard,
        #[cfg(not(loom))]
        Err(poisoned) => poisoned.into_inner(),
        #[cfg(loom)]
        Err(_) => unreachable!("models do not panic under a lock"),
    }
}

/// Whether `SPKIT_MUTANT` asks to break this place, which a model must then notice. Only in models.
#[cfg(all(test, loom))]
pub(crate) fn mutant(name: &str) -> bool {
    static MUTANT: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    MUTANT
        .get_or_init(|| std::env::var("SPKIT_MUTANT").ok())
        .as_deref()
        == Some(name)
}

#[cfg(not(all(test, loom)))]
pub(crate) const fn mutant(_name: &str) -> bool {
    false
}

/// The model checker's threads, parking on a token of ours: `unpark` of loom 0.7 also wakes a thread that waits for a
/// mutex, and a thread that waits for one loses its token.
#[cfg(loom)]
pub(crate) mod thread {
    use loom::sync::Condvar;

    use super::{Arc, Mutex, lock};

    pub(crate) use loom::thread::spawn;

    #[derive(Clone, Debug, Default)]
    pub(crate) struct Thread(Arc<(Mutex<bool>, Condvar)>);

    impl Thread {
        pub(crate) fn unpark(&self) {
            let (token, given) = &*self.0;
            *lock(token) = true;
            given.notify_one();
        }
    }

    loom::thread_local! {
        static CURRENT: Thread = Thread::default();
    }

    pub(crate) fn current() -> Thread {
        CURRENT.with(Thread::clone)
    }

    pub(crate) fn park() {
        let (token, given) = &*current().0;
        let mut token = lock(token);
        while !std::mem::take(&mut *token) {
            token = given.wait(token).unwrap_or_else(|_| unreachable!());
        }
    }
}

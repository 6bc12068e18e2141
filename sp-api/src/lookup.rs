//! Name resolution that blocks nobody.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
};

use crate::{Error, Notifier, Result};

/// A host name on its way to addresses. Dropping it forgets the answer.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    answer: Arc<Mutex<Option<Result<Vec<SocketAddr>>>>>,
}

impl Lookup {
    /// A lookup nobody answered yet. For runtimes and harnesses.
    #[doc(hidden)]
    pub fn pending() -> Self {
        Self::default()
    }

    /// Answers, and has the object polled. For runtimes and harnesses.
    #[doc(hidden)]
    pub fn answer(&self, answer: Result<Vec<SocketAddr>>, notifier: &Notifier) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        notifier.notify();
    }

    /// The addresses, in the order in which to try them; at least one, or an error.
    pub fn poll(&mut self) -> Poll<Result<Vec<SocketAddr>>> {
        let taken = self
            .answer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match taken {
            None => Poll::Pending,
            Some(Ok(addresses)) if addresses.is_empty() => Poll::Ready(Err(Error::new(
                crate::ErrorKind::Resolve,
                "the name has no addresses",
            ))),
            Some(answer) => Poll::Ready(answer),
        }
    }
}

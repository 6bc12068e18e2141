//! Hooks that decide which peers get in.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use spkit_api::{Error, ErrorKind, PipeFacts, Result};

use super::Shared;
use crate::sync::{Mutex, lock};

type Hook = dyn Fn(&PipeFacts) -> Result<()> + Send + Sync;

/// A socket's hook, if it has one.
#[derive(Default)]
pub(crate) struct Admission(Mutex<Option<Arc<Hook>>>);

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Admission")
    }
}

impl Shared {
    pub(crate) fn set_admission(&self, hook: Arc<Hook>) {
        // The old one's destructor is foreign: not under the lock.
        let _old = lock(&self.admission.0).replace(hook);
    }

    /// Asks the hook about a peer. No lock is held that a socket's method wants.
    pub(super) fn admit(&self, facts: &PipeFacts) -> Result<()> {
        if facts.protocol != self.info.peer() {
            // Refused in any case, by a better error.
            return Ok(());
        }
        let Some(hook) = lock(&self.admission.0).clone() else {
            return Ok(());
        };
        catch_unwind(AssertUnwindSafe(|| hook(facts))).unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::Internal,
                "the socket's admission hook panicked: the peer is refused",
            ))
        })
    }
}

//! Names and calls: how two ends find each other.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use spkit_api::{Address, Error, ErrorKind, Notifier, Result};

use super::{Party, pipe::Link};

/// The names of a runtime. A call waits at its name whether or not somebody listens there.
#[derive(Debug, Default)]
pub(super) struct Names {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    names: HashMap<String, Entry>,
    last_id: u64,
}

#[derive(Debug, Default)]
struct Entry {
    /// The listener's id, while there is one.
    listener: Option<u64>,
    bell: Option<Notifier>,
    calls: VecDeque<Arc<Caller>>,
}

impl Names {
    /// Takes a name for a listener (SP-IN-002: once).
    pub(super) fn bind(&self, address: &Address) -> Result<u64> {
        let mut table = lock(&self.table);
        table.last_id += 1;
        let id = table.last_id;
        let entry = table.names.entry(address.rest().to_owned()).or_default();
        if entry.listener.is_some() {
            return Err(Error::new(
                ErrorKind::AddressInUse,
                "another socket of this runtime listens at the name",
            ));
        }
        entry.listener = Some(id);
        Ok(id)
    }

    /// Gives a name up. Calls that nobody took wait for the next listener.
    pub(super) fn unbind(&self, address: &Address, id: u64) {
        self.change(address, |entry| {
            if entry.listener == Some(id) {
                entry.listener = None;
                entry.bell = None;
            }
        });
    }

    /// What to ring when somebody calls.
    pub(super) fn set_bell(&self, address: &Address, bell: Notifier) {
        self.change(address, |entry| entry.bell = Some(bell));
    }

    /// Calls: the listener takes it, now or when there is one.
    pub(super) fn call(&self, caller: &Arc<Caller>) {
        let bell = {
            let mut table = lock(&self.table);
            let entry = table
                .names
                .entry(caller.address.rest().to_owned())
                .or_default();
            entry.calls.push_back(Arc::clone(caller));
            entry.bell.clone()
        };
        if let Some(bell) = bell {
            bell.notify();
        }
    }

    /// Takes a call back.
    pub(super) fn hang_up(&self, caller: &Arc<Caller>) {
        self.change(&caller.address, |entry| {
            entry.calls.retain(|other| !Arc::ptr_eq(other, caller));
        });
    }

    /// The call that waits longest.
    pub(super) fn next_call(&self, address: &Address) -> Option<Arc<Caller>> {
        let mut table = lock(&self.table);
        table.names.get_mut(address.rest())?.calls.pop_front()
    }

    fn change(&self, address: &Address, change: impl FnOnce(&mut Entry)) {
        let mut table = lock(&self.table);
        if let Some(entry) = table.names.get_mut(address.rest()) {
            change(entry);
            if entry.listener.is_none() && entry.calls.is_empty() {
                table.names.remove(address.rest());
            }
        }
    }
}

/// Somebody who dials: lives as long as it waits.
#[derive(Debug)]
pub(super) struct Caller {
    address: Address,
    party: Party,
    bell: OnceLock<Notifier>,
    state: Mutex<Call>,
}

#[derive(Debug)]
enum Call {
    Waiting,
    /// The listener's end is open, the caller's is to be fetched.
    Answered(Arc<Link>),
    Over,
}

impl Caller {
    pub(super) fn new(address: Address, party: Party) -> Arc<Self> {
        Arc::new(Self {
            address,
            party,
            bell: OnceLock::new(),
            state: Mutex::new(Call::Waiting),
        })
    }

    /// What to ring when the call is answered.
    pub(super) fn set_bell(&self, bell: Notifier) {
        // It is asked for once.
        let _ = self.bell.set(bell);
    }

    /// Connects both ends, from the listener's side. `None` if the call is over.
    pub(super) fn answer(&self, listener: Party) -> Option<Arc<Link>> {
        let link = {
            let mut state = lock(&self.state);
            let Call::Waiting = *state else {
                return None;
            };
            let link = Link::new(self.party, listener, self.address.clone());
            *state = Call::Answered(Arc::clone(&link));
            link
        };
        if let Some(bell) = self.bell.get() {
            bell.notify();
        }
        Some(link)
    }

    /// Fetches the connection, once the listener has answered.
    pub(super) fn answered(&self) -> Option<Arc<Link>> {
        let mut state = lock(&self.state);
        match std::mem::replace(&mut *state, Call::Over) {
            Call::Answered(link) => Some(link),
            other => {
                *state = other;
                None
            }
        }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        // Answered, but nobody came to fetch it: the listener's end must see that it is over.
        if let Some(link) = self.answered() {
            link.abandon(0);
        }
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

//! A transport inside the process as a third party would add it to spkit: `ring://any-name`.
//!
//! There is no descriptor and there are no bytes: a connection is a pair of bounded rings of messages, std's
//! `sync_channel`s, and two bells. It uses nothing that `spkit-api` does not publish, as inproc does not either: names
//! live in the runtime's [`SharedState`](spkit_api::SharedState), each end has the other polled by its [`Notifier`],
//! and [`PipeFacts::coalesces`](spkit_api::PipeFacts::coalesces) tells the runtime that collecting messages gains
//! nothing here.
//!
//! A program links this crate by `use example_ring as _;` and dials or listens by the scheme.
#![warn(missing_docs)]

mod end;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use spkit_api::{
    Address, Connecting, EndpointConfig, Error, ErrorKind, IoCx, Listener, Notifier, Pipe, Result,
    Transport, TransportInfo, register_transport,
};

pub use self::end::End;

/// Connections that may wait to be accepted.
const BACKLOG: usize = 128;

static INFO: TransportInfo =
    TransportInfo::new(&["ring"]).doc("Within the process, by any name, through bounded rings.");

register_transport!(
    /// The transport.
    pub RING, &Ring
);

/// The transport: a factory without state.
#[derive(Clone, Copy, Debug)]
pub struct Ring;

impl Transport for Ring {
    fn info(&self) -> &'static TransportInfo {
        &INFO
    }

    fn dial(&self, at: &EndpointConfig<'_>) -> Result<Box<dyn Connecting>> {
        Ok(Box::new(Dialing {
            names: at.state().get(),
            address: at.address().clone(),
            protocol: at.protocol(),
        }))
    }

    fn listen(&self, at: &EndpointConfig<'_>) -> Result<Box<dyn Listener>> {
        let names = at.state().get::<Names>();
        let door = Arc::new(Door::new(at.protocol()));
        names.bind(at.address(), &door)?;
        Ok(Box::new(Listening {
            names,
            address: at.address().clone(),
            door,
        }))
    }
}

/// The names of one runtime.
#[derive(Debug, Default)]
struct Names {
    doors: Mutex<HashMap<String, Arc<Door>>>,
}

impl Names {
    fn bind(&self, address: &Address, door: &Arc<Door>) -> Result<()> {
        let mut doors = lock(&self.doors);
        if doors.contains_key(address.rest()) {
            return Err(Error::new(
                ErrorKind::AddressInUse,
                "another socket of this runtime listens at the name",
            ));
        }
        doors.insert(address.rest().to_owned(), Arc::clone(door));
        Ok(())
    }

    fn find(&self, address: &Address) -> Option<Arc<Door>> {
        lock(&self.doors).get(address.rest()).cloned()
    }
}

/// What dialers see of a listener.
#[derive(Debug)]
struct Door {
    protocol: u16,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    /// The listener's ends of new connections.
    waiting: VecDeque<End>,
    bell: Option<Notifier>,
    closed: bool,
}

impl Door {
    fn new(protocol: u16) -> Self {
        Self {
            protocol,
            queue: Mutex::default(),
        }
    }

    /// Leaves an end for the listener, and rings.
    fn call(&self, end: End) -> Result<()> {
        let bell = {
            let mut queue = lock(&self.queue);
            if queue.closed || queue.waiting.len() >= BACKLOG {
                return Err(refused("the listener takes no more connections now"));
            }
            queue.waiting.push_back(end);
            queue.bell.clone()
        };
        if let Some(bell) = bell {
            bell.notify();
        }
        Ok(())
    }
}

/// Connects at its first poll: both ends are made here, and the listener finds its own in its queue.
#[derive(Debug)]
struct Dialing {
    names: Arc<Names>,
    address: Address,
    protocol: u16,
}

impl Connecting for Dialing {
    fn poll_pipe(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Pipe>>> {
        let door = self.names.find(&self.address);
        let door = door.ok_or_else(|| refused("nobody listens at the name"))?;
        let (ours, theirs) = End::pair([self.protocol, door.protocol], &self.address);
        door.call(theirs)?;
        Poll::Ready(Ok(ours.open(io)))
    }
}

fn refused(why: &str) -> Error {
    Error::new(ErrorKind::ConnectionRefused, why)
}

#[derive(Debug)]
struct Listening {
    names: Arc<Names>,
    address: Address,
    door: Arc<Door>,
}

impl Listener for Listening {
    fn local_address(&self) -> Address {
        self.address.clone()
    }

    fn poll_accept(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Connecting>>> {
        let mut queue = lock(&self.door.queue);
        queue.bell.get_or_insert_with(|| io.notifier());
        match queue.waiting.pop_front() {
            Some(end) => Poll::Ready(Ok(Box::new(Accepted(Some(end))))),
            None => Poll::Pending,
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        lock(&self.names.doors).remove(self.address.rest());
        let unheard = {
            let mut queue = lock(&self.door.queue);
            queue.closed = true;
            std::mem::take(&mut queue.waiting)
        };
        // Their other ends learn that nobody came.
        drop(unheard);
    }
}

/// There is nothing to shake hands about.
#[derive(Debug)]
struct Accepted(Option<End>);

impl Connecting for Accepted {
    fn poll_pipe(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Pipe>>> {
        match self.0.take() {
            Some(end) => Poll::Ready(Ok(end.open(io))),
            None => Poll::Ready(Err(ErrorKind::Internal.into())),
        }
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;

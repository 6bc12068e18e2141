//! A pipe as the driver holds it: the plugin's object under a lock of its own.

use std::{
    ops::{Deref, DerefMut},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

use spkit_api::{EndpointId, Error, ErrorKind, Pipe, PipeId, Result, plugin::Origin};

use crate::core::pipes::Batch;

#[derive(Debug)]
pub(crate) struct PipeCell {
    pub(crate) id: PipeId,
    /// The key of its object, which its sources and timers are registered under.
    pub(crate) object: u32,
    pub(crate) endpoint: EndpointId,
    /// Whether it pays to collect messages before a flush.
    pub(crate) coalesces: bool,
    /// The crate of its transport.
    pub(crate) origin: Origin,
    pub(crate) io: Mutex<PipeIo>,
}

#[derive(Debug)]
pub(crate) struct PipeIo {
    /// `None` once it is closed.
    pub(crate) pipe: Option<Held<dyn Pipe>>,
    /// Taken from the outbox and not yet by the pipe.
    pub(crate) batch: Batch,
    /// Messages the pipe took so far.
    pub(crate) taken: u64,
    /// Of these, how many were reported as handed over.
    pub(crate) reported: u64,
}

impl PipeCell {
    pub(crate) fn new(
        id: PipeId,
        object: u32,
        endpoint: EndpointId,
        coalesces: bool,
        origin: Origin,
        pipe: Held<dyn Pipe>,
    ) -> Arc<Self> {
        Arc::new(Self {
            id,
            object,
            endpoint,
            coalesces,
            origin,
            io: Mutex::new(PipeIo {
                pipe: Some(pipe),
                batch: Batch::new(),
                taken: 0,
                reported: 0,
            }),
        })
    }
}

impl PipeIo {
    /// Messages handed to the carrier since the last call. Once the pipe is closed, none.
    pub(crate) fn newly_handed(&mut self) -> u64 {
        let Some(pipe) = &self.pipe else {
            return 0;
        };
        let pending = catch_unwind(AssertUnwindSafe(|| pipe.pending()));
        let pending = pending.unwrap_or_default().messages as u64;
        let handed = self.taken.saturating_sub(pending).max(self.reported);
        handed - std::mem::replace(&mut self.reported, handed)
    }
}

/// A plugin's object. Its destructor is foreign too: a panic in it ends there.
#[derive(Debug)]
pub(crate) struct Held<T: ?Sized>(Option<Box<T>>);

impl<T: ?Sized> Held<T> {
    pub(crate) fn new(object: Box<T>) -> Self {
        Self(Some(object))
    }
}

impl<T: ?Sized> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Some(object) => object,
            None => unreachable!("held until dropped"),
        }
    }
}

impl<T: ?Sized> DerefMut for Held<T> {
    fn deref_mut(&mut self) -> &mut T {
        match &mut self.0 {
            Some(object) => object,
            None => unreachable!("held until dropped"),
        }
    }
}

impl<T: ?Sized> Drop for Held<T> {
    fn drop(&mut self) {
        let object = self.0.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(object)));
    }
}

/// Calls into a transport's object; a panic becomes an error that names its crate.
pub(crate) fn guarded<T>(origin: Origin, call: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| {
        Err(Error::new(
            ErrorKind::PluginPanicked,
            format!("a transport of crate {origin}: the connection or listener is closed"),
        ))
    })
}

//! A pipe as the driver holds it: the plugin's object under a lock of its own.

use std::{
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
    pub(crate) pipe: Option<Box<dyn Pipe>>,
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
        pipe: Box<dyn Pipe>,
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
    /// Messages handed to the carrier since the last call.
    pub(crate) fn newly_handed(&mut self) -> u64 {
        let pending = self
            .pipe
            .as_ref()
            .map_or(0, |pipe| pipe.pending().messages as u64);
        let handed = self.taken.saturating_sub(pending).max(self.reported);
        handed - std::mem::replace(&mut self.reported, handed)
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

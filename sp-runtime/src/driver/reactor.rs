//! The reactor as one object sees it during one poll.

use std::{
    io,
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::BytesMut;
use mio::{Interest, Registry, Token, event::Source};
use spkit_api::{
    __private::{Notify, Reactor},
    Chunk, Lookup, Memory, Notifier, Time, TimerId,
};

use super::{Shared, clock};
use crate::sync::lock;

/// Buffers kept for the next flush; what is larger than `BUFFER_MAX` goes back to the allocator.
const BUFFERS: usize = 4;
const BUFFER_MAX: usize = 1 << 20;

/// What a thread lends to the objects it polls.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    chunk: Chunk,
    buffers: Vec<BytesMut>,
}

#[derive(Debug)]
pub(crate) struct ObjectReactor<'a> {
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) object: u32,
    pub(crate) scratch: &'a mut Scratch,
}

impl ObjectReactor<'_> {
    fn registry(&self) -> io::Result<&Registry> {
        self.shared.registry()
    }

    fn token(&self) -> Token {
        self.shared.token(self.object)
    }
}

impl Reactor for ObjectReactor<'_> {
    fn register(&mut self, source: &mut dyn Source, interest: Interest) -> io::Result<()> {
        let (registry, token) = (self.registry()?, self.token());
        registry.register(source, token, interest)
    }

    fn reregister(&mut self, source: &mut dyn Source, interest: Interest) -> io::Result<()> {
        let (registry, token) = (self.registry()?, self.token());
        registry.reregister(source, token, interest)
    }

    fn deregister(&mut self, source: &mut dyn Source) -> io::Result<()> {
        self.registry()?.deregister(source)
    }

    fn notifier(&mut self) -> Notifier {
        let shared: Weak<dyn Notify> = Arc::downgrade(self.shared) as Weak<dyn Notify>;
        Notifier::new(shared, u64::from(self.object))
    }

    fn set_timer(&mut self, timer: TimerId, after: Duration) {
        let at = clock::now() + after;
        lock(&self.shared.timers).set((self.object, timer), at);
        self.shared.timer_is_due(at);
    }

    fn clear_timer(&mut self, timer: TimerId) {
        lock(&self.shared.timers).clear((self.object, timer));
    }

    fn resolve(&mut self, host: &str, port: u16) -> Lookup {
        let notifier = self.notifier();
        self.shared.runtime.resolver.resolve(host, port, notifier)
    }

    fn now(&mut self) -> Time {
        clock::now()
    }

    fn random(&mut self) -> u32 {
        self.shared.runtime.random()
    }

    fn chunk(&mut self) -> &mut Chunk {
        &mut self.scratch.chunk
    }

    fn take_buffer(&mut self) -> BytesMut {
        self.scratch.buffers.pop().unwrap_or_default()
    }

    fn give_buffer(&mut self, mut buffer: BytesMut) {
        buffer.clear();
        let size = buffer.capacity();
        if self.scratch.buffers.len() < BUFFERS && (1..=BUFFER_MAX).contains(&size) {
            self.scratch.buffers.push(buffer);
        }
    }

    fn memory(&mut self) -> &Arc<Memory> {
        &self.shared.runtime.memory
    }
}

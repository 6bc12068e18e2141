//! The reactor as one object sees it during one poll.

use std::{
    io,
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::BytesMut;
use mio::{Interest, event::Source};
use spkit_api::{
    __private::{Notify, Reactor},
    Chunk, Error, ErrorKind, Lookup, Memory, Notifier, Time, TimerId,
};

use super::net::{Hub, token};
use crate::core::timers::Timers;

/// What all objects of a world share while they are polled.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    chunk: Chunk,
    buffers: Vec<BytesMut>,
}

#[derive(Debug)]
pub(super) struct ObjectReactor<'a> {
    pub(super) hub: &'a Arc<Hub>,
    pub(super) scratch: &'a mut Scratch,
    pub(super) memory: &'a Arc<Memory>,
    pub(super) timers: &'a mut Timers<(u32, TimerId)>,
    pub(super) host: usize,
    pub(super) object: u32,
    /// The cable of the object's stream, and which end of it.
    pub(super) line: (usize, usize),
}

impl ObjectReactor<'_> {
    fn watch(&self, interest: Interest) {
        let (cable, end) = self.line;
        let token = token(self.host, self.object);
        self.hub.net().watch(cable, end, token, interest);
    }
}

impl Reactor for ObjectReactor<'_> {
    fn register(&mut self, _: &mut dyn Source, interest: Interest) -> io::Result<()> {
        self.watch(interest);
        Ok(())
    }

    fn reregister(&mut self, _: &mut dyn Source, interest: Interest) -> io::Result<()> {
        self.watch(interest);
        Ok(())
    }

    fn deregister(&mut self, _: &mut dyn Source) -> io::Result<()> {
        self.hub.net().unwatch(self.line.0, self.line.1);
        Ok(())
    }

    fn notifier(&mut self) -> Notifier {
        let hub: Weak<dyn Notify> = Arc::downgrade(self.hub) as Weak<dyn Notify>;
        Notifier::new(hub, token(self.host, self.object))
    }

    fn set_timer(&mut self, timer: TimerId, after: Duration) {
        let at = self.now() + after;
        self.timers.set((self.object, timer), at);
    }

    fn clear_timer(&mut self, timer: TimerId) {
        self.timers.clear((self.object, timer));
    }

    fn resolve(&mut self, host: &str, _port: u16) -> Lookup {
        let lookup = Lookup::pending();
        let unknown = Error::new(ErrorKind::Resolve, format!("no host `{host}` is simulated"));
        lookup.answer(Err(unknown), &self.notifier());
        lookup
    }

    fn now(&mut self) -> Time {
        self.hub.net().now()
    }

    fn random(&mut self) -> u32 {
        (self.hub.net().dice.throw() >> 32) as u32
    }

    fn chunk(&mut self) -> &mut Chunk {
        &mut self.scratch.chunk
    }

    fn take_buffer(&mut self) -> BytesMut {
        self.scratch.buffers.pop().unwrap_or_default()
    }

    fn give_buffer(&mut self, mut buffer: BytesMut) {
        buffer.clear();
        if buffer.capacity() > 0 {
            self.scratch.buffers.push(buffer);
        }
    }

    fn memory(&mut self) -> &Arc<Memory> {
        self.memory
    }
}

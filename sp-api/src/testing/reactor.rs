//! A runtime's side of the poll contract, without an operating system.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::BytesMut;
use mio::{Interest, event::Source};

use crate::{
    Chunk, Error, ErrorKind, IoCx, Lookup, Memory, Notifier, Ready, Time, TimerId,
    transport::{Notify, Reactor},
};

/// Capacity of the buffers it lends.
const BUFFER: usize = 16 * 1024;

/// Receive memory for everybody together, unless the test sets another.
const MEMORY: usize = 256 << 20;

/// Polls one object: gives it an [`IoCx`], and tells afterwards what the object asked for.
///
/// Sources are counted and never registered anywhere, so any source will do. Time stands still until
/// [`advance`](Self::advance), and random numbers repeat.
#[derive(Debug)]
pub struct TestReactor {
    now: Time,
    timers: BTreeMap<TimerId, Time>,
    bell: Arc<Bell>,
    names: BTreeMap<String, Vec<IpAddr>>,
    chunk: Chunk,
    spare: Vec<BytesMut>,
    lent: usize,
    memory: Arc<Memory>,
    sources: usize,
    interest: Option<Interest>,
    changes: usize,
    random: u32,
}

#[derive(Debug, Default)]
struct Bell(AtomicUsize);

impl Notify for Bell {
    fn notify(&self, _object: u64) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Default for TestReactor {
    fn default() -> Self {
        Self::new()
    }
}

impl TestReactor {
    /// A reactor at time zero, with nothing registered and no names known.
    pub fn new() -> Self {
        Self {
            now: Time::from_nanos(0),
            timers: BTreeMap::new(),
            bell: Arc::new(Bell::default()),
            names: BTreeMap::new(),
            chunk: Chunk::new(),
            spare: Vec::new(),
            lent: 0,
            memory: Memory::new(MEMORY),
            sources: 0,
            interest: None,
            changes: 0,
            random: 1,
        }
    }

    /// A reactor with this receive memory, which several may share.
    #[must_use]
    pub fn with_memory(mut self, memory: Arc<Memory>) -> Self {
        self.memory = memory;
        self
    }

    /// What to poll an object with, for this reason.
    pub fn io(&mut self, ready: Ready) -> IoCx<'_> {
        IoCx::new(self, ready)
    }

    /// Has a host name resolve to these addresses. Names without an entry do not resolve.
    pub fn know(&mut self, host: &str, addresses: &[IpAddr]) {
        self.names.insert(host.to_owned(), addresses.to_vec());
    }

    /// How often the object's notifier rang since it was asked last.
    pub fn take_notified(&mut self) -> usize {
        self.bell.0.swap(0, Ordering::SeqCst)
    }

    /// Lets time pass and returns the timers that came due, which are gone then.
    pub fn advance(&mut self, by: Duration) -> Vec<TimerId> {
        self.now = self.now + by;
        let now = self.now;
        let due = |at: &Time| *at <= now;
        let fired = self.timers.iter().filter(|(_, at)| due(at));
        let fired: Vec<_> = fired.map(|(timer, _)| *timer).collect();
        self.timers.retain(|_, at| !due(at));
        fired
    }

    /// Timers that are set.
    pub fn timers(&self) -> usize {
        self.timers.len()
    }

    /// Sources that are registered.
    pub fn sources(&self) -> usize {
        self.sources
    }

    /// What the source registered or changed last is watched for.
    pub fn interest(&self) -> Option<Interest> {
        self.interest
    }

    /// How often a source was registered or changed: each costs a system call.
    pub fn changes(&self) -> usize {
        self.changes
    }

    /// Buffers that were taken and not given back.
    pub fn lent(&self) -> usize {
        self.lent
    }

    /// The receive memory.
    pub fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }
}

impl Reactor for TestReactor {
    fn register(&mut self, _source: &mut dyn Source, interest: Interest) -> io::Result<()> {
        self.sources += 1;
        self.changes += 1;
        self.interest = Some(interest);
        Ok(())
    }

    fn reregister(&mut self, _source: &mut dyn Source, interest: Interest) -> io::Result<()> {
        self.changes += 1;
        self.interest = Some(interest);
        Ok(())
    }

    fn deregister(&mut self, _source: &mut dyn Source) -> io::Result<()> {
        self.sources = self.sources.saturating_sub(1);
        self.changes += 1;
        Ok(())
    }

    fn notifier(&mut self) -> Notifier {
        let target: Weak<dyn Notify> = Arc::downgrade(&self.bell) as _;
        Notifier::new(target, 0)
    }

    fn set_timer(&mut self, timer: TimerId, after: Duration) {
        self.timers.insert(timer, self.now + after);
    }

    fn clear_timer(&mut self, timer: TimerId) {
        self.timers.remove(&timer);
    }

    fn resolve(&mut self, host: &str, port: u16) -> Lookup {
        let answer = match self.names.get(host) {
            Some(ips) => Ok(ips.iter().map(|ip| SocketAddr::new(*ip, port)).collect()),
            None => Err(Error::new(
                ErrorKind::Resolve,
                format!("no host `{host}` is known to this test"),
            )),
        };
        let lookup = Lookup::pending();
        lookup.answer(answer, &self.notifier());
        lookup
    }

    fn now(&mut self) -> Time {
        self.now
    }

    fn random(&mut self) -> u32 {
        // Any full-period generator does: tests want repetition, not quality.
        self.random = self
            .random
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        self.random
    }

    fn chunk(&mut self) -> &mut Chunk {
        &mut self.chunk
    }

    fn take_buffer(&mut self) -> BytesMut {
        self.lent += 1;
        self.spare
            .pop()
            .unwrap_or_else(|| BytesMut::with_capacity(BUFFER))
    }

    fn give_buffer(&mut self, mut buffer: BytesMut) {
        self.lent = self.lent.saturating_sub(1);
        buffer.clear();
        self.spare.push(buffer);
    }

    fn memory(&mut self) -> &Arc<Memory> {
        &self.memory
    }
}

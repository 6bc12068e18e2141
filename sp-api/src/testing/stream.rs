//! A byte stream in memory.

use std::{
    collections::VecDeque,
    io::{self, IoSlice, Read, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use mio::{Interest, Registry, Token, event::Source};

use crate::{PipeFacts, stream::ByteStream};

/// A connection in memory, held from outside: makes its two ends, and makes their life hard.
///
/// What is set here holds for both ends and both directions.
#[derive(Clone, Debug)]
pub struct TestLink {
    cable: Arc<Mutex<Cable>>,
}

/// One end of a [`TestLink`]. Dropping it ends the connection in order.
#[derive(Debug)]
pub struct TestStream {
    cable: Arc<Mutex<Cable>>,
    end: usize,
}

#[derive(Debug)]
struct Cable {
    /// Direction `i` is written by end `i`.
    ways: [Way; 2],
    wakers: [Option<Waker>; 2],
    connected: bool,
    taken: Option<bool>,
    cut: bool,
    read_max: usize,
    write_max: usize,
    capacity: usize,
    stutter: bool,
    interrupts: bool,
    calls: usize,
    written: usize,
}

#[derive(Debug, Default)]
struct Way {
    bytes: VecDeque<u8>,
    /// Its writer has finished.
    ended: bool,
    /// Its reader is gone.
    deaf: bool,
}

impl Default for TestLink {
    fn default() -> Self {
        Self::new()
    }
}

impl TestLink {
    /// A connection with 256 KiB of room in each direction.
    pub fn new() -> Self {
        Self {
            cable: Arc::new(Mutex::new(Cable {
                ways: Default::default(),
                wakers: [None, None],
                connected: true,
                taken: None,
                cut: false,
                read_max: usize::MAX,
                write_max: usize::MAX,
                capacity: 256 * 1024,
                stutter: false,
                interrupts: false,
                calls: 0,
                written: 0,
            })),
        }
    }

    /// The two ends. Called once.
    pub fn streams(&self) -> (TestStream, TestStream) {
        let end = |end| TestStream {
            cable: Arc::clone(&self.cable),
            end,
        };
        (end(0), end(1))
    }

    /// A read brings at most this many bytes. An object takes a read that did not fill its buffer for the last one
    /// and waits for readiness: poll it again while [`unread`](TestStream::unread) says that there is more.
    pub fn set_read_max(&self, bytes: usize) {
        self.held().read_max = bytes.max(1);
    }

    /// A write takes at most this many bytes.
    pub fn set_write_max(&self, bytes: usize) {
        self.held().write_max = bytes.max(1);
    }

    /// A direction that holds this many bytes takes no more.
    pub fn set_capacity(&self, bytes: usize) {
        let mut cable = self.held();
        cable.capacity = bytes;
        cable.wake();
    }

    /// Every other call would block.
    pub fn set_stutter(&self, on: bool) {
        self.held().stutter = on;
    }

    /// Every third call is interrupted by a signal.
    pub fn set_interrupts(&self, on: bool) {
        self.held().interrupts = on;
    }

    /// Whether the connection stands, as `poll_connected` tells it.
    pub fn set_connected(&self, on: bool) {
        let mut cable = self.held();
        cable.connected = on;
        cable.wake();
    }

    /// What both ends hear when they ask whether the other's system has taken everything (nobody can tell, at first).
    pub fn set_taken(&self, taken: Option<bool>) {
        self.held().taken = taken;
    }

    /// Breaks the connection: what is under way is lost, and every call fails with a reset.
    pub fn cut(&self) {
        let mut cable = self.held();
        cable.cut = true;
        cable.wake();
    }

    /// Reads and writes made so far, those that would block included.
    pub fn calls(&self) -> usize {
        self.held().calls
    }

    /// Bytes written so far, both ends together.
    pub fn written(&self) -> usize {
        self.held().written
    }

    fn held(&self) -> MutexGuard<'_, Cable> {
        lock(&self.cable)
    }
}

impl TestStream {
    /// Has this waker called whenever this end may have become readable or writable. With
    /// [`Notifier::into_waker`](crate::Notifier::into_waker) the stream polls its object by itself.
    pub fn set_waker(&mut self, waker: Waker) {
        lock(&self.cable).wakers[self.end] = Some(waker);
    }

    /// Writes as a peer, whatever limits are set.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut cable = lock(&self.cable);
        cable.ways[self.end].bytes.extend(bytes);
        cable.wake();
    }

    /// Reads all there is as a peer, whatever limits are set.
    pub fn take_all(&mut self) -> Vec<u8> {
        let mut cable = lock(&self.cable);
        let taken = std::mem::take(&mut cable.ways[1 - self.end].bytes);
        cable.wake();
        taken.into()
    }

    /// Bytes of this end that the other has not read yet.
    pub fn unread(&self) -> usize {
        lock(&self.cable).ways[self.end].bytes.len()
    }

    /// Whether the other end has ended its direction and nothing is left to read.
    pub fn at_end(&self) -> bool {
        let cable = lock(&self.cable);
        let way = &cable.ways[1 - self.end];
        way.ended && way.bytes.is_empty()
    }
}

impl Cable {
    fn wake(&self) {
        for waker in self.wakers.iter().flatten() {
            waker.wake_by_ref();
        }
    }

    /// What every call meets first.
    fn call(&mut self) -> io::Result<()> {
        self.calls += 1;
        if self.cut {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        if self.interrupts && self.calls.is_multiple_of(3) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.stutter && self.calls.is_multiple_of(2) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(())
    }

    fn read(&mut self, end: usize, to: &mut [u8]) -> io::Result<usize> {
        self.call()?;
        let limit = to.len().min(self.read_max);
        let way = &mut self.ways[1 - end];
        if way.bytes.is_empty() && limit > 0 && !way.ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let n = way.bytes.read(&mut to[..limit])?;
        self.wake();
        Ok(n)
    }

    fn write(&mut self, end: usize, from: &[IoSlice<'_>]) -> io::Result<usize> {
        self.call()?;
        // A peer that is gone: SIGPIPE, had this been a socket.
        if self.ways[end].ended || self.ways[end].deaf {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let mut room = self
            .capacity
            .saturating_sub(self.ways[end].bytes.len())
            .min(self.write_max);
        if room == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let mut n = 0;
        for slice in from {
            let step = slice.len().min(room);
            self.ways[end].bytes.extend(&slice[..step]);
            room -= step;
            n += step;
        }
        self.written += n;
        self.wake();
        Ok(n)
    }
}

impl Read for TestStream {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        lock(&self.cable).read(self.end, to)
    }
}

impl Write for TestStream {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        lock(&self.cable).write(self.end, &[IoSlice::new(from)])
    }

    fn write_vectored(&mut self, from: &[IoSlice<'_>]) -> io::Result<usize> {
        lock(&self.cable).write(self.end, from)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// There is nothing a poller could watch.
impl Source for TestStream {
    fn register(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
        Ok(())
    }

    fn reregister(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
        Ok(())
    }

    fn deregister(&mut self, _: &Registry) -> io::Result<()> {
        Ok(())
    }
}

impl ByteStream for TestStream {
    fn poll_connected(&mut self) -> Poll<io::Result<()>> {
        let cable = lock(&self.cable);
        if cable.cut {
            return Poll::Ready(Err(io::ErrorKind::ConnectionRefused.into()));
        }
        match cable.connected {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        let mut cable = lock(&self.cable);
        cable.ways[self.end].ended = true;
        cable.wake();
        Ok(())
    }

    fn all_taken(&mut self) -> Option<bool> {
        lock(&self.cable).taken
    }

    fn describe(&self, _facts: &mut PipeFacts) {}
}

impl Drop for TestStream {
    fn drop(&mut self) {
        let mut cable = lock(&self.cable);
        cable.ways[self.end].ended = true;
        cable.ways[1 - self.end].deaf = true;
        cable.wake();
    }
}

fn lock(cable: &Mutex<Cable>) -> MutexGuard<'_, Cable> {
    cable.lock().unwrap_or_else(PoisonError::into_inner)
}

//! From a carrier to a pipe.

use std::task::{Poll, ready};

use super::{ByteStream, Filter, StreamConfig, StreamPipe, Wire};
use crate::{Connecting, Error, ErrorKind, IoCx, Pipe, Result};

/// A stream pipe on its way: waits for the carrier to connect, sends our hello at once, waits for the peer's.
///
/// What the peer sent behind its hello is kept. The runtime limits the time.
#[derive(Debug)]
pub struct StreamConnecting<S, F, W> {
    /// The pipe to be, in the box it keeps.
    pipe: Option<Box<StreamPipe<S, F, W>>>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The carrier's own connection is being made.
    Connecting,
    /// The carrier is connected; nothing was said yet.
    Connected,
    /// Our hello is on its way.
    Greeting,
}

impl<S: ByteStream, F: Filter, W: Wire> StreamConnecting<S, F, W> {
    /// Over a stream whose connection attempt may still be under way.
    pub fn dialed(stream: S, filter: F, wire: W, config: &StreamConfig) -> Self {
        Self::new(stream, filter, wire, config, Stage::Connecting)
    }

    /// Over a stream that is connected: an accepted one.
    pub fn accepted(stream: S, filter: F, wire: W, config: &StreamConfig) -> Self {
        Self::new(stream, filter, wire, config, Stage::Connected)
    }

    fn new(stream: S, filter: F, wire: W, config: &StreamConfig, stage: Stage) -> Self {
        Self {
            pipe: Some(Box::new(StreamPipe::new(stream, filter, wire, config))),
            stage,
        }
    }

    /// Waits for the carrier alone. A transport with several addresses to try calls it first and goes on to the next
    /// one after an error; `poll_pipe` includes it.
    pub fn poll_connected(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>> {
        let Some(pipe) = &mut self.pipe else {
            return Poll::Ready(Err(over()));
        };
        if self.stage != Stage::Connecting {
            return Poll::Ready(Ok(()));
        }
        pipe.note(io.ready());
        let connected = match pipe.carrier.stream.poll_connected() {
            Poll::Pending => {
                pipe.carrier.register(io, true)?;
                return Poll::Pending;
            }
            Poll::Ready(connected) => connected,
        };
        match connected.and_then(|()| pipe.carrier.connected(io)) {
            Ok(()) => {
                self.stage = Stage::Connected;
                Poll::Ready(Ok(()))
            }
            Err(error) => {
                pipe.carrier.deregister(io);
                Poll::Ready(Err(error.into()))
            }
        }
    }

    /// Gives the attempt up: stops watching the carrier and closes it. Dropping the object is enough where it is the
    /// only one that its owner polls.
    pub fn abandon(mut self, io: &mut IoCx<'_>) {
        if let Some(pipe) = &mut self.pipe {
            pipe.carrier.deregister(io);
        }
    }
}

impl<S, F, W> Connecting for StreamConnecting<S, F, W>
where
    S: ByteStream + 'static,
    F: Filter + 'static,
    W: Wire + 'static,
{
    fn poll_pipe(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Pipe>>> {
        ready!(self.poll_connected(io))?;
        let Some(pipe) = &mut self.pipe else {
            return Poll::Ready(Err(over()));
        };
        pipe.note(io.ready());
        if self.stage == Stage::Connected {
            pipe.carrier.register(io, false)?;
            pipe.greet(io)?;
            self.stage = Stage::Greeting;
        }
        ready!(pipe.poll_greeted(io))?;
        let Some(pipe) = self.pipe.take() else {
            return Poll::Ready(Err(over()));
        };
        if pipe.has_more() {
            // Messages came with the hello, and no edge will come for them.
            io.notifier().notify();
        }
        Poll::Ready(Ok(pipe))
    }
}

#[cold]
fn over() -> Error {
    Error::new(
        ErrorKind::Internal,
        "a connection was polled after it had become a pipe",
    )
}

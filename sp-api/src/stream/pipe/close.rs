//! The end of a pipe, in order.

use std::{
    io,
    task::{Poll, ready},
    time::Duration,
};

use super::{StreamPipe, plain, receive::READ_TURN};
use crate::{
    IoCx, Pipe as _, Result, TimerId,
    stream::{ByteStream, Filter, RxBuf, Wire, carrier::Got},
};

/// How far a close has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    No,
    /// The wire said goodbye; what it had is being written.
    Wire,
    /// The filter said goodbye.
    Filter,
    /// Our direction is shut down. How often it was asked in vain whether the peer has it all.
    Shut(u32),
}

/// Asks again whether the peer has it all.
const AGAIN: TimerId = TimerId(u64::MAX / 2);

/// How soon, at first and at last: it costs some system calls.
const AGAIN_AFTER: (Duration, u32) = (Duration::from_millis(1), 64);

impl<S: ByteStream, F: Filter, W: Wire> StreamPipe<S, F, W> {
    /// Flushes, says goodbye, shuts our direction down, and reads to the peer's end: closing with unread input would
    /// make the system reset the connection and destroy what was sent. If no input can come, it is enough that the peer's
    /// system has taken everything.
    pub(super) fn poll_end(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>> {
        // Nothing that arrives from now on is wanted.
        self.rx = RxBuf::default();
        self.body = None;
        self.kept = None;
        loop {
            if let Some(error) = self.broken.clone() {
                return Poll::Ready(Err(error));
            }
            match self.closing {
                Closing::No => {
                    self.wire.finish(plain(&mut self.layer, &mut self.tx))?;
                    self.closing = Closing::Wire;
                }
                Closing::Wire => {
                    ready!(self.poll_flush_discarding(io))?;
                    self.filter.finish(&mut self.tx)?;
                    self.closing = Closing::Filter;
                }
                Closing::Filter => {
                    ready!(self.poll_flush_discarding(io))?;
                    match self.carrier.stream.shutdown_write() {
                        // The peer was faster.
                        Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                            return Poll::Ready(Ok(()));
                        }
                        result => result?,
                    }
                    self.closing = Closing::Shut(0);
                }
                Closing::Shut(asked) => {
                    return match self.poll_discard(io)? {
                        Poll::Pending if !self.listens => self.poll_taken(io, asked),
                        discarded => discarded.map(Ok),
                    };
                }
            }
        }
    }

    /// Waits until the peer's system has taken everything; for ever, if nobody can tell.
    fn poll_taken(&mut self, io: &mut IoCx<'_>, asked: u32) -> Poll<Result<()>> {
        match self.carrier.stream.all_taken() {
            Some(true) => return Poll::Ready(Ok(())),
            Some(false) => {
                let (first, most) = AGAIN_AFTER;
                io.set_timer(AGAIN, first * (1 << asked.min(16)).min(most));
                self.closing = Closing::Shut(asked + 1);
            }
            None => {}
        }
        Poll::Pending
    }

    /// Flushes, and reads on meanwhile: a peer that waits for us to read would not read what is written.
    fn poll_flush_discarding(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>> {
        let flushed = self.poll_flush(io)?;
        if flushed.is_pending() && self.broken.is_none() {
            // Its end is no reason to stop: it may have finished only its own direction.
            let _ = self.poll_discard(io)?;
        }
        flushed.map(Ok)
    }

    /// Reads and discards to the peer's end.
    pub(super) fn poll_discard(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>> {
        let mut read = 0;
        while read < READ_TURN {
            let space = io.chunk().space();
            match self.carrier.read(|stream| stream.read(space)) {
                Ok(Got::Bytes(n)) => read += n,
                Ok(Got::Nothing) => return Poll::Pending,
                Ok(Got::End) => return Poll::Ready(Ok(())),
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
        io.notifier().notify();
        Poll::Pending
    }
}

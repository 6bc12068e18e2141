//! The end of a pipe, in order.

use std::{
    io,
    task::{Poll, ready},
};

use super::{StreamPipe, plain, receive::READ_TURN};
use crate::{
    IoCx, Pipe as _, Result,
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
    /// Our direction is shut down.
    Shut,
}

impl<S: ByteStream, F: Filter, W: Wire> StreamPipe<S, F, W> {
    /// Flushes, says goodbye, shuts our direction down, and reads to the peer's end: closing with unread input would
    /// make the system reset the connection and destroy what was sent.
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
                    self.closing = Closing::Shut;
                }
                Closing::Shut => return self.poll_discard(io),
            }
        }
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
    fn poll_discard(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>> {
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

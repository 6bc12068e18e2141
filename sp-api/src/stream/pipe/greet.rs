//! The hellos, before the pipe is one.

use std::task::Poll;

use super::{
    StreamPipe, plain,
    receive::{Fill, Step},
};
use crate::{
    Error, ErrorKind, Inbox, IoCx, Pipe as _, Progress, Result,
    stream::{ByteStream, Filter, Wire},
};

impl<S: ByteStream, F: Filter, W: Wire> StreamPipe<S, F, W> {
    /// Says our hello (SP-TCP-001: without waiting for the peer's).
    pub(in crate::stream) fn greet(&mut self, io: &mut IoCx<'_>) -> Result<()> {
        self.tx.borrow_from(io);
        self.filter.start(&mut self.tx)?;
        self.wire.start(plain(&mut self.layer, &mut self.tx))
    }

    /// Ready once the peer has announced itself and our hello is written (SP-TCP-006: no message before that).
    pub(in crate::stream) fn poll_greeted(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>> {
        // A failed write is told by the read that follows.
        let mut flushed = self.poll_flush(io)?.is_ready();
        let mut none = Inbox::with_budget(1, 1);
        while self.peer.is_none() {
            match self.decode(io, &mut none, true)? {
                Step::Peer => break,
                Step::Need => {}
                Step::Full | Step::Wait => return Poll::Ready(Err(too_early())),
            }
            match self.fill(io)? {
                Fill::Bytes { .. } => {}
                Fill::Nothing => break,
                Fill::End => return Poll::Ready(Err(self.end())),
            }
            flushed = self.poll_flush(io)?.is_ready();
        }
        self.settle(io, Progress::Drained);
        match self.broken.clone() {
            Some(error) => Poll::Ready(Err(error)),
            None if flushed && self.peer.is_some() => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    }

    /// Whether there is more to decode or to read for which no edge will come.
    pub(in crate::stream) fn has_more(&self) -> bool {
        self.carrier.closed
            || !self.rx.is_empty()
            || self.layer.as_ref().is_some_and(|layer| layer.more)
    }
}

#[cold]
fn too_early() -> Error {
    Error::new(
        ErrorKind::Internal,
        "the wire found a message before it had announced the peer",
    )
}

//! The pipe over carrier, filter and wire.

mod close;
mod greet;
mod receive;

use std::{
    io,
    task::{Poll, ready},
};

use bytes::BytesMut;

use self::close::Closing;
use super::{ByteStream, Filter, RxBuf, StreamConfig, TxBuf, Wire, body::Body, carrier::Carrier};
use crate::{
    Error, ErrorKind, Inbox, IoCx, Message, PendingOut, Pipe, PipeFacts, Progress, Ready,
    Reservation, Result,
};

/// A connection that carries messages over a byte stream. Made by [`StreamConnecting`](super::StreamConnecting).
///
/// A write that fails does not end the pipe at once: what the peer sent before it went is read first, then
/// [`poll_recv`](Pipe::poll_recv) reports the end.
#[derive(Debug)]
pub struct StreamPipe<S, F, W> {
    pub(super) carrier: Carrier<S>,
    wire: W,
    filter: F,
    /// What the filter needs; nothing for [`Plain`](super::Plain).
    layer: Option<Box<Layer>>,
    /// Plain bytes not yet decoded.
    rx: RxBuf,
    body: Option<Box<Body>>,
    /// Bytes for the carrier.
    tx: TxBuf,
    /// For what is kept in `rx` between calls.
    kept: Option<Reservation>,
    /// Why writing failed.
    broken: Option<Error>,
    /// Pending bytes and messages at which no more messages are taken.
    limit: PendingOut,
    /// Bytes of answers since everything was written last.
    answers: usize,
    /// Length of the last message, if that was a large one.
    large: usize,
    peer: Option<u16>,
    /// Whether the peer may send anything.
    listens: bool,
    closing: Closing,
}

/// Buffers around a filter.
#[derive(Debug, Default)]
struct Layer {
    sealed: RxBuf,
    opened: BytesMut,
    /// Bytes for the filter.
    plain: TxBuf,
    /// The filter has more to give without any input.
    more: bool,
    ended: bool,
}

impl<S: ByteStream, F: Filter, W: Wire> StreamPipe<S, F, W> {
    pub(super) fn new(stream: S, filter: F, wire: W, config: &StreamConfig) -> Self {
        Self {
            carrier: Carrier::new(stream),
            wire,
            filter,
            layer: (!F::PLAIN).then(Box::default),
            rx: RxBuf::default(),
            body: None,
            tx: TxBuf::new(),
            kept: None,
            broken: None,
            limit: PendingOut {
                messages: config.send_buffer_messages(),
                bytes: config.send_buffer(),
            },
            answers: 0,
            large: 0,
            peer: None,
            listens: config.receives(),
            closing: Closing::No,
        }
    }

    /// Remembers why the pipe is polled, as far as it matters later.
    pub(super) fn note(&mut self, ready: Ready) {
        // A pipe that was paused is notified when it may go on, and does not learn what it missed meanwhile.
        let resumed = ready.contains(Ready::NOTIFIED) && !ready.contains(Ready::READABLE);
        self.carrier.closed |= ready.contains(Ready::CLOSED) || resumed;
    }

    /// Remembers why writing failed, and has the pipe read to its end.
    fn fail(&mut self, io: &mut IoCx<'_>, error: io::Error) {
        self.broken = Some(error.into());
        self.carrier.closed = true;
        io.notifier().notify();
    }
}

impl<S: ByteStream, F: Filter, W: Wire> Pipe for StreamPipe<S, F, W> {
    fn facts(&self) -> PipeFacts {
        let mut facts = PipeFacts::new(self.peer.unwrap_or_default());
        self.carrier.stream.describe(&mut facts);
        facts
    }

    fn poll_recv(&mut self, io: &mut IoCx<'_>, inbox: &mut Inbox) -> Result<Progress> {
        if io.ready().contains(Ready::CLOSING) {
            // With nothing more to be written, its end is the end.
            let _ = self.poll_discard(io)?;
            return self.broken.clone().map_or(Ok(Progress::Drained), Err);
        }
        self.note(io.ready());
        let before = self.pending().bytes;
        let progress = self.receive(io, inbox)?;
        if self.pending().bytes > before {
            // Answers of filter or wire wait for nobody's flush.
            let _ = self.poll_flush(io)?;
            self.count_answers(before)?;
        }
        if progress == Progress::Drained
            && let Some(error) = self.broken.clone()
        {
            return Err(error);
        }
        self.settle(io, progress);
        Ok(progress)
    }

    fn poll_send(&mut self, io: &mut IoCx<'_>, message: &mut Option<Message>) -> Poll<Result<()>> {
        if self.closing != Closing::No {
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        }
        // Of a broken pipe the receiving side tells, after what the peer said last.
        if self.broken.is_some() {
            return Poll::Pending;
        }
        let pending = self.pending();
        if pending.bytes >= self.limit.bytes || pending.messages >= self.limit.messages {
            return Poll::Pending;
        }
        let Some(message) = message.take() else {
            return Poll::Ready(Ok(()));
        };
        let out = plain(&mut self.layer, &mut self.tx);
        out.borrow_from(io);
        self.wire.encode(message, out)?;
        out.end_messages(1);
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>> {
        if self.broken.is_some() {
            return Poll::Pending;
        }
        if let Some(layer) = &mut self.layer
            && !layer.plain.is_empty()
        {
            self.tx.borrow_from(io);
            self.filter.seal(&mut layer.plain, &mut self.tx)?;
            layer.plain.give_back(io);
        }
        if self.tx.is_empty() {
            self.tx.give_back(io);
            return Poll::Ready(Ok(()));
        }
        match ready!(self.carrier.flush(io, &mut self.tx)) {
            Ok(()) => {
                self.tx.give_back(io);
                Poll::Ready(Ok(()))
            }
            Err(error) => {
                self.fail(io, error);
                Poll::Pending
            }
        }
    }

    fn poll_close(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>> {
        self.poll_end(io)
    }

    fn pending(&self) -> PendingOut {
        let mut pending = PendingOut {
            messages: self.tx.messages(),
            bytes: self.tx.len(),
        };
        if let Some(layer) = &self.layer {
            pending.messages += layer.plain.messages();
            pending.bytes += layer.plain.len();
        }
        pending
    }
}

/// Where plain bytes go: to the filter, or without one to the carrier.
fn plain<'a>(layer: &'a mut Option<Box<Layer>>, tx: &'a mut TxBuf) -> &'a mut TxBuf {
    match layer {
        Some(layer) => &mut layer.plain,
        None => tx,
    }
}

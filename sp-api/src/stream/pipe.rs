//! The pipe over carrier, filter and wire.

use std::{
    io,
    task::{Poll, ready},
};

use bytes::BytesMut;

use super::{
    ByteStream, Decoded, Filter, Opened, RxBuf, StreamConfig, TxBuf, Wire,
    body::{Body, Room},
    carrier::{Carrier, Got},
};
use crate::{
    Error, ErrorKind, Inbox, IoCx, Message, PendingOut, Pipe, PipeFacts, Progress, Reservation,
    Result,
};

/// Bytes one call reads before others have their turn.
const READ_TURN: usize = 512 * 1024;

/// Bytes that a peer may make us answer without reading the answers.
const ANSWERS_MAX: usize = 64 * 1024;

/// What a slice of the shared receive buffer keeps alive.
const PINNED: usize = 64 * 1024;

/// Length from which a message is worth a read of its own for its body.
const LARGE: usize = 32 * 1024;

/// Bytes read ahead while large messages come in or memory is short: enough for the next prefix, little to copy or keep.
const LOOK_AHEAD: usize = 2 * 1024;

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
    /// Pending bytes at which no more messages are taken.
    limit: usize,
    /// Bytes of answers since everything was written last.
    answers: usize,
    /// Length of the last message, if that was [`LARGE`].
    large: usize,
    peer: Option<u16>,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Closing {
    No,
    /// The wire said goodbye; what it had is being written.
    Wire,
    /// The filter said goodbye.
    Filter,
    /// Our direction is shut down.
    Shut,
}

/// Why decoding stopped.
enum Step {
    /// The peer announced itself.
    Peer,
    /// More bytes are needed.
    Need,
    /// The inbox is full.
    Full,
    /// There is no memory now.
    Wait,
}

/// What a read brought in.
enum Fill {
    Bytes { n: usize, short: bool },
    Nothing,
    End,
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
            limit: config.send_buffer(),
            answers: 0,
            large: 0,
            peer: None,
            closing: Closing::No,
        }
    }

    /// Says our hello (SP-TCP-001: without waiting for the peer's).
    pub(super) fn greet(&mut self, io: &mut IoCx<'_>) -> Result<()> {
        self.tx.borrow_from(io);
        self.filter.start(&mut self.tx)?;
        self.wire.start(plain(&mut self.layer, &mut self.tx))
    }

    /// Ready once the peer has announced itself and our hello is written (SP-TCP-006: no message before that).
    pub(super) fn poll_greeted(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>> {
        // A failed write is told by the read that follows.
        let mut flushed = self.poll_flush(io)?.is_ready();
        let mut none = Inbox::with_budget(1, 1);
        while self.peer.is_none() {
            match self.decode(io, &mut none)? {
                Step::Peer => break,
                Step::Need => {}
                Step::Full | Step::Wait => return Poll::Ready(Err(too_early())),
            }
            match self.fill(io)? {
                Fill::Bytes { .. } => {}
                Fill::Nothing => {
                    self.settle(io, Progress::Drained);
                    return self
                        .broken()
                        .map_or(Poll::Pending, |error| Poll::Ready(Err(error)));
                }
                Fill::End => return Poll::Ready(Err(self.end())),
            }
            flushed = self.poll_flush(io)?.is_ready();
        }
        self.settle(io, Progress::Drained);
        match self.broken() {
            Some(error) => Poll::Ready(Err(error)),
            None if flushed => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    }

    /// Whether there is more to decode or to read for which no edge will come.
    pub(super) fn has_more(&self) -> bool {
        self.carrier.closed
            || !self.rx.is_empty()
            || self.layer.as_ref().is_some_and(|layer| layer.more)
    }

    fn receive(&mut self, io: &mut IoCx<'_>, inbox: &mut Inbox) -> Result<Progress> {
        let mut read = 0;
        let mut drained = false;
        loop {
            match self.decode(io, inbox)? {
                Step::Need => {}
                Step::Full => return Ok(Progress::More),
                Step::Wait => return Ok(Progress::Drained),
                Step::Peer => return Err(second_peer()),
            }
            if drained {
                return Ok(Progress::Drained);
            }
            if read >= READ_TURN {
                return Ok(Progress::More);
            }
            match self.fill(io)? {
                Fill::Bytes { n, short } => {
                    read += n;
                    // The end may have come with the last bytes, and then no edge follows.
                    drained = short && !self.carrier.closed;
                }
                Fill::Nothing => return Ok(Progress::Drained),
                Fill::End => return Err(self.end()),
            }
        }
    }

    /// Decodes what is here into the inbox.
    fn decode(&mut self, io: &mut IoCx<'_>, inbox: &mut Inbox) -> Result<Step> {
        loop {
            if inbox.is_full() {
                return Ok(Step::Full);
            }
            let decoded = match &mut self.body {
                None => {
                    let answers = plain(&mut self.layer, &mut self.tx);
                    self.wire.decode(&mut self.rx, answers)?
                }
                Some(body) => {
                    if body.feed(io, &mut self.rx) == Room::Wait {
                        return Ok(Step::Wait);
                    }
                    if !body.is_complete() {
                        return Ok(Step::Need);
                    }
                    self.complete()?
                }
            };
            match decoded {
                Decoded::Message(message) => {
                    if self.large > 0 && message.len() < LARGE {
                        self.large = 0;
                    }
                    inbox.push(message);
                }
                Decoded::Need => return Ok(Step::Need),
                Decoded::Body { len } => {
                    let body = Body::new(len, self.large, io.memory())?;
                    self.body = Some(Box::new(body));
                }
                Decoded::Skip => {}
                Decoded::Peer(protocol) => {
                    if self.peer.replace(protocol).is_some() {
                        return Err(second_peer());
                    }
                    return Ok(Step::Peer);
                }
                Decoded::Close => return Err(ErrorKind::Closed.into()),
            }
        }
    }

    /// Hands the complete body to the wire.
    fn complete(&mut self) -> Result<Decoded> {
        let Some(body) = self.body.take() else {
            return Ok(Decoded::Skip);
        };
        let (bytes, rest) = body.finish();
        if !rest.is_empty() {
            // Nothing else was read meanwhile: `feed` leaves nothing behind while a body is incomplete.
            self.rx = rest;
        }
        self.large = if bytes.len() >= LARGE { bytes.len() } else { 0 };
        self.wire.body(bytes)
    }

    /// Reads once, to where it fits best.
    fn fill(&mut self, io: &mut IoCx<'_>) -> Result<Fill> {
        if !F::PLAIN {
            return self.fill_through_filter(io);
        }
        if let Some(body) = &mut self.body
            && self.rx.is_empty()
        {
            if body.make_room(io) == Room::Wait {
                return Ok(Fill::Nothing);
            }
            let (got, short) = body.read(&mut self.carrier)?;
            return Ok(Fill::new(got, short));
        }
        // Bytes that were read cannot be refused any more.
        let ahead = match self.large > 0 || io.memory().is_tight() {
            true => LOOK_AHEAD,
            false => usize::MAX,
        };
        read_behind(&mut self.carrier, io, &mut self.rx, ahead)
    }

    fn fill_through_filter(&mut self, io: &mut IoCx<'_>) -> Result<Fill> {
        let Some(layer) = self.layer.as_deref_mut() else {
            return Ok(Fill::End);
        };
        if layer.ended {
            return Ok(Fill::End);
        }
        let mut filled = Fill::Bytes { n: 1, short: false };
        if !layer.more {
            filled = read_behind(&mut self.carrier, io, &mut layer.sealed, usize::MAX)?;
            if let Fill::End = filled {
                self.filter.ended()?;
            }
            if !matches!(filled, Fill::Bytes { .. }) {
                return Ok(filled);
            }
        }
        layer.opened.extend_from_slice(&self.rx);
        let opened = self
            .filter
            .open(&mut layer.sealed, &mut layer.opened, &mut self.tx);
        self.rx = RxBuf::new(layer.opened.split());
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) => {
                // An alert tells the peer why, if it can still be told.
                let _ = self.poll_flush(io);
                return Err(error);
            }
        };
        layer.more = opened == Opened::More;
        layer.ended = opened == Opened::End;
        if layer.more || layer.ended {
            filled = Fill::Bytes {
                n: self.rx.len().max(1),
                short: false,
            };
        }
        Ok(filled)
    }

    /// Keeps no more between calls than it must, and says how much that is.
    fn settle(&mut self, io: &mut IoCx<'_>, progress: Progress) {
        if self.rx.is_empty() {
            self.rx = RxBuf::default();
            self.kept = None;
        } else {
            // What is decoded at the next call stays where it is, and pins the whole receive buffer.
            let kept = match progress {
                Progress::Drained => {
                    self.rx.detach();
                    self.rx.len()
                }
                Progress::More => self.rx.len().max(PINNED),
            };
            self.kept
                .get_or_insert_with(|| io.memory().reservation())
                .charge(kept);
        }
        if progress == Progress::More {
            return;
        }
        if let Some(layer) = self.layer.as_deref_mut() {
            layer.sealed.detach();
            layer.opened = BytesMut::new();
        }
    }

    /// Counts what the peer made us answer; `before` was pending when it began.
    fn count_answers(&mut self, before: usize) -> Result<()> {
        let pending = self.pending().bytes;
        if pending == 0 {
            self.answers = 0;
            return Ok(());
        }
        self.answers += pending.saturating_sub(before);
        if self.answers <= ANSWERS_MAX {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::PeerMisbehaved,
            "the peer asks for answers and does not read them",
        ))
    }

    /// The error for the end of the carrier.
    fn end(&self) -> Error {
        let cut = |what: String| Error::new(ErrorKind::ConnectionReset, what);
        if self.peer.is_none() {
            return cut(format!(
                "the peer closed the connection before it had said hello ({} bytes came)",
                self.rx.len()
            ));
        }
        // SP-TCP-041: what is incomplete is discarded.
        if let Some(body) = &self.body {
            return cut(format!(
                "the peer closed the connection inside a message, after {} of {} bytes",
                body.received() + self.rx.len(),
                body.len()
            ));
        }
        if !self.rx.is_empty() {
            return cut("the peer closed the connection inside a message".to_owned());
        }
        ErrorKind::Closed.into()
    }

    fn broken(&self) -> Option<Error> {
        self.broken.clone()
    }

    /// Remembers why writing failed, and has the pipe read to its end.
    fn fail(&mut self, io: &mut IoCx<'_>, error: io::Error) {
        self.broken = Some(error.into());
        self.carrier.closed = true;
        io.notifier().notify();
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

impl<S: ByteStream, F: Filter, W: Wire> Pipe for StreamPipe<S, F, W> {
    fn facts(&self) -> PipeFacts {
        let mut facts = PipeFacts::new(self.peer.unwrap_or_default());
        self.carrier.stream.describe(&mut facts);
        facts
    }

    fn poll_recv(&mut self, io: &mut IoCx<'_>, inbox: &mut Inbox) -> Result<Progress> {
        self.carrier.note(io.ready());
        let before = self.pending().bytes;
        let progress = self.receive(io, inbox)?;
        if self.pending().bytes > before {
            // Answers of filter or wire wait for nobody's flush.
            let _ = self.poll_flush(io)?;
            self.count_answers(before)?;
        }
        if progress == Progress::Drained
            && let Some(error) = self.broken()
        {
            return Err(error);
        }
        self.settle(io, progress);
        Ok(progress)
    }

    fn poll_send(&mut self, io: &mut IoCx<'_>, message: &mut Option<Message>) -> Poll<Result<()>> {
        if let Some(error) = &self.broken {
            return Poll::Ready(Err(error.clone()));
        }
        if self.closing != Closing::No {
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        }
        if self.pending().bytes >= self.limit {
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
        // Nothing that arrives from now on is wanted.
        self.rx = RxBuf::default();
        self.body = None;
        self.kept = None;
        loop {
            if let Some(error) = self.broken() {
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

impl Fill {
    fn new(got: Got, short: bool) -> Self {
        match got {
            Got::Bytes(n) => Self::Bytes { n, short },
            Got::Nothing => Self::Nothing,
            Got::End => Self::End,
        }
    }
}

/// Reads into the shared receive buffer, behind what `rx` has left, at most `ahead` bytes.
fn read_behind<S: ByteStream>(
    carrier: &mut Carrier<S>,
    io: &mut IoCx<'_>,
    rx: &mut RxBuf,
    ahead: usize,
) -> Result<Fill> {
    let tail = rx.len();
    let space = io.chunk().space();
    if tail > space.len() / 2 {
        return Err(Error::new(
            ErrorKind::Internal,
            format!("a wire or filter left {tail} bytes in one piece, it may leave 32 KiB"),
        ));
    }
    let end = space.len().min(tail.saturating_add(ahead));
    space[..tail].copy_from_slice(rx);
    let room = &mut space[tail..end];
    let asked = room.len();
    match carrier.read(|stream| stream.read(room))? {
        Got::Bytes(n) => {
            // A reader that claims more than it was given is not believed.
            let n = n.min(asked);
            *rx = RxBuf::new(io.chunk().take(tail + n));
            Ok(Fill::Bytes {
                n,
                short: n < asked,
            })
        }
        Got::Nothing => Ok(Fill::Nothing),
        Got::End => Ok(Fill::End),
    }
}

#[cold]
fn second_peer() -> Error {
    Error::new(ErrorKind::Internal, "the wire announced the peer twice")
}

#[cold]
fn too_early() -> Error {
    Error::new(
        ErrorKind::Internal,
        "the wire found a message before it had announced the peer",
    )
}

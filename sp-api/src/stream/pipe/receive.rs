//! From the carrier to the inbox.

use bytes::BytesMut;

use super::StreamPipe;
use crate::{
    Chunk, Error, ErrorKind, Inbox, IoCx, Pipe as _, Progress, Result,
    stream::{
        ByteStream, Decoded, Filter, Opened, RxBuf, Wire,
        body::{Body, Room},
        carrier::{Carrier, Got},
    },
};

/// Bytes one call reads before others have their turn.
pub(super) const READ_TURN: usize = 512 * 1024;

/// Bytes that a peer may make us answer without reading the answers.
const ANSWERS_MAX: usize = 64 * 1024;

/// What a wire or a filter may leave in one piece, to be seen again with more behind it.
const PIECE_MAX: usize = 32 * 1024;

/// Length from which a body always gets a buffer of its own; below it one that is arriving is read on in the shared
/// buffer, behind what is there of it, and is not copied if it is complete then.
const LARGE: usize = Chunk::SIZE / 2;

/// Bytes read ahead while large messages come in or memory is short: enough for the next prefix, little to copy or
/// keep.
const LOOK_AHEAD: usize = 2 * 1024;

/// Why decoding stopped.
pub(super) enum Step {
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
pub(super) enum Fill {
    Bytes {
        n: usize,
        /// The read did not fill its buffer: there is no more now.
        short: bool,
    },
    Nothing,
    End,
}

impl<S: ByteStream, F: Filter, W: Wire> StreamPipe<S, F, W> {
    pub(super) fn receive(&mut self, io: &mut IoCx<'_>, inbox: &mut Inbox) -> Result<Progress> {
        let mut read = 0;
        let mut drained = false;
        loop {
            match self.decode(io, inbox, drained)? {
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
                Fill::Nothing => drained = true,
                Fill::End => return Err(self.end()),
            }
        }
    }

    /// Decodes what is here into the inbox. Drained: no more comes in this call.
    pub(super) fn decode(
        &mut self,
        io: &mut IoCx<'_>,
        inbox: &mut Inbox,
        drained: bool,
    ) -> Result<Step> {
        loop {
            if inbox.is_full() {
                return Ok(Step::Full);
            }
            let decoded = match self.body.as_deref_mut() {
                None => {
                    let answers = super::plain(&mut self.layer, &mut self.tx);
                    let before = inbox.len();
                    let decoded = self.wire.decode(&mut self.rx, inbox, answers)?;
                    if inbox.len() > before {
                        // What was here whole speaks for no large one to come.
                        self.large = 0;
                    }
                    decoded
                }
                Some(body) if body.is_complete_in(&self.rx) => {
                    let bytes = self.rx.take(body.len());
                    self.body = None;
                    if bytes.len() < LARGE {
                        self.large = 0;
                    }
                    self.wire.body(bytes, inbox)?
                }
                Some(body) => {
                    let wait = body.len() < LARGE && !drained && !body.has_begun();
                    if wait && !io.memory().is_tight() {
                        return Ok(Step::Need);
                    }
                    if body.feed(io, &mut self.rx)? == Room::Wait {
                        return Ok(Step::Wait);
                    }
                    if !body.is_complete() {
                        return Ok(Step::Need);
                    }
                    self.complete(inbox)?
                }
            };
            match decoded {
                Decoded::Need => return Ok(Step::Need),
                Decoded::Body { len } => {
                    let body = Body::new(len, self.large, io.memory())?;
                    self.body = Some(Box::new(body));
                }
                Decoded::Taken => {}
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
    fn complete(&mut self, inbox: &mut Inbox) -> Result<Decoded> {
        let Some(body) = self.body.take() else {
            return Ok(Decoded::Taken);
        };
        let (bytes, rest) = body.finish();
        if !rest.is_empty() {
            // Nothing else was read meanwhile: `feed` leaves nothing behind while a body is incomplete.
            self.rx = rest;
        }
        self.large = if bytes.len() >= LARGE { bytes.len() } else { 0 };
        self.wire.body(bytes, inbox)
    }

    /// Reads once, to where it fits best.
    pub(super) fn fill(&mut self, io: &mut IoCx<'_>) -> Result<Fill> {
        if !F::PLAIN {
            return self.fill_through_filter(io);
        }
        if let Some(body) = &mut self.body
            && self.rx.is_empty()
            && body.has_begun()
        {
            if body.make_room(io)? == Room::Wait {
                return Ok(Fill::Nothing);
            }
            let (got, short) = body.read(io, &mut self.carrier)?;
            return Ok(Fill::new(got, short));
        }
        // Bytes that were read cannot be refused any more.
        let ahead = match self.large > 0 || io.memory().is_tight() {
            true => LOOK_AHEAD,
            false => usize::MAX,
        };
        let tail_max = match &self.body {
            Some(_) => LARGE,
            None => PIECE_MAX,
        };
        read_behind(&mut self.carrier, io, &mut self.rx, tail_max, ahead)
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
            let ahead = match io.memory().is_tight() {
                true => LOOK_AHEAD,
                false => usize::MAX,
            };
            filled = read_behind(&mut self.carrier, io, &mut layer.sealed, PIECE_MAX, ahead)?;
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
            let n = self.rx.len().max(1);
            filled = Fill::Bytes { n, short: false };
        }
        Ok(filled)
    }

    /// Keeps no more between calls than it must, and says how much that is.
    pub(super) fn settle(&mut self, io: &mut IoCx<'_>, progress: Progress) {
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
                Progress::More => Chunk::SIZE,
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
    pub(super) fn count_answers(&mut self, before: usize) -> Result<()> {
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
    pub(super) fn end(&self) -> Error {
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

/// Reads into the shared receive buffer, behind what `rx` has left (`tail_max` at most), at most `ahead` bytes.
fn read_behind<S: ByteStream>(
    carrier: &mut Carrier<S>,
    io: &mut IoCx<'_>,
    rx: &mut RxBuf,
    tail_max: usize,
    ahead: usize,
) -> Result<Fill> {
    let tail = rx.len();
    if tail > tail_max {
        return Err(Error::new(
            ErrorKind::Internal,
            format!("a wire or filter left {tail} bytes in one piece, it may leave {tail_max}"),
        ));
    }
    let space = io.chunk().space();
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

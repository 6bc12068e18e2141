//! A large body on its way in, in a buffer of its own.

use std::{io, sync::Arc, task::Poll};

use bytes::Bytes;

use super::{
    ByteStream, RxBuf,
    carrier::{Carrier, Got},
};
use crate::{Error, ErrorKind, IoCx, Memory, Reservation, Result};

/// First size of the buffer, where nothing speaks for more. Memory that is not written to costs nothing.
const FIRST: usize = 16 * 1024;

/// Collects a body. The buffer grows with what arrived, at most to the double, and never beyond the body: a peer that
/// claims a length and sends nothing holds next to nothing.
#[derive(Debug)]
pub(super) struct Body {
    buffer: Vec<u8>,
    len: usize,
    /// A length that this peer has kept to before.
    trusted: usize,
    reserved: Reservation,
}

/// Whether there is memory to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Enough,
    /// None now: the object is polled again.
    Wait,
}

impl Body {
    /// A body of `len` bytes, from a peer whose last one had `trusted`.
    pub(super) fn new(len: usize, trusted: usize, memory: &Arc<Memory>) -> Result<Self> {
        if len > memory.largest() {
            return Err(too_long(len, memory));
        }
        Ok(Self {
            buffer: Vec::new(),
            len,
            trusted,
            reserved: memory.reservation(),
        })
    }

    /// Whether a byte of it has arrived: only then it is given a buffer.
    pub(super) fn has_begun(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Whether all of it stands at the front of `rx`, and needs no buffer.
    pub(super) fn is_complete_in(&self, rx: &RxBuf) -> bool {
        self.buffer.is_empty() && rx.len() >= self.len
    }

    pub(super) fn is_complete(&self) -> bool {
        self.buffer.len() >= self.len
    }

    pub(super) fn received(&self) -> usize {
        self.buffer.len()
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Takes what belongs to it from the front of `rx`.
    pub(super) fn feed(&mut self, io: &mut IoCx<'_>, rx: &mut RxBuf) -> Result<Room> {
        if self.reserved.is_revoked() {
            return self.grow(io, 0);
        }
        let wanted = rx.len().min(self.len - self.buffer.len());
        if wanted > self.spare() && self.grow(io, wanted)? == Room::Wait {
            return Ok(Room::Wait);
        }
        self.buffer.extend_from_slice(&rx[..wanted]);
        rx.skip(wanted);
        Ok(Room::Enough)
    }

    /// Makes room for the next read.
    pub(super) fn make_room(&mut self, io: &mut IoCx<'_>) -> Result<Room> {
        if self.spare() == 0 && !self.is_complete() {
            return self.grow(io, 1);
        }
        Ok(Room::Enough)
    }

    /// Reads straight into the buffer. The second value: whether the read was short, so that there is no more now.
    pub(super) fn read<S: ByteStream>(
        &mut self,
        io: &mut IoCx<'_>,
        carrier: &mut Carrier<S>,
    ) -> io::Result<(Got, bool)> {
        let room = self.spare();
        let got = carrier.read(|stream| stream.read_spare(&mut self.buffer))?;
        if let Got::Bytes(n) = got {
            self.reserved.arrived(io);
            return Ok((got, n < room));
        }
        Ok((got, false))
    }

    /// The complete body, and what was read beyond it (an allocator may give more than was asked for).
    pub(super) fn finish(mut self) -> (Bytes, RxBuf) {
        let rest = self.buffer.split_off(self.len.min(self.buffer.len()));
        (Bytes::from(self.buffer), RxBuf::new(rest))
    }

    fn spare(&self) -> usize {
        self.buffer.capacity() - self.buffer.len()
    }

    /// Grows for `wanted` bytes more at least.
    fn grow(&mut self, io: &mut IoCx<'_>, wanted: usize) -> Result<Room> {
        let arrived = self.buffer.len() + wanted;
        let target = (2 * arrived).max(FIRST).max(self.trusted).min(self.len);
        let more = target.saturating_sub(self.reserved.held());
        match self.reserved.poll_grow(more, self.len, io) {
            Poll::Ready(result) => result?,
            Poll::Pending => return Ok(Room::Wait),
        }
        self.buffer.reserve_exact(target - self.buffer.len());
        Ok(Room::Enough)
    }
}

#[cold]
fn too_long(len: usize, memory: &Memory) -> Error {
    Error::new(
        ErrorKind::MessageTooLong,
        format!(
            "the peer announced a message of {len} bytes; of {} bytes of receive memory one message can have {}",
            memory.total(),
            memory.largest()
        ),
    )
}

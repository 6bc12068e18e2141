//! Bytes on their way out.

use std::{collections::VecDeque, io::IoSlice};

use bytes::{Buf, Bytes, BytesMut};

use crate::IoCx;

/// Bodies above this size are sent from where they are; below it a copy costs less than a piece of its own.
const BY_REFERENCE: usize = 16 * 1024;

/// Ends of messages remembered exactly; beyond it several count as one.
const MARKS: usize = 64;

/// Bytes waiting to be written: small ones side by side in one buffer, large bodies by reference between them.
///
/// Reading it is [`bytes::Buf`]: `remaining`, `chunk`, `chunks_vectored`, `advance`.
#[derive(Debug, Default)]
pub struct TxBuf {
    small: BytesMut,
    messages: usize,
    /// Only while there is a large body or a partial write.
    backlog: Option<Box<Backlog>>,
}

#[derive(Debug, Default)]
struct Backlog {
    large: VecDeque<Large>,
    /// Bytes of `small` that stand in front of the last large body.
    placed: usize,
    /// Bytes left of all large bodies.
    large_bytes: usize,
    marks: VecDeque<Mark>,
    /// Bytes in front of the last mark.
    marked: usize,
}

/// A body sent from where it is.
#[derive(Debug)]
struct Large {
    /// Bytes of `small` between the large body before this one and this one.
    after: usize,
    body: Bytes,
}

/// "With these bytes gone, so many messages are gone": relative to the mark before.
#[derive(Debug)]
struct Mark {
    bytes: usize,
    messages: usize,
}

impl TxBuf {
    /// Nothing to write, no memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes not yet written.
    pub fn len(&self) -> usize {
        self.small.len() + self.backlog.as_ref().map_or(0, |more| more.large_bytes)
    }

    /// Whether everything is written.
    pub fn is_empty(&self) -> bool {
        self.small.is_empty()
            && self
                .backlog
                .as_ref()
                .is_none_or(|more| more.large_bytes == 0)
    }

    /// Messages whose last byte is not yet written. After partial writes it may be a few too high, never too low.
    pub fn messages(&self) -> usize {
        self.messages
    }

    /// Appends a copy of these bytes.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        self.small.extend_from_slice(bytes);
    }

    /// Appends these bytes: by reference if they are many, else as a copy.
    #[inline]
    pub fn put_shared(&mut self, bytes: Bytes) {
        if bytes.len() <= BY_REFERENCE {
            self.small.extend_from_slice(&bytes);
            return;
        }
        self.open_backlog();
        let Some(more) = &mut self.backlog else {
            return;
        };
        more.large_bytes += bytes.len();
        more.large.push_back(Large {
            after: self.small.len() - more.placed,
            body: bytes,
        });
        more.placed = self.small.len();
    }

    /// Says that a message ends here. The pipe does it after each [`Wire::encode`](super::Wire::encode); filters hand
    /// on the ends they took.
    #[inline]
    pub fn end_messages(&mut self, ended: usize) {
        self.messages += ended;
        if self.backlog.is_some() {
            self.mark(ended);
        }
    }

    /// Writes through `write` until everything is written or it returns an error; at most `limit` bytes in all.
    pub(super) fn write_to<E>(
        &mut self,
        limit: usize,
        mut write: impl FnMut(&[IoSlice<'_>]) -> Result<usize, E>,
    ) -> Result<(), E> {
        let mut written = 0;
        while !self.is_empty() && written < limit {
            let mut slices = [IoSlice::new(&[]); 16];
            let used = self.gather(limit - written, &mut slices);
            let n = write(&slices[..used])?;
            self.advance(n.min(self.len()));
            written += n;
        }
        Ok(())
    }

    /// Has it collect small bytes in a buffer of the reactor's, if it has none.
    pub(super) fn borrow_from(&mut self, io: &mut IoCx<'_>) {
        if self.small.capacity() == 0 {
            self.small = io.take_buffer();
        }
    }

    /// Gives the buffer back, if everything is written.
    pub(super) fn give_back(&mut self, io: &mut IoCx<'_>) {
        if self.is_empty() && self.small.capacity() > 0 {
            io.give_buffer(std::mem::take(&mut self.small));
        }
    }

    /// The first pieces, of at most `limit` bytes together; returns how many there are.
    fn gather<'a>(&'a self, limit: usize, to: &mut [IoSlice<'a>]) -> usize {
        let mut used = 0;
        let mut left = limit;
        let mut add = |bytes: &'a [u8]| {
            let bytes = &bytes[..bytes.len().min(left)];
            if !bytes.is_empty() && used < to.len() {
                to[used] = IoSlice::new(bytes);
                used += 1;
                left -= bytes.len();
            }
            used < to.len() && left > 0
        };
        let mut small = &self.small[..];
        for large in self.backlog.iter().flat_map(|more| &more.large) {
            let (before, rest) = small.split_at(large.after);
            if !(add(before) && add(&large.body)) {
                return used;
            }
            small = rest;
        }
        add(small);
        used
    }

    /// From here on pieces and ends are recorded; what was taken before ends together, at the first mark.
    fn open_backlog(&mut self) {
        if self.backlog.is_none() {
            self.backlog = Some(Box::default());
            self.mark(self.messages);
        }
    }

    fn mark(&mut self, messages: usize) {
        let len = self.len();
        let Some(more) = &mut self.backlog else {
            return;
        };
        let bytes = len - more.marked;
        more.marked = len;
        let full = more.marks.len() >= MARKS;
        match more.marks.back_mut() {
            Some(last) if full || bytes == 0 => {
                last.bytes += bytes;
                last.messages += messages;
            }
            _ => more.marks.push_back(Mark { bytes, messages }),
        }
    }
}

impl Buf for TxBuf {
    fn remaining(&self) -> usize {
        self.len()
    }

    fn chunk(&self) -> &[u8] {
        match self.backlog.as_ref().and_then(|more| more.large.front()) {
            Some(large) if large.after == 0 => &large.body,
            Some(large) => &self.small[..large.after],
            None => &self.small,
        }
    }

    fn chunks_vectored<'a>(&'a self, to: &mut [IoSlice<'a>]) -> usize {
        self.gather(usize::MAX, to)
    }

    /// Takes written bytes off the front.
    ///
    /// # Panics
    ///
    /// If there are fewer.
    fn advance(&mut self, n: usize) {
        let len = self.len();
        assert!(n <= len, "advanced by {n} of {len} bytes");
        if n == len {
            // Clearing keeps the whole buffer usable, advancing would not.
            self.small.clear();
            self.backlog = None;
            self.messages = 0;
            return;
        }
        self.open_backlog();
        let Some(more) = &mut self.backlog else {
            return;
        };
        let mut left = n;
        while left > 0 {
            let Some(large) = more.large.front_mut() else {
                self.small.advance(left);
                break;
            };
            if large.after > 0 {
                let step = left.min(large.after);
                self.small.advance(step);
                large.after -= step;
                more.placed -= step;
                left -= step;
                continue;
            }
            let step = left.min(large.body.len());
            large.body.advance(step);
            more.large_bytes -= step;
            left -= step;
            if large.body.is_empty() {
                more.large.pop_front();
            }
        }
        self.messages -= more.pass(n);
    }
}

impl Backlog {
    /// Takes the marks that `n` written bytes passed; returns their messages.
    fn pass(&mut self, n: usize) -> usize {
        let mut left = n.min(self.marked);
        self.marked -= left;
        let mut gone = 0;
        while let Some(mark) = self.marks.front_mut() {
            let step = left.min(mark.bytes);
            mark.bytes -= step;
            left -= step;
            if mark.bytes > 0 {
                break;
            }
            gone += mark.messages;
            self.marks.pop_front();
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small and large pieces in turn, each message one piece.
    fn mixed(sizes: &[usize]) -> (TxBuf, Vec<u8>) {
        let mut tx = TxBuf::new();
        let mut expected = Vec::new();
        for (at, &size) in sizes.iter().enumerate() {
            let piece = vec![at as u8; size];
            expected.extend_from_slice(&piece);
            tx.put_shared(Bytes::from(piece));
            tx.end_messages(1);
        }
        (tx, expected)
    }

    fn drain(tx: &mut TxBuf, step: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while !tx.is_empty() {
            let result: Result<(), ()> = tx.write_to(1, |slices| {
                let before = out.len();
                for slice in slices {
                    let room = step - (out.len() - before);
                    out.extend_from_slice(&slice[..slice.len().min(room)]);
                }
                Ok(out.len() - before)
            });
            result.unwrap();
        }
        out
    }

    #[test]
    fn any_step_writes_the_same_bytes() {
        let sizes = [10, 20_000, 5, 0, 7, 40_000, 17_000, 3];
        for step in [1, 2, 7, 1000, 16_384, 20_001, 1 << 20] {
            let (mut tx, expected) = mixed(&sizes);
            assert_eq!(tx.len(), expected.len());
            assert_eq!(tx.messages(), sizes.len());
            assert_eq!(drain(&mut tx, step), expected, "step {step}");
            assert_eq!((tx.len(), tx.messages()), (0, 0));
        }
    }

    #[test]
    fn pieces_appended_between_partial_writes_keep_their_order() {
        let mut tx = TxBuf::new();
        let mut expected = Vec::new();
        let mut out = Vec::new();
        for round in 0..50_u8 {
            let size = if round % 7 == 3 { 17_000 } else { 900 };
            tx.put(&[round]);
            tx.put_shared(Bytes::from(vec![round; size]));
            tx.end_messages(1);
            expected.extend(std::iter::repeat_n(round, size + 1));
            let step = 701.min(tx.len());
            let mut left = step;
            while left > 0 {
                let n = tx.chunk().len().min(left);
                out.extend_from_slice(&tx.chunk()[..n]);
                tx.advance(n);
                left -= n;
            }
            assert_eq!(tx.len(), expected.len() - out.len());
        }
        out.extend(drain(&mut tx, 333));
        assert!(out == expected);
    }

    #[test]
    fn a_message_counts_until_its_last_byte_is_written() {
        let (mut tx, _) = mixed(&[10, 20, 30_000, 5]);
        tx.advance(29);
        // Both were taken before anything was written, so they go together.
        assert_eq!(tx.messages(), 4);
        tx.advance(1);
        assert!((2..=4).contains(&tx.messages()));
        tx.advance(29_999);
        assert!((2..=4).contains(&tx.messages()));
        tx.advance(1);
        assert_eq!(tx.messages(), 1);
        tx.put(b"more");
        tx.end_messages(1);
        tx.advance(5);
        assert_eq!(tx.messages(), 1);
        tx.advance(4);
        assert_eq!(tx.messages(), 0);
    }

    #[test]
    fn the_count_is_never_too_low_however_many_messages_wait() {
        let mut tx = TxBuf::new();
        let mut written = 0;
        for message in 1..=1000_usize {
            tx.put(&[0; 10]);
            tx.end_messages(1);
            let n = 7.min(tx.len() - 1);
            tx.advance(n);
            written += n;
            assert!(tx.messages() >= message - written / 10);
        }
        assert!(tx.messages() <= 1000 - written / 10 + 1000 / MARKS * 10);
    }
}

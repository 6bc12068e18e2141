//! The receive buffer that all pipes of a poller share.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Bytes one read may bring: several messages of 64 KiB, so that few stand across two reads.
const SIZE: usize = 256 * 1024;

/// Reads up to this size are copied out: what is held of a read keeps no more alive than eight times the read, so queues
/// that count bytes bound memory as well.
const COPY_MAX: usize = SIZE / 8;

/// Buffers lent out that are worth waiting for; beyond it they belong to whoever holds their messages.
const LENT_MAX: usize = 8;

/// A receive buffer: read into [`space`](Self::space), then [`take`](Self::take) what came.
///
/// Small reads are copied out; large ones keep the buffer, and it is used again when nobody holds a slice of it.
#[derive(Debug, Default)]
pub struct Chunk {
    current: BytesMut,
    lent: VecDeque<Bytes>,
}

impl Chunk {
    /// Length of the space, and what a slice of a large read keeps alive.
    pub const SIZE: usize = SIZE;

    /// An empty chunk; memory comes with the first use.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where to read to: [`SIZE`](Self::SIZE) bytes.
    pub fn space(&mut self) -> &mut [u8] {
        if self.current.is_empty() {
            self.current = self.recycled().unwrap_or_else(|| BytesMut::zeroed(SIZE));
        }
        &mut self.current
    }

    /// The first `n` bytes of the space, as they were read.
    pub fn take(&mut self, n: usize) -> Bytes {
        if n <= COPY_MAX {
            return Bytes::copy_from_slice(&self.current[..n]);
        }
        let whole = std::mem::take(&mut self.current).freeze();
        let taken = whole.slice(..n);
        self.lent.push_back(whole);
        taken
    }

    fn recycled(&mut self) -> Option<BytesMut> {
        for _ in 0..self.lent.len() {
            match self.lent.pop_front()?.try_into_mut() {
                Ok(free) => return Some(free),
                Err(held) if self.lent.len() < LENT_MAX - 1 => self.lent.push_back(held),
                Err(_held) => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_read_is_handed_out_without_copying_and_used_again() {
        let mut chunk = Chunk::new();
        let first = chunk.space().as_ptr();
        let taken = chunk.take(SIZE / 2);
        assert_eq!(taken.as_ptr(), first);
        let second = chunk.space().as_ptr();
        assert_ne!(second, first);
        drop(taken);
        chunk.take(SIZE);
        assert_eq!(chunk.space().as_ptr(), first);
        assert_eq!(chunk.space().len(), SIZE);
    }

    #[test]
    fn a_small_read_keeps_nothing_alive() {
        let mut chunk = Chunk::new();
        chunk.space()[..3].copy_from_slice(b"abc");
        let taken = chunk.take(3);
        assert_eq!(&taken[..], b"abc");
        for (n, copied) in [(3, true), (SIZE / 8, true), (SIZE / 8 + 1, false)] {
            chunk.space();
            assert_eq!(chunk.take(n).is_unique(), copied, "{n}");
        }
    }

    #[test]
    fn lent_buffers_are_bounded() {
        let mut chunk = Chunk::new();
        let held: Vec<_> = (0..100)
            .map(|_| {
                chunk.space();
                chunk.take(SIZE)
            })
            .collect();
        assert!(chunk.lent.len() <= LENT_MAX);
        assert_eq!(held.len(), 100);
    }
}

//! Bytes that arrived.

use std::ops::Deref;

use bytes::{Buf, Bytes};

/// Bytes that arrived and are not yet decoded, in one piece. Taking from it copies nothing.
#[derive(Debug, Default)]
pub struct RxBuf {
    bytes: Bytes,
}

impl RxBuf {
    /// A buffer with these bytes.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
        }
    }

    /// Drops the first `n` bytes, all if there are fewer.
    #[inline]
    pub fn skip(&mut self, n: usize) {
        self.bytes.advance(n.min(self.bytes.len()));
    }

    /// Takes the first `n` bytes, all if there are fewer.
    #[inline]
    pub fn take(&mut self, n: usize) -> Bytes {
        if n >= self.bytes.len() {
            return std::mem::take(&mut self.bytes);
        }
        self.bytes.split_to(n)
    }

    /// Copies what is left out of the larger buffer it is a slice of, so that the buffer can go.
    pub(super) fn detach(&mut self) {
        if self.bytes.is_empty() {
            self.bytes = Bytes::new();
        } else if !self.bytes.is_unique() {
            self.bytes = Bytes::copy_from_slice(&self.bytes);
        }
    }
}

impl Deref for RxBuf {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taking_and_skipping_stop_at_the_end() {
        let mut rx = RxBuf::new("hello");
        rx.skip(1);
        assert_eq!(&rx.take(2)[..], b"el");
        assert_eq!(&rx.take(99)[..], b"lo");
        rx.skip(99);
        assert!(rx.is_empty());
    }

    #[test]
    fn a_detached_rest_frees_the_buffer() {
        let whole = Bytes::from(vec![7; 1000]);
        let mut rx = RxBuf::new(whole.slice(..10));
        rx.detach();
        assert!(whole.is_unique());
        assert_eq!(rx[..], [7; 10]);
    }
}

//! A string that was added, and how often.

use super::nodes::Link;

/// Bytes that need no allocation of their own.
const SHORT: usize = 22;

/// Half a cache line.
pub(super) struct Text {
    bytes: Bytes,
    /// How often it was added; 0 if nobody has this place.
    pub(super) count: u32,
    /// Longer ones that begin with it.
    pub(super) below: Link,
}

enum Bytes {
    Short(u8, [u8; SHORT]),
    Long(Box<[u8]>),
}

impl Text {
    pub(super) fn new(from: &[u8], below: Link) -> Self {
        let mut short = [0; SHORT];
        let bytes = match short.get_mut(..from.len()) {
            Some(place) => {
                place.copy_from_slice(from);
                Bytes::Short(from.len() as u8, short)
            }
            None => Bytes::Long(from.into()),
        };
        Self {
            bytes,
            count: 1,
            below,
        }
    }

    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Short(len, bytes) => &bytes[..usize::from(*len)],
            Bytes::Long(bytes) => bytes,
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self {
            bytes: Bytes::Short(0, [0; SHORT]),
            count: 0,
            below: Link::NOTHING,
        }
    }
}

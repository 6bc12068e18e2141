//! The tags in front of requests, surveys and what answers them, as sp-request-reply-01 has them on the wire.

use bytes::Bytes;

/// Set in the last tag, which is the id, and in no other.
pub(crate) const ID_BIT: u32 = 0x8000_0000;

/// Tags that a message may have, unless the option says otherwise.
pub(crate) const DEFAULT_TTL: usize = 8;

/// A payload, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tagged {
    /// Newest first; the last is the id.
    pub(crate) tags: Vec<u32>,
    pub(crate) body: Bytes,
}

impl Tagged {
    /// `None`: there is no id.
    pub(crate) fn read(payload: &Bytes) -> Option<Self> {
        let mut tags = Vec::new();
        for tag in payload.chunks_exact(4) {
            let tag = u32::from_be_bytes(tag.try_into().ok()?);
            tags.push(tag);
            if tag & ID_BIT != 0 {
                let body = payload.slice(4 * tags.len()..);
                return Some(Self { tags, body });
            }
        }
        None
    }

    pub(crate) fn id(&self) -> u32 {
        self.tags.last().copied().unwrap_or_default()
    }

    pub(crate) fn write(&self) -> Bytes {
        let tags = self.tags.iter().flat_map(|tag| tag.to_be_bytes());
        tags.chain(self.body.iter().copied()).collect()
    }

    /// What goes back if this is what goes back as its body.
    pub(crate) fn answered_by(&self, body: Bytes) -> Self {
        let tags = self.tags.clone();
        Self { tags, body }
    }
}

/// The answer to a request or survey, as users here give it.
pub(crate) fn answer_to(request: &[u8]) -> Bytes {
    [b"re:", request].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_end_with_the_id() {
        let payload = Bytes::from_static(b"\0\0\0\x01\x80\0\0\x02\x80\0\0\x03");
        let read = Tagged::read(&payload).unwrap();
        assert_eq!(
            (&read.tags[..], read.id()),
            (&[1, 0x8000_0002][..], 0x8000_0002)
        );
        assert_eq!(read.body, b"\x80\0\0\x03"[..]);
        assert_eq!(read.write(), payload);
        for none in [&b""[..], b"\0\0\0\x01", b"\0\0\0\x01\x80\0\0"] {
            assert_eq!(Tagged::read(&Bytes::from_static(none)), None);
        }
    }
}

//! Messages: a protocol header of 32-bit words in front of a shared body.

use std::fmt;

use bytes::{Bytes, BytesMut};

use crate::PipeId;

/// Header words a message holds without allocating: one id and one hop.
const INLINE: usize = 2;

/// Bodies up to this size are worth copying off a larger buffer that they would keep alive.
const DETACH_MAX: usize = 4096;

/// A message: its protocol header, its body, and the pipe it came over.
///
/// The body is shared: cloning and slicing copy nothing. The header is a row of 32-bit words, big-endian on the wire,
/// in front of the body. Protocols push and pull its words; applications see the body alone, except on raw sockets,
/// where the header is theirs to read and to set. A raw REP socket, for one, has the way back in it:
///
/// ```
/// # use spkit_api::Message;
/// # let mut request = Message::from("question");
/// # request.set_header(&[0x0000_0007, 0x8000_0337]);
/// let way_back = request.header_words(); // the connection's number, then the tags it came with, the id last
/// let mut reply = Message::from("answer");
/// reply.set_header(way_back);
/// assert_eq!(reply.header_words(), [0x0000_0007, 0x8000_0337]);
/// assert_eq!(reply.to_payload(), &b"\0\0\0\x07\x80\0\x03\x37answer"[..]);
/// ```
///
/// What arrives from a byte stream holds header and body in one piece, what arrives within the process may hold the
/// header apart: [`pull_word`](Message::pull_word) reads either, and [`fold`](Message::fold) joins them.
// Fields without a spare value (no enum, no bool): an `Option` of a message then takes its `None` from a pointer. With a
// tag in the middle each move copied the message in two overlapping halves, which costs more than the send's lock.
#[derive(Clone, Default)]
pub struct Message {
    body: Bytes,
    header: Header,
}

#[derive(Clone)]
struct Header {
    inline: [u32; INLINE],
    /// Inline words.
    len: u8,
    /// 1: the words are payload of the sender that nobody has read yet.
    unread: u8,
    pipe: u32,
    /// All words, if they are more. A thin pointer keeps the message small; headers this long are rare.
    #[allow(clippy::box_collection)]
    spill: Option<Box<Vec<u32>>>,
}

/// No pipe: ids never reach this value.
const NO_PIPE: u32 = u32::MAX;

impl Default for Header {
    #[inline]
    fn default() -> Self {
        Self {
            inline: [0; INLINE],
            len: 0,
            unread: 0,
            pipe: NO_PIPE,
            spill: None,
        }
    }
}

impl Message {
    /// An empty message.
    pub fn new() -> Self {
        Self::default()
    }

    /// A message with this body, which is not copied.
    #[inline]
    pub fn from_body(body: impl Into<Bytes>) -> Self {
        Self {
            header: Header::default(),
            body: body.into(),
        }
    }

    /// The body.
    #[inline]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Length of the body in bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.body.len()
    }

    /// Whether the body is empty. Empty messages are messages like any other.
    pub fn is_empty(&self) -> bool {
        self.body.is_empty()
    }

    /// Bytes of header and body together: what a receive limit counts (SP-X-001).
    #[inline]
    pub fn payload_len(&self) -> usize {
        self.header_words().len() * 4 + self.body.len()
    }

    /// The body as a shared slice of its buffer.
    pub fn body_bytes(&self) -> Bytes {
        self.body.clone()
    }

    /// Gives up the message for its body.
    #[inline]
    pub fn into_body(self) -> Bytes {
        self.body
    }

    /// Replaces the body, keeping the header.
    pub fn set_body(&mut self, body: impl Into<Bytes>) {
        self.body = body.into();
    }

    /// The body for writing: in place if nobody shares it, else a copy of its own.
    pub fn body_mut(&mut self, write: impl FnOnce(&mut BytesMut)) {
        let mut own = match std::mem::take(&mut self.body).try_into_mut() {
            Ok(own) => own,
            Err(shared) => BytesMut::from(&shared[..]),
        };
        write(&mut own);
        self.body = own.freeze();
    }

    /// Drops the first `n` bytes of the body (all of them if there are fewer). Copies nothing.
    pub fn trim_front(&mut self, n: usize) {
        let n = n.min(self.body.len());
        bytes::Buf::advance(&mut self.body, n);
    }

    /// Copies a small body out of the larger buffer it is a slice of, so that the buffer can go.
    ///
    /// Bodies over 4 KiB, and those nobody shares, stay as they are.
    pub fn detach(&mut self) {
        if self.body.len() <= DETACH_MAX && !self.body.is_unique() {
            self.body = Bytes::copy_from_slice(&self.body);
        }
    }

    /// The pipe a received message came over; for a message to be sent, the pipe it is meant for.
    #[inline]
    pub fn pipe(&self) -> Option<PipeId> {
        (self.header.pipe != NO_PIPE).then_some(PipeId::from_raw(self.header.pipe))
    }

    /// Names the pipe. The runtime does it for received messages.
    #[inline]
    pub fn set_pipe(&mut self, to: Option<PipeId>) {
        self.header.pipe = to.map_or(NO_PIPE, PipeId::raw);
    }

    /// The header, first word first.
    #[inline]
    pub fn header_words(&self) -> &[u32] {
        match &self.header.spill {
            None => &self.header.inline[..usize::from(self.header.len)],
            Some(words) => words,
        }
    }

    /// Whether the message has a header.
    #[inline]
    pub fn has_header(&self) -> bool {
        !self.header_words().is_empty()
    }

    /// Replaces the header. What of an old one nobody has read stays in front of the body, as it came.
    pub fn set_header(&mut self, words: &[u32]) {
        self.fold();
        self.clear_header();
        for word in words {
            self.insert(self.header_words().len(), *word);
        }
    }

    /// Puts a word in front of the header: a hop on the way to the peer.
    pub fn push_front(&mut self, word: u32) {
        self.fold();
        self.insert(0, word);
    }

    /// Appends a word to the header.
    pub fn push_back(&mut self, word: u32) {
        self.fold();
        self.insert(self.header_words().len(), word);
    }

    /// Takes the first word of the header.
    pub fn pop_front(&mut self) -> Option<u32> {
        let Header {
            inline, len, spill, ..
        } = &mut self.header;
        match spill {
            None => {
                *len = len.checked_sub(1)?;
                let first = inline[0];
                inline.copy_within(1.., 0);
                Some(first)
            }
            Some(words) => (!words.is_empty()).then(|| words.remove(0)),
        }
    }

    /// Removes the header.
    #[inline]
    pub fn clear_header(&mut self) {
        self.header.len = 0;
        self.header.unread = 0;
        if self.header.spill.is_some() {
            self.header.spill = None;
        }
    }

    /// Reads the next 32-bit word of a received payload: the sender's header first, then the body.
    /// `None` if fewer than four bytes are left; then nothing is taken.
    #[inline]
    pub fn pull_word(&mut self) -> Option<u32> {
        if self.unread()
            && let Some(word) = self.pop_front()
        {
            return Some(word);
        }
        let word = self
            .body
            .first_chunk()
            .map(|four| u32::from_be_bytes(*four))?;
        self.trim_front(4);
        Some(word)
    }

    /// Marks the header as payload that the receiver has yet to read. For transports that hand messages over whole.
    #[must_use]
    #[inline]
    pub fn into_received(mut self) -> Self {
        if self.has_header() {
            self.header.unread = 1;
        }
        self
    }

    /// Joins what is unread of a header to the front of the body, as it would have come over a stream.
    /// Does nothing, at no cost, if all was read. The runtime does it for every message a protocol hands up.
    #[inline]
    pub fn fold(&mut self) {
        if self.unread() {
            self.join();
        }
    }

    #[inline(never)]
    fn join(&mut self) {
        if self.has_header() {
            self.body = self.to_payload();
        }
        self.clear_header();
    }

    /// Header and body as they stand on the wire, copied into one piece.
    pub fn to_payload(&self) -> Bytes {
        let mut payload = BytesMut::with_capacity(self.payload_len());
        for word in self.header_words() {
            payload.extend_from_slice(&word.to_be_bytes());
        }
        payload.extend_from_slice(&self.body);
        payload.freeze()
    }

    #[inline]
    fn unread(&self) -> bool {
        self.header.unread != 0
    }

    /// A protocol that answers writes a new header: what is unread belongs to the body then, and was folded.
    fn insert(&mut self, at: usize, word: u32) {
        let Header {
            inline, len, spill, ..
        } = &mut self.header;
        let used = usize::from(*len);
        match spill {
            None if used < INLINE => {
                inline.copy_within(at..used, at + 1);
                inline[at] = word;
                *len += 1;
            }
            None => {
                let mut words = Vec::with_capacity(2 * INLINE + 4);
                words.extend_from_slice(&inline[..]);
                words.insert(at, word);
                *spill = Some(Box::new(words));
            }
            Some(words) => words.insert(at, word),
        }
    }
}

impl<T: Into<Bytes>> From<T> for Message {
    fn from(body: T) -> Self {
        Self::from_body(body)
    }
}

impl AsRef<[u8]> for Message {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.header_words() == other.header_words() && self.body == other.body
    }
}

impl Eq for Message {}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Message(")?;
        for word in self.header_words() {
            write!(f, "{word:08x} ")?;
        }
        let shown = &self.body[..self.body.len().min(32)];
        write!(f, "\"{}\"", shown.escape_ascii())?;
        if shown.len() < self.body.len() {
            write!(f, "… {} bytes", self.body.len())?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_seven_words_also_where_it_is_optional() {
        assert_eq!(size_of::<Message>(), 7 * size_of::<usize>());
        assert_eq!(size_of::<Option<Message>>(), size_of::<Message>());
    }

    #[test]
    fn the_header_spills_and_keeps_its_order() {
        let mut message = Message::from("body");
        for word in 1..=5 {
            message.push_back(word);
        }
        message.push_front(0);
        assert_eq!(message.header_words(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(message.payload_len(), 28);
        assert_eq!(message.pop_front(), Some(0));
        assert_eq!(message.header_words(), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn pull_reads_header_then_body_and_takes_nothing_from_a_stump() {
        let mut sent = Message::from(vec![0x80, 0, 0, 2, b'x', b'y']);
        sent.push_front(1);
        let mut received = sent.into_received();
        assert_eq!(received.pull_word(), Some(1));
        assert_eq!(received.pull_word(), Some(0x8000_0002));
        assert_eq!(received.pull_word(), None);
        assert_eq!(received.body(), b"xy");
    }

    #[test]
    fn an_own_header_is_not_read_as_payload() {
        let mut message = Message::from("ab");
        message.push_front(7);
        assert_eq!(message.pull_word(), None);
    }

    #[test]
    fn folding_yields_what_a_stream_would_have_brought() {
        let mut sent = Message::from("x");
        sent.push_back(0x0000_0001);
        sent.push_back(0x8000_0002);
        let wire = sent.to_payload();
        let mut received = sent.into_received();
        received.fold();
        assert_eq!(received.body(), &wire[..]);
        assert!(!received.has_header());
    }

    #[test]
    fn a_header_written_on_an_unread_one_stands_in_front_of_it() {
        for push in [Message::push_front, Message::push_back] {
            for words in 1..5 {
                let mut sent = Message::from("x");
                (0..words).for_each(|word| sent.push_back(word));
                let wire = sent.to_payload();
                let mut received = sent.into_received();
                push(&mut received, 9);
                assert_eq!(received.header_words(), [9]);
                assert_eq!(received.body(), &wire[..]);
            }
        }
    }

    #[test]
    fn a_header_that_is_set_replaces_the_old_one_but_not_what_nobody_read() {
        for words in [&[][..], &[1], &[1, 2], &[1, 2, 3, 4, 5]] {
            let mut own = Message::from("x");
            (0..3).for_each(|word| own.push_back(word));
            own.set_pipe(Some(PipeId::from_raw(7)));
            let wire = own.to_payload();
            let mut received = own.clone().into_received();
            own.set_header(words);
            assert_eq!((own.header_words(), own.body()), (words, &b"x"[..]));
            assert_eq!(own.pipe(), Some(PipeId::from_raw(7)));
            received.set_header(words);
            assert_eq!(
                (received.header_words(), received.body()),
                (words, &wire[..])
            );
        }
    }

    #[test]
    fn writing_to_a_shared_body_leaves_the_other_holder_alone() {
        let first = Message::from(vec![1, 2, 3]);
        let mut second = first.clone();
        second.body_mut(|body| body[0] = 9);
        assert_eq!(first.body(), [1, 2, 3]);
        assert_eq!(second.body(), [9, 2, 3]);
    }

    #[test]
    fn the_pipe_survives_a_cleared_header() {
        let mut message = Message::new();
        message.set_pipe(Some(PipeId::from_raw(7)));
        message.push_back(1);
        message.clear_header();
        assert_eq!(message.pipe(), Some(PipeId::from_raw(7)));
    }

    #[test]
    fn detaching_frees_the_larger_buffer() {
        let chunk = Bytes::from(vec![0; 65536]);
        let mut message = Message::from(chunk.slice(0..8));
        message.detach();
        assert!(chunk.is_unique());
    }
}

//! The tags in front of requests and surveys, and the way back they describe.

use std::fmt;

use crate::{DropReason, Message, PipeId, toolkit::REQUEST_BIT};

/// Tags a backtrace holds without allocating: what the default TTL lets pass.
const INLINE: usize = 8;

/// The way a request came: its tags, newest hop first and the request's id last, and the pipe it came over.
///
/// A replier calls three functions: [`pull`](Self::pull) when a request arrives, before it is queued;
/// [`save`](Self::save) when it is handed to the application; [`restore`](Self::restore) on the reply.
//= sp-request-reply-01 §6.2, sp-surveyor-01 §6.2
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Backtrace {
    pipe: Option<PipeId>,
    tags: Tags,
}

impl Backtrace {
    /// Moves the tags of a received payload into the message's header, up to and with the first that has the
    /// [`REQUEST_BIT`]; the body is what follows. At most `ttl` tags, the id included, may be there.
    ///
    /// On error the message has lost its tags and is to be discarded for the reason given: [`DropReason::Ttl`] if it
    /// has more of them, [`DropReason::Malformed`] if it ends before the id.
    //= sp-request-reply-01 §6.2 (SP-RR-030, SP-RR-032, SP-RR-044, SP-RR-046)
    pub fn pull(message: &mut Message, ttl: u8) -> Result<(), DropReason> {
        let mut tags = Tags::default();
        for _ in 0..ttl {
            let tag = message.pull_word().ok_or(DropReason::Malformed)?;
            tags.push(tag);
            if tag & REQUEST_BIT != 0 {
                // Only now: writing a header would join what is unread of the sender's to the body.
                tags.iter().for_each(|tag| message.push_back(tag));
                return Ok(());
            }
        }
        Err(if message.payload_len() < 4 {
            DropReason::Malformed
        } else {
            DropReason::Ttl
        })
    }

    /// Takes header and pipe off a pulled message: what is left of it is for the application.
    pub fn save(message: &mut Message) -> Self {
        let mut tags = Tags::default();
        message
            .header_words()
            .iter()
            .for_each(|tag| tags.push(*tag));
        message.clear_header();
        Self {
            pipe: message.pipe(),
            tags,
        }
    }

    /// Makes a message the reply: the saved tags are its header, in place of any that it had.
    //= sp-request-reply-01 §6.2 (SP-RR-031)
    pub fn restore(&self, message: &mut Message) {
        message.clear_header();
        message.set_pipe(self.pipe);
        self.tags.iter().for_each(|tag| message.push_back(tag));
    }

    /// The pipe the request came over, the only one its reply may take.
    pub fn pipe(&self) -> Option<PipeId> {
        self.pipe
    }

    /// The tags, newest hop first, the request's id last.
    pub fn tags(&self) -> impl Iterator<Item = u32> {
        self.tags.iter()
    }
}

impl fmt::Debug for Backtrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Backtrace({:?}", self.pipe)?;
        for tag in self.tags() {
            write!(f, " {tag:08x}")?;
        }
        f.write_str(")")
    }
}

/// A few words in place, more on the heap.
#[derive(Clone, Default, PartialEq, Eq)]
struct Tags {
    len: usize,
    few: [u32; INLINE],
    more: Vec<u32>,
}

impl Tags {
    fn push(&mut self, tag: u32) {
        match self.few.get_mut(self.len) {
            Some(place) => *place = tag,
            None => self.more.push(tag),
        }
        self.len += 1;
    }

    fn iter(&self) -> impl Iterator<Item = u32> {
        let few = &self.few[..self.len.min(INLINE)];
        few.iter().chain(&self.more).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request with this many tags in all, as a stream brings it.
    fn from_stream(tags: u32) -> Message {
        let hops = (1..tags).flat_map(u32::to_be_bytes);
        let id = 0x8000_0337_u32.to_be_bytes();
        Message::from(hops.chain(id).chain(*b"x").collect::<Vec<u8>>())
    }

    /// The same as it comes from within the process.
    fn from_within(tags: u32) -> Message {
        let mut message = Message::from("x");
        (1..tags).for_each(|hop| message.push_back(hop));
        message.push_back(0x8000_0337);
        message.into_received()
    }

    // SP-RR-030, SP-RR-031
    #[test]
    fn a_reply_has_the_requests_tags_in_their_order() {
        for tags in [1, 2, 3, 8, 9, 255] {
            for mut request in [from_stream(tags), from_within(tags)] {
                let wire = request.to_payload();
                request.set_pipe(Some(PipeId::from_raw(7)));
                assert_eq!(Backtrace::pull(&mut request, 255), Ok(()));
                let expected: Vec<_> = (1..tags).chain([0x8000_0337]).collect();
                assert_eq!(request.header_words(), expected);
                let backtrace = Backtrace::save(&mut request);
                assert_eq!(request.to_payload(), "x");
                assert_eq!(backtrace.tags().count(), tags as usize);
                let mut reply = Message::from("x");
                reply.push_back(9);
                backtrace.restore(&mut reply);
                assert_eq!(reply.to_payload(), wire);
                assert_eq!(reply.pipe(), Some(PipeId::from_raw(7)));
            }
        }
    }

    // SP-RR-044, SP-RR-045
    #[test]
    fn the_ttl_counts_every_tag() {
        for ttl in [1, 8, 255] {
            for build in [from_stream, from_within] {
                let tags = u32::from(ttl);
                assert_eq!(Backtrace::pull(&mut build(tags), ttl), Ok(()));
                let over = Backtrace::pull(&mut build(tags + 1), ttl);
                assert_eq!(over, Err(DropReason::Ttl));
            }
        }
    }

    // SP-RR-032, SP-RR-034, SP-RR-046
    #[test]
    fn without_an_id_it_is_malformed_unless_there_are_too_many_tags_first() {
        let pull = |bytes: &[u8]| Backtrace::pull(&mut Message::from(bytes.to_vec()), 8);
        for stump in [
            &b""[..],
            &[0x80],
            &[0x80, 0, 0],
            &[0, 0, 1, 0x2b],
            &[0; 7],
            &[0; 32],
        ] {
            assert_eq!(pull(stump), Err(DropReason::Malformed), "{stump:?}");
        }
        assert_eq!(pull(&[0; 36]), Err(DropReason::Ttl));
        assert_eq!(pull(&vec![0; 1_000_000]), Err(DropReason::Ttl));
    }

    // SP-RR-034
    #[test]
    fn nothing_behind_the_id_is_a_tag() {
        let mut request = Message::from(vec![0x80, 0, 0, 1, 0x80, 0, 0, 2, 0x7f, 0xff, 0xff, 0xff]);
        assert_eq!(Backtrace::pull(&mut request, 8), Ok(()));
        assert_eq!(request.header_words(), [0x8000_0001]);
        assert_eq!(request.body(), [0x80, 0, 0, 2, 0x7f, 0xff, 0xff, 0xff]);
    }
}

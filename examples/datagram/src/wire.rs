//! What is in a datagram: a byte that says which kind it is, and what belongs to it.

use spkit_api::{
    Error, ErrorKind, Result,
    wire::{ConnectionHeader, HEADER_LEN},
};

/// Longest datagram: what one read takes, see [`Chunk::space`](spkit_api::Chunk::space).
pub(crate) const DATAGRAM_MAX: usize = 64 * 1024;

/// Largest message: one datagram each, and a byte says that it is one.
pub(crate) const MESSAGE_MAX: usize = DATAGRAM_MAX - 1;

/// The first byte of a datagram that is a message; the rest is header words and body.
pub(crate) const DATA: u8 = b'D';

const HELLO: u8 = b'H';
const CREDIT: u8 = b'C';
const PROBE: u8 = b'P';
const BYE: u8 = b'B';

/// A datagram that is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// Starts a connection, and answers the start: the SP connection header with the sender's protocol number.
    Hello(u16),
    /// How much the sender has taken in all: see [`crate::window`].
    Credit(u64),
    /// Nothing; that it can be sent shows that the receiver is there.
    Probe,
    /// The sender sends no more, or knows of no connection. Answered by the same, unless that was said.
    Bye,
}

impl Control {
    /// The bytes, at the front of the array, and how many they are.
    pub(crate) fn encode(self) -> ([u8; 1 + HEADER_LEN], usize) {
        let mut bytes = [0; 1 + HEADER_LEN];
        let len = bytes.len();
        let (kind, len) = match self {
            Self::Hello(protocol) => {
                bytes[1..].copy_from_slice(&ConnectionHeader::new(protocol).encode());
                (HELLO, len)
            }
            Self::Credit(taken) => {
                bytes[1..].copy_from_slice(&taken.to_be_bytes());
                (CREDIT, len)
            }
            Self::Probe => (PROBE, 1),
            Self::Bye => (BYE, 1),
        };
        bytes[0] = kind;
        (bytes, len)
    }
}

/// A datagram that arrived.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Datagram<'a> {
    /// A message's payload.
    Data(&'a [u8]),
    /// Anything else.
    Control(Control),
}

/// Reads a datagram. What follows a short kind is ignored, so that later versions may add to it.
pub(crate) fn decode(bytes: &[u8]) -> Result<Datagram<'_>> {
    let (kind, rest) = bytes
        .split_first()
        .ok_or_else(|| misbehaved("an empty datagram"))?;
    let control = match *kind {
        DATA => return Ok(Datagram::Data(rest)),
        HELLO => {
            let header = ConnectionHeader::decode(rest)?;
            let header = header.ok_or_else(|| misbehaved("half a connection header"))?;
            Control::Hello(header.protocol())
        }
        CREDIT => {
            let taken = rest.first_chunk();
            let taken = taken.ok_or_else(|| misbehaved("half a credit"))?;
            Control::Credit(u64::from_be_bytes(*taken))
        }
        PROBE => Control::Probe,
        BYE => Control::Bye,
        _ => return Err(misbehaved("a datagram of an unknown kind")),
    };
    Ok(Datagram::Control(control))
}

#[cold]
pub(crate) fn misbehaved(what: &str) -> Error {
    Error::new(ErrorKind::PeerMisbehaved, format!("the peer sent {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for control in [
            Control::Hello(0x30),
            Control::Credit(1 << 40),
            Control::Probe,
            Control::Bye,
        ] {
            let (bytes, len) = control.encode();
            assert_eq!(decode(&bytes[..len]).unwrap(), Datagram::Control(control));
        }
        assert_eq!(decode(b"Dxyz").unwrap(), Datagram::Data(b"xyz"));
        assert_eq!(decode(b"D").unwrap(), Datagram::Data(b""));
    }

    #[test]
    fn junk_is_refused_with_a_reason() {
        let mut wrong_magic = Control::Hello(0x30).encode().0;
        wrong_magic[1] = 1;
        for junk in [
            &b""[..],
            b"H",
            b"H\0SP",
            b"C1234567",
            b"x",
            b"\0",
            &wrong_magic,
        ] {
            let error = decode(junk).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PeerMisbehaved, "{junk:?}");
        }
    }
}

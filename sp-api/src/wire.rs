//! The bytes of the standard stream mappings: the connection header, and the framing of messages on tcp and ipc.
//!
//! These are pure functions over slices. [`SpWire`](crate::stream::SpWire) drives them over a connection; parsers of
//! other programs and fuzzers may use them alone.

use crate::{Error, ErrorKind, Result};

/// Length of the connection header.
pub const HEADER_LEN: usize = 8;

/// What every connection header starts with: NUL, "SP", version 0.
pub const SIGNATURE: [u8; 4] = [0x00, b'S', b'P', 0x00];

/// The only message type of sp-ipc-mapping-01 §3: in-band.
pub const IPC_IN_BAND: u8 = 0x01;

/// Longest prefix of a frame.
pub const PREFIX_MAX: usize = 9;

/// Largest payload taken whatever the limit: no machine holds more, and sums of lengths cannot overflow below it
/// (SP-TCP-040).
const PAYLOAD_MAX: u64 = (1 << 60) - 1;

/// The eight bytes that each side sends first: `00 53 50 00`, the endpoint's protocol number, `00 00`
/// (`sp-tcp-mapping-01 §2`, `sp-ipc-mapping-01 §2`; SP-TCP-002 to 005).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionHeader {
    protocol: u16,
}

impl ConnectionHeader {
    /// The header that announces this protocol number.
    pub const fn new(protocol: u16) -> Self {
        Self { protocol }
    }

    /// The protocol number announced. Whether it fits is the protocol's affair, not the mapping's (SP-TCP-014).
    pub const fn protocol(self) -> u16 {
        self.protocol
    }

    /// The header as it stands on the wire.
    pub const fn encode(self) -> [u8; HEADER_LEN] {
        let [zero, s, p, version] = SIGNATURE;
        let [high, low] = self.protocol.to_be_bytes();
        [zero, s, p, version, high, low, 0, 0]
    }

    /// Reads a header off the front of `bytes`. `None` until all eight bytes are there: no shorter prefix is judged
    /// (SP-TCP-013). Any wrong byte, the reserved ones included, is an error (SP-TCP-008 to 012).
    pub fn decode(bytes: &[u8]) -> Result<Option<Self>> {
        let Some(header) = bytes.first_chunk::<HEADER_LEN>() else {
            return Ok(None);
        };
        let wrong = |what: &str| {
            Error::new(
                ErrorKind::PeerMisbehaved,
                format!(
                    "the connection header {what}: found {}, expected 00 53 50 00 pp pp 00 00",
                    hex(header)
                ),
            )
        };
        let [zero, s, p, version, high, low, reserved @ ..] = *header;
        if [zero, s, p] != SIGNATURE[..3] {
            return Err(wrong("is none of SP"));
        }
        if version != SIGNATURE[3] {
            return Err(wrong("has an unknown version"));
        }
        if reserved != [0, 0] {
            return Err(wrong("has reserved bytes that are not zero"));
        }
        Ok(Some(Self::new(u16::from_be_bytes([high, low]))))
    }
}

/// How messages are framed on a byte stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Framing {
    /// A 64-bit big-endian length, then the payload (`sp-tcp-mapping-01 §3`; SP-TCP-030).
    Tcp,
    /// The message type 01, a 64-bit big-endian length, then the payload (`sp-ipc-mapping-01 §4`; SP-IPC-006, 008).
    Ipc,
}

impl Framing {
    /// Length of the prefix in front of a payload.
    pub const fn prefix_len(self) -> usize {
        match self {
            Self::Tcp => 8,
            Self::Ipc => 9,
        }
    }

    /// The prefix of a payload of this length; its last [`prefix_len`](Self::prefix_len) bytes go on the wire.
    const fn prefix(payload: usize) -> [u8; PREFIX_MAX] {
        let [a, b, c, d, e, f, g, h] = (payload as u64).to_be_bytes();
        [IPC_IN_BAND, a, b, c, d, e, f, g, h]
    }

    /// Appends the prefix of a payload of this length to what `put` collects.
    pub fn encode(self, payload: usize, put: impl FnOnce(&[u8])) {
        put(&Self::prefix(payload)[PREFIX_MAX - self.prefix_len()..]);
    }

    /// Reads a prefix off the front of `bytes` and returns the length of the payload behind it; `None` if more bytes
    /// are needed.
    ///
    /// The length is judged here, before anybody allocates by it (SP-TCP-038 to 040): more than `limit` (0 is
    /// unlimited) is an error of kind [`ErrorKind::MessageTooLong`], a wrong message type one of kind
    /// [`ErrorKind::PeerMisbehaved`] (SP-IPC-010).
    pub fn decode(self, bytes: &[u8], limit: usize) -> Result<Option<usize>> {
        let length = match self {
            Self::Tcp => bytes,
            Self::Ipc => match bytes.split_first() {
                None => return Ok(None),
                Some((&IPC_IN_BAND, length)) => length,
                Some((&other, _)) => return Err(wrong_type(other)),
            },
        };
        let Some(length) = length.first_chunk() else {
            return Ok(None);
        };
        let length = u64::from_be_bytes(*length);
        let allowed = match limit {
            0 => PAYLOAD_MAX,
            limit => PAYLOAD_MAX.min(limit as u64),
        };
        match usize::try_from(length) {
            Ok(fits) if length <= allowed => Ok(Some(fits)),
            _ => Err(too_long(length, allowed)),
        }
    }
}

#[cold]
fn wrong_type(found: u8) -> Error {
    Error::new(
        ErrorKind::PeerMisbehaved,
        format!("a message starts with type {found:02x}, only 01 is known"),
    )
}

#[cold]
fn too_long(length: u64, allowed: u64) -> Error {
    Error::new(
        ErrorKind::MessageTooLong,
        format!("the peer announced a message of {length} bytes, the limit is {allowed}"),
    )
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_the_golden_one() {
        let pair = ConnectionHeader::new(0x0010);
        assert_eq!(pair.encode(), [0, 0x53, 0x50, 0, 0, 0x10, 0, 0]);
        for protocol in [0, 0x10, 0x0640, 0xffff] {
            let header = ConnectionHeader::new(protocol);
            assert_eq!(
                ConnectionHeader::decode(&header.encode()).unwrap(),
                Some(header)
            );
        }
    }

    #[test]
    fn no_prefix_of_a_header_is_judged() {
        for len in 0..HEADER_LEN {
            assert_eq!(ConnectionHeader::decode(&[0xff; 7][..len]).unwrap(), None);
        }
    }

    #[test]
    fn every_flipped_bit_outside_the_protocol_is_refused() {
        let good = ConnectionHeader::new(0x0030).encode();
        for at in [0, 1, 2, 3, 6, 7] {
            for bit in 0..8 {
                let mut bad = good;
                bad[at] ^= 1 << bit;
                let error = ConnectionHeader::decode(&bad).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::PeerMisbehaved);
                assert!(error.to_string().contains(&hex(&bad)), "{error}");
            }
        }
    }

    fn frame(framing: Framing, payload: usize) -> Vec<u8> {
        let mut out = Vec::new();
        framing.encode(payload, |bytes| out.extend_from_slice(bytes));
        out
    }

    #[test]
    fn prefixes_are_the_golden_ones() {
        assert_eq!(frame(Framing::Tcp, 5), [0, 0, 0, 0, 0, 0, 0, 5]);
        assert_eq!(frame(Framing::Ipc, 0x102), [1, 0, 0, 0, 0, 0, 0, 1, 2]);
    }

    #[test]
    fn a_prefix_is_read_only_when_complete() {
        for framing in [Framing::Tcp, Framing::Ipc] {
            let whole = frame(framing, 1000);
            for len in 0..whole.len() {
                assert_eq!(framing.decode(&whole[..len], 0).unwrap(), None);
            }
            assert_eq!(framing.decode(&whole, 0).unwrap(), Some(1000));
        }
    }

    #[test]
    fn the_limit_itself_is_allowed_and_one_more_is_not() {
        for framing in [Framing::Tcp, Framing::Ipc] {
            assert_eq!(
                framing.decode(&frame(framing, 1000), 1000).unwrap(),
                Some(1000)
            );
            let error = framing.decode(&frame(framing, 1001), 1000).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::MessageTooLong);
        }
    }

    #[test]
    fn absurd_lengths_are_refused_without_a_limit_too() {
        for length in [1 << 60, (1 << 63) - 1, 1 << 63, u64::MAX - 31, u64::MAX] {
            assert!(Framing::Tcp.decode(&length.to_be_bytes(), 0).is_err());
        }
    }

    #[test]
    fn a_wrong_type_is_refused_at_its_first_byte() {
        for found in [0x00, 0x02, 0x7f, 0xff] {
            let error = Framing::Ipc.decode(&[found], 0).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PeerMisbehaved);
        }
    }
}

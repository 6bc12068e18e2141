//! The tester's own codec: tables of fields, walked in both directions.
//!
//! It shares nothing with `spkit_api::wire`, which is under test: a mistake there cannot hide here.

use spkit_api::transport::StreamKind;

/// One field of a unit on the wire, in the order in which fields stand there.
#[derive(Clone, Copy, Debug)]
enum Field {
    /// These bytes and no others.
    Fixed(&'static [u8]),
    /// The endpoint id: 16 bits, big-endian.
    Id,
    /// The payload's length: 64 bits, big-endian.
    Size,
    /// As many bytes as the size says.
    Payload,
}

/// sp-tcp-mapping-01 §2, sp-ipc-mapping-01 §2.
const HEADER: &[Field] = &[
    Field::Fixed(&[0x00, 0x53, 0x50, 0x00]),
    Field::Id,
    Field::Fixed(&[0x00, 0x00]),
];

/// sp-tcp-mapping-01 §3.
const TCP_FRAME: &[Field] = &[Field::Size, Field::Payload];

/// sp-ipc-mapping-01 §3 and §4.
const IPC_FRAME: &[Field] = &[Field::Fixed(&[0x01]), Field::Size, Field::Payload];

/// Length of the connection header.
pub(crate) const HEADER_LEN: usize = 8;

/// What a connection begins with, announcing this endpoint id.
pub(crate) fn header(id: u16) -> Vec<u8> {
    encode(HEADER, id, &[])
}

/// The id in a well-formed header, or what is wrong with it.
pub(crate) fn read_header(bytes: &[u8]) -> Result<u16, String> {
    match decode(HEADER, bytes) {
        Decoded::Unit { id, used, .. } if used == bytes.len() => Ok(id),
        Decoded::Unit { used, .. } => Err(format!("{} bytes too many", bytes.len() - used)),
        Decoded::Incomplete => Err(format!("{} of {HEADER_LEN} bytes", bytes.len())),
        Decoded::Wrong(why) => Err(why),
    }
}

/// A message as it stands on this kind of stream.
pub(crate) fn frame(kind: StreamKind, payload: &[u8]) -> Vec<u8> {
    encode(frame_table(kind), 0, payload)
}

/// What stands in front of a payload of this length, whether it follows or not.
pub(crate) fn prefix(kind: StreamKind, size: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in frame_table(kind) {
        match field {
            Field::Fixed(fixed) => bytes.extend_from_slice(fixed),
            Field::Size => bytes.extend_from_slice(&size.to_be_bytes()),
            Field::Id | Field::Payload => {}
        }
    }
    bytes
}

/// The first message in `bytes`: its payload, and how many bytes it takes up.
pub(crate) fn read_frame(
    kind: StreamKind,
    bytes: &[u8],
) -> Result<Option<(Vec<u8>, usize)>, String> {
    match decode(frame_table(kind), bytes) {
        Decoded::Unit { payload, used, .. } => Ok(Some((payload, used))),
        Decoded::Incomplete => Ok(None),
        Decoded::Wrong(why) => Err(why),
    }
}

fn frame_table(kind: StreamKind) -> &'static [Field] {
    match kind {
        StreamKind::Ipc => IPC_FRAME,
        _ => TCP_FRAME,
    }
}

fn encode(table: &[Field], id: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(9 + payload.len());
    for field in table {
        match field {
            Field::Fixed(fixed) => bytes.extend_from_slice(fixed),
            Field::Id => bytes.extend_from_slice(&id.to_be_bytes()),
            Field::Size => bytes.extend_from_slice(&(payload.len() as u64).to_be_bytes()),
            Field::Payload => bytes.extend_from_slice(payload),
        }
    }
    bytes
}

enum Decoded {
    Unit {
        id: u16,
        payload: Vec<u8>,
        used: usize,
    },
    Incomplete,
    Wrong(String),
}

fn decode(table: &[Field], bytes: &[u8]) -> Decoded {
    let (mut at, mut id, mut size, mut payload) = (0, 0, 0, Vec::new());
    for field in table {
        let rest = &bytes[at..];
        let width = match field {
            Field::Fixed(fixed) => {
                // A wrong byte is wrong whether or not the rest has arrived.
                for (offset, (want, have)) in fixed.iter().zip(rest).enumerate() {
                    if want != have {
                        let byte = at + offset;
                        return Decoded::Wrong(format!(
                            "byte {byte} is {have:02x}, must be {want:02x}"
                        ));
                    }
                }
                fixed.len()
            }
            Field::Id => 2,
            Field::Size => 8,
            Field::Payload => match usize::try_from(size) {
                Ok(size) => size,
                Err(_) => return Decoded::Wrong(format!("a size of {size} bytes")),
            },
        };
        let Some(value) = rest.get(..width) else {
            return Decoded::Incomplete;
        };
        let number = || {
            value
                .iter()
                .fold(0u64, |sum, byte| sum << 8 | u64::from(*byte))
        };
        match field {
            Field::Fixed(_) => {}
            Field::Id => id = number() as u16,
            Field::Size => size = number(),
            Field::Payload => payload = value.to_vec(),
        }
        at += width;
    }
    Decoded::Unit {
        id,
        payload,
        used: at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_vectors() {
        // GV-TCP-01, GV-IPC-01, GV-B-01, GV-B-02, GV-B-09
        assert_eq!(header(0x10), [0, 0x53, 0x50, 0, 0, 0x10, 0, 0]);
        assert_eq!(frame(StreamKind::Tcp, b"hello"), b"\0\0\0\0\0\0\0\x05hello");
        assert_eq!(
            frame(StreamKind::Ipc, b"hello"),
            b"\x01\0\0\0\0\0\0\0\x05hello"
        );
        assert_eq!(frame(StreamKind::Tcp, b""), [0; 8]);
        assert_eq!(frame(StreamKind::Ipc, b""), [1, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(
            prefix(StreamKind::Tcp, 1 << 20),
            [0, 0, 0, 0, 0, 0x10, 0, 0]
        );
    }

    #[test]
    fn every_frame_reads_back_and_no_prefix_of_it_does() {
        for kind in [StreamKind::Tcp, StreamKind::Ipc] {
            let bytes = frame(kind, b"x y");
            for cut in 0..bytes.len() {
                assert_eq!(read_frame(kind, &bytes[..cut]), Ok(None), "{kind:?} {cut}");
            }
            assert_eq!(
                read_frame(kind, &bytes),
                Ok(Some((b"x y".to_vec(), bytes.len())))
            );
        }
    }

    #[test]
    fn a_wrong_byte_is_named() {
        assert_eq!(read_header(&header(0xf001)), Ok(0xf001));
        let error = read_header(&[0, 0x53, 0x51, 0, 0, 0x10, 0, 0]).unwrap_err();
        assert_eq!(error, "byte 2 is 51, must be 50");
        let error = read_header(&[0, 0x53, 0x50, 0, 0, 0x10, 0, 1]).unwrap_err();
        assert_eq!(error, "byte 7 is 01, must be 00");
        assert!(read_frame(StreamKind::Ipc, &[2]).is_err());
    }
}

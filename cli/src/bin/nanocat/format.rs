//! How a received message is printed.

use std::io::{self, Write};

/// An output format, as `--format` names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// Print nothing.
    #[default]
    No,
    /// The bytes as they came, without a delimiter.
    Raw,
    /// A line with a dot for every byte that is not printable ASCII.
    Ascii,
    /// A line in double quotes with escapes as in C.
    Quoted,
    /// A MessagePack `bin` value.
    Msgpack,
    /// A line in double quotes with an escape for every byte.
    Hex,
}

impl Format {
    /// All formats with their names, in the order they are listed to the user.
    pub(crate) const NAMES: [(&'static str, Self); 6] = [
        ("no", Self::No),
        ("raw", Self::Raw),
        ("ascii", Self::Ascii),
        ("quoted", Self::Quoted),
        ("msgpack", Self::Msgpack),
        ("hex", Self::Hex),
    ];

    /// The format of that exact name; abbreviations do not count here.
    pub(crate) fn from_name(name: &[u8]) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(known, _)| known.as_bytes() == name)
            .map(|&(_, format)| format)
    }

    /// Prints one message and flushes, so that a reader in a pipe sees each as
    /// it comes. The output gets one write a message.
    pub(crate) fn print(self, body: &[u8], out: &mut impl Write) -> io::Result<()> {
        let line = match self {
            Self::No => return Ok(()),
            Self::Raw => return out.write_all(body).and_then(|()| out.flush()),
            Self::Ascii => ascii(body),
            Self::Quoted => in_quotes(body, quote),
            Self::Msgpack => msgpack(body)?,
            Self::Hex => in_quotes(body, escape),
        };
        out.write_all(&line)?;
        out.flush()
    }
}

fn ascii(body: &[u8]) -> Vec<u8> {
    let shown = body
        .iter()
        .map(|&byte| if printable(byte) { byte } else { b'.' });
    shown.chain([b'\n']).collect()
}

fn in_quotes(body: &[u8], show: fn(u8, &mut Vec<u8>)) -> Vec<u8> {
    let mut line = Vec::with_capacity(body.len() + 3);
    line.push(b'"');
    for &byte in body {
        show(byte, &mut line);
    }
    line.extend(b"\"\n");
    line
}

fn quote(byte: u8, line: &mut Vec<u8>) {
    match byte {
        b'\n' => line.extend(b"\\n"),
        b'\r' => line.extend(b"\\r"),
        b'\\' | b'"' => line.extend([b'\\', byte]),
        _ if printable(byte) => line.push(byte),
        _ => escape(byte, line),
    }
}

fn escape(byte: u8, line: &mut Vec<u8>) {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
    line.extend([b'\\', b'x', DIGITS[high], DIGITS[low]]);
}

/// What C's `isprint` says in the C locale, for every byte: the original hands
/// it a signed char, where bytes from 0x80 are outside what C defines.
fn printable(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_graphic()
}

fn msgpack(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut value = Vec::with_capacity(body.len() + 5);
    let len = body.len();
    if let Ok(len) = u8::try_from(len) {
        value.extend([0xc4, len]);
    } else if let Ok(len) = u16::try_from(len) {
        value.push(0xc5);
        value.extend(len.to_be_bytes());
    } else if let Ok(len) = u32::try_from(len) {
        value.push(0xc6);
        value.extend(len.to_be_bytes());
    } else {
        return Err(io::Error::other("message too long for msgpack"));
    }
    value.extend(body);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(format: Format, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        format.print(body, &mut out).unwrap();
        out
    }

    #[test]
    fn bytes_of_every_format() {
        let every = b"a\"\\ ~\n\r\t\0\x1b\x7f\x80\xff";
        let rows: &[(Format, &[u8], &[u8])] = &[
            (Format::No, every, b""),
            (Format::Raw, every, every),
            (Format::Raw, b"", b""),
            (Format::Ascii, every, b"a\"\\ ~........\n"),
            (Format::Ascii, b"", b"\n"),
            (
                Format::Quoted,
                every,
                b"\"a\\\"\\\\ ~\\n\\r\\x09\\x00\\x1b\\x7f\\x80\\xff\"\n",
            ),
            (Format::Quoted, b"", b"\"\"\n"),
            (Format::Hex, b"a\x0f\xf0", b"\"\\x61\\x0f\\xf0\"\n"),
            (Format::Hex, b"", b"\"\"\n"),
            (Format::Msgpack, b"", b"\xc4\x00"),
            (Format::Msgpack, b"abc", b"\xc4\x03abc"),
        ];
        for &(format, body, expected) in rows {
            assert_eq!(printed(format, body), expected, "{format:?} of {body:?}");
        }
    }

    #[test]
    fn printable_is_space_to_tilde() {
        let all: Vec<u8> = (0..=255).filter(|&byte| printable(byte)).collect();
        assert_eq!(all, (0x20..=0x7e).collect::<Vec<u8>>());
    }

    #[test]
    fn msgpack_head_grows_with_the_length() {
        let rows: [(usize, &[u8]); 5] = [
            (255, &[0xc4, 0xff]),
            (256, &[0xc5, 0x01, 0x00]),
            (65_535, &[0xc5, 0xff, 0xff]),
            (65_536, &[0xc6, 0x00, 0x01, 0x00, 0x00]),
            (70_000, &[0xc6, 0x00, 0x01, 0x11, 0x70]),
        ];
        for (len, head) in rows {
            let body = vec![7; len];
            let value = printed(Format::Msgpack, &body);
            assert_eq!(&value[..head.len()], head, "{len}");
            assert_eq!(&value[head.len()..], body, "{len}");
        }
    }

    #[test]
    fn names_are_exact() {
        for (name, format) in Format::NAMES {
            assert_eq!(Format::from_name(name.as_bytes()), Some(format));
        }
        for name in ["", "r", "RAW", "raw ", "none"] {
            assert_eq!(Format::from_name(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn every_message_is_one_write_and_a_flush() {
        #[derive(Default)]
        struct Pipe(Vec<&'static str>);
        impl Write for Pipe {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.push("write");
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                self.0.push("flush");
                Ok(())
            }
        }
        for (name, format) in Format::NAMES {
            let mut pipe = Pipe::default();
            format.print(b"abc", &mut pipe).unwrap();
            let expected: &[&str] = match format {
                Format::No => &[],
                _ => &["write", "flush"],
            };
            assert_eq!(pipe.0, expected, "{name}");
        }
    }
}

//! What went over the wire during a case, and what the case was doing: the evidence of a failure.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use spkit_api::transport::StreamKind;

use crate::{endpoints, tester::codec};

/// Entries kept: the last ones, since the failure is at the end.
const KEPT: usize = 24;

/// Bytes kept of one entry.
const SHOWN: usize = 48;

/// A recording that several threads write to.
#[derive(Clone, Debug)]
pub(crate) struct Transcript {
    inner: Arc<Mutex<Inner>>,
    start: Instant,
}

#[derive(Debug, Default)]
struct Inner {
    entries: VecDeque<Entry>,
    dropped: usize,
    doing: String,
}

#[derive(Debug)]
struct Entry {
    at: Duration,
    connection: u32,
    what: What,
}

#[derive(Debug)]
enum What {
    Bytes {
        way: Way,
        bytes: Vec<u8>,
        len: usize,
        text: String,
    },
    Note(String),
}

/// Which way bytes went, seen from the tester.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Sent,
    Received,
}

impl Default for Transcript {
    fn default() -> Self {
        Self {
            inner: Arc::default(),
            start: Instant::now(),
        }
    }
}

impl Transcript {
    /// Records bytes of a connection.
    pub(crate) fn bytes(&self, connection: u32, way: Way, kind: StreamKind, bytes: &[u8]) {
        // Byte by byte, a run of single bytes reads as one entry.
        let mut inner = self.lock();
        if let Some(Entry {
            connection: last,
            what:
                What::Bytes {
                    way: went,
                    bytes: kept,
                    len,
                    text,
                },
            ..
        }) = inner.entries.back_mut()
            && (*last, *went) == (connection, way)
            && bytes.len() == 1
        {
            *len += 1;
            if kept.len() < SHOWN {
                kept.extend_from_slice(bytes);
                *text = describe(kind, kept, *len);
            }
            return;
        }
        let shown = bytes[..bytes.len().min(SHOWN)].to_vec();
        let what = What::Bytes {
            way,
            text: describe(kind, &shown, bytes.len()),
            bytes: shown,
            len: bytes.len(),
        };
        self.push(&mut inner, connection, what);
    }

    /// Records something else about a connection (0: about none in particular).
    pub(crate) fn note(&self, connection: u32, text: impl Into<String>) {
        let mut inner = self.lock();
        self.push(&mut inner, connection, What::Note(text.into()));
    }

    /// Says what the case does now: what a watchdog reports.
    pub(crate) fn doing(&self, step: impl Into<String>) {
        self.lock().doing = step.into();
    }

    /// What the case did last.
    pub(crate) fn current_step(&self) -> String {
        self.lock().doing.clone()
    }

    /// The recording as lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        let inner = self.lock();
        let mut lines = Vec::new();
        if inner.dropped > 0 {
            lines.push(format!("(… {} earlier entries)", inner.dropped));
        }
        lines.extend(inner.entries.iter().map(line));
        lines
    }

    fn push(&self, inner: &mut Inner, connection: u32, what: What) {
        if inner.entries.len() == KEPT {
            inner.entries.pop_front();
            inner.dropped += 1;
        }
        inner.entries.push_back(Entry {
            at: self.start.elapsed(),
            connection,
            what,
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line(entry: &Entry) -> String {
    let mut line = format!("{:>6} ms ", entry.at.as_millis());
    match entry.connection {
        0 => line.push_str("   "),
        connection => {
            let _infallible = write!(line, "#{connection:<2}");
        }
    }
    match &entry.what {
        What::Note(text) => line.push_str(&format!(" {text}")),
        What::Bytes {
            way,
            bytes,
            len,
            text,
        } => {
            let arrow = match way {
                Way::Sent => "T>S",
                Way::Received => "S>T",
            };
            let more = if *len > bytes.len() { "…" } else { "" };
            line.push_str(&format!(" {arrow} {}{more}  {text}", hex(bytes)));
        }
    }
    line
}

/// Bytes as pairs of digits, four pairs a group.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let groups: Vec<String> = bytes
        .chunks(4)
        .map(|group| group.iter().map(|byte| format!("{byte:02x}")).collect())
        .collect();
    groups.join(" ")
}

/// Bytes in hex and in words, for failures.
pub(crate) fn show(kind: StreamKind, bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "nothing".to_owned();
    }
    let shown = &bytes[..bytes.len().min(SHOWN)];
    let more = if bytes.len() > SHOWN { "…" } else { "" };
    format!(
        "{}{more} ({})",
        hex(shown),
        describe(kind, shown, bytes.len())
    )
}

/// What bytes mean, as far as they say.
fn describe(kind: StreamKind, bytes: &[u8], len: usize) -> String {
    if bytes.starts_with(&[0, 0x53, 0x50]) && len >= codec::HEADER_LEN {
        let what = match codec::read_header(&bytes[..codec::HEADER_LEN]) {
            Ok(id) => format!("header of {}", endpoints::show(id)),
            Err(why) => format!("bad header: {why}"),
        };
        return match len - codec::HEADER_LEN {
            0 => what,
            rest => format!("{what}, then {rest} bytes"),
        };
    }
    match codec::read_frame(kind, bytes) {
        Ok(Some((payload, used))) if used == len => {
            format!("frame of {} bytes{}", payload.len(), text(&payload))
        }
        Ok(Some((payload, used))) => {
            format!(
                "frame of {} bytes{}, then {} bytes",
                payload.len(),
                text(&payload),
                len - used
            )
        }
        _ => format!("{len} bytes"),
    }
}

/// A payload's readable part.
fn text(payload: &[u8]) -> String {
    let readable = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    if !payload.is_empty() && payload.iter().all(readable) {
        format!(" `{}`", String::from_utf8_lossy(payload))
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_in_hex_and_in_words() {
        let seen = show(StreamKind::Tcp, &codec::header(endpoints::REQ));
        assert_eq!(seen, "00535000 00300000 (header of REQ (0x0030))");
        let seen = show(StreamKind::Ipc, &codec::frame(StreamKind::Ipc, b"hello"));
        assert_eq!(
            seen,
            "01000000 00000000 0568656c 6c6f (frame of 5 bytes `hello`)"
        );
        assert_eq!(show(StreamKind::Tcp, &[1, 2]), "0102 (2 bytes)");
        assert_eq!(show(StreamKind::Tcp, &[]), "nothing");
    }

    #[test]
    fn single_bytes_join_and_old_entries_go() {
        let log = Transcript::default();
        for byte in codec::header(endpoints::PAIR) {
            log.bytes(1, Way::Sent, StreamKind::Tcp, &[byte]);
        }
        assert_eq!(log.lines().len(), 1);
        assert!(log.lines()[0].contains("T>S 00535000 00100000  header of PAIR"));
        for _ in 0..KEPT + 5 {
            log.note(0, "x");
        }
        assert_eq!(log.lines().len(), KEPT + 1);
        assert!(log.lines()[0].contains("6 earlier entries"));
    }
}

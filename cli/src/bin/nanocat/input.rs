//! What is sent: a file, or line after line of standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Stdin};
use std::path::PathBuf;

use spkit::Message;

use crate::plan::Source;
use crate::stop::Stop;

/// The messages to send, one after another.
#[derive(Debug)]
pub(crate) struct Input {
    from: From,
    /// How many are left at most; `None` is without end.
    left: Option<u64>,
}

#[derive(Debug)]
enum From {
    /// Copies share the body.
    Same(Message),
    // Not its lock: that would stay with one thread.
    Lines(BufReader<Stdin>),
}

impl Input {
    /// At most so many messages.
    pub(crate) fn new(source: &Source, limit: Option<u64>) -> Self {
        let from = match source {
            Source::Data(data) => From::Same(Message::from(data.clone())),
            Source::Lines => From::Lines(BufReader::new(io::stdin())),
        };
        Self { from, left: limit }
    }

    /// The next message, once it is there.
    pub(crate) fn next(&mut self) -> Result<Option<Message>, Stop> {
        if self.is_over() {
            return Ok(None);
        }
        let message = match &mut self.from {
            From::Same(message) => Some(message.clone()),
            From::Lines(lines) => line(lines).map_err(|error| failed("reading", b"-", &error))?,
        };
        self.left = self.left.map(|left| left - 1);
        Ok(message)
    }

    /// Whether it is known that nothing follows.
    pub(crate) fn is_over(&self) -> bool {
        self.left == Some(0)
    }
}

/// The next line, without its end; the last need not have one.
fn line(from: &mut impl BufRead) -> io::Result<Option<Message>> {
    let mut line = Vec::new();
    if from.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    line.pop_if(|last| *last == b'\n');
    Ok(Some(line.into()))
}

/// Reads the whole file, or standard input for `-`.
pub(crate) fn read(name: &[u8]) -> Result<Vec<u8>, Stop> {
    let mut data = Vec::new();
    let read = if name == b"-" {
        io::stdin().lock().read_to_end(&mut data)
    } else {
        File::open(path(name))
            .map_err(|error| failed("opening", name, &error))?
            .read_to_end(&mut data)
    };
    match read {
        Ok(_) => Ok(data),
        Err(error) => Err(failed("reading", name, &error)),
    }
}

#[cfg(unix)]
fn path(name: &[u8]) -> PathBuf {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    OsStr::from_bytes(name).into()
}

#[cfg(not(unix))]
fn path(name: &[u8]) -> PathBuf {
    String::from_utf8_lossy(name).into_owned().into()
}

fn failed(doing: &str, name: &[u8], error: &io::Error) -> Stop {
    let mut text = format!("Error {doing} file ``").into_bytes();
    text.extend(name);
    text.extend(format!("'': {}\n", reason(error)).as_bytes());
    Stop::Input(text)
}

/// The system's text alone; Rust puts the number behind it.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let number = error
        .raw_os_error()
        .map(|code| format!(" (os error {code})"));
    match number.and_then(|number| text.strip_suffix(&number).map(str::to_owned)) {
        Some(text) => text,
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn lines_are_messages() {
        let rows: [(&[u8], &[&[u8]]); 5] = [
            (b"", &[]),
            (b"a\nb\n", &[b"a", b"b"]),
            (b"a\n\nb", &[b"a", b"", b"b"]),
            (b"\n", &[b""]),
            (b"\xff\r\n\0", &[b"\xff\r", b"\0"]),
        ];
        for (text, lines) in rows {
            let mut text = text;
            for expected in lines {
                assert_eq!(line(&mut text).unwrap().unwrap().body(), *expected);
            }
            assert!(line(&mut text).unwrap().is_none());
        }
    }

    #[test]
    fn data_comes_as_often_as_it_may() {
        let source = Source::Data(b"x".to_vec());
        let mut twice = Input::new(&source, Some(2));
        for _ in 0..2 {
            assert!(!twice.is_over());
            assert_eq!(twice.next().unwrap().unwrap().body(), b"x");
        }
        assert!(twice.is_over() && twice.next().unwrap().is_none());
        let mut endless = Input::new(&source, None);
        for _ in 0..100 {
            assert!(endless.next().unwrap().is_some() && !endless.is_over());
        }
    }

    #[test]
    fn whole_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let big: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let rows: [(&str, &[u8]); 3] = [("empty", b""), ("lines", b"a\n\0b\r\n"), ("big", &big)];
        for (name, content) in rows {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            let data = read(path.as_os_str().as_encoded_bytes()).unwrap();
            assert!(data == content, "{name}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn failures_are_told_as_in_c() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().to_str().unwrap();
        let missing = format!("{folder}/missing");
        let rows = [
            (
                missing.as_str(),
                format!("Error opening file ``{missing}'': No such file or directory\n"),
            ),
            (
                "",
                "Error opening file ``'': No such file or directory\n".to_owned(),
            ),
            // The original reads a directory for ever.
            (
                folder,
                format!("Error reading file ``{folder}'': Is a directory\n"),
            ),
        ];
        for (name, text) in rows {
            let stop = read(name.as_bytes()).unwrap_err();
            assert_eq!(stop, Stop::Input(text.into_bytes()));
        }
    }
}

//! The file to send.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use crate::stop::Stop;

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

//! What is sent, and how it is recognised.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::program::Program;

/// What is sent, and how a program is told to send it.
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    words: Vec<PathBuf>,
    _folder: Option<TempDir>,
}

impl Body {
    /// Text, nothing, every byte, and close below the megabyte that all three
    /// implementations accept.
    pub(crate) fn all() -> Vec<Self> {
        let every: Vec<u8> = (0..=255).collect();
        let large = (0..250_000_u32).flat_map(u32::to_le_bytes).collect();
        vec![
            Self::typed("some text"),
            // Not from a file: of an empty one nanomsg's program dies.
            Self::typed(""),
            Self::from_file(every),
            Self::from_file(large),
        ]
    }

    pub(crate) fn typed(text: &str) -> Self {
        Self {
            bytes: text.into(),
            words: ["--data", text].map(PathBuf::from).into(),
            _folder: None,
        }
    }

    fn from_file(bytes: Vec<u8>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("message");
        fs::write(&file, &bytes).unwrap();
        Self {
            bytes,
            words: vec!["--file".into(), file],
            _folder: Some(folder),
        }
    }

    pub(crate) fn words(&self) -> Vec<&OsStr> {
        self.words.iter().map(|word| word.as_os_str()).collect()
    }

    /// Reads the body as `--hex` prints it.
    #[track_caller]
    pub(crate) fn is_printed(&self, by: &mut Program) {
        let line = by.line();
        // Not by `format!`, which takes half a second for a megabyte.
        let digit = |four: u8| b"0123456789abcdef"[usize::from(four)];
        let escape = |&byte: &u8| [b'\\', b'x', digit(byte >> 4), digit(byte & 15)];
        let escapes: Vec<_> = self.bytes.iter().map(escape).collect();
        let hex = [b"\"", escapes.as_flattened(), b"\""].concat();
        assert!(line.as_bytes() == hex, "{by} printed {} bytes", line.len());
    }
}

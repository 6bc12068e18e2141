//! What raw sockets tell an application whose message has a header that cannot be sent.

use std::fmt::Write;

use spkit_api::{Error, ErrorKind};

/// Words that are shown.
const SHOWN: usize = 8;

/// The error for a message with this header, where the protocol needs another.
pub(crate) fn invalid(needed: &str, header: &[u32]) -> Error {
    let mut text = format!("a raw message needs {needed}, and this one has ");
    if header.is_empty() {
        text.push_str("none");
    }
    for (at, word) in header.iter().take(SHOWN).enumerate() {
        let gap = if at == 0 { "" } else { " " };
        let _never = write!(text, "{gap}{word:08x}");
    }
    if header.len() > SHOWN {
        let _never = write!(text, " and {} words more", header.len() - SHOWN);
    }
    Error::new(ErrorKind::HeaderInvalid, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_is_needed_and_what_is_there() {
        let text = |header: &[u32]| invalid("a header of one word", header).to_string();
        let needed =
            "invalid message header: a raw message needs a header of one word, and this one has ";
        assert_eq!(text(&[]), format!("{needed}none"));
        assert_eq!(
            text(&[1, 0x8000_0337]),
            format!("{needed}00000001 80000337")
        );
        let many = text(&[7; 250]);
        assert!(many.ends_with("00000007 and 242 words more"), "{many}");
    }
}

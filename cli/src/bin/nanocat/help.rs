//! The text of `--help`.

use crate::options::{OPTIONS, REQUIRED};
use crate::spec::Opt;

/// Column where the descriptions start.
const INDENT: usize = 24;
/// Width left for them.
const WIDTH: usize = 80 - INDENT;

/// The whole help, for a program started under that name.
pub(crate) fn help(program: &[u8]) -> Vec<u8> {
    let mut text = b"Usage:\n    ".to_vec();
    text.extend(program);
    text.extend(usage().as_bytes());
    text.extend(b"\nA command-line interface to nanomsg\n");
    let mut group = "";
    for opt in &OPTIONS {
        if opt.group != group {
            group = opt.group;
            text.extend(format!("\n{group}:\n").as_bytes());
        }
        text.extend(entry(opt).as_bytes());
    }
    text
}

/// What follows the program's name: those of which one is required, then the
/// short options, first those without a value.
fn usage() -> String {
    let (required, optional): (Vec<&Opt>, Vec<&Opt>) =
        OPTIONS.iter().partition(|opt| opt.provides.meets(REQUIRED));
    let names: Vec<_> = required
        .iter()
        .map(|opt| format!("--{}", opt.long))
        .collect();
    let mut flags = String::new();
    let mut values = String::new();
    for opt in optional {
        match (opt.short.map(char::from), opt.metavar) {
            (Some(letter), None) => flags.push(letter),
            (Some(letter), Some(metavar)) => values += &format!("[-{letter} {metavar}] "),
            (None, _) => {}
        }
    }
    // The blank at the end of the line is the original's.
    format!(" {{{}}} [-{flags}] {values}[options] \n", names.join("|"))
}

/// One option: its names, and its description beside or below them.
fn entry(opt: &Opt) -> String {
    let mut text = format!(" --{}", opt.long);
    if let Some(letter) = opt.short {
        text += &format!(",-{}", char::from(letter));
    }
    if let Some(metavar) = opt.metavar {
        text += &format!(" {metavar}");
    }
    let mut rest = opt.help;
    // At least two blanks must fit between the names and the description.
    if text.len() < INDENT - 1 {
        let (line, left) = split_line(rest);
        text = format!("{text:INDENT$}{line}");
        rest = left;
    }
    while !rest.is_empty() {
        let (line, left) = split_line(rest);
        text += &format!("\n{:INDENT$}{line}", "");
        rest = left;
    }
    text + "\n"
}

/// Cuts off the longest line that fits, at a blank, which goes.
fn split_line(text: &str) -> (&str, &str) {
    if text.len() < WIDTH {
        return (text, "");
    }
    let bytes = text.as_bytes();
    let blank = (2..=WIDTH).rev().find(|&at| bytes.get(at) == Some(&b' '));
    blank.map_or((text, ""), |at| (&text[..at], &text[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Action;

    #[test]
    fn lines_break_at_the_last_blank_that_fits() {
        let full = "x".repeat(WIDTH);
        let fits = format!("{full} tail");
        let over = format!("{} {full}", "y".repeat(10));
        let solid = "z".repeat(WIDTH + 1);
        let rows = [
            ("short", ("short", "")),
            (full.as_str(), (full.as_str(), "")),
            (fits.as_str(), (full.as_str(), "tail")),
            (over.as_str(), ("yyyyyyyyyy", full.as_str())),
            (solid.as_str(), (solid.as_str(), "")),
        ];
        for (text, parts) in rows {
            assert_eq!(split_line(text), parts, "{text}");
        }
    }

    #[test]
    fn description_is_beside_the_names_if_two_blanks_fit() {
        let rows = [
            ("a", " --a                    text\n"),
            ("nineteen-columns-xx", " --nineteen-columns-xx  text\n"),
            (
                "and-one-more-than-it",
                " --and-one-more-than-it\n                        text\n",
            ),
        ];
        for (long, text) in rows {
            assert_eq!(entry(&Opt::new("", long, Action::Help, "text")), text);
        }
    }

    #[test]
    fn help_looks_like_the_original() {
        let text = String::from_utf8(help(b"some/nanocat")).unwrap();
        let parts = [
            "Usage:\n    some/nanocat {--push|--pull|--pub|--sub|--req|--rep|--surveyor|\
             --respondent|--bus|--pair|--bind|--connect|--bind-ipc|--connect-ipc|\
             --bind-local|--connect-local} [-vqhAQ] [-i SEC] [-d SEC] [-D DATA] [-F PATH] \
             [options] \n\nA command-line interface to nanomsg\n\nGeneric:\n \
             --verbose,-v           Increase verbosity of the nanocat\n",
            "\n --connect-ipc,-x PATH  Connect socket to the ipc address \"ipc://PATH\".\n",
            // Too long a name: the description goes below.
            "\n --connect-local,-l PORT\n                        \
             Connect socket to the tcp address\n                        \
             \"tcp://127.0.0.1:PORT\".\n --recv-timeout SEC ",
            "\n\nSUB Socket Options:\n --subscribe PREFIX     \
             Subscribe to the prefix PREFIX. Note: socket will be\n                        \
             subscribed to everything (empty prefix) if no prefixes\n                        \
             are specified on the command-line.\n\nInput Options:\n",
        ];
        for part in parts {
            assert!(text.contains(part), "{part}\nis not in\n{text}");
        }
        let last = " --file,-F PATH         Same as --data but get data from file PATH\n";
        let (original, ours) = text.split_once(last).unwrap();
        assert_eq!(original.lines().count() + 1, 61);
        assert!(ours.starts_with("\nExtra Options:\n --count N "), "{ours}");
    }
}

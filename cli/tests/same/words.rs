//! Command lines by the thousand: every abbreviation, letter, number, program name; mixtures.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use libtest_mimic::Trial;

use super::compare::{assert_same, finish, same, seen, trial, words};
use crate::support::program::OURS;

const SOCKETS: &str = "push pull pub sub req rep surveyor respondent bus pair";

/// All other long names, and two that are none: both programs must say so.
const NAMES: &str = "verbose silent help bind connect bind-ipc connect-ipc bind-local \
    connect-local recv-timeout send-timeout socket-name subscribe format raw ascii quoted \
    msgpack hex interval delay data file version zzz";

/// The long names that are ours alone.
const EXTRAS: &str = "count wait lines json print-address stats";

/// Numbers C reads, so that the error is the one after.
const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "+1.5",
    ".5",
    "5.",
    "1e3",
    "1E-3",
    " 1",
    "\t1",
    "\x0b1",
    "1 ",
    "\u{a0}1",
    "inf",
    "-Infinity",
    "nan",
    "NAN()",
    "nan(a_1)",
    "nan(a-1)",
    "0x10",
    "0X1p-2",
    "0x.8",
    "0x8.",
    "0x.p1",
    "1e99999",
    "0x1p99999",
    "1_0",
    "1f",
    "infinit",
    "",
];

pub(crate) fn trials() -> Vec<Trial> {
    let names = SOCKETS.split_whitespace().chain(NAMES.split_whitespace());
    let names = names.map(|name| {
        trial(format!("abbreviations/{name}"), move |theirs| {
            abbreviations(theirs, name)
        })
    });
    let extras = EXTRAS.split_whitespace().map(|name| {
        trial(format!("extra/{name}"), move |theirs| {
            takes_no_abbreviation(theirs, name)
        })
    });
    let numbers = NUMBERS.iter().map(|number| {
        let name = format!("number/{}", number.escape_debug());
        trial(name, move |theirs| takes_number(theirs, number))
    });
    let programs = SOCKETS.split_whitespace().flat_map(|socket| {
        [
            trial(format!("program-name/{socket}"), move |theirs| {
                program_names(theirs, socket)
            }),
            trial(format!("symlink/{socket}"), move |theirs| {
                symlinks_are_aliases(theirs, socket)
            }),
        ]
    });
    let single = [
        trial("letters", letters),
        trial("bytes-that-are-no-text", bytes_that_are_no_text),
        trial("mixtures", mixtures),
        trial(
            "standard-input-is-read-before-what-follows",
            standard_input_comes_first,
        ),
    ];
    names
        .chain(extras)
        .chain(numbers)
        .chain(programs)
        .chain(single)
        .collect()
}

/// The messages name the option that the abbreviation stands for.
fn abbreviations(theirs: &Path, name: &str) {
    for end in 1..=name.len() {
        let word = format!("--{}", &name[..end]);
        same(theirs, "nanocat", &words(&word));
        same(theirs, "nanocat", &words(&format!("{word}=x")));
        same(theirs, "nanocat", &words(&format!("{word}x")));
    }
}

/// What nanomsg's program takes for an option or for several, stays that; only what it does not know is ours.
fn takes_no_abbreviation(theirs: &Path, name: &str) {
    let mut own = 0;
    for end in 1..=name.len() {
        let line = words(&format!("--{}=", &name[..end]));
        let [ours, theirs] =
            [Path::new(OURS), theirs].map(|path| seen(path, "nanocat", &line, None));
        if theirs.err.starts_with(b"nanocat: Unknown option") {
            own += 1;
            assert!(
                !ours.err.starts_with(b"nanocat: Unknown option"),
                "{line:?}: {ours:?}"
            );
        } else {
            assert_same(&ours, &theirs, &format!("{line:?}"));
        }
    }
    assert!(own > 0, "--{name} is not ours");
}

fn letters(theirs: &Path) {
    for letter in (b' '..=b'~').map(char::from) {
        for end in ["", "x"] {
            let word = OsString::from(format!("-{letter}{end}"));
            same(theirs, "nanocat", &[word]);
        }
    }
}

fn takes_number(theirs: &Path, number: &str) {
    for option in ["-i", "-d", "--recv-timeout", "--send-timeo"] {
        same(theirs, "nanocat", &[option.into(), number.into()]);
    }
}

fn bytes_that_are_no_text(theirs: &Path) {
    let rows: [&[&[u8]]; 6] = [
        &[b"\xff"],
        &[b""],
        &[b"-\xc3\xa4"],
        &[b"--\xff=\xfe"],
        &[b"--format", b"\xff"],
        &[b"-F", b"/missing/\xff"],
    ];
    for row in rows {
        let line: Vec<_> = row
            .iter()
            .map(|word| OsString::from_vec(word.to_vec()))
            .collect();
        same(theirs, "nanocat", &line);
    }
}

fn program_names(theirs: &Path, socket: &str) {
    // None with an address, so that none opens a socket.
    let lines = [
        "",
        "-h",
        "--bus",
        "-i 1",
        "-Dx",
        "--subscribe x --raw",
        "--send-timeout 1",
    ];
    for program in ["nn_", "./nn_", "/a b/nn_", "nn_/", "nn__", "nn", "NN_"] {
        let program = format!("{program}{socket}");
        for line in lines {
            same(theirs, &program, &words(line));
        }
        same(theirs, &program, &words(&format!("--{socket}")));
    }
}

fn symlinks_are_aliases(theirs: &Path, socket: &str) {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join(format!("nn_{socket}"));
    let other = if socket == "bus" { "--pair" } else { "--bus" };
    let [ours, theirs] = [Path::new(OURS), theirs].map(|path| {
        symlink(path, &link).unwrap();
        let mut command = Command::new(&link);
        command.arg(other).stdin(Stdio::null());
        let seen = finish(command);
        fs::remove_file(&link).unwrap();
        seen
    });
    assert_same(&ours, &theirs, socket);
    let conflict = format!(
        "{0}: Option {other} conflicts with the following options:\n    {0} (executable) \n",
        link.display()
    );
    assert_eq!(String::from_utf8_lossy(&ours.err), conflict);
}

fn standard_input_comes_first(theirs: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("message");
    fs::write(&file, "x\n").unwrap();
    for line in ["-F - --bogus", "--file=- --pull -L1", "-F- -D x"] {
        let [ours, theirs] =
            [Path::new(OURS), theirs].map(|path| seen(path, "nanocat", &words(line), Some(&file)));
        assert_same(&ours, &theirs, line);
    }
}

/// Arbitrary mixtures, each with an end that opens no socket: no address, no socket type, or an unknown option last.
fn mixtures(theirs: &Path) {
    let common = [
        "-v",
        "-q",
        "-A",
        "--quoted",
        "--raw",
        "--hex",
        "--form=ascii",
        "--format=no",
        "-Dx",
        "--data",
        "--dat=",
        "-i1",
        "--int=.5",
        "-d 0",
        "--recv-timeout=1",
        "--send-timeout 2",
        "--socket-name=n",
        "--subscribe=a",
        "--subscr b",
        "-vQ",
        "--",
        "-",
        "-vD",
    ];
    let addresses = ["--bind=x", "--connect y", "--conn=z", "-L1", "-xp"];
    let sockets: Vec<_> = SOCKETS.split(' ').collect();
    let mut dice = Dice(0x5eed);
    for _ in 0..600 {
        let ending = dice.below(3);
        let mut line = Vec::new();
        for _ in 0..=dice.below(5) {
            line.extend(words(dice.pick(&common)));
        }
        if ending != 0 {
            line.extend(words(dice.pick(&addresses)));
        }
        if ending != 1 {
            for _ in 0..1 + dice.below(6) / 5 {
                let at = dice.below(line.len() + 1);
                line.insert(at, format!("--{}", dice.pick(&sockets)).into());
            }
        }
        if ending == 2 {
            line.push("--bogus".into());
        }
        same(theirs, "nanocat", &line);
    }
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

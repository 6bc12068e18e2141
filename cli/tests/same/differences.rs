//! Where the two programs differ on purpose. `docs/nanocat.md` explains each by its name here.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use super::compare::{seen, trial, words};
use crate::support::places::{Carrier, free_port};
use crate::support::program::{OURS, Program};

/// A line that ends otherwise.
struct Row {
    name: &'static str,
    /// As in [`ends`](super::ends).
    line: &'static str,
    theirs: Ending,
    ours: Ending,
}

/// How a program ends.
#[derive(Clone, Copy)]
enum Ending {
    /// With that status, and with errors that begin so.
    Exit(i32, &'static str),
    /// By an abort or a fault of its own.
    Dies,
    /// Not at all.
    Hangs,
}

use Ending::{Dies, Exit, Hangs};

const ROWS: &[Row] = &[
    // Bugs of the original.
    Row {
        name: "several-short-endpoints",
        line: "--pull -X {path}1 -X {path}2 --recv-timeout 1",
        theirs: Dies,
        ours: Exit(0, ""),
    },
    Row {
        name: "several-short-endpoints",
        line: "--pull -l {free} -l {free} -x {path} --recv-timeout 1",
        theirs: Dies,
        ours: Exit(0, ""),
    },
    Row {
        name: "empty-file",
        line: "--pub -X {path} -F {empty}",
        theirs: Dies,
        ours: Exit(0, ""),
    },
    Row {
        name: "folder-as-file",
        line: "--pub -X {path} -F {folder}",
        theirs: Hangs,
        ours: Exit(2, "Error reading file ``{folder}'': Is a directory\n"),
    },
    Row {
        name: "long-path",
        line: "--pull -X {folder}/{long}{long}",
        theirs: Dies,
        ours: Exit(3, "Can't bind: ipc://{folder}/"),
    },
    // Addresses.
    Row {
        name: "port-0",
        line: "--pull -L 0 --recv-timeout 1",
        theirs: Exit(3, "Can't bind: Invalid argument\n"),
        ours: Exit(0, ""),
    },
    Row {
        name: "more-addresses",
        line: "--pull --bind tcp://:{free} --recv-timeout 1",
        theirs: Exit(3, "Can't bind: No such device\n"),
        ours: Exit(0, ""),
    },
    Row {
        name: "more-addresses",
        line: "--pull --bind tcp4://127.0.0.1:{free} --recv-timeout 1",
        theirs: Exit(3, "Can't bind: Protocol not supported\n"),
        ours: Exit(0, ""),
    },
    Row {
        name: "more-addresses",
        line: "--pull --connect tcp://[::1]:{free} --recv-timeout 1",
        theirs: Exit(3, "Can't connect: Invalid argument\n"),
        ours: Exit(0, ""),
    },
    Row {
        name: "nameless-ipc",
        line: "--pull --bind ipc:// --recv-timeout 1",
        theirs: Exit(0, ""),
        ours: Exit(3, "Can't bind: ipc://: invalid address"),
    },
    Row {
        name: "no-websocket",
        line: "--pull --bind ws://127.0.0.1:{free} --recv-timeout 1",
        theirs: Exit(0, ""),
        ours: Exit(
            3,
            "Can't bind: ws://127.0.0.1:{free}: not supported: no transport `ws`",
        ),
    },
    // Words.
    Row {
        name: "reasons",
        line: "--push -l {free} -D x --send-timeout 0.1",
        theirs: Exit(3, "Can't send: Connection timed out\n"),
        ours: Exit(3, "Can't send: timed out\n"),
    },
];

pub(crate) fn trials() -> Vec<Trial> {
    let rows = ROWS.iter().map(|row| {
        trial(
            format!("difference/{}/{}", row.name, row.line),
            move |theirs| differs(theirs, row),
        )
    });
    let others = [
        trial("difference/fractions-of-a-second", fractions_of_a_second),
        trial("difference/last-message", last_message),
        trial("difference/not-utf-8", not_utf_8),
        trial("difference/extra-options", extra_options),
        Trial::test("every-difference-is-explained", || {
            every_difference_is_explained();
            Ok(())
        }),
    ];
    rows.chain(others).collect()
}

fn differs(theirs: &Path, row: &Row) {
    for (path, ending) in [(theirs, row.theirs), (Path::new(OURS), row.ours)] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let empty = folder.join("empty");
        fs::write(&empty, "").unwrap();
        let port = free_port().to_string();
        let fill = |text: &str| {
            text.replace("{free}", &port)
                .replace("{path}", folder.join("path").to_str().unwrap())
                .replace("{folder}", folder.to_str().unwrap())
                .replace("{empty}", empty.to_str().unwrap())
                .replace("{long}", &"x".repeat(50))
        };
        let program = Program::start(path, &fill(row.line), &[]);
        match ending {
            Exit(code, begin) => {
                let end = program.end();
                assert_eq!(end.code, Some(code), "{end:?}");
                assert!(end.errors.starts_with(&fill(begin)), "{end:?}");
                assert!(!begin.is_empty() || end.errors.is_empty(), "{end:?}");
            }
            Dies => {
                let end = program.end();
                assert_eq!(end.code, None, "{end:?}");
            }
            Hangs => hangs(program),
        }
    }
}

/// No time proves it; but it has had all the time that ours needs to end.
fn hangs(mut program: Program) {
    Program::ours("--help").end();
    assert!(program.is_running());
}

/// Theirs cuts them off. How long that takes it cannot be asserted without racing the clock.
fn fractions_of_a_second(theirs: &Path) {
    let line = |port| format!("--pull -L {port} --recv-timeout 0.5");
    let start = Instant::now();
    Program::ours(&line(free_port())).succeeds();
    assert!(start.elapsed() >= Duration::from_millis(500));
    Program::start(theirs, &line(free_port()), &[]).succeeds();
}

/// Theirs closes at once, and sometimes too soon.
fn last_message(theirs: &Path) {
    let place = Carrier::Ipc.place();
    let at = place.address();
    let mut pull = Program::ours(&format!("--pull --bind {at} -A"));
    for n in 0..20 {
        Program::start(theirs, &format!("--push --connect {at} -D theirs"), &[]).succeeds();
        Program::ours(&format!("--push --connect {at} -D {n}")).succeeds();
        let ours = n.to_string();
        while pull.line() != ours {}
    }
}

/// Addresses are text for us.
fn not_utf_8(theirs: &Path) {
    use std::os::unix::ffi::OsStringExt;
    let folder = tempfile::tempdir().unwrap();
    let mut path = folder.path().as_os_str().to_owned().into_encoded_bytes();
    path.extend(b"/\xff");
    let mut line = words("--pull --recv-timeout 0 -X");
    line.push(std::ffi::OsString::from_vec(path));
    let [ours, theirs] = [Path::new(OURS), theirs].map(|path| seen(path, "nanocat", &line, None));
    assert_eq!(theirs.status.code(), Some(0), "{theirs:?}");
    assert_eq!(ours.status.code(), Some(1), "{ours:?}");
    assert_eq!(
        ours.err,
        b"nanocat: Option -X (--bind-ipc) requires UTF-8 text\n"
    );
}

/// Their help is the beginning of ours.
fn extra_options(theirs: &Path) {
    let [ours, theirs] =
        [Path::new(OURS), theirs].map(|path| seen(path, "nanocat", &words("--help"), None));
    let more = ours.out.strip_prefix(theirs.out.as_slice());
    let more = more.unwrap_or_else(|| panic!("{ours:?}\n{theirs:?}"));
    assert!(
        more.starts_with(b"\nExtra Options:\n --count N "),
        "{ours:?}"
    );
    assert_eq!((ours.status, ours.err), (theirs.status, theirs.err));
}

fn every_difference_is_explained() {
    let page = include_str!("../../../docs/nanocat.md");
    let others = [
        "fractions-of-a-second",
        "last-message",
        "not-utf-8",
        "extra-options",
    ];
    for name in ROWS.iter().map(|row| row.name).chain(others) {
        assert!(
            page.contains(&format!("`{name}`")),
            "docs/nanocat.md does not explain `{name}`"
        );
    }
}

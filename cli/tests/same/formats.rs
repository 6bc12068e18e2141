//! Every format over every byte, and over the sizes at which msgpack's head grows.

use std::path::Path;

use libtest_mimic::Trial;
use spkit::Socket;

use super::compare::trial;
use crate::support::places::{Carrier, Place};
use crate::support::program::{OURS, Program, SOON};

/// The format as it is chosen, and how it prints the last message, by which the end of the output is known.
const FORMATS: &[(&str, &[u8])] = &[
    ("--raw", b"the end"),
    ("--ascii", b"the end\n"),
    ("-A", b"the end\n"),
    ("--quoted", b"\"the end\"\n"),
    ("-Q", b"\"the end\"\n"),
    ("--msgpack", b"\xc4\x07the end"),
    ("--hex", br#""\x74\x68\x65\x20\x65\x6e\x64""#),
    ("--format raw", b"the end"),
    ("--format=ascii", b"the end\n"),
    ("--format=quoted", b"\"the end\"\n"),
    ("--format=msgpack", b"\xc4\x07the end"),
    ("--format=hex", br#""\x74\x68\x65\x20\x65\x6e\x64""#),
    ("--raw -A --hex -Q", b"\"the end\"\n"),
];

/// Ways to have nothing printed.
const SILENT: &[&str] = &["", "--format no", "--raw --format=no"];

pub(crate) fn trials() -> Vec<Trial> {
    let formats = FORMATS.iter().map(|&(format, end)| {
        trial(format!("format/{format}"), move |theirs| {
            every_body(theirs, format, end)
        })
    });
    let silent = SILENT.iter().map(|&line| {
        trial(format!("format/nothing/{line}"), move |theirs| {
            nothing(theirs, line)
        })
    });
    formats.chain(silent).collect()
}

/// Nothing, every byte alone, all of them, and the sizes at msgpack's borders.
fn bodies() -> Vec<Vec<u8>> {
    let alone = (0..=255).map(|byte| vec![byte]);
    let sizes = [255, 256, 65_535, 65_536].map(|len| vec![b'~'; len]);
    let others = [Vec::new(), (0..=255).collect()];
    alone.chain(others).chain(sizes).collect()
}

fn every_body(theirs: &Path, format: &str, end: &[u8]) {
    let [ours, theirs] = [Path::new(OURS), theirs].map(|path| {
        let place = Carrier::Ipc.place();
        let (push, mut pull) = pipeline(path, &place, format);
        for body in bodies() {
            push.send_timeout(body, SOON).unwrap();
        }
        push.send_timeout("the end", SOON).unwrap();
        let mut printed = pull.bytes(end.len());
        while !printed.ends_with(end) {
            printed.extend(pull.bytes(1));
        }
        printed.extend(pull.kill());
        printed
    });
    let different = ours
        .iter()
        .zip(&theirs)
        .position(|(ours, theirs)| ours != theirs);
    let from = different
        .unwrap_or_else(|| ours.len().min(theirs.len()))
        .saturating_sub(20);
    let shown =
        [&ours, &theirs].map(|all| all[from..].iter().take(60).copied().collect::<Vec<_>>());
    let [our_part, their_part] = shown.map(|part| part.escape_ascii().to_string());
    assert!(
        ours == theirs,
        "{format}, from byte {from}\nours ({}): {our_part}\ntheirs ({}): {their_part}",
        ours.len(),
        theirs.len()
    );
}

/// What was printed before an answer that shows that the message was received.
fn nothing(theirs: &Path, line: &str) {
    for path in [Path::new(OURS), theirs] {
        let place = Carrier::Ipc.place();
        let line = format!("--rep --bind {} -D answer {line}", place.address());
        let rep = Program::start(path, &line, &[]);
        let req = Socket::open("req").unwrap();
        req.dial(place.address()).unwrap();
        req.send_timeout("question", SOON).unwrap();
        assert_eq!(req.recv_timeout(SOON).unwrap().body(), b"answer");
        assert_eq!(rep.kill(), b"", "{line}");
    }
}

/// A socket that pushes to a program.
fn pipeline(path: &Path, place: &Place, format: &str) -> (Socket, Program) {
    let push = Socket::open("push").unwrap();
    push.listen(place.address()).unwrap();
    let line = format!("--pull --connect {} {format}", place.address());
    (push, Program::start(path, &line, &[]))
}

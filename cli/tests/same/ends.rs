//! Ends with a socket open: exit status, standard output, and what could not be done.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use libtest_mimic::Trial;

use super::compare::trial;
use super::exchanges::reasonless;
use crate::support::places::free_port;
use crate::support::program::{OURS, Program};

/// `{free}` is a port that nobody uses, `{held}` one that somebody else listens at, `{path}` a file that does not
/// exist, `{folder}` one that does, `{file}` a file that is not a socket, `{long}` a name that is too long.
const LINES: &[&str] = &[
    // 0: nothing to say, nothing to hear, or time ran out.
    "--pull -l {free} --recv-timeout 1",
    "--pull -L {free} --recv-timeout 0",
    "--sub -x {path} --recv-timeout 1",
    "--rep -L {free} --recv-timeout 0",
    "--respondent -X {path} --recv-timeout 1",
    "--bus -X {path} --recv-timeout 1",
    "--pair -l {free} --recv-timeout 1",
    "--pub -L {free} -D x",
    "--pub -l {free} -D x -d 0.1",
    "--bus -X {path} -D x --recv-timeout 1",
    "--surveyor -X {path} -D x",
    "--surveyor -X {path} -D x --recv-timeout 1",
    "--req -x {path} -D x --recv-timeout 1",
    "--req -L {free} -D x --recv-timeout 1",
    "--req -L {free} -D x --recv-timeout 1 --send-timeout 0",
    "--req -L {free} -D x --recv-timeout 0",
    "--pull --bind inproc://a --recv-timeout 1",
    "--pull --connect inproc://a --recv-timeout 1",
    "--bus --bind inproc://a --connect inproc://a -D x -A --recv-timeout 1",
    "--pull --bind tcp://*:{free} --recv-timeout 1",
    "--pull --connect tcp://127.0.0.1;127.0.0.1:{free} --recv-timeout 1",
    "--pull --connect tcp://localhost:{free} --recv-timeout 1",
    "--pull -L {free} -l {free} --recv-timeout 1 --socket-name name",
    "-vvq --pull -L {free} --recv-timeout 1",
    // 2: no file.
    "--push -l {free} -F {path}",
    "--rep -l {free} --file={path}",
    "--push -l {free} -F {file}/x",
    // 3: could not be done.
    "--rep -L {free} --recv-timeout 0 -D x",
    "--rep -X {path} --recv-timeout 1 -D x",
    "--respondent -X {path} --recv-timeout 1 -D x",
    "--push -l {free} --send-timeout 0.2 -D x",
    "--push -l {free} --send-timeout 0.2 -D x -i 1",
    "--push -l {free} --send-timeout 0 -D x",
    "--push -X {path} --send-timeout 0.2 -F {file}",
    "--push --connect inproc://a --send-timeout 0.2 -D x",
    "--pair -l {free} --send-timeout 0.2 -D x",
    "--pair -X {path} --send-timeout 0.2 -D x -i 1",
    "--pull -L {held}",
    "--pull -L {held} --connect foo",
    "--pull -X {folder}/missing/x",
    "--pull -X {path} --bind foo://x",
    "--pull --bind foo",
    "--pull --bind foo:x",
    "--pull --connect foo",
    "--pull --connect foo://x",
    "--pull --connect TCP://127.0.0.1:{free}",
    "--pair --connect tcp://",
    "--pair --connect tcp://127.0.0.1",
    "--pair --connect tcp://127.0.0.1:",
    "--pair --connect tcp://127.0.0.1:x",
    "--pair --connect tcp://127.0.0.1:0",
    "--pair --connect tcp://127.0.0.1:65536",
    "--pair --connect tcp://-x:{free}",
    "--pair --connect tcp://:{free}",
    "--pair --bind tcp://127.0.0.1:x",
    "--pair --bind tcp://127.0.0.1:65536",
    "--pair -L {free} --socket-name {long}",
];

pub(crate) fn trials() -> Vec<Trial> {
    let trials = LINES
        .iter()
        .map(|line| trial(format!("end/{line}"), move |theirs| ends(theirs, line)));
    trials.collect()
}

fn ends(theirs: &Path, line: &str) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = folder.join("file");
    fs::write(&file, "x").unwrap();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let line = line
        .replace("{held}", &held.local_addr().unwrap().port().to_string())
        .replace("{path}", folder.join("path").to_str().unwrap())
        .replace("{folder}", folder.to_str().unwrap())
        .replace("{file}", file.to_str().unwrap())
        .replace("{long}", &"x".repeat(64));
    let [ours, theirs] = [Path::new(OURS), theirs].map(|path| {
        let line = line.replace("{free}", &free_port().to_string());
        Program::start(path, &line, &[]).end()
    });
    let [our_errors, their_errors] = [&ours, &theirs].map(|end| reasonless(&end.errors));
    assert!(
        (ours.code, &ours.out, our_errors) == (theirs.code, &theirs.out, their_errors),
        "\nours: {ours:?}\ntheirs: {theirs:?}"
    );
    assert!(ours.errors.lines().count() <= 1, "{ours:?}");
}

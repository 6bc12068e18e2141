//! Ends that are the same as those of nanomsg's program.

use std::net::TcpListener;

use crate::Test;
use crate::scene::Scene;
use crate::support::places::free_port;
use crate::support::program::{End, Program};

pub(crate) const TESTS: &[Test] = &[("ends-are-the-same", ends_are_the_same)];

/// Exit status and what could not be done; the reason is in our own words.
fn ends_are_the_same(scene: Scene) {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let held = held.local_addr().unwrap().port();
    let free = free_port();
    let long = "x".repeat(64);
    let lines = [
        format!("--pull -L {held}"),
        format!("--pull -L {held} --connect foo"),
        "--pull --bind foo://x".to_owned(),
        "--pull --bind foo".to_owned(),
        "--pull --connect foo".to_owned(),
        "--pair --connect tcp://".to_owned(),
        "--pair --connect tcp://127.0.0.1:x".to_owned(),
        format!("--pair -L {free} --socket-name {long}"),
        format!("--pull -l {free} --recv-timeout 0.2"),
        format!("--pair -l {free} --recv-timeout 1"),
        format!("--rep -L {free} --recv-timeout 0"),
        format!("--rep -L {free} --recv-timeout 0.1 -D x"),
        format!("--push -l {free} --send-timeout 0.2 -D x"),
        format!("--push -l {free} --send-timeout 0.2 -D x -i 1"),
        format!("--push -l {free} --send-timeout 0 -D x"),
        format!("--pair -l {free} --send-timeout 0.2 -D x"),
    ];
    for line in lines {
        let ours = Program::ours(&line).end();
        let theirs = Program::start(scene.theirs.path().unwrap(), &line, &[]).end();
        assert_eq!(seen(&ours), seen(&theirs), "{line}: {ours:?}, {theirs:?}");
    }
}

fn seen(end: &End) -> (Option<i32>, &[u8], &str) {
    let doing = end.errors.split(':').next().unwrap_or_default();
    (end.code, &end.out, doing)
}

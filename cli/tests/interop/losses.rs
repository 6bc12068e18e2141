//! Peers that die and come back, and peers of another protocol.

use std::time::Instant;

use spkit::{ErrorKind, Socket, SocketEvent};

use crate::Test;
use crate::scene::{Role, Scene, received, sent};
use crate::support::places::Place;
use crate::support::program::{Program, SOON};

/// The tests for a role of ours.
pub(crate) fn tests(role: Role) -> &'static [Test] {
    match role {
        Role::Listen => LISTENING,
        Role::Dial => DIALING,
    }
}

const LISTENING: &[Test] = &[
    ("their-dialers-come-and-go", their_dialers_come_and_go),
    ("we-are-killed-and-restarted", we_are_killed_and_restarted),
    ("wrong-dialers", wrong_dialers),
    ("wrong-dialers-of-a-program", wrong_dialers_of_a_program),
];

const DIALING: &[Test] = &[
    ("program-dials-again", program_dials_again),
    ("socket-dials-again", socket_dials_again),
    ("a-request-is-sent-again", a_request_is_sent_again),
    ("wrong-listener", wrong_listener),
];

#[track_caller]
fn prints(program: &mut Program, line: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(program.line(), line);
    }
}

fn their_dialers_come_and_go(scene: Scene) {
    let place = scene.place();
    let mut pull = scene.ours(&place, "pull", "--ascii");
    for data in ["a", "b", "c"] {
        let line = format!("--data {data} {}", scene.theirs.often());
        let push = scene.theirs(&place, "push", &line);
        // Before it comes the rest of what the one before sent.
        while pull.line() != data {}
        prints(&mut pull, data, 1);
        push.kill();
    }
}

fn we_are_killed_and_restarted(scene: Scene) {
    let place = scene.place();
    let line = format!("--data x {}", scene.theirs.often());
    let mut push = scene.theirs(&place, "push", &line);
    for _ in 0..3 {
        let mut pull = scene.ours(&place, "pull", "--ascii");
        prints(&mut pull, "x", 2);
        // No chance to tidy up: the file of an ipc socket stays.
        pull.kill();
    }
    assert!(push.is_running());
}

fn wrong_dialers(scene: Scene) {
    let place = scene.place();
    let pull = scene.socket(&place, "pull");
    let _wrong = ["pair", "rep", "pull", "sub"].map(|kind| {
        let wrong = scene.theirs(&place, kind, "");
        is_refused(&pull);
        wrong
    });
    right_push(&scene, &place, &pull);
}

fn wrong_dialers_of_a_program(scene: Scene) {
    let place = scene.place();
    let mut pull = scene.ours(&place, "pull", "--ascii");
    let _wrong = ["pair", "rep", "pull", "sub"].map(|kind| scene.theirs(&place, kind, ""));
    let line = format!("--data x {}", scene.theirs.often());
    let _right = scene.theirs(&place, "push", &line);
    prints(&mut pull, "x", 2);
}

fn program_dials_again(scene: Scene) {
    let place = scene.place();
    let mut push = scene.ours(&place, "push", "--data x --interval 0.02");
    for _ in 0..3 {
        let mut pull = scene.theirs(&place, "pull", "--quoted");
        prints(&mut pull, "\"x\"", 5);
        pull.kill();
    }
    assert!(push.is_running());
}

fn socket_dials_again(scene: Scene) {
    let place = scene.place();
    let pull = scene.socket(&place, "pull");
    for _ in 0..3 {
        let push = right_push(&scene, &place, &pull);
        push.kill();
        while pull.try_recv().is_ok() {}
    }
}

/// A REQ sends again by itself what a peer took with it.
fn a_request_is_sent_again(scene: Scene) {
    let place = scene.place();
    let req = scene.socket(&place, "req");
    for _ in 0..3 {
        // This one never answers.
        let mut silent = scene.theirs(&place, "rep", "--quoted");
        sent(&req, "ping");
        prints(&mut silent, "\"ping\"", 1);
        silent.kill();
        let _rep = scene.theirs(&place, "rep", "--data pong");
        assert_eq!(received(&req).body(), b"pong");
    }
}

fn wrong_listener(scene: Scene) {
    let place = scene.place();
    let pull = scene.socket(&place, "pull");
    for kind in ["pair", "rep", "pull"] {
        let wrong = scene.theirs(&place, kind, "");
        is_refused(&pull);
        wrong.kill();
    }
    right_push(&scene, &place, &pull);
}

/// Waits for the event of a peer that speaks another protocol.
#[track_caller]
fn is_refused(socket: &Socket) {
    let until = Instant::now() + SOON;
    let mut seen = Vec::new();
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        let event = socket.next_event(left);
        if let Some(SocketEvent::Refused { error, .. }) = &event
            && error.kind() == ErrorKind::ProtocolMismatch
        {
            return;
        }
        seen.extend(event);
    }
    panic!("not refused: {seen:?}");
}

/// A peer of the right protocol, whose messages arrive.
#[track_caller]
fn right_push(scene: &Scene, place: &Place, pull: &Socket) -> Program {
    let line = format!("--data x {}", scene.theirs.often());
    let push = scene.theirs(place, "push", &line);
    for _ in 0..2 {
        assert_eq!(received(pull).body(), b"x");
    }
    push
}

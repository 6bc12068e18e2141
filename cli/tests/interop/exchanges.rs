//! Each protocol's ordinary exchange: what is sent is what arrives.

use crate::Test;
use crate::body::Body;
use crate::scene::{Scene, Theirs, received, sent};

pub(crate) const TESTS: &[Test] = &[
    ("the-issues-own-line", the_issues_own_line),
    ("program-pair", program_pair),
    ("program-push", program_push),
    ("program-pull", program_pull),
    ("program-req", program_req),
    ("program-rep", program_rep),
    ("many-pushed", many_pushed),
    ("many-pulled", many_pulled),
    ("many-asked", many_asked),
    ("program-asks-often", program_asks_often),
    ("many-answered", many_answered),
    ("both-flood", both_flood),
];

fn the_issues_own_line(scene: Scene) {
    let place = scene.place();
    let mut rep = scene.theirs(&place, "rep", "--data pong --ascii");
    let mut req = scene.ours(&place, "req", "--data ping --ascii");
    assert_eq!(req.line(), "pong");
    req.succeeds();
    // nng's prints no line end.
    assert_eq!(rep.bytes(4), b"ping");
}

fn program_pair(scene: Scene) {
    for body in Body::all() {
        let place = scene.place();
        let mut ours = scene.ours_with(&place, "pair", "--hex", &body.words());
        let mut theirs = scene.theirs_with(&place, "pair", "--hex", &body.words());
        body.is_printed(&mut ours);
        body.is_printed(&mut theirs);
    }
}

fn program_push(scene: Scene) {
    for body in Body::all() {
        let place = scene.place();
        let mut pull = scene.theirs(&place, "pull", "--hex");
        // Of a sender that ends nanomsg's receiver forgets what it has not fetched.
        let (line, ends) = match scene.theirs {
            Theirs::Nanomsg => ("--interval 0.05", false),
            Theirs::Nng => ("", true),
        };
        let push = scene.ours_with(&place, "push", line, &body.words());
        body.is_printed(&mut pull);
        if ends {
            push.succeeds();
        }
    }
}

fn program_pull(scene: Scene) {
    for body in Body::all() {
        let place = scene.place();
        let mut pull = scene.ours(&place, "pull", "--hex");
        // Sent but once, nanomsg's can lose it at the end.
        let _push = scene.theirs_with(&place, "push", scene.theirs.often(), &body.words());
        body.is_printed(&mut pull);
    }
}

fn program_req(scene: Scene) {
    let answer = Body::typed("an answer");
    for body in Body::all() {
        let place = scene.place();
        let mut rep = scene.theirs_with(&place, "rep", "--hex", &answer.words());
        let mut req = scene.ours_with(&place, "req", "--hex", &body.words());
        answer.is_printed(&mut req);
        req.succeeds();
        body.is_printed(&mut rep);
        drop(rep);

        let place = scene.place();
        let _rep = scene.theirs_with(&place, "rep", "", &body.words());
        let mut req = scene.ours_with(&place, "req", "--hex", &answer.words());
        body.is_printed(&mut req);
        req.succeeds();
    }
}

fn program_rep(scene: Scene) {
    let question = Body::typed("a question");
    for body in Body::all() {
        let place = scene.place();
        let mut rep = scene.ours_with(&place, "rep", "--hex", &body.words());
        let mut req = scene.theirs_with(&place, "req", "--hex", &question.words());
        body.is_printed(&mut req);
        req.succeeds();
        question.is_printed(&mut rep);
        drop(rep);

        let place = scene.place();
        let mut rep = scene.ours_with(&place, "rep", "--hex", &question.words());
        let mut req = scene.theirs_with(&place, "req", "--hex", &body.words());
        question.is_printed(&mut req);
        req.succeeds();
        body.is_printed(&mut rep);
    }
}

fn many_pushed(scene: Scene) {
    let place = scene.place();
    let mut pull = scene.theirs(&place, "pull", "--quoted");
    let push = scene.socket(&place, "push");
    for n in 0..10_000 {
        sent(&push, n.to_string());
    }
    for n in 0..10_000 {
        assert_eq!(pull.line(), format!("\"{n}\""));
    }
}

fn many_pulled(scene: Scene) {
    let place = scene.place();
    let pull = scene.socket(&place, "pull");
    let _push = scene.theirs(&place, "push", "--data x --interval 0");
    for _ in 0..10_000 {
        assert_eq!(received(&pull).body(), b"x");
    }
}

fn many_asked(scene: Scene) {
    let place = scene.place();
    let mut rep = scene.theirs(&place, "rep", "--data pong --quoted");
    let req = scene.socket(&place, "req");
    for n in 0..2_000 {
        sent(&req, n.to_string());
        assert_eq!(received(&req).body(), b"pong");
        assert_eq!(rep.line(), format!("\"{n}\""));
    }
}

fn program_asks_often(scene: Scene) {
    let place = scene.place();
    let mut rep = scene.theirs(&place, "rep", "--data pong --quoted");
    // nanomsg leaves Nagle's algorithm on: its reply may wait for a delayed acknowledgement (40 ms), by which time a
    // shorter interval has always asked anew.
    let mut req = scene.ours(&place, "req", "--data ping --quoted --interval 0.1");
    for _ in 0..20 {
        assert_eq!(req.line(), "\"pong\"");
        assert_eq!(rep.line(), "\"ping\"");
    }
}

fn many_answered(scene: Scene) {
    let place = scene.place();
    let mut rep = scene.ours(&place, "rep", "--data pong --ascii");
    // With an interval nngcat ends in an error if its first request finds nobody in time.
    let (interval, times, each) = match scene.theirs {
        Theirs::Nanomsg => ("--interval 0.01", 1, 50),
        Theirs::Nng => ("", 5, 1),
    };
    for _ in 0..times {
        let line = format!("--data ping --quoted {interval}");
        let mut req = scene.theirs(&place, "req", &line);
        for _ in 0..each {
            assert_eq!(req.line(), "\"pong\"");
            assert_eq!(rep.line(), "ping");
        }
    }
}

fn both_flood(scene: Scene) {
    let place = scene.place();
    let mut pull = scene.theirs(&place, "pull", "--quoted");
    let mut push = scene.ours(&place, "push", "--data x --interval 0");
    for _ in 0..10_000 {
        assert_eq!(pull.line(), "\"x\"");
    }
    assert!(push.is_running());
    drop((push, pull));

    let place = scene.place();
    let mut pull = scene.ours(&place, "pull", "--quoted");
    let mut push = scene.theirs(&place, "push", "--data x --interval 0");
    for _ in 0..10_000 {
        assert_eq!(pull.line(), "\"x\"");
    }
    assert!(push.is_running());
}

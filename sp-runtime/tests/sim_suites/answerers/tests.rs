//! Repliers that break one rule each.

use super::{
    super::history::story::{Story, context, line, socket},
    *,
};

const REQ: SocketId = socket(0);
const REP: SocketId = socket(1);
const L: ConnectionId = line(0);
const OTHER: ConnectionId = line(1);

/// A replier with two connections.
fn story() -> Story {
    let judge = |history: &History| check(history, &lines::read(history), REP);
    let mut story = Story::new(judge).sockets("any", &[REQ, REP]);
    story.connected(REQ, REP, L);
    story.connected(REQ, REP, OTHER);
    story
}

/// A body with so many tags in front.
fn tagged(tags: u8, body: &str) -> Vec<u8> {
    let mut payload: Vec<_> = (1..tags).flat_map(|tag| [0, 0, 0, tag]).collect();
    payload.extend([0x80, 0, 0, 7]);
    payload.extend(body.bytes());
    payload
}

impl Story {
    fn asks(&mut self, body: &str) {
        self.carried(REQ, REP, L, &tagged(2, body));
        self.received_from(REP, body, L);
    }

    fn answers(&mut self, over: ConnectionId, tags: u8, body: &str) {
        self.sent(REP, body);
        self.handed(REP, over, &tagged(tags, body));
    }
}

#[test]
fn what_may_happen_is_right() {
    let mut story = story();
    story.asks("1");
    story.answers(L, 2, "re:1");
    story.asks("2");
    story.asks("3");
    story.answers(L, 2, "re:3");
    let unasked = story.sends(REP, "x");
    story.fails(REP, unasked, ErrorKind::State);
    story.carried(REQ, REP, L, &tagged(9, "too far"));
    story.carried(REQ, REP, L, b"no id");
    story.right();
}

#[test]
fn an_answer_that_goes_astray() {
    for (over, tags, body, what) in [
        (OTHER, 2, "re:1", "not for this connection"),
        (L, 1, "re:1", "did not get"),
        (L, 3, "re:1", "did not get"),
        (L, 2, "re:2", "did not get"),
    ] {
        let mut story = story();
        story.asks("1");
        story.sent(REP, "re:1");
        story.handed(REP, over, &tagged(tags, body));
        story.wrong(what);
    }
}

#[test]
fn a_second_answer() {
    let mut story = story();
    story.asks("1");
    story.answers(L, 2, "re:1");
    story.handed(REP, L, &tagged(2, "re:1"));
    story.wrong("out of order, or twice");
    story.wrong("1 answers were accepted; 2 were handed over");
    story.sent(REP, "re:1");
    story.wrong("an answer to nothing was accepted: re:1");
}

#[test]
fn an_answer_that_is_dropped_while_there_is_room() {
    let mut story = story();
    story.asks("1");
    story.unsent(REP, DropReason::QueueFull, 1);
    story.sent(REP, "re:1");
    story.wrong("did not get");
    story.lost(REP, L);
    story.right();
}

#[test]
fn an_answer_of_another_context() {
    let mut story = story();
    story.asks("1");
    story.sent(context(REP, 1), "re:1");
    story.wrong("an answer to nothing was accepted: re:1");
}

#[test]
fn an_answer_that_nobody_counted() {
    let mut story = story();
    story.asks("1");
    story.sent(REP, "re:1");
    story.wrong("1 answers were accepted; 0 were handed over, 0 found no room, 0 nobody");
    story.lost(REP, L);
    story.unsent(REP, DropReason::PipeGone, 1);
    story.right();
}

#[test]
fn what_is_asked_and_not_received() {
    let mut lost = story();
    lost.carried(REQ, REP, L, &tagged(1, "1"));
    lost.wrong("at the receiver: missing: 1");
    let mut far = story();
    far.carried(REQ, REP, L, &tagged(9, "1"));
    far.received_from(REP, "1", L);
    far.wrong("at the receiver: out of nowhere: 1");
}

#[test]
fn errors_without_a_reason() {
    let mut story = story();
    story.asks("1");
    let op = story.sends(REP, "re:1");
    story.fails(REP, op, ErrorKind::State);
    story.wrong("an operation failed: State");
    let op = story.receives(REP);
    story.fails(REP, op, ErrorKind::Closed);
    story.wrong("an operation failed: Closed");
    story.act(REP, Deed::Closed);
    let op = story.receives(REP);
    story.fails(REP, op, ErrorKind::State);
    story.wrong("an operation failed: State");
}

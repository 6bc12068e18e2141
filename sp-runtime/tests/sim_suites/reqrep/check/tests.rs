//! Histories that break one rule each.

use super::{
    super::super::history::story::{Story, line, socket},
    *,
};

const REQ: SocketId = socket(0);
const REP: SocketId = socket(1);

/// A requester and a replier: the former sends again after so many seconds, or never.
fn between(resend: Option<u64>) -> Story {
    let mut roles = Roles::default();
    roles
        .requesters
        .insert(REQ, resend.map(Duration::from_secs));
    roles.repliers.insert(REP);
    Story::new(move |history| check(history, &roles))
}

impl Story {
    /// A request is answered.
    fn trip(&mut self, body: &str) {
        let reply = format!("re:{body}");
        self.sent(REQ, body);
        self.received(REP, body);
        self.sent(REP, &reply);
        self.received(REQ, &reply);
    }
}

#[test]
fn what_may_happen_is_right() {
    let mut story = between(Some(1));
    story.trip("a");
    story.sent(REQ, "b");
    let overtaken = story.receives(REQ);
    story.sent(REQ, "c");
    story.fails(REQ, overtaken, ErrorKind::Canceled);
    let late = story.receives(REQ);
    story.fails(REQ, late, ErrorKind::TimedOut);
    story.received(REP, "b");
    story.lost(REQ, line(0));
    story.received(REP, "c");
    story.received(REP, "c");
    story.sent(REP, "re:c");
    story.received(REQ, "re:c");
    let idle = story.receives(REQ);
    story.fails(REQ, idle, ErrorKind::State);
    let unsent = story.sends(REQ, "d");
    story.fails(REQ, unsent, ErrorKind::TimedOut);
    story.right();
}

#[test]
fn a_request_that_is_sent_once_may_be_lost() {
    let mut story = between(None);
    story.sent(REQ, "a");
    story.lost(REQ, line(0));
    for _ in 0..2 {
        let op = story.receives(REQ);
        story.fails(REQ, op, ErrorKind::ConnectionReset);
    }
    story.trip("b");
    story.right();
}

#[test]
fn a_reply_of_another_request() {
    let mut story = between(None);
    story.sent(REQ, "a");
    story.sent(REQ, "b");
    story.received(REQ, "re:a");
    story.wrong("belongs to another request (re:a)");
}

#[test]
fn a_second_reply() {
    let mut story = between(None);
    story.trip("a");
    story.received(REQ, "re:a");
    story.wrong("a second reply");
}

#[test]
fn a_reply_to_nothing() {
    let mut story = between(None);
    story.received(REQ, "re:a");
    story.wrong("a reply to no request");
}

#[test]
fn a_receive_that_outlives_its_request() {
    let mut story = between(None);
    story.sent(REQ, "a");
    let old = story.receives(REQ);
    story.sent(REQ, "b");
    story.gets(REQ, old, "re:b");
    story.wrong("outlived its request");
}

#[test]
fn errors_without_a_reason() {
    for why in [
        ErrorKind::Canceled,
        ErrorKind::ConnectionReset,
        ErrorKind::State,
        ErrorKind::Internal,
    ] {
        let mut story = between(None);
        story.sent(REQ, "a");
        let op = story.receives(REQ);
        story.fails(REQ, op, why);
        story.wrong("failed without reason");
    }
    let mut story = between(Some(1));
    story.sent(REQ, "a");
    story.lost(REQ, line(0));
    let op = story.receives(REQ);
    story.fails(REQ, op, ErrorKind::ConnectionReset);
    story.wrong("failed without reason");
}

#[test]
fn a_request_without_an_end() {
    let mut story = between(Some(1));
    story.sent(REQ, "a");
    story.wrong("request a has neither a reply nor an error");
    story.receives(REQ);
    story.wrong("never ended");
}

#[test]
fn an_operation_that_ends_twice() {
    let mut story = between(None);
    story.sent(REQ, "a");
    let op = story.receives(REQ);
    story.gets(REQ, op, "re:a");
    story.gets(REQ, op, "re:a");
    story.wrong("ended twice");
}

#[test]
fn a_timeout_that_is_early_or_late() {
    for (after, what) in [(1, "timed out early"), (5_000, "long after its time")] {
        let mut story = between(None);
        story.sent(REQ, "a");
        let (op, within) = (story.op(), Some(Duration::from_secs(1)));
        story.act(REQ, Deed::Receives { op, within });
        story.wait(after);
        story.fails(REQ, op, ErrorKind::TimedOut);
        story.wrong(what);
    }
}

#[test]
fn a_request_that_is_seen_too_often() {
    let mut once = between(None);
    once.sent(REQ, "a");
    once.received(REP, "a");
    once.received(REP, "a");
    once.wrong("was seen 2 times, 1 at most");
    let mut again = between(Some(1));
    again.sent(REQ, "a");
    again.received(REP, "a");
    again.received(REP, "a");
    again.wrong("was seen 2 times, 1 at most");
}

#[test]
fn a_request_that_nobody_sent() {
    let mut story = between(None);
    story.received(REP, "a");
    story.wrong("a request that nobody sent");
    let unsent = story.sends(REQ, "b");
    story.fails(REQ, unsent, ErrorKind::TimedOut);
    story.received(REP, "b");
    story.wrong("nobody sent (b)");
}

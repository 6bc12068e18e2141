//! Surveys that break one rule each.

use spkit_api::{DropReason, ErrorKind, Value};
use spkit_runtime::sim::{At, ConnectionId};

use super::{
    super::super::history::story::{Story, context, line, socket},
    *,
};

const SURV: SocketId = socket(0);
const RESP: SocketId = socket(1);
const L: ConnectionId = line(0);

/// A surveyor and a respondent. A survey takes 100 ms.
fn story() -> Story {
    let mut story = Story::new(check)
        .sockets("surveyor", &[SURV])
        .sockets("respondent", &[RESP]);
    let time = std::time::Duration::from_millis(100);
    story.set(SURV, "survey-time", Value::Duration(Some(time)));
    story.connected(SURV, RESP, L);
    story
}

fn tagged(id: u8, body: &str) -> Vec<u8> {
    [&[0x80, 0, 0, id][..], body.as_bytes()].concat()
}

impl Story {
    /// A survey reaches the respondent.
    fn surveys(&mut self, who: impl Into<At>, id: u8, body: &str) {
        self.sent_at_once(who, body);
        self.carried(SURV, RESP, L, &tagged(id, body));
        self.received_from(RESP, body, L);
    }

    /// Its answer comes back.
    fn comes_back(&mut self, id: u8, body: &str) {
        let answer = format!("re:{body}");
        self.sent(RESP, &answer);
        self.carried(RESP, SURV, L, &tagged(id, &answer));
    }

    fn fails_at(&mut self, who: impl Into<At>, why: ErrorKind) {
        let who = who.into();
        let op = self.receives(who);
        self.fails(who, op, why);
    }
}

#[test]
fn what_may_happen_is_right() {
    let mut story = story();
    story.fails_at(SURV, ErrorKind::State);
    story.surveys(SURV, 7, "a");
    story.comes_back(7, "a");
    story.received_from(SURV, "re:a", L);
    let end = story.receives(SURV);
    story.wait(100);
    story.fails(SURV, end, ErrorKind::TimedOut);
    story.fails_at(SURV, ErrorKind::State);
    story.surveys(SURV, 8, "b");
    let overtaken = story.receives(SURV);
    story.surveys(SURV, 9, "c");
    story.fails(SURV, overtaken, ErrorKind::Canceled);
    story.comes_back(9, "c");
    story.fails_at(context(SURV, 1), ErrorKind::State);
    story.received_from(SURV, "re:c", L);
    story.right();
}

#[test]
fn answers_to_other_surveys() {
    let mut old = story();
    old.surveys(SURV, 7, "a");
    old.surveys(SURV, 8, "b");
    old.sent_at_once(SURV, "c");
    old.received_from(SURV, "re:a", L);
    old.wrong("an answer to another survey: re:a");
    let mut theirs = story();
    theirs.surveys(SURV, 7, "a");
    theirs.surveys(context(SURV, 1), 8, "b");
    theirs.comes_back(8, "b");
    theirs.received_from(SURV, "re:b", L);
    theirs.wrong("an answer to another survey: re:b");
    let mut none = story();
    none.received_from(SURV, "re:a", L);
    none.wrong("an answer to no survey: re:a");
}

#[test]
fn an_answer_after_the_end() {
    let mut late = story();
    late.surveys(SURV, 7, "a");
    late.comes_back(7, "a");
    late.wait(200);
    late.received_from(SURV, "re:a", L);
    late.wrong("an answer after the end: re:a");
    let mut told = story();
    told.surveys(SURV, 7, "a");
    told.comes_back(7, "a");
    told.wait(100);
    told.fails_at(SURV, ErrorKind::TimedOut);
    told.received_from(SURV, "re:a", L);
    told.wrong("an answer after the end was told: re:a");
}

#[test]
fn an_answer_twice_or_out_of_nowhere() {
    let mut story = story();
    story.surveys(SURV, 7, "a");
    story.comes_back(7, "a");
    story.received_from(SURV, "re:a", L);
    story.right();
    story.received_from(SURV, "re:a", L);
    story.wrong("an answer that did not come, or twice: re:a");
}

#[test]
fn an_answer_that_is_lost() {
    let mut story = story();
    story.surveys(SURV, 7, "a");
    story.comes_back(7, "a");
    story.wrong("1 answers came; 0 were received, 0 counted as stale, 0 found no room");
    story.undelivered(SURV, DropReason::StaleSurvey, 1);
    story.right();
    story.fails_at(SURV, ErrorKind::WouldBlock);
    story.wrong("1 answers came in time, found room, and were not received: re:a");
}

#[test]
fn an_answer_that_whoever_waited_did_not_get() {
    let mut story = story();
    story.undelivered(SURV, DropReason::StaleSurvey, 1);
    story.surveys(SURV, 7, "a");
    let op = story.receives(SURV);
    story.comes_back(7, "a");
    story.wait(100);
    story.fails(SURV, op, ErrorKind::TimedOut);
    story.wrong("1 answers came in time, found room, and were not received: re:a");
}

#[test]
fn an_end_that_nobody_is_told_or_too_late() {
    let mut story = story();
    story.surveys(SURV, 7, "a");
    let op = story.receives(SURV);
    story.wait(200);
    story.wrong("was never told of the end");
    story.fails(SURV, op, ErrorKind::TimedOut);
    story.wrong("was told of the end late");
}

#[test]
fn errors_without_a_reason() {
    for why in [
        ErrorKind::TimedOut,
        ErrorKind::State,
        ErrorKind::Canceled,
        ErrorKind::Internal,
    ] {
        let mut story = story();
        story.surveys(SURV, 7, "a");
        story.fails_at(SURV, why);
        story.wrong("a receive failed without reason");
    }
    let mut again = story();
    again.surveys(SURV, 7, "a");
    again.wait(100);
    again.fails_at(SURV, ErrorKind::TimedOut);
    again.fails_at(SURV, ErrorKind::TimedOut);
    again.wrong("a receive failed without reason: TimedOut");
    let mut untold = story();
    untold.surveys(SURV, 7, "a");
    untold.wait(100);
    untold.fails_at(SURV, ErrorKind::State);
    untold.wrong("a receive failed without reason: State");
}

#[test]
fn a_survey_that_waits_or_fails() {
    let mut waits = story();
    waits.sent(SURV, "a");
    waits.wrong("a survey waited: a");
    let mut fails = story();
    let op = fails.sends(SURV, "a");
    fails.fails(SURV, op, ErrorKind::WouldBlock);
    fails.wrong("a survey failed: WouldBlock: a");
}

#[test]
fn surveys_that_go_out_twice_or_with_odd_ids() {
    let mut twice = story();
    twice.surveys(SURV, 7, "a");
    twice.handed(SURV, L, &tagged(7, "a"));
    twice.wrong("out of order, or twice");
    let mut odd = story();
    odd.surveys(SURV, 7, "a");
    odd.surveys(SURV, 9, "b");
    odd.wrong("did not get");
}

#[test]
fn answers_beyond_the_queue() {
    let mut story = story();
    story.set(SURV, "recv-buffer-messages", Value::Int(1));
    story.surveys(SURV, 7, "a");
    for _ in 0..2 {
        story.handed(RESP, L, &tagged(7, "re:a"));
        story.arrived(SURV, L, &tagged(7, "re:a"));
    }
    story.undelivered(SURV, DropReason::QueueFull, 1);
    story.received_from(SURV, "re:a", L);
    story.fails_at(SURV, ErrorKind::WouldBlock);
    let faults = check(&story.history);
    assert!(
        !faults.iter().any(|fault| fault.contains("found room")),
        "{faults:?}"
    );
    story.received_from(SURV, "re:a", L);
    story.wrong("an answer that did not come, or twice: re:a");
}

//! Histories that break one rule each.

use spkit_api::ContextId;

use super::{super::history::Roles, *};

const REQ: SocketId = SocketId::from_raw(0);
const REP: SocketId = SocketId::from_raw(1);

/// A requester and a replier, and what they saw.
struct Story {
    history: History,
    ops: u64,
    now: u64,
}

impl Story {
    /// The requester sends again after so many seconds, or never.
    fn new(resend: Option<u64>) -> Self {
        let mut roles = Roles::default();
        roles
            .requesters
            .insert(REQ, resend.map(Duration::from_secs));
        roles.repliers.insert(REP);
        Self {
            history: History {
                roles,
                acts: Vec::new(),
            },
            ops: 0,
            now: 0,
        }
    }

    /// Something happens, a millisecond after the last thing.
    fn act(&mut self, who: SocketId, deed: Deed) {
        self.now += 1_000_000;
        let at = Time::from_nanos(self.now);
        let who = who.context(ContextId::SOCKET);
        self.history.acts.push(Act { at, who, deed });
    }

    fn op(&mut self) -> OpId {
        self.ops += 1;
        OpId::from_raw(self.ops)
    }

    fn sends(&mut self, who: SocketId, body: &str) -> OpId {
        let (op, within) = (self.op(), None);
        let body = body.into();
        self.act(who, Deed::Sends { op, body, within });
        op
    }

    fn sent(&mut self, who: SocketId, body: &str) {
        let op = self.sends(who, body);
        self.act(who, Deed::Sent { op });
    }

    fn receives(&mut self, who: SocketId) -> OpId {
        let (op, within) = (self.op(), None);
        self.act(who, Deed::Receives { op, within });
        op
    }

    fn received(&mut self, who: SocketId, body: &str) {
        let op = self.receives(who);
        self.gets(who, op, body);
    }

    fn gets(&mut self, who: SocketId, op: OpId, body: &str) {
        let body = body.into();
        self.act(who, Deed::Received { op, body });
    }

    fn fails(&mut self, who: SocketId, op: OpId, why: ErrorKind) {
        self.act(who, Deed::Failed { op, why });
    }

    /// A request is answered.
    fn trip(&mut self, body: &str) {
        let reply = format!("re:{body}");
        self.sent(REQ, body);
        self.received(REP, body);
        self.sent(REP, &reply);
        self.received(REQ, &reply);
    }

    fn right(&self) {
        assert_eq!(check(&self.history), [""; 0]);
    }

    #[track_caller]
    fn wrong(&self, what: &str) {
        let faults = check(&self.history);
        assert!(
            faults.iter().any(|fault| fault.contains(what)),
            "{faults:?}"
        );
    }
}

#[test]
fn what_may_happen_is_right() {
    let mut story = Story::new(Some(1));
    story.trip("a");
    story.sent(REQ, "b");
    let overtaken = story.receives(REQ);
    story.sent(REQ, "c");
    story.fails(REQ, overtaken, ErrorKind::Canceled);
    let late = story.receives(REQ);
    story.fails(REQ, late, ErrorKind::TimedOut);
    story.received(REP, "b");
    story.act(REQ, Deed::Lost);
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
    let mut story = Story::new(None);
    story.sent(REQ, "a");
    story.act(REQ, Deed::Lost);
    for _ in 0..2 {
        let op = story.receives(REQ);
        story.fails(REQ, op, ErrorKind::ConnectionReset);
    }
    story.trip("b");
    story.right();
}

#[test]
fn a_reply_of_another_request() {
    let mut story = Story::new(None);
    story.sent(REQ, "a");
    story.sent(REQ, "b");
    story.received(REQ, "re:a");
    story.wrong("belongs to another request (re:a)");
}

#[test]
fn a_second_reply() {
    let mut story = Story::new(None);
    story.trip("a");
    story.received(REQ, "re:a");
    story.wrong("a second reply");
}

#[test]
fn a_reply_to_nothing() {
    let mut story = Story::new(None);
    story.received(REQ, "re:a");
    story.wrong("a reply to no request");
}

#[test]
fn a_receive_that_outlives_its_request() {
    let mut story = Story::new(None);
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
        let mut story = Story::new(None);
        story.sent(REQ, "a");
        let op = story.receives(REQ);
        story.fails(REQ, op, why);
        story.wrong("failed without reason");
    }
    let mut story = Story::new(Some(1));
    story.sent(REQ, "a");
    story.act(REQ, Deed::Lost);
    let op = story.receives(REQ);
    story.fails(REQ, op, ErrorKind::ConnectionReset);
    story.wrong("failed without reason");
}

#[test]
fn a_request_without_an_end() {
    let mut story = Story::new(Some(1));
    story.sent(REQ, "a");
    story.wrong("request a has neither a reply nor an error");
    story.receives(REQ);
    story.wrong("never ended");
}

#[test]
fn an_operation_that_ends_twice() {
    let mut story = Story::new(None);
    story.sent(REQ, "a");
    let op = story.receives(REQ);
    story.gets(REQ, op, "re:a");
    story.gets(REQ, op, "re:a");
    story.wrong("ended twice");
}

#[test]
fn a_timeout_that_is_early_or_late() {
    for (after, what) in [(1, "timed out early"), (5_000, "long after its time")] {
        let mut story = Story::new(None);
        story.sent(REQ, "a");
        let (op, within) = (story.op(), Some(Duration::from_secs(1)));
        story.act(REQ, Deed::Receives { op, within });
        story.now += after * 1_000_000;
        story.fails(REQ, op, ErrorKind::TimedOut);
        story.wrong(what);
    }
}

#[test]
fn a_request_that_is_seen_too_often() {
    let mut once = Story::new(None);
    once.sent(REQ, "a");
    once.received(REP, "a");
    once.received(REP, "a");
    once.wrong("was seen 2 times, 1 at most");
    let mut again = Story::new(Some(1));
    again.sent(REQ, "a");
    again.received(REP, "a");
    again.received(REP, "a");
    again.wrong("was seen 2 times, 1 at most");
}

#[test]
fn a_request_that_nobody_sent() {
    let mut story = Story::new(None);
    story.received(REP, "a");
    story.wrong("a request that nobody sent");
    let unsent = story.sends(REQ, "b");
    story.fails(REQ, unsent, ErrorKind::TimedOut);
    story.received(REP, "b");
    story.wrong("nobody sent (b)");
}

#[test]
fn a_reply_without_a_request() {
    let mut story = Story::new(None);
    story.sent(REP, "re:a");
    story.wrong("a reply to nothing was accepted");
    let mut twice = Story::new(None);
    twice.trip("a");
    twice.sent(REP, "re:a");
    twice.wrong("a reply to nothing was accepted");
}

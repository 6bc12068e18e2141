//! Stars that break one rule each.

use spkit_runtime::sim::ConnectionId;

use super::{
    super::super::history::story::{Story, line, socket},
    *,
};

const MIDDLE: SocketId = socket(0);
const A: SocketId = socket(1);
const B: SocketId = socket(2);
const TO_A: ConnectionId = line(1);
const TO_B: ConnectionId = line(2);

/// A star of three.
fn story() -> Story {
    let mut story = Story::new(check).sockets("star", &[MIDDLE, A, B]);
    story.connected(MIDDLE, A, TO_A);
    story.connected(MIDDLE, B, TO_B);
    story
}

/// A message of A reaches the middle, with so many hops.
fn reaches(hops: u8) -> Story {
    let mut story = story();
    story.sent(A, "x1");
    story.carried(A, MIDDLE, TO_A, &payload(0));
    story.received_from(MIDDLE, "x1", TO_A);
    story.handed(MIDDLE, TO_B, &payload(hops));
    story
}

fn payload(hops: u8) -> Vec<u8> {
    [&[0, 0, 0, hops][..], b"x1"].concat()
}

#[test]
fn what_may_happen_is_right() {
    let mut story = reaches(1);
    story.arrived(B, TO_B, &payload(1));
    story.received_from(B, "x1", TO_B);
    story.right();
}

#[test]
fn hops_that_are_not_counted() {
    for hops in [0, 2] {
        reaches(hops).wrong("did not get");
    }
    let mut story = story();
    story.sent(A, "x1");
    story.handed(A, TO_A, &payload(1));
    story.wrong("did not get");
}

#[test]
fn a_message_that_goes_back() {
    let mut story = reaches(1);
    story.handed(MIDDLE, TO_A, &payload(1));
    story.wrong("not for this connection");
}

#[test]
fn a_message_that_is_forwarded_twice_or_not_at_all() {
    let mut twice = reaches(1);
    twice.handed(MIDDLE, TO_B, &payload(1));
    twice.wrong("out of order, or twice");
    let mut story = story();
    story.sent(A, "x1");
    story.carried(A, MIDDLE, TO_A, &payload(0));
    story.received_from(MIDDLE, "x1", TO_A);
    story.wrong("did not get");
}

#[test]
fn a_message_that_is_forwarded_and_not_delivered() {
    let mut story = story();
    story.sent(A, "x1");
    story.carried(A, MIDDLE, TO_A, &payload(0));
    story.carried(MIDDLE, B, TO_B, &payload(1));
    story.received_from(B, "x1", TO_B);
    story.wrong("at the receiver: missing: x1");
}

#[test]
fn a_message_with_too_many_hops() {
    let mut story = story();
    story.set(MIDDLE, "ttl", Value::Int(3));
    story.sent(A, "x1");
    story.carried(A, MIDDLE, TO_A, &payload(0));
    story.lost(A, TO_A);
    story.received_from(MIDDLE, "x1", TO_A);
    story.carried(MIDDLE, B, TO_B, &payload(1));
    story.received_from(B, "x1", TO_B);
    story.right();
    story.handed(A, TO_A, &payload(3));
    story.arrived(MIDDLE, TO_A, &payload(3));
    story.wrong("1 messages had too many hops, and 0 were counted");
    story.received_from(MIDDLE, "x1", TO_A);
    story.wrong("at the receiver: twice: x1");
}

#[test]
fn a_message_that_comes_again() {
    let mut story = reaches(1);
    story.arrived(B, TO_B, &payload(1));
    for _ in 0..2 {
        story.received_from(B, "x1", TO_B);
    }
    story.wrong("came again: x1");
    let mut own = reaches(1);
    own.received_from(A, "x1", TO_A);
    own.wrong("came again: x1");
}

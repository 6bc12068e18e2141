//! Buses that break one rule each.

use super::{
    super::super::history::story::{Story, line, socket},
    *,
};

const HUB: SocketId = socket(0);
const A: SocketId = socket(1);
const B: SocketId = socket(2);
const TO_A: ConnectionId = line(1);
const TO_B: ConnectionId = line(2);

/// A node in the middle of two others.
fn story(middle: &'static str) -> Story {
    let mut story = Story::new(check)
        .sockets(middle, &[HUB])
        .sockets("bus", &[A, B]);
    story.connected(HUB, A, TO_A);
    story.connected(HUB, B, TO_B);
    story
}

/// A message of A reaches the middle.
fn reaches(middle: &'static str) -> Story {
    let mut story = story(middle);
    story.sent(A, "1");
    story.carried(A, HUB, TO_A, b"1");
    story.received_from(HUB, "1", TO_A);
    story
}

#[test]
fn what_may_happen_is_right() {
    let mut story = reaches("bus");
    story.sent(HUB, "2");
    for (peer, connection) in [(A, TO_A), (B, TO_B)] {
        story.carried(HUB, peer, connection, b"2");
        story.received_from(peer, "2", connection);
    }
    story.right();
}

#[test]
fn one_that_forwards_though_it_is_not_raw() {
    let mut story = reaches("bus");
    story.handed(HUB, TO_B, b"1");
    story.wrong("not for this connection: 1");
}

#[test]
fn a_hub_that_sends_back() {
    let mut story = reaches("xbus");
    story.sent(HUB, "1");
    story.carried(HUB, B, TO_B, b"1");
    story.received_from(B, "1", TO_B);
    story.right();
    story.handed(HUB, TO_A, b"1");
    story.wrong("not for this connection: 1");
}

#[test]
fn a_message_that_some_do_not_get_or_get_twice() {
    let mut story = story("bus");
    story.sent(HUB, "1");
    story.carried(HUB, A, TO_A, b"1");
    story.received_from(A, "1", TO_A);
    story.wrong("did not get 1");
    for _ in 0..2 {
        story.carried(HUB, B, TO_B, b"1");
    }
    story.wrong("out of order, or twice: 1");
}

#[test]
fn a_message_that_is_not_received() {
    let mut story = reaches("bus");
    story.carried(A, HUB, TO_A, b"2");
    story.wrong("at the receiver: missing: 2");
}

//! Connections that do what they must not.

use super::{
    super::history::story::{Story, line, socket},
    *,
};

const A: SocketId = socket(0);
const B: SocketId = socket(1);
const L: ConnectionId = line(0);

fn judge(history: &History) -> Vec<String> {
    let lines = read(history);
    let mut faults = check_carriers(history, &lines);
    let body = |payload: &Bytes| payload.strip_prefix(b"h").map(Bytes::copy_from_slice);
    let delivery = lines.iter();
    faults.extend(delivery.filter_map(|line| check_delivery(history, line, body)));
    faults
}

/// Two connected sockets.
fn story() -> Story {
    let mut story = Story::new(judge).sockets("any", &[A, B]);
    story.connected(A, B, L);
    story
}

#[test]
fn what_may_happen_is_right() {
    let mut story = story();
    for body in ["1", "2"] {
        story.carried(A, B, L, format!("h{body}").as_bytes());
        story.received_from(B, body, L);
    }
    story.carried(A, B, L, b"not for receivers");
    story.handed(A, L, b"h3");
    story.lost(A, L);
    story.right();
}

#[test]
fn a_carrier_loses_doubles_or_makes_up() {
    let mut story = story();
    story.handed(A, L, b"x1");
    story.wrong("on the way: missing: x1");
    story.arrived(B, L, b"x1");
    story.right();
    story.arrived(B, L, b"x1");
    story.wrong("on the way: twice: x1");
    story.handed(A, L, b"x2");
    story.wrong("on the way: twice: x1");
}

#[test]
fn a_carrier_changes_the_order() {
    let mut story = story();
    story.handed(A, L, b"x1");
    story.handed(A, L, b"x2");
    story.arrived(B, L, b"x2");
    story.lost(B, L);
    story.wrong("something is missing before it: x2");
}

#[test]
fn a_receiver_misses_what_arrived() {
    let mut story = story();
    story.carried(A, B, L, b"h1");
    story.wrong("at the receiver: missing: 1");
    story.received_from(B, "2", L);
    story.wrong("at the receiver: out of nowhere: 2");
    story.act(B, Deed::Closed);
    story.wrong("out of nowhere: 2");
}

#[test]
fn who_closes_receives_no_more() {
    let mut story = story();
    story.carried(A, B, L, b"h1");
    story.act(B, Deed::Closed);
    story.right();
}

//! Publishers and subscribers that break one rule each.

use spkit_api::Value;
use spkit_runtime::sim::ConnectionId;

use super::{
    super::super::history::story::{Story, line, socket},
    *,
};

const PUB: SocketId = socket(0);
const SUB: SocketId = socket(1);
const L: ConnectionId = line(0);

/// A publisher and a subscriber, connected. Two messages wait at most.
fn story() -> Story {
    let mut story = Story::new(check)
        .sockets("pub", &[PUB])
        .sockets("sub", &[SUB]);
    story.set(SUB, "recv-buffer-messages", Value::Int(2));
    story.connected(PUB, SUB, L);
    story
}

impl Story {
    fn subscribes(&mut self, topic: &str) {
        self.set(SUB, "subscribe", Value::Bytes(topic.into()));
    }

    fn unsubscribes(&mut self, topic: &str) {
        self.set(SUB, "unsubscribe", Value::Bytes(topic.into()));
    }

    fn prefers_new(&mut self, new: bool) {
        self.set(SUB, "prefer-new", Value::Bool(new));
    }

    /// These are published and come, one after the other.
    fn published(&mut self, bodies: &str) {
        for body in bodies.split_whitespace() {
            self.sent(PUB, body);
            self.carried(PUB, SUB, L, body.as_bytes());
        }
    }

    fn gets_all(&mut self, bodies: &str) {
        for body in bodies.split_whitespace() {
            self.received_from(SUB, body, L);
        }
    }
}

#[test]
fn what_may_happen_is_right() {
    let mut story = story();
    story.published("x1");
    story.undelivered(SUB, DropReason::NoSubscriber, 1);
    story.subscribes("a");
    story.subscribes("ab");
    story.published("a1 ab2");
    story.gets_all("a1 ab2");
    story.published("a3 ab4");
    story.unsubscribes("a");
    story.undelivered(SUB, DropReason::NoSubscriber, 2);
    story.gets_all("ab4");
    story.right();
}

#[test]
fn what_was_not_subscribed_to() {
    let mut story = story();
    story.subscribes("a");
    story.published("b1");
    story.gets_all("b1");
    story.wrong("not subscribed to, or changed: b1");
}

#[test]
fn what_is_no_longer_subscribed_to() {
    for again in [false, true] {
        let mut story = story();
        story.subscribes("a");
        story.published("a1");
        story.unsubscribes("a");
        if again {
            story.subscribes("a");
        }
        story.gets_all("a1");
        story.wrong("no longer subscribed to: a1");
    }
}

#[test]
fn equal_subscriptions_are_counted() {
    let mut story = story();
    story.subscribes("a");
    story.subscribes("a");
    story.unsubscribes("a");
    story.published("a1");
    story.wrong("lost although nothing newer needed its room: a1");
    story.gets_all("a1");
    story.right();
    story.unsubscribes("a");
    story.unsubscribes("a");
    story.wrong("unsubscribing a goes wrong");
}

#[test]
fn twice_or_out_of_order_or_out_of_nowhere() {
    for (received, what) in [
        ("1 1", "twice: 1"),
        ("2 1", "out of order, or twice: 1"),
        ("3", "not subscribed to, or changed: 3"),
    ] {
        let mut story = story();
        story.subscribes("");
        story.published("1 2");
        story.gets_all(received);
        story.wrong(what);
    }
}

#[test]
fn losses_that_nobody_counted() {
    let mut story = story();
    story.subscribes("");
    story.published("1 2 3");
    story.gets_all("2 3");
    story.wrong("3 messages for its contexts and 0 for none; 2 were received, 0 found no room");
    story.undelivered(SUB, DropReason::QueueFull, 1);
    story.right();
}

#[test]
fn a_full_queue_drops_the_oldest() {
    let mut story = story();
    story.subscribes("");
    story.undelivered(SUB, DropReason::QueueFull, 1);
    story.published("1 2 3");
    story.gets_all("1 2");
    story.wrong("lost although nothing newer needed its room: 3");
}

#[test]
fn a_full_queue_drops_what_comes() {
    for (received, fault) in [("1 2", None), ("2 3", Some("1")), ("1 3", Some("2"))] {
        let mut story = story();
        story.prefers_new(false);
        story.subscribes("");
        story.undelivered(SUB, DropReason::QueueFull, 1);
        story.published("1 2 3");
        story.gets_all(received);
        match fault {
            None => story.right(),
            Some(body) => story.wrong(&format!("lost although the queue had room: {body}")),
        }
    }
}

#[test]
fn a_queue_that_blocks_loses_nothing() {
    let mut story = story();
    story.set(SUB, "back-pressure", Value::Text("block".to_owned()));
    story.subscribes("");
    story.undelivered(SUB, DropReason::QueueFull, 1);
    story.published("1 2 3");
    story.gets_all("1 2");
    story.wrong("lost although the queue blocks: 3");
}

#[test]
fn a_publisher_that_blocks_loses_nothing() {
    for (policy, fault) in [
        ("drop-newest", false),
        ("block", true),
        ("disconnect", true),
    ] {
        let mut story = story();
        story.set(PUB, "back-pressure", Value::Text(policy.to_owned()));
        story.undelivered(SUB, DropReason::NoSubscriber, 2);
        for body in ["1", "2", "3"] {
            story.sent(PUB, body);
        }
        for body in ["1", "3"] {
            story.carried(PUB, SUB, L, body.as_bytes());
        }
        story.unsent(PUB, DropReason::QueueFull, 1);
        match fault {
            false => story.right(),
            true => story.wrong("lost 2"),
        }
    }
}

#[test]
fn a_subscriber_says_nothing() {
    let mut story = story();
    story.handed(SUB, L, b"hello");
    story.wrong("a subscriber sends");
}

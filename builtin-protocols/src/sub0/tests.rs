use spkit_api::{
    DropReason, Message,
    toolkit::harness::{Effect, Harness, storm},
};

use super::*;

const SOCKET: ContextId = ContextId::SOCKET;

fn subscriber(to: &[&str]) -> Harness<Sub0> {
    let mut sub = Harness::new(Sub0::default());
    to.iter()
        .for_each(|topic| subscribe(&mut sub, SOCKET, topic));
    sub
}

fn subscribe(sub: &mut Harness<Sub0>, context: ContextId, topic: &str) {
    sub.set_option(context, SUBSCRIBE, topic.as_bytes().to_vec());
}

fn unsubscribe(sub: &mut Harness<Sub0>, context: ContextId, topic: &str) -> spkit_api::Result<()> {
    sub.try_set_option(context, UNSUBSCRIBE, topic.as_bytes().to_vec())
}

/// Everything that waits.
fn received(sub: &mut Harness<Sub0>, context: ContextId) -> Vec<String> {
    (0..sub.queued(context))
        .map(|_| String::from_utf8(sub.recv(context).body().to_vec()).unwrap())
        .collect()
}

// SP-PS-001, SP-PS-004
#[test]
fn it_announces_0x21_to_0x20_and_only_receives() {
    let info = SUB0.info();
    assert_eq!((info.number(), info.peer()), (0x21, 0x20));
    assert!(info.can_recv() && !info.can_send() && !info.wants_recv());
    assert!(info.has_contexts());
}

// SP-PS-005, SP-PS-008
#[test]
fn bodies_that_begin_with_a_subscription_are_delivered_whole() {
    let mut sub = subscriber(&["foo", "bar"]);
    let pipe = sub.add_pipe();
    let bodies = ["foo", "foo|x", "fo", "bar1", "xfoo", "FOO"];
    sub.receive_batch(pipe, bodies.map(Message::from));
    assert_eq!(received(&mut sub, SOCKET), ["foo", "foo|x", "bar1"]);
    assert_eq!(sub.dropped(DropReason::NoSubscriber), 3);
}

// SP-PS-006
#[test]
fn without_a_subscription_nothing_comes_and_with_the_empty_one_everything() {
    let mut sub = subscriber(&[]);
    let pipe = sub.add_pipe();
    sub.receive_batch(pipe, ["", "x"].map(Message::from));
    assert!(sub.recv(SOCKET).waits());
    subscribe(&mut sub, SOCKET, "");
    sub.receive_batch(pipe, ["", "x"].map(Message::from));
    assert_eq!(received(&mut sub, SOCKET), ["", "x"]);
}

// SP-PS-007
#[test]
fn a_message_that_matches_twice_comes_once() {
    let mut sub = subscriber(&["f", "fo", "f"]);
    let pipe = sub.add_pipe();
    sub.receive(pipe, "foo");
    assert_eq!(received(&mut sub, SOCKET), ["foo"]);
}

// SP-PS-005
#[test]
fn the_payload_counts_however_it_came() {
    let mut sub = subscriber(&["\0\0\0\u{7}x"]);
    let pipe = sub.add_pipe();
    let mut from_within = Message::from("xyz");
    from_within.push_back(7);
    sub.receive(pipe, from_within);
    assert_eq!(received(&mut sub, SOCKET), ["\0\0\0\u{7}xyz"]);
}

// SP-PS-004
#[test]
fn subscribing_sends_nothing() {
    let mut sub = subscriber(&[]);
    let pipe = sub.add_pipe();
    subscribe(&mut sub, SOCKET, "a");
    unsubscribe(&mut sub, SOCKET, "a").unwrap();
    assert_eq!(sub.attempts(), 0);
    assert!(sub.sent(pipe).is_empty());
}

#[test]
fn equal_subscriptions_are_counted_and_unknown_ones_refused() {
    let mut sub = subscriber(&["a", "a"]);
    let pipe = sub.add_pipe();
    unsubscribe(&mut sub, SOCKET, "a").unwrap();
    sub.receive(pipe, "a1");
    assert_eq!(received(&mut sub, SOCKET), ["a1"]);
    unsubscribe(&mut sub, SOCKET, "a").unwrap();
    sub.receive(pipe, "a2");
    assert!(sub.recv(SOCKET).waits());
    for unknown in ["a", "", "a\n"] {
        let error = unsubscribe(&mut sub, SOCKET, unknown).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OptionInvalid);
        let named = format!("`{}`", unknown.escape_default());
        assert!(error.to_string().contains(&named), "{error}");
    }
}

#[test]
fn what_waits_and_matches_no_more_is_dropped() {
    let mut sub = subscriber(&["a", "ab", "b"]);
    let pipe = sub.add_pipe();
    sub.receive_batch(pipe, ["a1", "ab2", "b3", "a4"].map(Message::from));
    unsubscribe(&mut sub, SOCKET, "a").unwrap();
    assert_eq!(received(&mut sub, SOCKET), ["ab2", "b3"]);
    assert_eq!(sub.dropped(DropReason::NoSubscriber), 2);
}

#[test]
fn each_context_has_its_own_subscriptions_and_queue() {
    let mut sub = subscriber(&["a"]);
    let pipe = sub.add_pipe();
    let [first, second] = [sub.open_context(), sub.open_context()];
    sub.receive(pipe, "a0");
    assert_eq!([first, second].map(|it| sub.queued(it)), [0, 0], "none yet");
    subscribe(&mut sub, first, "");
    subscribe(&mut sub, second, "b");
    sub.receive_batch(pipe, ["a1", "b2", "c3"].map(Message::from));
    assert_eq!(received(&mut sub, SOCKET), ["a0", "a1"]);
    assert_eq!(received(&mut sub, first), ["a1", "b2", "c3"]);
    assert_eq!(received(&mut sub, second), ["b2"]);
    assert!(unsubscribe(&mut sub, second, "a").is_err(), "the socket's");
    sub.close_context(first);
    sub.receive(pipe, "c4");
    assert_eq!(sub.dropped(DropReason::NoSubscriber), 1);
}

#[test]
fn a_waiting_receive_gets_what_matches_and_nothing_else() {
    let mut sub = subscriber(&["a"]);
    let pipe = sub.add_pipe();
    let op = sub.start_recv(SOCKET);
    sub.receive(pipe, "b");
    assert!(!sub.is_done(op));
    sub.receive(pipe, "a");
    assert_eq!(sub.finished(op).unwrap().body(), "a");
}

// SP-PS-013
#[test]
fn a_full_queue_drops_the_oldest_or_the_newest() {
    for (prefer_new, kept) in [(true, ["3", "4"]), (false, ["1", "2"])] {
        let mut sub = subscriber(&[""]);
        sub.set_option(SOCKET, PREFER_NEW, prefer_new);
        sub.set_queue_limit(2);
        let pipe = sub.add_pipe();
        sub.receive_batch(pipe, ["1", "2", "3", "4"].map(Message::from));
        assert_eq!(received(&mut sub, SOCKET), kept);
        assert_eq!(sub.dropped(DropReason::QueueFull), 2);
        // As the socket did, so do contexts that open now.
        let context = sub.open_context();
        subscribe(&mut sub, context, "");
        sub.receive_batch(pipe, ["1", "2", "3", "4"].map(Message::from));
        assert_eq!(received(&mut sub, context), kept);
    }
}

// SP-PS-013
#[test]
fn blocking_drops_nothing() {
    let mut sub = subscriber(&[""]);
    sub.set_option(SOCKET, BACK_PRESSURE, "block".to_owned());
    sub.set_queue_limit(2);
    let pipe = sub.add_pipe();
    sub.receive_batch(pipe, ["1", "2", "3"].map(Message::from));
    assert_eq!(received(&mut sub, SOCKET), ["1", "2", "3"]);
    // As the socket did, so do contexts that open now.
    let context = sub.open_context();
    subscribe(&mut sub, context, "");
    sub.receive_batch(pipe, ["4", "5", "6"].map(Message::from));
    assert_eq!(received(&mut sub, context), ["4", "5", "6"]);
}

#[test]
fn no_order_of_events_breaks_it() {
    let fresh = format!("{:?}", Sub0::default().contexts.keys());
    storm::lawless(Sub0::default, 20_000);
    storm::lawful(Sub0::default, 20_000, |mut sub| {
        assert_eq!(format!("{:?}", sub.protocol().contexts.keys()), fresh);
        let replied = |effect: &Effect| matches!(effect, Effect::Close(..) | Effect::Pause(_));
        assert!(!sub.effects().iter().any(replied));
    });
}

#[test]
fn unsubscribing_leaves_what_still_matches_whatever_the_limit() {
    let mut sub = subscriber(&["", "a"]);
    sub.set_option(SOCKET, PREFER_NEW, false);
    sub.set_queue_limit(2);
    let pipes = [sub.add_pipe(), sub.add_pipe()];
    for (pipe, body) in [(0, "a1"), (0, "a2"), (1, "b1")] {
        sub.receive(pipes[pipe], body);
    }
    unsubscribe(&mut sub, SOCKET, "a").unwrap();
    // Full beyond its limit, since nobody is shut out by others; but nothing new came.
    assert_eq!(sub.dropped(DropReason::QueueFull), 0);
    assert_eq!(received(&mut sub, SOCKET), ["a1", "b1", "a2"]);
}

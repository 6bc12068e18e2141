use spkit_api::toolkit::harness::{Harness, storm};

use super::*;

const SOCKET: ContextId = ContextId::SOCKET;

#[test]
fn a_busy_subscriber_gets_the_newest_when_it_is_ready() {
    let mut publisher = Harness::new(LatestPub::default());
    let [busy, fast] = [publisher.add_pipe(), publisher.add_pipe()];
    publisher.set_room(busy, 1);
    for price in ["1", "2", "3", "4"] {
        assert!(publisher.send(SOCKET, price).is_done());
    }
    assert_eq!(publisher.sent(fast), ["1", "2", "3", "4"]);
    publisher.set_room(busy, 1);
    assert_eq!(publisher.sent(busy), ["1", "4"]);
    assert_eq!(publisher.dropped(DropReason::QueueFull), 2);
}

#[test]
fn publishing_never_waits() {
    let mut publisher = Harness::new(LatestPub::default());
    assert!(publisher.send(SOCKET, "nobody").is_done());
    assert_eq!(publisher.dropped(DropReason::NoPeer), 1);
    let pipe = publisher.add_pipe();
    publisher.set_room(pipe, 0);
    assert!(publisher.send(SOCKET, "busy").is_done());
    publisher.remove_pipe(pipe);
    assert_eq!(publisher.dropped(DropReason::PipeGone), 1);
}

#[test]
fn of_each_peer_the_newest_is_received_in_turn() {
    let mut subscriber = Harness::new(LatestSub::default());
    let [a, b] = [subscriber.add_pipe(), subscriber.add_pipe()];
    subscriber.receive_batch(a, ["a1", "a2"].map(Message::from));
    subscriber.receive(b, "b1");
    subscriber.receive(a, "a3");
    assert_eq!(subscriber.recv(SOCKET).body(), "a3");
    assert_eq!(subscriber.recv(SOCKET).body(), "b1");
    assert!(subscriber.recv(SOCKET).waits());
    assert_eq!(subscriber.dropped(DropReason::QueueFull), 2);
}

#[test]
fn a_waiting_receiver_is_woken() {
    let mut subscriber = Harness::new(LatestSub::default());
    let pipe = subscriber.add_pipe();
    let waiting = subscriber.start_recv(SOCKET);
    assert!(!subscriber.can_recv(SOCKET));
    subscriber.receive(pipe, "now");
    assert_eq!(subscriber.finished(waiting).unwrap().body(), "now");
    subscriber.receive(pipe, "unread");
    assert!(subscriber.can_recv(SOCKET));
    subscriber.remove_pipe(pipe);
    assert!(subscriber.recv(SOCKET).waits());
}

#[test]
fn no_order_of_events_breaks_either() {
    storm::lawless(LatestPub::default, 20_000);
    storm::lawless(LatestSub::default, 20_000);
    storm::lawful(LatestPub::default, 20_000, |publisher| {
        assert!(publisher.protocol().held.is_empty());
    });
    storm::lawful(LatestSub::default, 20_000, |subscriber| {
        let left = subscriber.protocol();
        assert!(left.newest.is_empty() && left.turns.is_empty());
    });
}

#[test]
fn both_are_registered() {
    let linked: Vec<_> = spkit_api::plugin::linked().collect();
    assert_eq!(linked.len(), 2, "{linked:?}");
    let numbers = [&LATEST_PUB, &LATEST_SUB].map(|plugin| plugin.info().number());
    assert!(numbers.iter().all(|number| *number >= 0xf000));
}

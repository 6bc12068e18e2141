use spkit_api::{
    DropReason, Message,
    toolkit::harness::{Harness, Outcome, storm},
};

use super::*;

const SOCKET: ContextId = ContextId::SOCKET;

fn bus() -> Harness<Bus0> {
    Harness::new(Bus0::default())
}

fn xbus() -> Harness<XBus0> {
    Harness::new(XBus0::default())
}

/// A message as the application of a raw socket gets it.
#[track_caller]
fn receive_raw(bus: &mut Harness<XBus0>) -> Message {
    match bus.recv(SOCKET) {
        Outcome::Done(Some(message)) => message,
        other => panic!("nothing received: {other:?}"),
    }
}

// SP-BU-001
#[test]
fn both_forms_announce_0x70_to_0x70() {
    for info in [BUS0.info(), XBUS0.info()] {
        assert_eq!((info.number(), info.peer()), (0x70, 0x70));
        assert!(info.can_send() && info.can_recv() && !info.has_contexts());
    }
    assert!(!BUS0.info().is_raw() && XBUS0.info().is_raw());
}

// SP-BU-001, SP-BU-002, SP-BU-004, SP-BU-009
#[test]
fn each_message_goes_to_every_peer_once_without_a_header() {
    let mut bus = bus();
    let pipes = [bus.add_pipe(), bus.add_pipe(), bus.add_pipe()];
    for body in ["a", "", "c"] {
        let mut message = Message::from(body);
        message.push_back(7);
        message.set_pipe(Some(pipes[0]));
        assert!(bus.send(SOCKET, message).is_done());
    }
    for pipe in pipes {
        assert_eq!(bus.sent(pipe), ["a", "", "c"]);
    }
    assert_eq!(bus.queued(SOCKET), 0);
    assert!(bus.take_dropped().is_empty());
}

// SP-BU-003, SP-BU-009
#[test]
fn what_comes_is_delivered_and_goes_no_further() {
    let mut bus = bus();
    let [from, other] = [bus.add_pipe(), bus.add_pipe()];
    bus.receive_batch(from, ["x", ""].map(Message::from));
    assert_eq!(
        [bus.recv(SOCKET).body(), bus.recv(SOCKET).body()],
        ["x", ""]
    );
    assert!(bus.sent(from).is_empty() && bus.sent(other).is_empty());
}

// SP-BU-005
#[test]
fn a_full_peer_loses_the_message_and_the_others_do_not() {
    let mut bus = bus();
    let [first, slow, last] = [bus.add_pipe(), bus.add_pipe(), bus.add_pipe()];
    bus.set_room(slow, 1);
    for body in ["a", "b", "c"] {
        assert!(bus.send(SOCKET, body).is_done());
    }
    bus.set_room(slow, 1);
    assert!(bus.send(SOCKET, "d").is_done());
    assert_eq!(bus.sent(slow), ["a", "d"], "in order");
    assert_eq!(bus.dropped(DropReason::QueueFull), 2);
    bus.set_room(last, 0);
    assert!(bus.send(SOCKET, "e").is_done());
    assert_eq!(bus.dropped(DropReason::QueueFull), 4);
    assert_eq!(bus.sent(first), ["a", "b", "c", "d", "e"]);
}

// SP-BU-006
#[test]
fn without_peers_the_message_is_lost() {
    let mut bus = bus();
    assert!(bus.send(SOCKET, "early").is_done());
    assert_eq!(bus.dropped(DropReason::NoPeer), 1);
    let gone = bus.add_pipe();
    bus.remove_pipe(gone);
    assert!(bus.send(SOCKET, "late").is_done());
    assert_eq!(bus.dropped(DropReason::NoPeer), 2);
    assert!(bus.sent(gone).is_empty());
}

// SP-BU-010
#[test]
fn a_flood_from_one_peer_does_not_starve_another() {
    let mut bus = bus();
    let [flood, quiet] = [bus.add_pipe(), bus.add_pipe()];
    bus.receive_batch(flood, (0..1_000).map(|_| Message::from("flood")));
    bus.receive(quiet, "quiet");
    let first_two = [bus.recv(SOCKET).body(), bus.recv(SOCKET).body()];
    assert!(first_two.contains(&"quiet".into()));
}

// SP-BU-007, SP-DV-016
#[test]
fn who_sends_back_what_it_received_reaches_all_but_the_source() {
    let mut bus = xbus();
    let pipes = [bus.add_pipe(), bus.add_pipe(), bus.add_pipe()];
    for from in pipes {
        bus.receive(from, "x");
        let message = receive_raw(&mut bus);
        assert_eq!(message.header_words(), [from.raw()]);
        assert_eq!((message.pipe(), message.body()), (Some(from), &b"x"[..]));
        assert!(bus.send(SOCKET, message).is_done());
        for pipe in pipes {
            let forwarded = bus.sent(pipe);
            assert_eq!(forwarded, vec!["x"; usize::from(pipe != from)]);
        }
    }
    assert!(bus.take_dropped().is_empty());
}

// SP-BU-007, SP-IN-005
#[test]
fn a_payload_that_came_with_a_header_is_body_behind_the_source() {
    let mut bus = xbus();
    let from = bus.add_pipe();
    let mut from_within = Message::from("x");
    from_within.push_back(0x0102_0304);
    bus.receive_batch(from, [from_within, Message::new()]);
    let message = receive_raw(&mut bus);
    assert_eq!(message.header_words(), [from.raw()]);
    assert_eq!(message.body(), b"\x01\x02\x03\x04x");
    assert_eq!(receive_raw(&mut bus).body(), b"");
}

// SP-BU-007
#[test]
fn without_a_header_or_with_one_of_nobody_it_goes_to_all() {
    let mut bus = xbus();
    let pipes = [bus.add_pipe(), bus.add_pipe()];
    assert!(bus.send(SOCKET, "all").is_done());
    let mut from_nobody = Message::from("too");
    from_nobody.push_back(0xffff_ffff);
    from_nobody.push_back(pipes[0].raw());
    assert!(bus.send(SOCKET, from_nobody).is_done());
    for pipe in pipes {
        assert_eq!(bus.sent(pipe), ["all", "too"]);
    }
    let mut only = Message::from("x");
    only.push_back(pipes[0].raw());
    bus.remove_pipe(pipes[1]);
    assert!(bus.send(SOCKET, only).is_done());
    assert_eq!(bus.dropped(DropReason::NoPeer), 1);
}

#[test]
fn no_order_of_events_breaks_it() {
    storm::lawless(Bus0::default, 20_000);
    storm::lawless(XBus0::default, 20_000);
    let fresh = format!("{:?}", Bus0::default());
    storm::lawful(Bus0::default, 20_000, |bus| {
        assert_eq!(format!("{:?}", bus.protocol()), fresh);
    });
    let fresh = format!("{:?}", XBus0::default());
    storm::lawful(XBus0::default, 20_000, |bus| {
        assert_eq!(format!("{:?}", bus.protocol()), fresh);
    });
}

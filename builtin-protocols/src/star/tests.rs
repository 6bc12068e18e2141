use spkit_api::{
    ErrorKind,
    options::TTL,
    toolkit::harness::{Harness, Outcome, storm},
};

use super::*;
use crate::vectors::golden;

const SOCKET: ContextId = ContextId::SOCKET;

fn star() -> Harness<Star> {
    Harness::new(Star::default())
}

fn xstar() -> Harness<Star> {
    Harness::new(Star::raw())
}

/// A body behind a hop count.
fn counted(hops: u32, body: &str) -> Vec<u8> {
    [&hops.to_be_bytes(), body.as_bytes()].concat()
}

// SP-ST-001
#[test]
fn both_forms_announce_0x640_to_0x640() {
    for info in [STAR.info(), XSTAR.info()] {
        assert_eq!((info.number(), info.peer()), (0x640, 0x640));
    }
    assert!(!STAR.info().is_raw() && XSTAR.info().is_raw());
}

// SP-ST-001, SP-ST-004, SP-ST-009
#[test]
fn what_it_sends_goes_to_all_peers_with_no_hop() {
    let mut star = star();
    assert!(star.send(SOCKET, "to nobody").is_done());
    assert_eq!(star.dropped(DropReason::NoPeer), 1);
    let pipes = [star.add_pipe(), star.add_pipe()];
    let mut message = Message::from("hello");
    message.push_back(7);
    assert!(star.send(SOCKET, message).is_done());
    assert!(star.send(SOCKET, "").is_done());
    for pipe in pipes {
        assert_eq!(star.sent(pipe), [golden("GV-TCP-09"), vec![0; 4]]);
    }
}

// SP-ST-003, SP-ST-009, SP-IN-005
#[test]
fn what_comes_is_delivered_and_forwarded_to_all_but_its_sender() {
    let mut star = star();
    let [from, other, third] = [star.add_pipe(), star.add_pipe(), star.add_pipe()];
    let mut from_within = Message::from("within");
    from_within.push_back(0);
    let batch = [golden("GV-TCP-09").into(), vec![0; 4].into(), from_within];
    star.receive_batch(from, batch);
    let bodies = [(); 3].map(|()| star.recv(SOCKET).body());
    assert_eq!(bodies, ["hello", "", "within"]);
    for pipe in [other, third] {
        let forwarded = [golden("GV-ST-01"), counted(1, ""), counted(1, "within")];
        assert_eq!(star.sent(pipe), forwarded);
    }
    assert!(star.sent(from).is_empty());
    star.remove_pipe(other);
    star.remove_pipe(third);
    star.receive(from, counted(0, "x"));
    assert_eq!(star.recv(SOCKET).body(), "x");
    assert!(
        star.take_dropped().is_empty(),
        "there is no one to forward to"
    );
}

// SP-ST-002, H-53
#[test]
fn as_many_hops_as_the_ttl_or_a_malformed_count_go_nowhere() {
    let mut star = star();
    let [from, other] = [star.add_pipe(), star.add_pipe()];
    for bad in [
        golden("GV-ST-03"),
        counted(255, "x"),
        counted(256, "x"),
        counted(0x0100_0000, "x"),
        vec![0; 3],
        vec![],
    ] {
        star.receive(from, bad);
    }
    assert_eq!(star.dropped(DropReason::Ttl), 2);
    assert_eq!(star.dropped(DropReason::Malformed), 4);
    assert!(star.recv(SOCKET).waits() && star.sent(other).is_empty());
    star.receive(from, golden("GV-ST-02"));
    assert_eq!(star.recv(SOCKET).body(), "hi");
    assert_eq!(star.sent(other), [golden("GV-ST-03")]);
    for ttl in [1, 255] {
        star.set_option(SOCKET, TTL, ttl);
        let ttl = u32::try_from(ttl).unwrap();
        let batch = [counted(ttl - 1, "yes"), counted(ttl, "no")];
        star.receive_batch(from, batch.map(Message::from));
        assert_eq!(star.recv(SOCKET).body(), "yes");
        assert!(star.recv(SOCKET).waits());
        assert_eq!(star.sent(other), [counted(ttl, "yes")]);
    }
    assert_eq!(star.pipes(), [from, other]);
}

// SP-ST-005
#[test]
fn a_full_peer_loses_what_is_sent_and_what_is_forwarded() {
    let mut star = star();
    let [from, slow, fast] = [star.add_pipe(), star.add_pipe(), star.add_pipe()];
    star.set_room(slow, 1);
    assert!(star.send(SOCKET, "a").is_done());
    assert!(star.send(SOCKET, "b").is_done());
    star.receive(from, counted(0, "c"));
    assert_eq!(star.sent(slow), [counted(0, "a")]);
    assert_eq!(
        star.sent(fast),
        [counted(0, "a"), counted(0, "b"), counted(1, "c")]
    );
    assert_eq!(star.dropped(DropReason::QueueFull), 2);
    assert_eq!(star.recv(SOCKET).body(), "c");
}

// SP-ST-006
#[test]
fn in_a_circle_every_message_dies() {
    let mut star = star();
    let [left, right] = [star.add_pipe(), star.add_pipe()];
    assert!(star.send(SOCKET, "x").is_done());
    let mut rounds = 0;
    loop {
        let [to_left, to_right] = [left, right].map(|pipe| star.sent(pipe));
        if to_left.is_empty() && to_right.is_empty() {
            break;
        }
        rounds += 1;
        assert!(rounds < 100, "it goes on for ever");
        // What leaves by one connection comes back by the other.
        star.receive_batch(right, to_left.into_iter().map(Message::from));
        star.receive_batch(left, to_right.into_iter().map(Message::from));
    }
    assert_eq!(rounds, 9, "hops 0 to 8");
    assert_eq!(star.dropped(DropReason::Ttl), 2);
}

// SP-ST-007
#[test]
fn raw_messages_carry_the_count_they_were_forwarded_with() {
    let mut star = xstar();
    let [from, other] = [star.add_pipe(), star.add_pipe()];
    star.receive(from, golden("GV-TCP-09"));
    assert_eq!(star.sent(other), [golden("GV-ST-01")]);
    let Outcome::Done(Some(message)) = star.recv(SOCKET) else {
        panic!("nothing received");
    };
    assert_eq!(message.header_words(), [1]);
    assert_eq!(message.body(), b"hello");
    assert!(star.send(SOCKET, message).is_done());
    for pipe in [from, other] {
        assert_eq!(star.sent(pipe), [golden("GV-ST-01")], "also its sender");
    }
}

// SP-ST-007
#[test]
fn a_raw_message_needs_a_count() {
    let mut star = xstar();
    let pipe = star.add_pipe();
    for header in [&[][..], &[1, 1], &[256]] {
        let mut message = Message::from("x");
        header.iter().for_each(|word| message.push_back(*word));
        let Outcome::Failed(error, Some(back)) = star.send(SOCKET, message) else {
            panic!("{header:?} was sent");
        };
        assert_eq!(error.kind(), ErrorKind::HeaderInvalid);
        assert!(error.to_string().contains("hop count"), "{error}");
        assert_eq!(back.header_words(), header);
    }
    assert!(star.sent(pipe).is_empty());
}

#[test]
fn no_order_of_events_breaks_it() {
    for build in [Star::default, Star::raw] {
        storm::lawless(build, 20_000);
        storm::lawful(build, 20_000, |star| {
            assert!(star.protocol().peers.iter().next().is_none());
        });
    }
}

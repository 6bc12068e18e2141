use spkit_api::{
    Message, PipeId,
    options::TTL,
    toolkit::harness::{Effect, Harness, Outcome, storm},
};

use super::*;
use crate::vectors::golden;

const SOCKET: ContextId = ContextId::SOCKET;

fn pair() -> Harness<Pair1> {
    Harness::new(Pair1::default())
}

fn xpair() -> Harness<Pair1> {
    Harness::new(Pair1::raw())
}

/// A body behind a hop count.
pub(super) fn counted(hops: u32, body: &str) -> Vec<u8> {
    [&hops.to_be_bytes(), body.as_bytes()].concat()
}

/// A raw message with this header.
fn raw(header: &[u32], body: &'static str) -> Message {
    let mut message = Message::from(body);
    header.iter().for_each(|word| message.push_back(*word));
    message
}

// SP-P1-001, SP-PP-001
#[test]
fn every_form_announces_0x11_to_0x11() {
    for info in [PAIR1.info(), XPAIR1.info(), poly::PAIR1_POLY.info()] {
        assert_eq!((info.number(), info.peer()), (0x11, 0x11));
    }
    assert!(!PAIR1.info().is_raw() && XPAIR1.info().is_raw());
}

// SP-P1-001, SP-P1-002, SP-P1-010
#[test]
fn what_it_sends_has_one_hop() {
    let mut pair = pair();
    let peer = pair.add_pipe();
    let mut message = Message::from("hello");
    message.push_back(0xdead_beef);
    assert!(pair.send(SOCKET, message).is_done());
    assert!(pair.send(SOCKET, "").is_done());
    assert_eq!(pair.sent(peer), [golden("GV-TCP-02"), golden("GV-B-08")]);
}

// SP-P1-003, SP-P1-004, SP-P1-010, SP-IN-005
#[test]
fn the_count_is_stripped_however_the_message_came() {
    let mut pair = pair();
    let peer = pair.add_pipe();
    for vector in ["GV-TCP-02", "GV-TCP-03"] {
        pair.receive(peer, golden(vector));
        assert_eq!(pair.recv(SOCKET).body(), "hello");
    }
    pair.receive_batch(peer, [golden("GV-B-08").into(), raw(&[1], "within")]);
    assert_eq!(pair.recv(SOCKET).body(), "");
    assert_eq!(pair.recv(SOCKET).body(), "within");
}

// SP-P1-005, H-50
#[test]
fn more_hops_than_the_ttl_are_dropped_and_the_peer_stays() {
    let mut pair = pair();
    let peer = pair.add_pipe();
    for vector in ["GV-P1-02", "GV-P1-03", "GV-P1-01"] {
        pair.receive(peer, golden(vector));
    }
    assert_eq!(pair.recv(SOCKET).body(), "hi");
    assert!(pair.recv(SOCKET).waits());
    assert_eq!(pair.dropped(DropReason::Ttl), 2);
    for (ttl, passes) in [(1, 1), (255, 255), (3, 3)] {
        pair.set_option(SOCKET, TTL, ttl);
        let too_many = counted(passes + 1, "no");
        pair.receive(peer, counted(passes, "yes"));
        assert_eq!(pair.recv(SOCKET).body(), "yes");
        if passes < 255 {
            pair.receive(peer, too_many);
            assert!(pair.recv(SOCKET).waits());
        }
    }
    assert_eq!(pair.pipes(), [peer]);
}

// SP-P1-006, H-49
#[test]
fn a_peer_without_a_count_is_closed_and_the_next_one_is_served() {
    for malformed in [
        golden("GV-P1-04"),
        golden("GV-P1-05"),
        vec![],
        vec![0, 0],
        counted(0x0100_0001, "x"),
        counted(u32::MAX, "x"),
    ] {
        for mut pair in [pair(), xpair()] {
            let first = pair.add_pipe();
            let batch = [malformed.clone(), counted(1, "more")];
            pair.receive_batch(first, batch.map(Message::from));
            let close = Effect::Close(first, ErrorKind::PeerMisbehaved);
            assert!(pair.effects().contains(&close));
            assert_eq!(pair.dropped(DropReason::Malformed), 1);
            assert_eq!(pair.queued(SOCKET), 0, "nor what follows");
            let second = pair.add_pipe();
            assert_eq!(pair.pipes(), [second]);
            pair.receive(second, counted(1, "x"));
            assert_eq!(pair.queued(SOCKET), 1);
        }
    }
}

// SP-P1-006, SP-P1-009
#[test]
fn a_closed_peer_is_heard_no_more_and_its_place_is_free() {
    let mut pair = pair();
    let first = pair.add_pipe();
    let [mut bad, mut more] = [spkit_api::Inbox::default(), spkit_api::Inbox::default()];
    bad.push(Message::new());
    more.push(Message::from(counted(1, "x")));
    pair.raw_event(Event::received(first, &mut bad));
    pair.raw_event(Event::received(first, &mut more));
    assert_eq!((more.len(), pair.queued(SOCKET)), (1, 0));
    assert_eq!(pair.protocol().peer.pipe(), None);
}

// SP-P1-009
#[test]
fn a_second_peer_is_closed_and_the_first_undisturbed() {
    let mut pair = pair();
    let first = pair.add_pipe();
    for _ in 0..10 {
        let second = pair.add_pipe();
        let close = Effect::Close(second, ErrorKind::State);
        assert_eq!(pair.effects().last(), Some(&close));
    }
    let mut inbox = spkit_api::Inbox::default();
    inbox.push(Message::from(counted(1, "x")));
    pair.raw_event(Event::received(PipeId::from_raw(7), &mut inbox));
    assert_eq!((inbox.len(), pair.queued(SOCKET)), (1, 0));
    pair.remove_pipe(first);
    let next = pair.add_pipe();
    assert_eq!(pair.pipes(), [next]);
}

// SP-P1-009
#[test]
fn sending_waits_for_a_peer_and_for_room_and_loses_nothing() {
    let mut pair = pair();
    let ops = ["a", "b", "c"].map(|body| pair.start_send(SOCKET, body));
    let first = pair.add_pipe();
    assert!(ops.into_iter().all(|op| pair.is_done(op)));
    pair.set_room(first, 0);
    let waiting = pair.start_send(SOCKET, "d");
    assert!(!pair.is_done(waiting));
    let Outcome::Waits(Some(refused)) = pair.send(SOCKET, "e") else {
        panic!("there is no room");
    };
    assert!(!refused.has_header(), "handed back as it came");
    pair.remove_pipe(first);
    let second = pair.add_pipe();
    assert_eq!(
        pair.sent(first),
        ["a", "b", "c"].map(|body| counted(1, body))
    );
    assert_eq!(pair.sent(second), [counted(1, "d")]);
}

// SP-P1-007, SP-DV-015
#[test]
fn what_is_sent_as_it_was_received_has_one_hop_more() {
    let mut pair = xpair();
    let peer = pair.add_pipe();
    for vector in ["GV-TCP-02", "GV-P1-01", "GV-P1-02"] {
        pair.receive(peer, golden(vector));
    }
    assert_eq!(pair.dropped(DropReason::Ttl), 1);
    for hops in [1, 8] {
        let Outcome::Done(Some(message)) = pair.recv(SOCKET) else {
            panic!("nothing received");
        };
        assert_eq!(message.header_words(), [hops]);
        assert!(pair.send(SOCKET, message).is_done());
    }
    assert_eq!(pair.sent(peer), [golden("GV-P1-06"), counted(9, "hi")]);
}

// SP-P1-007
#[test]
fn a_raw_message_that_waits_is_counted_once() {
    let mut pair = xpair();
    let peer = pair.add_pipe();
    pair.set_room(peer, 0);
    let op = pair.start_send(SOCKET, raw(&[4], "x"));
    assert!(pair.find_lost_wake().is_none() && !pair.is_done(op));
    pair.set_room(peer, 1);
    assert!(pair.is_done(op));
    assert_eq!(pair.sent(peer), [counted(5, "x")]);
}

// SP-P1-008
#[test]
fn a_raw_message_needs_a_count_that_can_grow() {
    let mut pair = xpair();
    let peer = pair.add_pipe();
    for header in [&[][..], &[1, 1], &[255], &[256], &[u32::MAX]] {
        let Outcome::Failed(error, Some(back)) = pair.send(SOCKET, raw(header, "x")) else {
            panic!("{header:?} was sent");
        };
        assert_eq!(error.kind(), ErrorKind::HeaderInvalid);
        assert!(error.to_string().contains("hop count"), "{error}");
        assert_eq!(back.header_words(), header);
    }
    assert!(pair.send(SOCKET, raw(&[254], "x")).is_done());
    assert_eq!(pair.sent(peer), [counted(255, "x")]);
}

#[test]
fn no_order_of_events_breaks_it() {
    for build in [Pair1::default, Pair1::raw] {
        storm::lawless(build, 20_000);
        storm::lawful(build, 20_000, |pair| {
            assert_eq!(pair.protocol().peer.pipe(), None);
        });
    }
}

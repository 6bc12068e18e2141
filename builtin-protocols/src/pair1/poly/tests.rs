use spkit_api::{
    ContextId, ErrorKind, Message,
    options::TTL,
    toolkit::harness::{Effect, Harness, Outcome, storm},
};

use super::*;
use crate::{pair1::tests::counted, vectors::golden};

const SOCKET: ContextId = ContextId::SOCKET;

fn poly() -> Harness<Pair1Poly> {
    Harness::new(Pair1Poly::default())
}

fn to(pipe: PipeId, body: &'static str) -> Message {
    let mut message = Message::from(body);
    message.set_pipe(Some(pipe));
    message
}

// SP-PP-001, SP-PP-002, SP-PP-003
#[test]
fn what_is_sent_back_goes_to_the_peer_it_came_from() {
    let mut poly = poly();
    let pipes = [poly.add_pipe(), poly.add_pipe(), poly.add_pipe()];
    for (pipe, body) in pipes.into_iter().zip(["a", "b", "c"]) {
        poly.receive(pipe, counted(1, body));
    }
    for _ in pipes {
        let Outcome::Done(Some(message)) = poly.recv(SOCKET) else {
            panic!("nothing received");
        };
        assert!(!message.has_header());
        assert!(poly.send(SOCKET, message).is_done());
    }
    for (pipe, body) in pipes.into_iter().zip(["a", "b", "c"]) {
        assert_eq!(poly.sent(pipe), [counted(1, body)]);
    }
}

// SP-PP-003
#[test]
fn without_a_choice_one_peer_gets_it_that_has_room() {
    let mut poly = poly();
    let waiting = poly.start_send(SOCKET, "a");
    assert!(!poly.is_done(waiting));
    let [full, free] = [poly.add_pipe(), poly.add_pipe()];
    assert!(poly.is_done(waiting));
    poly.set_room(full, 0);
    for body in ["b", "c"] {
        assert!(poly.send(SOCKET, body).is_done());
    }
    assert_eq!(poly.sent(full), [counted(1, "a")]);
    assert_eq!(poly.sent(free), ["b", "c"].map(|body| counted(1, body)));
    poly.set_room(free, 0);
    let Outcome::Waits(Some(refused)) = poly.send(SOCKET, "d") else {
        panic!("nobody has room");
    };
    assert!(!refused.has_header(), "handed back as it came");
    let waiting = poly.start_send(SOCKET, "d");
    poly.set_room(full, 1);
    assert!(poly.is_done(waiting));
    assert_eq!(poly.sent(full), [counted(1, "d")]);
}

// SP-PP-004
#[test]
fn for_a_peer_that_is_gone_or_full_it_is_dropped_and_the_others_are_served() {
    let mut poly = poly();
    let [full, gone, other] = [poly.add_pipe(), poly.add_pipe(), poly.add_pipe()];
    poly.set_room(full, 0);
    poly.remove_pipe(gone);
    for pipe in [full, gone, other] {
        assert!(poly.send(SOCKET, to(pipe, "x")).is_done());
    }
    assert_eq!(poly.dropped(DropReason::QueueFull), 1);
    assert_eq!(poly.dropped(DropReason::PipeGone), 1);
    assert_eq!(poly.sent(other), [counted(1, "x")]);
    poly.set_room(full, 1);
    assert!(poly.send(SOCKET, to(full, "y")).is_done());
    assert_eq!(poly.sent(full), [counted(1, "y")]);
}

// SP-PP-001, SP-P1-003, SP-P1-005
#[test]
fn counts_are_as_those_of_a_single_pair() {
    let mut poly = poly();
    let pipe = poly.add_pipe();
    for vector in ["GV-TCP-02", "GV-TCP-03", "GV-P1-02", "GV-P1-01"] {
        poly.receive(pipe, golden(vector));
    }
    poly.set_option(SOCKET, TTL, 2);
    poly.receive(pipe, counted(3, "no"));
    let bodies = [(); 3].map(|()| poly.recv(SOCKET).body());
    assert_eq!(bodies, ["hello", "hello", "hi"]);
    assert!(poly.recv(SOCKET).waits());
    assert_eq!(poly.dropped(DropReason::Ttl), 2);
}

// SP-PP-005, H-49
#[test]
fn a_malformed_count_closes_its_peer_alone() {
    let mut poly = poly();
    let [bad, good] = [poly.add_pipe(), poly.add_pipe()];
    let batch = [golden("GV-P1-04"), counted(1, "more")];
    poly.receive_batch(bad, batch.map(Message::from));
    let close = Effect::Close(bad, ErrorKind::PeerMisbehaved);
    assert!(poly.effects().contains(&close));
    assert_eq!((poly.pipes(), poly.queued(SOCKET)), (vec![good], 0));
    let mut inbox = spkit_api::Inbox::default();
    inbox.push(Message::from(counted(1, "x")));
    poly.raw_event(Event::received(bad, &mut inbox));
    assert_eq!((inbox.len(), poly.queued(SOCKET)), (1, 0));
    poly.receive(good, counted(1, "x"));
    assert_eq!(poly.recv(SOCKET).body(), "x");
    assert!(poly.send(SOCKET, "y").is_done());
    assert_eq!(poly.sent(good), [counted(1, "y")]);
}

// SP-PP-005
#[test]
fn a_closed_peer_is_heard_no_more() {
    let mut poly = poly();
    let pipe = poly.add_pipe();
    let [mut bad, mut more] = [spkit_api::Inbox::default(), spkit_api::Inbox::default()];
    bad.push(Message::new());
    more.push(Message::from(counted(1, "x")));
    poly.raw_event(Event::received(pipe, &mut bad));
    poly.raw_event(Event::received(pipe, &mut more));
    assert_eq!((more.len(), poly.queued(SOCKET)), (1, 0));
}

#[test]
fn no_order_of_events_breaks_it() {
    storm::lawless(Pair1Poly::default, 20_000);
    storm::lawful(Pair1Poly::default, 20_000, |poly| {
        let left = format!("{:?}", poly.protocol().peers);
        assert_eq!(left, format!("{:?}", Ranks::default()));
    });
}

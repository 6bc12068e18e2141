//! Each reason for a drop, counted at the pipe, its endpoint and its socket.

use std::{io::Write as _, net::TcpStream};

use spkit::{
    Runtime, Socket,
    api::DropReason,
    options::{RECV_BUFFER_MESSAGES, RECV_MAX},
};

use crate::{connected, raw, until, world::SOON};

/// A socket that dialed a peer of bytes, and the peer.
fn facing(protocol: &str, peer: u16) -> (Socket, TcpStream) {
    let runtime = Runtime::new().unwrap();
    let socket = runtime.open(protocol).unwrap();
    let (listener, address) = raw::listen();
    socket.dial(&address).unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    raw::greet(&mut stream, peer);
    socket.wait_for_peers(1, SOON).unwrap();
    (socket, stream)
}

fn write_message(stream: &mut TcpStream, payload: &[u8]) {
    let mut frame = (payload.len() as u64).to_be_bytes().to_vec();
    frame.extend(payload);
    stream.write_all(&frame).unwrap();
}

/// Waits until so many messages of the peer are dropped for this reason and no other.
fn undelivered(socket: &Socket, why: DropReason, count: u64) {
    until(socket, "dropped", |socket| {
        socket.stats().undelivered.of(why) == count
    });
    let snapshot = socket.snapshot();
    assert_eq!(snapshot.socket.dropped().total(), count, "{snapshot:#?}");
    let [endpoint] = &snapshot.endpoints[..] else {
        panic!("{snapshot:#?}");
    };
    assert_eq!(endpoint.traffic.undelivered.of(why), count, "{snapshot:#?}");
    for pipe in &snapshot.pipes {
        assert_eq!(pipe.traffic.undelivered.of(why), count, "{snapshot:#?}");
    }
}

#[test]
fn malformed() {
    // The last tag of a backtrace has its top bit set.
    let (rep, mut peer) = facing("rep", 0x30);
    write_message(&mut peer, &[0, 0, 0, 1]);
    undelivered(&rep, DropReason::Malformed, 1);
    assert_eq!(rep.peers(), 1);
}

#[test]
fn ttl() {
    let (pair, mut peer) = facing("pair1", 0x11);
    write_message(&mut peer, &[0, 0, 0, 9, b'x']);
    undelivered(&pair, DropReason::Ttl, 1);
    write_message(&mut peer, &[0, 0, 0, 8, b'x']);
    assert_eq!(pair.recv_timeout(SOON).unwrap().body(), b"x");
}

#[test]
fn oversize() {
    let runtime = Runtime::new().unwrap();
    let pull = runtime
        .open_with("pull", |options| options.set(RECV_MAX, 4))
        .unwrap();
    let (listener, address) = raw::listen();
    pull.dial(&address).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    raw::greet(&mut peer, 0x50);
    write_message(&mut peer, b"four");
    assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"four");
    write_message(&mut peer, b"fives");
    undelivered(&pull, DropReason::Oversize, 1);
}

#[test]
fn no_subscriber() {
    let (sub, mut peer) = facing("sub", 0x20);
    sub.set_str("subscribe", "yes").unwrap();
    write_message(&mut peer, b"no");
    write_message(&mut peer, b"yes!");
    assert_eq!(sub.recv_timeout(SOON).unwrap().body(), b"yes!");
    undelivered(&sub, DropReason::NoSubscriber, 1);
}

#[test]
fn a_full_queue_of_a_subscriber() {
    let runtime = Runtime::new().unwrap();
    let sub = runtime
        .open_with("sub", |options| options.set(RECV_BUFFER_MESSAGES, 1))
        .unwrap();
    sub.set_str("subscribe", "").unwrap();
    let (listener, address) = raw::listen();
    sub.dial(&address).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    raw::greet(&mut peer, 0x20);
    for n in 0..5 {
        write_message(&mut peer, &[n]);
    }
    undelivered(&sub, DropReason::QueueFull, 4);
    assert_eq!(sub.recv_timeout(SOON).unwrap().body(), [4]);
}

#[test]
fn late_reply() {
    let (req, mut peer) = facing("req", 0x31);
    req.send("first").unwrap();
    let first = raw::read_message(&mut peer).unwrap();
    req.send("second").unwrap();
    let second = raw::read_message(&mut peer).unwrap();
    write_message(&mut peer, &first);
    undelivered(&req, DropReason::LateReply, 1);
    write_message(&mut peer, &second);
    assert_eq!(req.recv_timeout(SOON).unwrap().body(), b"second");
    undelivered(&req, DropReason::LateReply, 1);
}

#[test]
fn stale_survey() {
    let (surveyor, mut peer) = facing("surveyor", 0x63);
    surveyor.send("first").unwrap();
    let first = raw::read_message(&mut peer).unwrap();
    surveyor.send("second").unwrap();
    let second = raw::read_message(&mut peer).unwrap();
    write_message(&mut peer, &first);
    write_message(&mut peer, &second);
    assert_eq!(surveyor.recv_timeout(SOON).unwrap().body(), b"second");
    undelivered(&surveyor, DropReason::StaleSurvey, 1);
}

#[test]
fn no_peer() {
    let runtime = Runtime::new().unwrap();
    let publisher = runtime.open("pub").unwrap();
    publisher.send("to nobody").unwrap();
    let stats = publisher.stats();
    assert_eq!(stats.unsent.of(DropReason::NoPeer), 1);
    assert_eq!((stats.copies, stats.dropped().total()), (1, 1));
}

#[test]
fn a_full_pipe_of_a_publisher() {
    let (publisher, _peer) = facing("pub", 0x21);
    while publisher.stats().unsent.total() == 0 {
        publisher.send(vec![0; 50_000]).unwrap();
    }
    let snapshot = publisher.snapshot();
    assert_eq!(snapshot.socket.unsent.of(DropReason::QueueFull), 1);
    assert_eq!(
        snapshot.pipes[0].traffic.unsent.of(DropReason::QueueFull),
        1
    );
    let traffic = &snapshot.endpoints[0].traffic;
    assert_eq!(traffic.unsent.of(DropReason::QueueFull), 1);
    assert_eq!(snapshot.socket.copies, snapshot.socket.sent.messages);
}

#[test]
fn a_reply_whose_asker_is_gone() {
    let runtime = Runtime::new().unwrap();
    let (rep, req) = connected(&runtime, ["rep", "req"], "inproc://gone");
    req.send("question").unwrap();
    rep.recv_timeout(SOON).unwrap();
    req.close();
    until(&rep, "alone", |rep| rep.peers() == 0);
    rep.send("answer").unwrap();
    let stats = rep.stats();
    assert_eq!(stats.unsent.total(), 1, "{stats:#?}");
    assert_eq!(stats.copies, stats.sent.messages);
}

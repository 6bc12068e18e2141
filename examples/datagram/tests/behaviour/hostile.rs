//! Peers that vanish, and peers that misbehave: a raw socket plays them.

use std::{
    io,
    os::unix::net::UnixDatagram,
    time::{Duration, Instant},
};

use spkit::{ErrorKind, Socket};

use crate::house::{BACKENDS, House, LONG, loss, number, numbered, often};

const HELLO_PUSH: &[u8] = b"H\0SP\0\0\x50\0\0";

/// A PULL that listens, and somebody who has said hello as a PUSH and heard the answer.
fn stranger(house: &House) -> (Socket, UnixDatagram) {
    let pull = house.open("pull");
    house.listen(&pull);
    let raw = greet(house);
    pull.wait_for_peers(1, LONG).unwrap();
    (pull, raw)
}

fn greet(house: &House) -> UnixDatagram {
    let raw = UnixDatagram::bind("").unwrap();
    raw.connect(house.path()).unwrap();
    raw.set_read_timeout(Some(LONG)).unwrap();
    raw.send(HELLO_PUSH).unwrap();
    assert_eq!(hear(&raw), b"H\0SP\0\0\x51\0\0");
    raw
}

fn hear(raw: &UnixDatagram) -> Vec<u8> {
    let mut space = vec![0; 1 << 17];
    let len = raw.recv(&mut space).unwrap();
    space.truncate(len);
    space
}

/// A good peer's message gets through.
fn check_alive(house: &House, pull: &Socket) {
    let push = house.open("push");
    house.dial(&push);
    push.send(numbered(77, 10)).unwrap();
    assert_eq!(number(pull), 77);
}

#[test]
fn a_peer_that_vanished_is_noticed() {
    for backend in BACKENDS {
        let house = House::new(backend);
        let (pull, raw) = stranger(&house);
        raw.send(b"Dlast").unwrap();
        assert_eq!(pull.recv_timeout(LONG).unwrap().body(), b"last");
        drop(raw);
        let start = Instant::now();
        assert_eq!(loss(&pull).kind(), ErrorKind::ConnectionReset);
        assert!(start.elapsed() < Duration::from_secs(5));
        check_alive(&house, &pull);
    }
}

#[test]
fn a_listener_that_vanished_is_noticed() {
    let house = House::new(BACKENDS[0]);
    let listening = UnixDatagram::bind(house.path()).unwrap();
    let push = house.open("push");
    push.dial_with(&house.address(), often).unwrap();
    let mut space = [0; 64];
    let (len, from) = listening.recv_from(&mut space).unwrap();
    assert_eq!(&space[..len], HELLO_PUSH);
    listening.send_to_addr(b"H\0SP\0\0\x51\0\0", &from).unwrap();
    push.wait_for_peers(1, LONG).unwrap();
    drop(listening);
    assert_eq!(loss(&push).kind(), ErrorKind::ConnectionReset);
}

#[test]
fn whoever_misbehaves_goes_alone() {
    let long_credit = [&b"C"[..], &u64::MAX.to_be_bytes()].concat();
    let cases: [&[u8]; 7] = [
        b"",
        b"x",
        b"C123",
        b"H\0SP\x01\0\x50\0\0",
        b"H\0SP",
        &long_credit,
        &[b'D'; 70_000],
    ];
    for junk in cases {
        let house = House::new(BACKENDS[0]);
        let (pull, raw) = stranger(&house);
        raw.send(junk).unwrap();
        let error = loss(&pull);
        assert_eq!(error.kind(), ErrorKind::PeerMisbehaved, "{error}");
        assert_eq!(hear(&raw), b"B", "it is told");
        check_alive(&house, &pull);
    }
}

#[test]
fn a_flooder_that_ignores_the_window_goes() {
    let house = House::new(BACKENDS[0]);
    let (pull, raw) = stranger(&house);
    raw.set_write_timeout(Some(LONG)).unwrap();
    // Nobody receives, so at most a lane and a window of it are kept.
    let body = vec![b'D'; 10_000];
    for _ in 0..100 {
        match raw.send(&body) {
            Ok(_) => {}
            Err(error) => panic!("the descriptor is read whatever one peer does: {error}"),
        }
    }
    let mut kept = 0;
    while pull.recv_timeout(Duration::from_millis(300)).is_ok() {
        kept += 1;
    }
    assert_eq!(loss(&pull).kind(), ErrorKind::PeerMisbehaved);
    assert!(kept <= 30, "{kept} of 10 kB were kept");
    check_alive(&house, &pull);
}

#[test]
fn a_new_hello_from_the_same_address_replaces_the_old_peer() {
    let house = House::new(BACKENDS[0]);
    let (pull, raw) = stranger(&house);
    raw.send(HELLO_PUSH).unwrap();
    assert_eq!(loss(&pull).kind(), ErrorKind::ConnectionReset);
    assert_eq!(hear(&raw), b"H\0SP\0\0\x51\0\0");
    pull.wait_for_peers(1, LONG).unwrap();
    raw.send(b"Dnew").unwrap();
    assert_eq!(pull.recv_timeout(LONG).unwrap().body(), b"new");
    assert_eq!(hear(&raw), b"P", "no goodbye to the old one came here");
}

#[test]
fn strangers_are_told_that_they_are() {
    let house = House::new(BACKENDS[0]);
    let (pull, _raw) = stranger(&house);
    let stranger = UnixDatagram::bind("").unwrap();
    stranger.connect(house.path()).unwrap();
    stranger.set_read_timeout(Some(LONG)).unwrap();
    for datagram in [&b"Dhi"[..], b"P", b"C12345678", b"junk", b"B"] {
        stranger.send(datagram).unwrap();
        assert_eq!(hear(&stranger), b"B");
    }
    // Who has no name cannot be answered.
    let unnamed = UnixDatagram::unbound().unwrap();
    unnamed.send_to(HELLO_PUSH, house.path()).unwrap();
    unnamed
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let nothing = unnamed.recv(&mut [0; 64]).unwrap_err();
    assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
    check_alive(&house, &pull);
}

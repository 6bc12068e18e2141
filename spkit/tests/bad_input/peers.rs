//! Peers that are not what they should be are dropped, and nobody else notices.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use spkit::{
    ErrorKind, Runtime, Socket, SocketEvent,
    options::{HANDSHAKE_TIMEOUT, RECONNECT_MAX, RECONNECT_MIN, RECV_MAX},
};

use crate::{
    raw, refused, until,
    world::{SOON, everywhere},
};

const PUSH: u16 = 0x50;
const PULL: u16 = 0x51;

const HANDSHAKE: Duration = Duration::from_millis(300);

/// A PULL on TCP with a good peer, and its address without the scheme.
struct Scene {
    pull: Socket,
    push: Socket,
    address: String,
}

impl Scene {
    fn new(runtime: &Runtime) -> Self {
        let pull = runtime.open("pull").unwrap();
        let listener = pull.listen_with("tcp://127.0.0.1:0", |options| {
            options.set(HANDSHAKE_TIMEOUT, HANDSHAKE)?;
            options.set(RECV_MAX, 1000)
        });
        let listener = listener.unwrap();
        let push = runtime.open("push").unwrap();
        let dialer = push.dial(listener.local_addr().as_str()).unwrap();
        dialer.connected(SOON).unwrap();
        pull.wait_for_peers(1, SOON).unwrap();
        Self {
            pull,
            push,
            address: listener.local_addr().rest().to_owned(),
        }
    }

    /// The good peer gets through.
    fn works(&self) {
        self.push.send("good").unwrap();
        assert_eq!(self.pull.recv_timeout(SOON).unwrap().body(), b"good");
    }

    /// Says something, which gets the peer refused. The error.
    fn refuse(&self, words: &[u8]) -> (spkit::Error, Duration) {
        let start = Instant::now();
        let mut peer = TcpStream::connect(&self.address).unwrap();
        peer.write_all(words).unwrap();
        self.works();
        let error = until(&self.pull, refused);
        let took = start.elapsed();
        assert!(is_at_end(&mut peer), "the connection is left open");
        self.works();
        assert_eq!(self.pull.peers(), 1);
        (error, took)
    }
}

/// Whether the other end has closed the connection, once what it said is read.
fn is_at_end(peer: &mut TcpStream) -> bool {
    peer.set_read_timeout(Some(SOON)).unwrap();
    let mut rest = Vec::new();
    match peer.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

fn on_tcp(test: impl Fn(&Runtime)) {
    everywhere(|runtime, address| {
        if address.starts_with("tcp") {
            test(runtime);
        }
    });
}

#[test]
fn silence() {
    on_tcp(|runtime| {
        let (error, took) = Scene::new(runtime).refuse(b"");
        assert_eq!(error.kind(), ErrorKind::HandshakeTimedOut, "{error}");
        assert!(took >= HANDSHAKE, "after {took:?}");
    });
}

#[test]
fn half_a_handshake() {
    on_tcp(|runtime| {
        let (error, took) = Scene::new(runtime).refuse(&raw::hello(PUSH)[..5]);
        assert_eq!(error.kind(), ErrorKind::HandshakeTimedOut, "{error}");
        assert!(took >= HANDSHAKE, "after {took:?}");
    });
}

#[test]
fn garbage() {
    on_tcp(|runtime| {
        let scene = Scene::new(runtime);
        for words in [
            &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
            &[0; 8],
            &[0xff; 8],
            &[0, b'S', b'P', 1, 0, 0x50, 0, 0],
            &[0xff; 100_000],
        ] {
            let (error, _) = scene.refuse(words);
            assert_eq!(error.kind(), ErrorKind::PeerMisbehaved, "{error}");
        }
    });
}

#[test]
fn a_peer_that_hangs_up() {
    on_tcp(|runtime| {
        let scene = Scene::new(runtime);
        for length in [0, 5] {
            let mut peer = TcpStream::connect(&scene.address).unwrap();
            peer.write_all(&raw::hello(PUSH)[..length]).unwrap();
            drop(peer);
            let error = until(&scene.pull, refused);
            assert_ne!(error.kind(), ErrorKind::HandshakeTimedOut, "{error}");
            scene.works();
        }
    });
}

#[test]
fn garbage_after_the_handshake() {
    on_tcp(|runtime| {
        let scene = Scene::new(runtime);
        for length in [1001, u64::from(u32::MAX), 1 << 62, u64::MAX] {
            let mut peer = TcpStream::connect(&scene.address).unwrap();
            raw::greet(&mut peer, PUSH);
            scene.pull.wait_for_peers(2, SOON).unwrap();
            peer.write_all(&length.to_be_bytes()).unwrap();
            let error = until(&scene.pull, |event| match event {
                SocketEvent::Disconnected { error, .. } => Some(error),
                _ => None,
            });
            assert_eq!(error.kind(), ErrorKind::MessageTooLong, "{error}");
            assert!(is_at_end(&mut peer));
            scene.works();
        }
    });
}

#[test]
fn a_crowd_of_silent_ones() {
    on_tcp(|runtime| {
        let scene = Scene::new(runtime);
        let crowd: Vec<_> = (0..100)
            .map(|_| TcpStream::connect(&scene.address).unwrap())
            .collect();
        for _ in 0..100 {
            scene.works();
        }
        for mut peer in crowd {
            let error = until(&scene.pull, refused);
            assert_eq!(error.kind(), ErrorKind::HandshakeTimedOut);
            assert!(is_at_end(&mut peer));
        }
        scene.works();
    });
}

#[test]
fn a_silent_server() {
    on_tcp(|runtime| {
        let (listener, address) = raw::listen();
        let push = runtime.open("push").unwrap();
        let start = Instant::now();
        push.dial_with(&address, |options| {
            options.set(HANDSHAKE_TIMEOUT, HANDSHAKE)?;
            options.set(RECONNECT_MIN, Duration::from_millis(5))
        })
        .unwrap();
        let (mut silent, _) = listener.accept().unwrap();
        let error = until(&push, refused);
        assert_eq!(error.kind(), ErrorKind::HandshakeTimedOut, "{error}");
        assert_eq!(error.address(), Some(address.as_str()));
        assert!(start.elapsed() >= HANDSHAKE);
        assert!(is_at_end(&mut silent));
        // It tries again, and this time somebody answers.
        let (mut peer, _) = listener.accept().unwrap();
        raw::greet(&mut peer, PULL);
        push.wait_for_peers(1, SOON).unwrap();
        push.send("x").unwrap();
        assert_eq!(raw::read_message(&mut peer).unwrap(), b"x");
    });
}

#[test]
fn another_protocol_is_refused_by_both_and_dialed_again_later_and_later() {
    everywhere(|runtime, address| {
        let pull = runtime.open("pull").unwrap();
        let listener = pull.listen(address).unwrap();
        let pair = runtime.open("pair").unwrap();
        let (min, max) = (Duration::from_millis(10), Duration::from_millis(80));
        pair.dial_with(listener.local_addr().as_str(), |options| {
            options.set(RECONNECT_MIN, min)?;
            options.set(RECONNECT_MAX, max)
        })
        .unwrap();
        for (socket, names) in [(&pair, ["PAIR", "PULL"]), (&pull, ["PAIR", "PUSH"])] {
            let error = until(socket, refused);
            assert_eq!(error.kind(), ErrorKind::ProtocolMismatch, "{error}");
            let text = error.to_string();
            for name in names {
                assert!(text.contains(name), "no {name} in: {text}");
            }
        }
        let mut pause = min;
        for _ in 0..6 {
            let after = until(&pair, |event| match event {
                SocketEvent::Redialing { after, error, .. } => {
                    assert_eq!(error.kind(), ErrorKind::ProtocolMismatch);
                    Some(after)
                }
                _ => None,
            });
            assert!(after <= pause && after >= pause / 2, "{after:?}, {pause:?}");
            pause = (pause * 2).min(max);
        }
        assert_eq!((pair.peers(), pull.peers()), (0, 0));
        // The right one is welcome.
        let push = runtime.open("push").unwrap();
        push.dial(listener.local_addr().as_str()).unwrap();
        push.send("x").unwrap();
        assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"x");
    });
}

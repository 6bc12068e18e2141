//! Times: timeouts, pauses, what a closed socket is given.

use std::{io::Read as _, net::TcpListener, time::Duration};

use spkit::{
    ErrorKind, Socket, SocketEvent,
    options::{
        HANDSHAKE_TIMEOUT, LINGER, RECONNECT_MAX, RECONNECT_MIN, RECV_TIMEOUT, SEND_BUFFER,
        SEND_TIMEOUT,
    },
};

use crate::{
    event,
    raw::{greet, listen, read_message},
    raw_to, refused, runtime,
    world::{SOON, everywhere},
};

const TICK: Duration = Duration::from_millis(1);

#[test]
pub(crate) fn send_and_recv_timeouts_are_for_calls_without_one() {
    everywhere(|runtime, _| {
        let pair = runtime.open("pair").unwrap();
        pair.set(SEND_TIMEOUT, Some(TICK)).unwrap();
        pair.set(RECV_TIMEOUT, Some(TICK)).unwrap();
        assert_eq!(pair.send("x").unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(pair.recv().unwrap_err().kind(), ErrorKind::TimedOut);
    });
}

/// The pauses before the next attempts.
fn pauses(socket: &Socket, count: usize) -> Vec<Duration> {
    let pause = |event| match event {
        SocketEvent::Redialing { after, .. } => Some(after),
        _ => None,
    };
    (0..count).map(|_| event(socket, pause)).collect()
}

fn millis(number: u64) -> Duration {
    Duration::from_millis(number)
}

#[test]
pub(crate) fn pauses_begin_at_the_minimum_and_end_at_the_maximum() {
    let pair = runtime().open("pair").unwrap();
    // Bound, and nobody listens.
    let taken = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
    taken.bind(&any.into()).unwrap();
    let port = taken.local_addr().unwrap().as_socket().unwrap().port();
    let dialer = pair
        .dial_with(&format!("tcp://127.0.0.1:{port}"), |own| {
            own.set(RECONNECT_MIN, millis(4))?;
            own.set(RECONNECT_MAX, millis(15))
        })
        .unwrap();
    // A random part of up to half is off each.
    for (pause, most) in pauses(&pair, 5).into_iter().zip([4, 8, 15, 15, 15]) {
        assert!(
            pause <= millis(most) && pause >= millis(most) / 2,
            "{pause:?} of {most}"
        );
    }
    // Without a maximum there is no back-off, from the next pause on.
    dialer.set(RECONNECT_MIN, millis(1)).unwrap();
    dialer.set(RECONNECT_MAX, Duration::ZERO).unwrap();
    while pair.try_event().is_some() {}
    pauses(&pair, 2);
    for pause in pauses(&pair, 5) {
        assert!(pause <= millis(1), "{pause:?}");
    }
}

#[test]
pub(crate) fn silence_is_ended_by_the_handshake_timeout() {
    let pull = runtime().open("pull").unwrap();
    let listener = pull
        .listen_with("tcp://127.0.0.1:0", |own| {
            own.set(HANDSHAKE_TIMEOUT, millis(20))
        })
        .unwrap();
    let mut silent = raw_to(listener.local_addr().as_str());
    let mut read = Vec::new();
    silent.read_to_end(&mut read).unwrap();
    assert_eq!(read.len(), 8, "its greeting, and the end");
    assert_eq!(refused(&pull).kind(), ErrorKind::HandshakeTimedOut);
    // A dialer's, too: the next attempt comes.
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let push = runtime().open("push").unwrap();
    push.dial_with(&format!("tcp://{}", server.local_addr().unwrap()), |own| {
        own.set(HANDSHAKE_TIMEOUT, millis(20))
    })
    .unwrap();
    let silent = [server.accept().unwrap(), server.accept().unwrap()];
    assert_eq!(refused(&push).kind(), ErrorKind::HandshakeTimedOut);
    drop(silent);
}

#[test]
pub(crate) fn a_dropped_socket_sends_on_for_its_linger() {
    for (linger, arrives) in [(SOON, true), (Duration::ZERO, false)] {
        let runtime = runtime();
        let push = runtime.open("push").unwrap();
        push.set(LINGER, linger).unwrap();
        let (server, address) = listen();
        push.dial_with(&address, |own| own.set(SEND_BUFFER, 64 << 20))
            .unwrap();
        let (mut raw, _) = server.accept().unwrap();
        greet(&mut raw, 0x51);
        // More than the system takes.
        for _ in 0..16 {
            push.send(vec![7; 1 << 20]).unwrap();
        }
        drop(push);
        if !arrives {
            // It is closed when this is over: nothing more comes.
            assert!(runtime.shutdown(SOON));
        }
        let got = std::iter::from_fn(|| read_message(&mut raw)).count();
        assert_eq!(got == 16, arrives, "{got} of 16 with {linger:?}");
    }
}

//! Orderly ends.

use std::time::Duration;

use super::*;
use crate::{Address, EndpointConfig, ErrorKind, Options, SharedState, options};

#[test]
fn a_close_flushes_says_goodbye_and_reads_to_the_peers_end() {
    let (mut side, mut peer, link) = Side::raw(Framing::Tcp);
    link.set_capacity(5);
    assert!(side.send("pending"));
    let mut out = Vec::new();
    for _ in 0..5 {
        assert!(side.close().is_pending());
        out.extend(peer.take_all());
    }
    assert_eq!(out, frame(Framing::Tcp, b"pending"));
    assert!(peer.at_end(), "our direction is shut down");
    peer.push(&frame(Framing::Tcp, b"nobody reads this"));
    assert!(side.close().is_pending());
    drop(peer);
    assert!(matches!(side.close(), Poll::Ready(Ok(()))));
}

#[test]
fn the_end_is_not_shown_before_everything_is_written() {
    let (mut side, mut peer, link) = Side::raw(Framing::Tcp);
    link.set_capacity(0);
    assert!(side.send("x"));
    assert!(side.close().is_pending());
    assert!(!peer.at_end());
    link.set_capacity(100);
    assert!(side.close().is_pending());
    assert_eq!(peer.take_all(), frame(Framing::Tcp, b"x"));
    assert!(peer.at_end());
}

#[test]
fn a_peer_that_waits_for_us_to_read_does_not_hold_up_the_close() {
    let link = TestLink::new();
    link.set_capacity(100);
    let (ours, mut peer) = link.streams();
    let mut reactor = TestReactor::new();
    peer.push(&hello());
    let pipe = finish(
        &mut connecting(Framing::Tcp, ours, &endpoint(PAIR)),
        &mut reactor,
    );
    let mut side = Side {
        pipe: pipe.unwrap(),
        reactor,
    };
    assert!(side.send(body(1000)));
    peer.push(&body(5000));
    assert!(side.close().is_pending());
    // Its bytes were read although ours are not all written: now it reads, too.
    let mut out = Vec::new();
    while !peer.at_end() {
        out.extend(peer.take_all());
        assert!(side.close().is_pending());
    }
    assert_eq!(out.len(), 8 + 8 + 1000);
}

#[test]
fn a_close_of_a_broken_connection_is_over_at_once() {
    let (mut side, _peer, link) = Side::raw(Framing::Tcp);
    assert!(side.send("x"));
    link.cut();
    let error = loop {
        if let Poll::Ready(done) = side.close() {
            break done.unwrap_err();
        }
    };
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_closing_pipe_takes_no_messages() {
    let (mut side, _peer, _) = Side::raw(Framing::Tcp);
    assert!(side.close().is_pending());
    let mut slot = Some(Message::from("x"));
    let sent = side
        .pipe
        .poll_send(&mut side.reactor.io(Ready::NONE), &mut slot);
    assert!(matches!(sent, Poll::Ready(Err(error)) if error.kind() == ErrorKind::Closed));
    assert!(slot.is_some());
}

#[test]
fn an_unfinished_body_is_given_up_by_the_close() {
    let (mut side, mut peer, _) = Side::raw(Framing::Tcp);
    peer.push(&frame(Framing::Tcp, &body(50_000))[..30_000]);
    assert!(side.bodies().is_empty());
    assert!(side.reactor.memory().used() > 0);
    assert!(side.close().is_pending());
    assert_eq!(side.reactor.memory().used(), 0);
}

/// A pipe of a socket that only sends.
fn deaf() -> (Side, TestStream, TestLink) {
    let address = Address::parse("test://").unwrap();
    let options = Options::over(&[options::COMMON]);
    let state = SharedState::new();
    let at = EndpointConfig::new(&address, &options, PAIR, &state).receiving(false);
    Side::with_raw_peer(Framing::Tcp, &StreamConfig::new(&at))
}

#[test]
fn if_nothing_can_come_it_is_enough_that_the_peer_has_it_all() {
    let (mut side, mut peer, link) = deaf();
    assert!(side.send("x"));
    link.set_taken(Some(false));
    let before = side.reactor.timers();
    assert!(side.close().is_pending());
    assert!(peer.take_all().ends_with(b"x") && peer.at_end());
    for pause in [1, 2, 4, 8, 16, 32, 64, 64] {
        assert_eq!(side.reactor.timers(), before + 1, "it asks again");
        assert!(
            side.reactor
                .advance(Duration::from_millis(pause) - Duration::from_nanos(1))
                .is_empty()
        );
        assert_eq!(side.reactor.advance(Duration::from_nanos(1)).len(), 1);
        assert!(side.close().is_pending());
    }
    link.set_taken(Some(true));
    assert!(matches!(side.close(), Poll::Ready(Ok(()))));
}

#[test]
fn a_peer_that_may_write_is_waited_for_and_so_is_one_of_whom_nothing_is_known() {
    for (side, taken) in [(Side::raw(Framing::Tcp), Some(true)), (deaf(), None)] {
        let (mut side, mut peer, link) = side;
        link.set_taken(taken);
        let before = side.reactor.timers();
        assert!(side.close().is_pending());
        assert_eq!(side.reactor.timers(), before);
        peer.push(b"more");
        assert!(side.close().is_pending());
        drop(peer);
        assert!(matches!(side.close(), Poll::Ready(Ok(()))));
    }
}

#[test]
fn what_comes_while_the_socket_closes_is_dropped_and_an_end_ends_nothing() {
    let (mut side, mut peer, link) = Side::raw(Framing::Tcp);
    link.set_capacity(100);
    assert!(side.send(body(1_000)));
    assert!(!side.flush());
    let mut inbox = Inbox::default();
    peer.push(&frame(Framing::Tcp, &body(50)));
    let mut drain = |side: &mut Side| {
        side.poll_recv(Ready::CLOSING, &mut inbox)
            .map(|_| inbox.len())
    };
    assert_eq!(drain(&mut side).unwrap(), 0);
    assert_eq!(peer.unread(), 0, "what it wrote was read");
    crate::stream::ByteStream::shutdown_write(&mut peer).unwrap();
    assert_eq!(drain(&mut side).unwrap(), 0);
    let mut out = peer.take_all();
    while !side.flush() {
        out.extend(peer.take_all());
    }
    out.extend(peer.take_all());
    assert_eq!(out, frame(Framing::Tcp, &body(1_000)));
    // When nothing more can be written, that is told.
    assert!(side.send("x"));
    link.cut();
    assert!(!side.flush());
    let error = drain(&mut side).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

//! Orderly ends.

use super::*;
use crate::ErrorKind;

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

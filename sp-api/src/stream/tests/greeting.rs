//! The connection header (`sp-tcp-mapping-01 §2`).

use super::*;
use crate::{ErrorKind, Interest};

#[test]
fn our_header_goes_out_at_once() {
    for framing in FRAMINGS {
        let (ours, mut peer) = TestLink::new().streams();
        let mut reactor = TestReactor::new();
        let mut connecting = connecting(framing, ours, &endpoint(PAIR));
        assert!(
            connecting
                .poll_pipe(&mut reactor.io(Ready::NONE))
                .is_pending()
        );
        assert_eq!(peer.take_all(), hello());
        assert_eq!(reactor.interest(), Some(Interest::READABLE));
    }
}

#[test]
fn the_pipe_tells_what_the_peer_announced() {
    let (ours, mut peer) = TestLink::new().streams();
    peer.push(&ConnectionHeader::new(0x0640).encode());
    let mut reactor = TestReactor::new();
    let pipe = finish(
        &mut connecting(Framing::Tcp, ours, &endpoint(PAIR)),
        &mut reactor,
    );
    assert_eq!(pipe.unwrap().facts().protocol, 0x0640);
    assert_eq!(reactor.lent(), 0, "nothing is kept");
}

#[test]
fn a_dialed_stream_is_waited_for_and_then_watched_for_reads_alone() {
    let link = TestLink::new();
    link.set_connected(false);
    let (ours, mut peer) = link.streams();
    let config = endpoint(PAIR);
    let mut reactor = TestReactor::new();
    let mut dialed = StreamConnecting::dialed(ours, Plain, SpWire::tcp(&config), &config);
    assert!(dialed.poll_pipe(&mut reactor.io(Ready::NONE)).is_pending());
    assert!(reactor.interest().is_some_and(Interest::is_writable));
    assert_eq!(peer.take_all(), []);
    link.set_connected(true);
    assert!(
        dialed
            .poll_pipe(&mut reactor.io(Ready::WRITABLE))
            .is_pending()
    );
    assert_eq!(peer.take_all(), hello());
    assert_eq!(reactor.interest(), Some(Interest::READABLE));
    peer.push(&hello());
    assert!(finish(&mut dialed, &mut reactor).is_ok());
    assert_eq!(reactor.sources(), 1);
}

#[test]
fn a_failed_attempt_is_no_longer_watched() {
    let link = TestLink::new();
    link.set_connected(false);
    let (ours, _peer) = link.streams();
    let config = endpoint(PAIR);
    let mut reactor = TestReactor::new();
    let mut dialed = StreamConnecting::dialed(ours, Plain, SpWire::tcp(&config), &config);
    assert!(
        dialed
            .poll_connected(&mut reactor.io(Ready::NONE))
            .is_pending()
    );
    link.cut();
    let Poll::Ready(Err(error)) = dialed.poll_connected(&mut reactor.io(Ready::WRITABLE)) else {
        panic!("the attempt failed");
    };
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(reactor.sources(), 0);
}

#[test]
fn every_wrong_byte_ends_the_connection_and_only_once_all_eight_are_there() {
    for framing in FRAMINGS {
        for at in [0, 1, 2, 3, 6, 7] {
            let (ours, mut peer) = TestLink::new().streams();
            let mut reactor = TestReactor::new();
            let mut connecting = connecting(framing, ours, &endpoint(PAIR));
            let mut bad = hello();
            bad[at] ^= 0x41;
            peer.push(&bad[..7]);
            assert!(
                connecting
                    .poll_pipe(&mut reactor.io(Ready::READABLE))
                    .is_pending()
            );
            peer.push(&bad[7..]);
            peer.push(&frame(framing, b"x"));
            let error = finish(&mut connecting, &mut reactor).unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::PeerMisbehaved,
                "byte {at}: {error}"
            );
        }
    }
}

#[test]
fn a_peer_that_goes_before_its_header_is_complete_is_named_so() {
    for len in 0..8 {
        let (ours, mut peer) = TestLink::new().streams();
        peer.push(&hello()[..len]);
        drop(peer);
        let mut reactor = TestReactor::new();
        let error = finish(
            &mut connecting(Framing::Tcp, ours, &endpoint(PAIR)),
            &mut reactor,
        );
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert!(error.to_string().contains("hello"), "{error}");
    }
}

#[test]
fn header_and_messages_in_one_segment_are_all_there() {
    for framing in FRAMINGS {
        let (ours, mut peer) = TestLink::new().streams();
        peer.push(&hello());
        peer.push(&frame(framing, b"first"));
        peer.push(&frame(framing, b""));
        let mut reactor = TestReactor::new();
        let pipe = finish(
            &mut connecting(framing, ours, &endpoint(PAIR)),
            &mut reactor,
        )
        .unwrap();
        assert!(reactor.take_notified() > 0, "no edge comes for them");
        let mut side = Side { pipe, reactor };
        assert_eq!(side.bodies(), [&b"first"[..], b""]);
    }
}

#[test]
fn no_message_goes_out_before_our_header_has() {
    let link = TestLink::new();
    link.set_capacity(3);
    let (ours, mut peer) = link.streams();
    peer.push(&hello());
    let mut reactor = TestReactor::new();
    let mut connecting = connecting(Framing::Tcp, ours, &endpoint(PAIR));
    let mut out = Vec::new();
    for _ in 0..2 {
        assert!(
            connecting
                .poll_pipe(&mut reactor.io(Ready::READABLE))
                .is_pending()
        );
        assert!(reactor.interest().is_some_and(Interest::is_writable));
        out.extend(peer.take_all());
    }
    assert!(finish(&mut connecting, &mut reactor).is_ok());
    out.extend(peer.take_all());
    assert_eq!(out, hello());
}

#[test]
fn a_connection_that_breaks_while_greeting_is_an_error() {
    let link = TestLink::new();
    let (ours, _peer) = link.streams();
    let mut reactor = TestReactor::new();
    let mut connecting = connecting(Framing::Tcp, ours, &endpoint(PAIR));
    assert!(
        connecting
            .poll_pipe(&mut reactor.io(Ready::NONE))
            .is_pending()
    );
    link.cut();
    let error = finish(&mut connecting, &mut reactor).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

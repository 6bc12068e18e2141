//! Frames on their way out.

use super::*;
use crate::{
    ErrorKind, Interest, PendingOut,
    options::SEND_BUFFER,
    testing::{TestLink, endpoint_with},
};

/// Two pipes on one link.
fn pair(framing: Framing, link: &TestLink) -> (Side, Side) {
    let (one, other) = link.streams();
    let config = endpoint(PAIR);
    let mut ends = [
        connecting(framing, one, &config),
        connecting(framing, other, &config),
    ];
    let mut reactors = [TestReactor::new(), TestReactor::new()];
    let mut pipes = [None, None];
    for _ in 0..1000 {
        for end in 0..2 {
            if pipes[end].is_none()
                && let Poll::Ready(pipe) = ends[end].poll_pipe(&mut reactors[end].io(Ready::NONE))
            {
                pipes[end] = Some(pipe.unwrap());
            }
        }
    }
    let mut sides = pipes.into_iter().zip(reactors).map(|(pipe, reactor)| Side {
        pipe: pipe.unwrap(),
        reactor,
    });
    (sides.next().unwrap(), sides.next().unwrap())
}

#[test]
fn frames_are_the_golden_ones() {
    for (framing, expected) in [
        (Framing::Tcp, &b"\0\0\0\0\0\0\0\x05hello"[..]),
        (Framing::Ipc, &b"\x01\0\0\0\0\0\0\0\x05hello"[..]),
    ] {
        let (mut side, mut peer, _) = Side::raw(framing);
        assert!(side.send("hello"));
        assert_eq!(peer.take_all(), [], "sending makes no system call");
        assert!(side.flush());
        assert_eq!(peer.take_all(), expected);
    }
}

#[test]
fn the_size_counts_header_words_and_body() {
    let (mut side, mut peer, _) = Side::raw(Framing::Tcp);
    let mut request = Message::from("Hello");
    request.push_back(0x8000_0001);
    assert!(side.send(request));
    assert!(side.flush());
    assert_eq!(peer.take_all(), b"\0\0\0\0\0\0\0\x09\x80\0\0\x01Hello");
}

#[test]
fn any_hardship_on_the_way_loses_nothing() {
    let small = [0, 1, 100, 3, 0, 2000, 9];
    let large = [0, 1, 20_000, 3, 70_000, 0, 17_000, 16_384, 9];
    for framing in FRAMINGS {
        for (sizes, read_max, write_max, capacity) in [
            (&small[..], usize::MAX, 1, 1 << 18),
            (&small, 1, usize::MAX, 1 << 18),
            (&small, usize::MAX, usize::MAX, 1),
            (&large, 701, 1100, 1300),
            (&large, 4096, 5000, 6000),
        ] {
            let messages: Vec<_> = sizes.iter().copied().map(body).collect();
            for hard in [false, true] {
                let link = TestLink::new();
                link.set_read_max(read_max);
                link.set_write_max(write_max);
                link.set_capacity(capacity);
                link.set_stutter(hard);
                link.set_interrupts(hard);
                let (mut one, mut other) = pair(framing, &link);
                assert!(carry(&mut one, &mut other, &messages) == messages);
                assert!(carry(&mut other, &mut one, &messages) == messages);
                assert_eq!(
                    one.reactor.lent() + other.reactor.lent(),
                    0,
                    "buffers are returned"
                );
            }
        }
    }
}

#[test]
fn many_small_messages_leave_in_one_write() {
    let (mut side, mut peer, link) = Side::raw(Framing::Tcp);
    for _ in 0..100 {
        assert!(side.send("x"));
    }
    assert_eq!(
        side.pipe.pending(),
        PendingOut {
            messages: 100,
            bytes: 900
        }
    );
    let calls = link.calls();
    assert!(side.flush());
    assert_eq!(link.calls(), calls + 1);
    assert_eq!(side.pipe.pending(), PendingOut::default());
    assert_eq!(peer.take_all().len(), 900);
}

#[test]
fn a_full_pipe_takes_no_more_until_it_is_flushed() {
    let config = endpoint_with(PAIR, |options| options.with(SEND_BUFFER, 100).unwrap());
    let (mut side, mut peer, link) = Side::with_raw_peer(Framing::Tcp, &config);
    link.set_capacity(0);
    assert!(side.send(vec![0; 91]));
    assert!(side.send("last"), "99 of 100 bytes are below the limit");
    assert!(!side.send("more"));
    assert!(!side.flush());
    assert!(!side.send("more"));
    link.set_capacity(1 << 20);
    assert!(side.flush());
    assert!(
        side.send(vec![0; 1000]),
        "one that is larger than all is taken alone"
    );
    assert!(!side.send("more"));
    assert!(side.flush());
    assert_eq!(peer.take_all().len(), 91 + 8 + 4 + 8 + 1000 + 8);
}

#[test]
fn an_empty_slot_asks_for_room() {
    let config = endpoint_with(PAIR, |options| options.with(SEND_BUFFER, 1).unwrap());
    let (mut side, _peer, _) = Side::with_raw_peer(Framing::Tcp, &config);
    let ask = |side: &mut Side| {
        let polled = side
            .pipe
            .poll_send(&mut side.reactor.io(Ready::NONE), &mut None);
        polled.map(Result::unwrap).is_ready()
    };
    assert!(ask(&mut side));
    assert!(side.send("x"));
    assert!(!ask(&mut side));
}

#[test]
fn writable_is_watched_while_blocked_and_some_flushes_longer() {
    let (mut side, mut peer, link) = Side::raw(Framing::Tcp);
    let watched = |side: &Side| side.reactor.interest().is_some_and(Interest::is_writable);
    link.set_capacity(4);
    assert!(side.send("hello"));
    assert!(!side.flush());
    assert!(watched(&side));
    let changes = side.reactor.changes();
    link.set_capacity(1 << 20);
    assert!(side.flush());
    for _ in 0..3 {
        assert!(side.send("x"));
        assert!(side.flush());
    }
    assert!(watched(&side), "the next write may block again");
    assert_eq!(side.reactor.changes(), changes);
    for _ in 0..10 {
        assert!(side.send("x"));
        assert!(side.flush());
    }
    assert!(!watched(&side));
    assert_eq!(side.reactor.changes(), changes + 1);
    peer.take_all();
}

#[test]
fn a_large_body_is_sent_from_where_it_is_and_dropped_when_it_is_gone() {
    let (mut side, mut peer, link) = Side::raw(Framing::Tcp);
    let sent = bytes::Bytes::from(body(100_000));
    assert!(side.send(Message::from(sent.clone())));
    assert!(!sent.is_unique(), "it is shared, not copied");
    link.set_capacity(99_999);
    assert!(!side.flush());
    assert!(!sent.is_unique());
    let mut out = peer.take_all();
    assert!(side.flush());
    out.extend(peer.take_all());
    assert!(out == frame(Framing::Tcp, &sent));
    assert!(sent.is_unique());
}

#[test]
fn a_huge_message_is_written_in_turns() {
    let link = TestLink::new();
    link.set_capacity(usize::MAX);
    let (mut one, mut other) = pair(Framing::Tcp, &link);
    assert!(one.send(vec![1; 5 << 20]));
    one.reactor.take_notified();
    assert!(!one.flush());
    assert!(
        one.reactor.take_notified() > 0,
        "no edge comes, so it rings for itself"
    );
    while !one.flush() {}
    // The receive limit is 1 MiB.
    let (_, error) = other.receive(Ready::READABLE);
    assert_eq!(error.unwrap().kind(), ErrorKind::MessageTooLong);
}

#[test]
fn a_failed_write_is_told_after_what_the_peer_said_last() {
    let (mut side, mut peer, _) = Side::raw(Framing::Tcp);
    peer.push(&frame(Framing::Tcp, b"last words"));
    drop(peer);
    assert!(side.send("too late"));
    side.reactor.take_notified();
    assert!(!side.flush());
    assert!(
        side.reactor.take_notified() > 0,
        "it has itself polled for the end"
    );
    let (bodies, error) = side.receive(Ready::NOTIFIED);
    assert_eq!(bodies, [b"last words"]);
    assert!(error.is_some());
    let mut slot = Some(Message::from("later still"));
    let sent = side
        .pipe
        .poll_send(&mut side.reactor.io(Ready::NONE), &mut slot);
    assert!(sent.is_pending());
    assert!(slot.is_some());
}

#[test]
fn an_idle_pipe_is_small_and_holds_no_buffer() {
    use super::super::StreamPipe;
    let size = size_of::<StreamPipe<TestStream, Plain, SpWire>>() - size_of::<TestStream>();
    assert!(size <= 256, "{size} bytes beside the stream");
    let (mut side, mut peer, _) = Side::raw(Framing::Tcp);
    assert!(side.send("ping"));
    assert!(side.flush());
    peer.push(&frame(Framing::Tcp, b"pong"));
    assert_eq!(side.bodies().len(), 1);
    assert_eq!(side.reactor.lent(), 0);
    assert_eq!(side.reactor.memory().used(), 0);
}

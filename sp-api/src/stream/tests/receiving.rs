//! Frames on their way in (`sp-tcp-mapping-01 §3`, `sp-ipc-mapping-01 §4`).

use super::*;
use crate::{ErrorKind, options::RECV_MAX, testing::endpoint_with};

/// Frames of several sizes, small and large.
fn mixture(framing: Framing) -> (Vec<u8>, Vec<Vec<u8>>) {
    let bodies: Vec<_> = [0, 1, 7, 300, 0, 20, 2].into_iter().map(body).collect();
    let stream = bodies
        .iter()
        .flat_map(|body| frame(framing, body))
        .collect();
    (stream, bodies)
}

#[test]
fn a_stream_may_be_split_at_any_byte() {
    for framing in FRAMINGS {
        let (stream, bodies) = mixture(framing);
        for at in 0..=stream.len() {
            let (mut side, mut peer, _) = Side::raw(framing);
            peer.push(&stream[..at]);
            let mut arrived = side.bodies();
            peer.push(&stream[at..]);
            arrived.extend(side.bodies());
            assert_eq!(arrived, bodies, "split at {at}");
            assert_eq!(side.reactor.memory().used(), 0);
        }
    }
}

#[test]
fn a_stream_may_come_byte_by_byte() {
    for framing in FRAMINGS {
        let (stream, bodies) = mixture(framing);
        let (mut side, mut peer, _) = Side::raw(framing);
        let mut arrived = Vec::new();
        for byte in stream {
            peer.push(&[byte]);
            arrived.extend(side.bodies());
        }
        assert_eq!(arrived, bodies);
    }
}

#[test]
fn a_large_body_may_come_in_pieces_of_any_size() {
    let sizes = [
        16 * 1024,
        16 * 1024 + 1,
        65_536,
        65_528,
        65_529,
        200_000,
        1 << 20,
    ];
    for step in [1_000, 4096, 65_535, 65_536, 65_537, 300_000, usize::MAX] {
        let (mut side, mut peer, link) = Side::raw(Framing::Tcp);
        link.set_read_max(step);
        for size in sizes {
            let sent = body(size);
            for part in frame(Framing::Tcp, &sent).chunks(50_000) {
                peer.push(part);
            }
            let arrived = side.all_bodies(&peer);
            assert_eq!(arrived.len(), 1, "{size} bytes by {step}");
            assert!(arrived[0] == sent, "{size} bytes by {step}");
        }
        assert_eq!(side.reactor.memory().used(), 0);
    }
}

#[test]
fn large_and_small_messages_take_turns() {
    for framing in FRAMINGS {
        let (mut side, mut peer, _) = Side::raw(framing);
        let sizes = [
            70_000, 0, 5, 40_000, 33_000, 17_000, 64_000, 65_536, 65_536, 1, 100_000,
        ];
        let bodies: Vec<_> = sizes.into_iter().map(body).collect();
        for sent in &bodies {
            peer.push(&frame(framing, sent));
        }
        assert!(side.bodies() == bodies);
    }
}

#[test]
fn a_hundred_frames_in_one_read_keep_their_order() {
    for framing in FRAMINGS {
        let (mut side, mut peer, link) = Side::raw(framing);
        let bodies: Vec<_> = (0..100).map(|n| n.to_string().into_bytes()).collect();
        let stream: Vec<_> = bodies
            .iter()
            .flat_map(|body| frame(framing, body))
            .collect();
        peer.push(&stream);
        let before = link.calls();
        assert_eq!(side.bodies(), bodies);
        assert_eq!(link.calls(), before + 1, "a short read is the last");
    }
}

#[test]
fn a_read_hands_out_slices_of_one_buffer() {
    let (mut side, mut peer, _) = Side::raw(Framing::Tcp);
    peer.push(&frame(Framing::Tcp, &body(5000)));
    peer.push(&frame(Framing::Tcp, &body(5000)));
    let mut inbox = Inbox::default();
    assert_eq!(
        side.poll_recv(Ready::READABLE, &mut inbox).unwrap(),
        Progress::Drained
    );
    let first = inbox.pop().unwrap().body().as_ptr() as usize;
    let second = inbox.pop().unwrap().body().as_ptr() as usize;
    assert_eq!(second, first + 5000 + 8);
}

#[test]
fn a_stream_of_middling_messages_is_not_copied_but_across_two_reads() {
    let (mut side, mut peer, link) = Side::raw(Framing::Tcp);
    link.set_capacity(usize::MAX);
    let sent = body(65_536);
    for _ in 0..8 {
        peer.push(&frame(Framing::Tcp, &sent));
    }
    let mut inbox = Inbox::with_budget(usize::MAX, usize::MAX);
    let calls = link.calls();
    while side.poll_recv(Ready::READABLE, &mut inbox).unwrap() == Progress::More {}
    assert!(link.calls() <= calls + 4, "{} reads", link.calls() - calls);
    let starts: Vec<_> = inbox.iter().map(|m| m.body().as_ptr() as usize).collect();
    let adjacent = starts.windows(2).filter(|two| two[1] == two[0] + 65_544);
    assert!(adjacent.count() >= 5, "slices of the same buffers");
    assert!(inbox.iter().all(|message| message.body() == sent));
    assert_eq!(side.reactor.memory().used(), 0);
}

#[test]
fn a_full_inbox_stops_the_pipe_and_the_rest_is_kept() {
    let (mut side, mut peer, link) = Side::raw(Framing::Tcp);
    for n in 0..10_u8 {
        peer.push(&frame(Framing::Tcp, &[n]));
    }
    let mut inbox = Inbox::with_budget(4, usize::MAX);
    assert_eq!(
        side.poll_recv(Ready::READABLE, &mut inbox).unwrap(),
        Progress::More
    );
    let calls = link.calls();
    assert_eq!(
        side.poll_recv(Ready::NONE, &mut inbox).unwrap(),
        Progress::More
    );
    assert_eq!(
        (inbox.len(), link.calls()),
        (4, calls),
        "nothing is read meanwhile"
    );
    let mut seen = Vec::new();
    for expected in [Progress::More, Progress::Drained] {
        while let Some(message) = inbox.pop() {
            seen.push(message.body()[0]);
        }
        assert_eq!(side.poll_recv(Ready::NONE, &mut inbox).unwrap(), expected);
    }
    while let Some(message) = inbox.pop() {
        seen.push(message.body()[0]);
    }
    assert_eq!(seen, (0..10).collect::<Vec<_>>());
}

#[test]
fn a_flood_is_read_in_turns() {
    let (mut side, mut peer, _) = Side::raw(Framing::Tcp);
    peer.push(&frame(Framing::Tcp, &body(1 << 20)));
    let mut inbox = Inbox::default();
    assert_eq!(
        side.poll_recv(Ready::READABLE, &mut inbox).unwrap(),
        Progress::More,
        "half of it is a turn"
    );
    assert!(inbox.is_empty());
    while inbox.is_empty() {
        let _ = side.poll_recv(Ready::NONE, &mut inbox).unwrap();
    }
    assert_eq!(inbox.len(), 1);
}

#[test]
fn the_limit_is_allowed_and_one_more_ends_the_connection_without_its_body() {
    for framing in FRAMINGS {
        for limit in [10, 1000, 100_000] {
            let config = endpoint_with(PAIR, |options| options.with(RECV_MAX, limit).unwrap());
            let (mut side, mut peer, _) = Side::with_raw_peer(framing, &config);
            peer.push(&frame(framing, &body(limit)));
            assert_eq!(side.bodies(), [body(limit)]);
            peer.push(&prefix(framing, limit + 1));
            let (bodies, error) = side.receive(Ready::READABLE);
            assert_eq!(bodies.len(), 0);
            assert_eq!(error.unwrap().kind(), ErrorKind::MessageTooLong);
            assert_eq!(side.reactor.memory().used(), 0);
        }
    }
}

#[test]
fn absurd_sizes_are_refused_without_a_limit_too() {
    let config = endpoint_with(PAIR, |options| options.with(RECV_MAX, 0).unwrap());
    for size in [
        1_u64 << 31,
        1 << 40,
        (1 << 63) - 1,
        1 << 63,
        u64::MAX - 8,
        u64::MAX,
    ] {
        let (mut side, mut peer, _) = Side::with_raw_peer(Framing::Tcp, &config);
        peer.push(&frame(Framing::Tcp, b"good"));
        peer.push(&size.to_be_bytes());
        peer.push(b"body");
        let (bodies, error) = side.receive(Ready::READABLE);
        assert_eq!(bodies, [b"good"], "what came before is delivered");
        assert_eq!(
            error.unwrap().kind(),
            ErrorKind::MessageTooLong,
            "{size:#x}"
        );
    }
}

#[test]
fn a_wrong_type_on_ipc_ends_the_connection() {
    for found in [0x00, 0x02, 0x7f, 0xff] {
        let (mut side, mut peer, _) = Side::raw(Framing::Ipc);
        let mut bad = frame(Framing::Ipc, b"x");
        bad[0] = found;
        peer.push(&bad);
        let (bodies, error) = side.receive(Ready::READABLE);
        assert!(bodies.is_empty());
        assert_eq!(error.unwrap().kind(), ErrorKind::PeerMisbehaved);
    }
}

#[test]
fn a_second_header_is_taken_for_a_size_and_refused() {
    let (mut side, mut peer, _) = Side::raw(Framing::Tcp);
    peer.push(&hello());
    let (_, error) = side.receive(Ready::READABLE);
    assert_eq!(error.unwrap().kind(), ErrorKind::MessageTooLong);
}

#[test]
fn the_end_that_comes_with_the_last_bytes_is_seen_if_readiness_tells() {
    let (mut side, mut peer, _) = Side::raw(Framing::Tcp);
    peer.push(&frame(Framing::Tcp, b"last"));
    drop(peer);
    // Without the hint a short read has to mean "no more now": another edge would have to come.
    let (bodies, error) = side.receive(Ready::READABLE);
    assert_eq!((bodies.len(), error.is_none()), (1, true));
    let (_, error) = side.receive(Ready::NONE);
    assert_eq!(error.unwrap().kind(), ErrorKind::Closed);

    let (mut side, mut peer, _) = Side::raw(Framing::Tcp);
    peer.push(&frame(Framing::Tcp, b"last"));
    drop(peer);
    let (bodies, error) = side.receive(Ready::READABLE | Ready::CLOSED);
    assert_eq!(bodies, [b"last"]);
    assert_eq!(error.unwrap().kind(), ErrorKind::Closed);
}

#[test]
fn the_hint_of_the_end_is_remembered_over_full_inboxes() {
    let (mut side, mut peer, _) = Side::raw(Framing::Tcp);
    for _ in 0..3 {
        peer.push(&frame(Framing::Tcp, b"x"));
    }
    drop(peer);
    let mut inbox = Inbox::with_budget(1, usize::MAX);
    let first = side.poll_recv(Ready::READABLE | Ready::CLOSED, &mut inbox);
    assert_eq!(first.unwrap(), Progress::More);
    let (bodies, error) = side.receive(Ready::NONE);
    assert_eq!(bodies.len(), 2);
    assert_eq!(error.unwrap().kind(), ErrorKind::Closed);
}

#[test]
fn a_message_cut_short_is_discarded() {
    for framing in FRAMINGS {
        let whole = frame(framing, &body(10));
        let large = frame(framing, &body(50_000));
        for cut in [
            &whole[..1],
            &whole[..8],
            &whole[..15],
            &large[..9],
            &large[..40_000],
        ] {
            let (mut side, mut peer, _) = Side::raw(framing);
            peer.push(&frame(framing, b"whole"));
            peer.push(cut);
            drop(peer);
            let (bodies, error) = side.receive(Ready::READABLE | Ready::CLOSED);
            assert_eq!(bodies, [b"whole"]);
            assert_eq!(error.unwrap().kind(), ErrorKind::ConnectionReset);
        }
    }
}

#[test]
fn a_cut_connection_is_reset() {
    let (mut side, mut peer, link) = Side::raw(Framing::Tcp);
    peer.push(&frame(Framing::Tcp, b"lost"));
    link.cut();
    let (bodies, error) = side.receive(Ready::READABLE);
    assert!(bodies.is_empty());
    assert_eq!(error.unwrap().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn calls_that_block_or_are_interrupted_lose_nothing() {
    for framing in FRAMINGS {
        let (stream, bodies) = mixture(framing);
        let (mut side, mut peer, link) = Side::raw(framing);
        link.set_stutter(true);
        link.set_interrupts(true);
        link.set_read_max(3);
        peer.push(&stream);
        let mut arrived = Vec::new();
        for _ in 0..stream.len() {
            arrived.extend(side.bodies());
        }
        assert_eq!(arrived, bodies);
    }
}

#[test]
fn no_bytes_make_it_panic_or_hoard() {
    let mut random = TestReactor::new();
    let mut byte = move || random.io(Ready::NONE).random().to_be_bytes()[0];
    for round in 0..2000 {
        for framing in FRAMINGS {
            let (mut side, mut peer, link) = Side::raw(framing);
            link.set_read_max(1 + usize::from(byte()));
            for _ in 0..byte() % 8 {
                // Lengths that pass and lengths that do not, then anything at all.
                let len = [usize::from(byte()), 30_000, 1 << 20, 1 << 21][usize::from(byte() % 4)];
                let mut part = prefix(framing, len);
                part.extend((0..byte()).map(|_| byte()));
                if byte() % 4 == 0 {
                    let at = usize::from(byte()) % part.len();
                    part[at] = byte();
                }
                peer.push(&part);
                let (_, error) = side.receive(Ready::READABLE);
                let used = side.reactor.memory().used();
                assert!(used <= 64 * 1024, "round {round}: {used} bytes");
                if error.is_some() {
                    break;
                }
            }
            let memory = side.reactor.memory().clone();
            drop(side);
            assert_eq!(memory.used(), 0);
        }
    }
}

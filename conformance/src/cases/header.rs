//! The connection header: what S sends, what it takes, and what it refuses.

use std::time::Duration;

use spkit_api::{Value, options};

use super::Row;
use crate::{
    driver::Fixture,
    endpoints,
    scene::{Running, Scene, fresh_body},
    tester::{Door, codec},
    transcript::show,
    verdict::{During, Outcome, Trouble, ensure},
};

pub(crate) static ROWS: &[Row] = &[
    Row::new("header.sent-at-once", &[Fixture::PAIR], sent_at_once)
        .tcp(&[
            "SP-TCP-001",
            "SP-TCP-002",
            "SP-TCP-003",
            "SP-TCP-004",
            "SP-TCP-005",
        ])
        .ipc(&["SP-IPC-001", "SP-IPC-002", "SP-IPC-011"]),
    Row::new(
        "header.sent-at-once-dialing",
        &[Fixture::PAIR],
        sent_at_once_dialing,
    )
    .tcp(&[
        "SP-TCP-001",
        "SP-TCP-002",
        "SP-TCP-003",
        "SP-TCP-004",
        "SP-TCP-005",
    ])
    .ipc(&["SP-IPC-001", "SP-IPC-002", "SP-IPC-011"]),
    Row::new(
        "header.no-message-before-peers",
        &[Fixture::PUSH],
        no_message_before_peers,
    )
    .tcp(&["SP-TCP-006"])
    .ipc(&["SP-IPC-002"])
    .note("PUSH only"),
    Row::new("header.then-messages", &[Fixture::PAIR], then_messages)
        .tcp(&["SP-TCP-007"])
        .ipc(&["SP-IPC-002"]),
    Row::new(
        "header.then-messages-dialing",
        &[Fixture::PAIR],
        then_messages_dialing,
    )
    .tcp(&["SP-TCP-007", "SP-X-008"])
    .ipc(&["SP-IPC-002", "SP-X-008"]),
    Row::new("header.bad-byte-0", &[Fixture::REP], |scene| {
        refused(scene, &[with(&[(0, 0x01)]), b"GET / HT".to_vec()])
    })
    .tcp(&["SP-TCP-008"])
    .ipc(&["SP-IPC-003"]),
    Row::new("header.bad-byte-1", &[Fixture::REP], |scene| {
        refused(scene, &[with(&[(1, 0x54)]), with(&[(1, 0x73)])])
    })
    .tcp(&["SP-TCP-009"])
    .ipc(&["SP-IPC-003"]),
    Row::new("header.bad-byte-2", &[Fixture::REP], |scene| {
        refused(scene, &[with(&[(2, 0x51)]), with(&[(2, 0x70)])])
    })
    .tcp(&["SP-TCP-010"])
    .ipc(&["SP-IPC-003"]),
    Row::new("header.bad-version", &[Fixture::REP], |scene| {
        refused(scene, &[with(&[(3, 0x01)]), with(&[(3, 0xff)])])
    })
    .tcp(&["SP-TCP-011"])
    .ipc(&["SP-IPC-003"]),
    Row::new("header.reserved-not-zero", &[Fixture::REP], |scene| {
        refused(
            scene,
            &[
                with(&[(7, 0x01)]),
                with(&[(6, 0x01)]),
                with(&[(6, 0xff), (7, 0xff)]),
            ],
        )
    })
    .tcp(&["SP-TCP-012"])
    .ipc(&["SP-IPC-004"]),
    Row::new(
        "header.bad-in-two-parts",
        &[Fixture::PAIR],
        bad_in_two_parts,
    )
    .tcp(&["SP-TCP-013"])
    .ipc(&["SP-IPC-003"])
    .note("no verdict on what happens before the eighth byte"),
    Row::new("header.wrong-peer", &[Fixture::PAIR], wrong_peer)
        .tcp(&["SP-TCP-014"])
        .ipc(&["SP-IPC-005"]),
    Row::new(
        "header.bad-from-listener",
        &[Fixture::PAIR],
        bad_from_listener,
    )
    .tcp(&[
        "SP-TCP-008",
        "SP-TCP-009",
        "SP-TCP-010",
        "SP-TCP-011",
        "SP-TCP-012",
        "SP-TCP-021",
    ])
    .ipc(&["SP-IPC-003", "SP-IPC-004"]),
    Row::new("header.split-bytewise", &[Fixture::PAIR], split_bytewise)
        .tcp(&["SP-TCP-015"])
        .ipc(&["SP-IPC-012"]),
    Row::new(
        "header.with-first-message",
        &[Fixture::PAIR],
        with_first_message,
    )
    .tcp(&["SP-TCP-016"])
    .ipc(&["SP-IPC-012"]),
    Row::new("header.never-completed", &[Fixture::PAIR], never_completed)
        .tcp(&["SP-TCP-017", "H-03", "H-04"])
        .ipc(&["SP-IPC-012", "H-03", "H-04"])
        .slow()
        .note("with the endpoint's handshake limit set to 1 s"),
    Row::new(
        "header.completed-at-900-ms",
        &[Fixture::PAIR],
        completed_late,
    )
    .tcp(&["SP-TCP-018"])
    .ipc(&["SP-IPC-012"])
    .slow(),
    Row::new(
        "header.refused-is-not-delivered",
        &[Fixture::PAIR_MANUAL],
        refused_is_not_delivered,
    )
    .tcp(&["SP-TCP-019", "H-13"])
    .ipc(&["SP-IPC-012", "H-13"]),
    Row::new("header.fifty-bad-ones", &[Fixture::REP], fifty_bad_ones)
        .tcp(&["SP-TCP-020"])
        .ipc(&["SP-IPC-012"]),
    Row::new(
        "header.dialer-tries-again",
        &[Fixture::PAIR],
        dialer_tries_again,
    )
    .tcp(&["SP-TCP-021"])
    .ipc(&["SP-IPC-005", "SP-IPC-012"]),
];

/// The header that a REP waits for, with these bytes in it.
fn with(bytes: &[(usize, u8)]) -> Vec<u8> {
    changed(endpoints::REQ, bytes)
}

fn changed(id: u16, bytes: &[(usize, u8)]) -> Vec<u8> {
    let mut header = codec::header(id);
    for (at, byte) in bytes {
        header[*at] = *byte;
    }
    header
}

fn sent_at_once(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    scene.open(&subject)?.expect_header(endpoints::PAIR)?;
    let mut again = scene.open(&subject)?;
    let bytes = again.read_header_bytes()?;
    let wanted = codec::header(endpoints::PAIR);
    ensure(bytes == wanted, "the same header each time", || {
        show(scene.kind(), &bytes)
    })?;
    again.quiet()
}

fn sent_at_once_dialing(scene: &Scene<'_>) -> Outcome {
    let (_subject, door) = scene.dial(Fixture::PAIR)?;
    scene.tester.accept(&door)?.expect_header(endpoints::PAIR)
}

fn no_message_before_peers(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PUSH)?;
    std::thread::scope(|threads| {
        // Waits in the endpoint from before the connection until after the handshake.
        let sending = threads.spawn(|| subject.send(scene, b"waiting"));
        let mut peer = scene.open(&subject)?;
        peer.expect_header(endpoints::PUSH)?;
        peer.quiet_for(scene.pace().millis(800))
            .during("the peer's header is missing")?;
        peer.send(&codec::header(endpoints::PULL))?;
        peer.expect_frame(b"waiting")
            .during("after the peer's header")?;
        sending
            .join()
            .map_err(|_| Trouble::Kit("the sending thread panicked".to_owned()))?
    })
}

fn then_messages(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.connect(&subject)?;
    scene.alive(&mut peer, &subject)?;
    scene.alive(&mut peer, &subject)
}

fn then_messages_dialing(scene: &Scene<'_>) -> Outcome {
    let (subject, door) = scene.dial(Fixture::PAIR)?;
    let mut peer = scene.welcome(&subject, &door)?;
    scene.alive(&mut peer, &subject)?;
    scene.alive(&mut peer, &subject)
}

/// Each of these headers is answered by a close, and harms nobody.
///
/// By a REP, not by a PAIR: a PAIR that has not yet noticed that its last peer went closes good connections too, and
/// would seem to refuse what it takes.
pub(super) fn refused(scene: &Scene<'_>, headers: &[Vec<u8>]) -> Outcome {
    let subject = scene.listen(Fixture::REP)?;
    scene.fresh(&subject)?;
    for header in headers {
        refuse_one(scene, &subject, header)?;
    }
    scene.fresh(&subject)
}

/// Sends one header on a connection of its own, and sees it closed.
pub(super) fn refuse_one(scene: &Scene<'_>, subject: &Running, header: &[u8]) -> Outcome {
    let step = format!("after {}", show(scene.kind(), header));
    scene.step(step.as_str());
    let mut peer = scene.open(subject)?;
    peer.offer(header);
    peer.closed().during(step)
}

fn bad_in_two_parts(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.open(&subject)?;
    peer.send(&[0xff])?;
    peer.pause(scene.pace().millis(100))?;
    peer.offer(&[0x53, 0x50, 0, 0, 0x10, 0, 0]);
    peer.closed()?;
    scene.fresh(&subject)
}

fn wrong_peer(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    refuse_one(scene, &subject, &codec::header(endpoints::PUSH))?;
    scene.fresh(&subject)
}

/// A dialer refuses the same headers as a listener, and dials again each time.
fn bad_from_listener(scene: &Scene<'_>) -> Outcome {
    let (subject, door) = scene.dial(Fixture::PAIR)?;
    let wrong = [
        (0, 0x01),
        (1, 0x54),
        (2, 0x51),
        (3, 0x01),
        (6, 0x01),
        (7, 0x01),
    ];
    let headers = wrong.map(|byte| changed(endpoints::PAIR, &[byte]));
    for header in headers {
        let step = format!("after {}", show(scene.kind(), &header));
        scene.step(step.as_str());
        let mut peer = scene.tester.accept(&door).during(&step)?;
        peer.offer(&header);
        peer.closed().during(step)?;
    }
    scene.fresh_dial(&subject, &door).map(drop)
}

fn split_bytewise(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.open(&subject)?;
    // 400 ms in all, whatever the scale: the limit is the endpoint's.
    peer.send_slowly(&codec::header(endpoints::PAIR), Duration::from_millis(50))?;
    peer.expect_header(endpoints::PAIR)?;
    scene.alive(&mut peer, &subject)
}

fn with_first_message(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.open(&subject)?;
    let body = fresh_body();
    let frame = codec::frame(scene.kind(), body.as_bytes());
    peer.send(&[codec::header(endpoints::PAIR), frame].concat())?;
    peer.expect_header(endpoints::PAIR)?;
    peer.expect_frame(body.as_bytes())
}

fn never_completed(scene: &Scene<'_>) -> Outcome {
    let limit = Value::Duration(Some(Duration::from_secs(1)));
    let subject =
        scene.listen_with(Fixture::PAIR, &[(options::HANDSHAKE_TIMEOUT.name(), limit)])?;
    let mut silent = scene.open(&subject)?;
    let mut partial = scene.open(&subject)?;
    partial.send(&codec::header(endpoints::PAIR)[..7])?;
    scene.fresh(&subject).during("while two handshakes hang")?;
    let limit = scene.pace().millis(15_000);
    silent.closed_within(limit).during("no byte of a header")?;
    partial.closed_within(limit).during("7 bytes of a header")?;
    scene.fresh(&subject)
}

fn completed_late(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.open(&subject)?;
    let header = codec::header(endpoints::PAIR);
    peer.send(&header[..7])?;
    // From here on the endpoint is known to be waiting.
    peer.expect_header(endpoints::PAIR)?;
    peer.pause(Duration::from_millis(900))?;
    ensure(peer.end().is_none(), "900 ms for a header", || {
        "the connection is closed".to_owned()
    })?;
    peer.send(&header[7..])?;
    scene.alive(&mut peer, &subject)
}

fn refused_is_not_delivered(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR_MANUAL)?;
    let mut bad = scene.open(&subject)?;
    let frame = codec::frame(scene.kind(), b"never to be seen");
    bad.offer(&[changed(endpoints::PAIR, &[(7, 0x01)]), frame].concat());
    bad.closed()?;
    subject.receives_nothing(scene)?;
    scene.fresh(&subject)
}

fn fifty_bad_ones(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REP)?;
    for round in 0..50 {
        let mut peer = scene.open(&subject)?;
        peer.offer(&with(&[(2, 0x51)]));
        peer.closed().during(format!("bad header {round}"))?;
    }
    scene.fresh(&subject)
}

fn dialer_tries_again(scene: &Scene<'_>) -> Outcome {
    let (subject, door): (Running, Door) = scene.dial(Fixture::PAIR)?;
    let mut peer = scene.tester.accept(&door)?;
    peer.offer(&codec::header(0x0070));
    peer.closed().during("the listener announces BUS")?;
    scene.fresh_dial(&subject, &door).map(drop)
}

//! Message framing: sizes, splits, order, and what is inside.

use std::time::Duration;

use super::Row;
use crate::{
    driver::Fixture,
    endpoints,
    scene::Scene,
    tester::codec,
    transcript::{hex, show},
    verdict::{During, Outcome, ensure},
};

pub(crate) static ROWS: &[Row] = &[
    Row::new("framing.golden-pair", &[Fixture::PAIR_MANUAL], golden_pair)
        .tcp(&["SP-TCP-030", "SP-P0-001"])
        .ipc(&["SP-IPC-006", "SP-IPC-007", "SP-IPC-008", "SP-P0-001"]),
    Row::new("framing.golden-push", &[Fixture::PUSH], golden_push)
        .tcp(&["SP-TCP-030", "SP-PL-002"])
        .ipc(&["SP-IPC-006", "SP-PL-002"]),
    Row::new("framing.golden-request", &[Fixture::REQ], golden_request)
        .tcp(&["SP-TCP-031", "SP-RR-002"])
        .ipc(&["SP-IPC-008", "SP-RR-002"]),
    Row::new("framing.golden-reply", &[Fixture::REP], golden_reply)
        .tcp(&["SP-TCP-031", "SP-RR-031"])
        .ipc(&["SP-IPC-008", "SP-RR-031"]),
    Row::new("framing.empty-echoed", &[Fixture::PAIR], empty_echoed)
        .tcp(&["SP-TCP-032", "SP-P0-009"])
        .ipc(&["SP-IPC-009", "SP-P0-009"]),
    Row::new("framing.empty-delivered", &[Fixture::PULL], empty_delivered)
        .tcp(&["SP-TCP-032", "SP-PL-011"])
        .ipc(&["SP-IPC-009", "SP-PL-011"]),
    Row::new("framing.split-bytewise", &[Fixture::PAIR], split_bytewise)
        .tcp(&["SP-TCP-033"])
        .ipc(&["SP-IPC-012"]),
    Row::new("framing.cut-everywhere", &[Fixture::PAIR], cut_everywhere)
        .tcp(&["SP-TCP-033"])
        .ipc(&["SP-IPC-012"]),
    Row::new("framing.hundred-at-once", &[Fixture::PAIR], hundred_at_once)
        .tcp(&["SP-TCP-034"])
        .ipc(&["SP-IPC-012"]),
    Row::new("framing.any-bytes", &[Fixture::PAIR], any_bytes)
        .tcp(&["SP-TCP-035"])
        .ipc(&["SP-IPC-012"]),
    Row::new("framing.not-interleaved", &[Fixture::PUSH], not_interleaved)
        .tcp(&["SP-TCP-036"])
        .ipc(&["SP-IPC-012"]),
    Row::new(
        "framing.second-header-is-a-size",
        &[Fixture::PAIR],
        second_header,
    )
    .tcp(&["SP-TCP-037", "H-12"])
    .ipc(&["SP-IPC-012", "H-12"]),
];

fn golden_pair(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR_MANUAL)?;
    let mut peer = scene.connect(&subject)?;
    peer.send(&golden(scene, b"hello", "0000000000000005"))?;
    subject.expect(scene, b"hello")?;
    subject.send(scene, b"world")?;
    peer.expect(&golden(scene, b"world", "0000000000000005"))
}

fn golden_push(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PUSH)?;
    let mut peer = scene.connect(&subject)?;
    subject.send(scene, b"task1")?;
    peer.expect(&golden(scene, b"task1", "0000000000000005"))
}

fn golden_request(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REQ)?;
    let mut peer = scene.connect(&subject)?;
    subject.send(scene, b"Hello")?;
    let request = peer.read_frame()?;
    let right = request.len() == 9 && request[0] & 0x80 != 0 && &request[4..] == b"Hello";
    ensure(
        right,
        "a payload of 9 bytes: an id with its top bit set, then `Hello`",
        || format!("{} bytes: {}", request.len(), hex(&request)),
    )?;
    let reply = [&request[..4], b"World"].concat();
    peer.send(&golden(scene, &reply, "0000000000000009"))?;
    subject.expect(scene, b"World")
}

fn golden_reply(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REP)?;
    let mut peer = scene.connect(&subject)?;
    let request = golden(scene, b"\x80\x00\x03\x37Hello", "0000000000000009");
    peer.send(&request)?;
    peer.expect(&request)
}

/// A frame written out: its size field comes as digits, from the golden vectors.
fn golden(scene: &Scene<'_>, payload: &[u8], size: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&size[at..at + 2], 16).unwrap_or_default();
    let size: Vec<u8> = (0..size.len()).step_by(2).map(digits).collect();
    let kind: &[u8] = match scene.kind() {
        spkit_api::transport::StreamKind::Ipc => &[1],
        _ => &[],
    };
    [kind, &size, payload].concat()
}

fn empty_echoed(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.connect(&subject)?;
    peer.send_frame(b"")?;
    peer.expect_frame(b"")?;
    scene.alive(&mut peer, &subject)
}

fn empty_delivered(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PULL)?;
    let mut peer = scene.connect(&subject)?;
    peer.send_frame(b"")?;
    subject.expect(scene, b"")?;
    scene.alive(&mut peer, &subject)
}

fn split_bytewise(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.connect(&subject)?;
    let frame = codec::frame(scene.kind(), b"twenty bytes");
    peer.send_slowly(&frame, Duration::from_millis(5))?;
    peer.expect(&frame)?;
    scene.alive(&mut peer, &subject)
}

/// Two segments, cut at every point, the one between type byte and size among them.
fn cut_everywhere(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.connect(&subject)?;
    let frame = codec::frame(scene.kind(), b"in two parts");
    for cut in 1..frame.len() {
        peer.send(&frame[..cut])?;
        peer.pause(Duration::from_millis(3))?;
        peer.send(&frame[cut..])?;
        peer.expect(&frame)
            .during(format!("cut after {cut} bytes"))?;
    }
    Ok(())
}

fn hundred_at_once(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.connect(&subject)?;
    let frame = |number: usize| codec::frame(scene.kind(), number.to_string().as_bytes());
    peer.send(&(0..100).flat_map(frame).collect::<Vec<u8>>())?;
    for number in 0..100 {
        peer.expect(&frame(number))
            .during(format!("message {number} of 100"))?;
    }
    scene.alive(&mut peer, &subject)
}

fn any_bytes(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.connect(&subject)?;
    let every_byte: Vec<u8> = (0..=255).collect();
    let bodies: [&[u8]; 4] = [
        &every_byte,
        &[0, 0x53, 0x50, 0, 0, 0x10, 0, 0],
        b"\r\n\r\n",
        &[1, 0, 0, 0, 0, 0, 0, 0, 1, 1],
    ];
    for body in bodies {
        peer.send_frame(body)?;
        peer.expect_frame(body)
            .during(format!("a body of {}", show(scene.kind(), body)))?;
    }
    Ok(())
}

fn not_interleaved(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PUSH)?;
    let mut peer = scene.connect(&subject)?;
    let large: Vec<u8> = (0..1_000_000u32).map(|n| n as u8).collect();
    // Two senders would be no case: messages of one socket are in the order of its sends.
    std::thread::scope(|threads| {
        let sending = threads.spawn(|| {
            subject.send(scene, &large)?;
            subject.send(scene, b"end")
        });
        let first = peer.read_frame()?;
        ensure(
            first == large,
            "the message of 1,000,000 bytes, unbroken",
            || format!("a message of {} bytes", first.len()),
        )?;
        peer.expect_frame(b"end")?;
        sending
            .join()
            .map_err(|_| crate::verdict::Trouble::Kit("sending panicked".to_owned()))?
    })
}

fn second_header(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.connect(&subject)?;
    peer.offer(&codec::header(endpoints::PAIR));
    peer.closed()?;
    scene.fresh(&subject)
}

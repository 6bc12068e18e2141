//! Hostile input on any stream: whatever comes, the endpoint survives and others are served.

pub(crate) mod each;
pub(crate) mod load;

use std::{io::Write as _, time::Duration};

use super::{
    Row,
    header::{refuse_one, refused},
};
use crate::{
    driver::Fixture,
    endpoints,
    scene::Scene,
    tester::codec,
    verdict::{During, Outcome, Trouble, ensure},
};

pub(crate) static ROWS: &[Row] = &[
    Row::new(
        "hostile.connect-and-close",
        &[Fixture::REP],
        connect_and_close,
    )
    .tcp(&["H-01"])
    .ipc(&["H-01", "SP-IPC-016"])
    .heavy(),
    Row::new(
        "hostile.connect-and-reset",
        &[Fixture::REP],
        connect_and_reset,
    )
    .both(&["H-02"])
    .note("on ipc an early close, since Unix sockets know no reset"),
    Row::new("hostile.slow-header", &[Fixture::REP], slow_header)
        .both(&["H-05"])
        .slow()
        .note("a byte each 100 ms, not each 200 ms; no verdict on acceptance"),
    Row::new(
        "hostile.hanging-handshakes",
        &[Fixture::REP],
        hanging_handshakes,
    )
    .both(&["H-06"])
    .heavy()
    .note("200 connections, not 500, to stay within common descriptor limits"),
    Row::new("hostile.foreign-greetings", &[Fixture::REP], |scene| {
        refused(
            scene,
            &[[0; 8], [0xff; 8], *b"GET / HT", [0x16, 3, 1, 2, 0, 1, 0, 1]].map(Vec::from),
        )
    })
    .both(&["H-07"]),
    Row::new("hostile.flipped-bits", &[Fixture::REP], flipped_bits)
        .both(&["H-08"])
        .slow(),
    Row::new("hostile.every-version", &[Fixture::REP], every_version)
        .both(&["H-09"])
        .slow(),
    Row::new(
        "hostile.flood-of-bad-headers",
        &[Fixture::REP],
        flood_of_bad_headers,
    )
    .both(&["H-15"])
    .heavy()
    .note("500 bad headers in all, as fast as they go, not 500 a second for 10 s"),
    Row::new("hostile.size-too-small", &[Fixture::PULL], size_too_small).both(&["H-25"]),
    Row::new(
        "hostile.many-empty-messages",
        &[Fixture::PULL],
        many_empty_messages,
    )
    .both(&["H-26"])
    .heavy(),
    Row::new(
        "hostile.large-message-bytewise",
        &[Fixture::PAIR],
        large_message_bytewise,
    )
    .both(&["H-27"])
    .heavy(),
];

fn connect_and_close(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REP)?;
    scene.open(&subject)?.close();
    scene.fresh(&subject).during("after one")?;
    for _ in 0..100 {
        scene.open(&subject)?.close();
    }
    scene.fresh(&subject).during("after a hundred")
}

fn connect_and_reset(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REP)?;
    for _ in 0..20 {
        scene.open(&subject)?.reset();
    }
    scene.fresh(&subject)
}

fn slow_header(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REP)?;
    let mut slow = scene.open(&subject)?;
    for byte in codec::header(endpoints::REQ) {
        slow.offer(&[byte]);
        slow.pause(Duration::from_millis(100))?;
    }
    scene.fresh(&subject)
}

fn hanging_handshakes(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REP)?;
    let mut hanging = Vec::new();
    for number in 0..200 {
        hanging.push(
            scene
                .open(&subject)
                .during(format!("connection {number} of 200"))?,
        );
    }
    scene.fresh(&subject).during("while 200 handshakes hang")?;
    drop(hanging);
    scene.fresh(&subject).during("after they are gone")
}

fn flipped_bits(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REP)?;
    scene.fresh(&subject)?;
    for bit in 0..64 {
        let mut header = codec::header(endpoints::REQ);
        header[bit / 8] ^= 1 << (bit % 8);
        refuse_one(scene, &subject, &header).during(format!("bit {bit}"))?;
    }
    scene.fresh(&subject)
}

fn every_version(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REP)?;
    scene.fresh(&subject)?;
    for version in 1..=255 {
        let mut header = codec::header(endpoints::REQ);
        header[3] = version;
        refuse_one(scene, &subject, &header)?;
    }
    scene.fresh(&subject)
}

fn flood_of_bad_headers(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REP)?;
    let mut good = scene.connect(&subject)?;
    for round in 0..500 {
        let mut bad = scene.open(&subject)?;
        bad.offer(&[0xff; 8]);
        if round % 50 == 0 {
            scene
                .alive(&mut good, &subject)
                .during(format!("amid the flood, {round}"))?;
        }
    }
    scene.alive(&mut good, &subject)?;
    scene.fresh(&subject)
}

/// What follows a message that was announced too short is taken for the next one's size.
fn size_too_small(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PULL)?;
    let mut peer = scene.connect(&subject)?;
    let prefix = codec::prefix(scene.kind(), 4);
    peer.offer(&[prefix, b"seen".to_vec(), vec![0xff; 16]].concat());
    subject
        .expect(scene, b"seen")
        .during("as much as was announced")?;
    peer.closed().during("the surplus is no acceptable size")?;
    scene.fresh(&subject)
}

fn many_empty_messages(scene: &Scene<'_>) -> Outcome {
    const COUNT: usize = 100_000;
    let subject = scene.listen(Fixture::PULL)?;
    let peer = scene.connect(&subject)?;
    let mut writer = peer.writer()?;
    let frames = [
        codec::frame(scene.kind(), b"").repeat(COUNT),
        codec::frame(scene.kind(), b"end"),
    ];
    std::thread::scope(|threads| {
        // The endpoint's queues are shorter than that: it is read while it is written.
        let writing = threads.spawn(move || writer.write_all(&frames.concat()));
        for number in 0..COUNT {
            let body = subject.recv(scene);
            ensure(
                body.as_deref() == Some(b""),
                format!("empty message {number} of {COUNT}"),
                || format!("{body:?}"),
            )?;
        }
        subject.expect(scene, b"end")?;
        let written = writing
            .join()
            .map_err(|_| Trouble::Kit("writing panicked".to_owned()))?;
        written.map_err(|error| Trouble::failed("all messages to be taken", error.to_string()))
    })
}

fn large_message_bytewise(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.connect(&subject)?;
    let body: Vec<u8> = (0..64u32 << 10).map(|n| (n % 251) as u8).collect();
    for byte in codec::frame(scene.kind(), &body) {
        peer.send(&[byte])?;
    }
    peer.expect_frame(&body)?;
    scene.alive(&mut peer, &subject)
}

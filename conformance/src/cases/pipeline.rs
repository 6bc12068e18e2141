//! PUSH and PULL: one copy to one peer, in turn, and back-pressure instead of loss.

use std::io::Write as _;

use super::{Row, requests::first_of};
use crate::{
    driver::Fixture,
    pace::Deadline,
    scene::{Running, Scene, breathe, fresh_body},
    tester::{Peer, codec},
    verdict::{During, Outcome, Trouble, ensure},
};

pub(crate) static ROWS: &[Row] = &[
    Row::new("pipeline.in-turn", &[Fixture::PUSH], in_turn).both(&["SP-PL-003", "SP-PL-004"]),
    Row::new("pipeline.slow-puller", &[Fixture::PUSH], slow_puller)
        .both(&["SP-PL-004"])
        .heavy()
        .note("200 messages of 64 KiB"),
    Row::new("pipeline.without-a-peer", &[Fixture::PUSH], |scene| {
        without_a_peer(scene, Fixture::PUSH)
    })
    .both(&["SP-PL-005"]),
    Row::new("pair.without-a-peer", &[Fixture::PAIR_MANUAL], |scene| {
        without_a_peer(scene, Fixture::PAIR_MANUAL)
    })
    .both(&["SP-P0-007"]),
    Row::new("pipeline.in-order", &[Fixture::PUSH], in_order).both(&["SP-PL-006"]),
    Row::new("pipeline.flooding-pusher", &[Fixture::PULL], flood).both(&["SP-PL-007"]),
    Row::new("pipeline.pull-is-silent", &[Fixture::PULL], pull_is_silent).both(&["SP-PL-008"]),
    Row::new("pipeline.talking-puller", &[Fixture::PUSH], talking_puller)
        .both(&["SP-PL-009", "H-47"]),
    Row::new("pipeline.slow-application", &[Fixture::PULL], |scene| {
        slow_application(scene, Fixture::PULL)
    })
    .both(&["SP-PL-012"])
    .heavy(),
    Row::new("pair.slow-reader", &[Fixture::PAIR], slow_reader)
        .both(&["SP-P0-008", "H-52"])
        .heavy()
        .note("T does not read until its writing is held up, not for 3 s"),
    Row::new("pair.in-order", &[Fixture::PAIR], pair_in_order)
        .both(&["SP-P0-002", "SP-P0-006"])
        .note("2,000 numbered messages, not 10,000"),
    Row::new("pipeline.large", &[Fixture::PUSH], large)
        .both(&["SP-X-004"])
        .heavy()
        .note("16 MiB, not 64 MB"),
];

/// Peers that S is known to have: each of them was sent something.
fn pullers(scene: &Scene<'_>, subject: &Running, count: usize) -> Outcome<Vec<Peer>> {
    let mut peers = Vec::new();
    for _ in 0..count {
        peers.push(scene.connect(subject)?);
    }
    let deadline = Deadline::after(scene.pace().expect());
    let mut reached = vec![false; count];
    while reached.contains(&false) {
        subject.send(scene, fresh_body().as_bytes())?;
        let (number, _) = first_of(scene, &mut peers)?;
        reached[number] = true;
        ensure(!deadline.is_over(), "every peer to get messages", || {
            format!("{reached:?}")
        })?;
    }
    Ok(peers)
}

fn in_turn(scene: &Scene<'_>) -> Outcome {
    const ROUNDS: usize = 30;
    let subject = scene.listen(Fixture::PUSH)?;
    let mut peers = pullers(scene, &subject, 3)?;
    let mut counts = [0; 3];
    for round in 0..ROUNDS {
        let body = fresh_body();
        subject.send(scene, body.as_bytes())?;
        let (number, came) = first_of(scene, &mut peers)?;
        ensure(came == body.as_bytes(), format!("message {round}"), || {
            crate::transcript::hex(&came)
        })?;
        counts[number] += 1;
    }
    ensure(
        counts.iter().all(|count| (7..=13).contains(count)),
        format!("{ROUNDS} messages spread over three peers"),
        || format!("{counts:?}"),
    )?;
    scene.all_quiet(&mut peers).during("once each")
}

/// Who does not read is passed over once its buffers are full.
fn slow_puller(scene: &Scene<'_>) -> Outcome {
    const COUNT: usize = 200;
    let subject = scene.listen(Fixture::PUSH)?;
    let mut peers = pullers(scene, &subject, 2)?;
    let (Some(deaf), Some(mut reader)) = (peers.pop(), peers.pop()) else {
        return Err(Trouble::Kit("two peers".to_owned()));
    };
    let body = vec![b'x'; 64 << 10];
    std::thread::scope(|threads| {
        let reading = threads.spawn(move || {
            let mut read = 0;
            while reader.read_frame()? != b"end" {
                read += 1;
            }
            Ok(read)
        });
        for number in 0..COUNT {
            subject
                .send(scene, &body)
                .during(format!("message {number}, beside a peer that never reads"))?;
        }
        let deadline = Deadline::after(scene.pace().expect());
        while !reading.is_finished() && !deadline.is_over() {
            subject.send(scene, b"end")?;
            breathe();
        }
        let read: Outcome<usize> = reading
            .join()
            .map_err(|_| Trouble::Kit("reading panicked".to_owned()))?;
        let read = read?;
        ensure(
            read > COUNT / 2,
            "most messages to go to the peer that reads",
            || format!("{read} of {COUNT}"),
        )
    })?;
    deaf.close();
    Ok(())
}

/// What is sent before anybody is there waits for the first that comes.
fn without_a_peer(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    let subject = scene.listen(fixture)?;
    std::thread::scope(|threads| {
        let sending = threads.spawn(|| subject.send(scene, b"nobody there"));
        let mut peer = scene.connect(&subject)?;
        peer.expect_frame(b"nobody there")
            .during("what was sent without a peer")?;
        sending
            .join()
            .map_err(|_| Trouble::Kit("sending panicked".to_owned()))??;
        scene.alive(&mut peer, &subject)
    })
}

fn in_order(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PUSH)?;
    let mut peer = scene.connect(&subject)?;
    std::thread::scope(|threads| {
        let sending =
            threads.spawn(|| (0..1000u32).try_for_each(|n| subject.send(scene, &n.to_be_bytes())));
        for number in 0..1000u32 {
            peer.expect_frame(&number.to_be_bytes())
                .during(format!("message {number}"))?;
        }
        sending
            .join()
            .map_err(|_| Trouble::Kit("sending panicked".to_owned()))?
    })
}

fn flood(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PULL)?;
    let [flood, mut quiet] = [scene.connect(&subject)?, scene.connect(&subject)?];
    let mut writer = flood.writer()?;
    let frames = codec::frame(scene.kind(), b"flood").repeat(10_000);
    std::thread::scope(|threads| {
        let flooding = threads.spawn(move || writer.write_all(&frames));
        subject.expect(scene, b"flood")?;
        quiet.send_frame(b"quiet")?;
        let deadline = Deadline::after(scene.pace().expect());
        let mut found = false;
        for _ in 0..10_000 {
            found |= subject.recv(scene).as_deref() == Some(b"quiet");
            if deadline.is_over() {
                break;
            }
        }
        ensure(
            found,
            "the message of the quiet peer among the flood",
            || "none".to_owned(),
        )?;
        let flooded = flooding
            .join()
            .map_err(|_| Trouble::Kit("flooding panicked".to_owned()))?;
        flooded.map_err(|error| Trouble::failed("the flood to be taken", error.to_string()))
    })
}

fn pull_is_silent(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PULL)?;
    let mut peer = scene.connect(&subject)?;
    scene.alive(&mut peer, &subject)?;
    peer.quiet()
}

fn talking_puller(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PUSH)?;
    let mut talker = scene.connect(&subject)?;
    scene.alive(&mut talker, &subject)?;
    for _ in 0..3 {
        talker.send_frame(b"x")?;
    }
    scene.alive(&mut talker, &subject)?;
    talker.half_close();
    talker.closed().during("the talker has finished")?;
    scene.fresh(&subject)
}

/// While nobody receives, T cannot go on writing for ever; and then nothing of it is missing.
fn slow_application(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    const COUNT: usize = 400;
    let subject = scene.listen(fixture)?;
    let peer = scene.connect(&subject)?;
    let mut writer = peer.writer()?;
    writer
        .set_write_timeout(scene.pace().fresh())
        .map_err(|error| Trouble::kit("a timeout", error))?;
    let frame = codec::frame(scene.kind(), &[b'x'; 64 << 10]);
    std::thread::scope(|threads| {
        let writing = threads.spawn(move || (0..COUNT).try_for_each(|_| writer.write_all(&frame)));
        std::thread::park_timeout(scene.pace().quiet());
        ensure(
            !writing.is_finished(),
            "writing to be held up while nobody receives",
            || format!("{COUNT} messages of 64 KiB were taken"),
        )?;
        for number in 0..COUNT {
            let body = subject.recv(scene);
            ensure(
                body.as_ref().map(Vec::len) == Some(64 << 10),
                format!("message {number} of {COUNT}"),
                || format!("{:?} bytes", body.map(|body| body.len())),
            )?;
        }
        let written = writing
            .join()
            .map_err(|_| Trouble::Kit("writing panicked".to_owned()))?;
        written.map_err(|error| Trouble::failed("all messages to be taken", error.to_string()))
    })
}

/// A PAIR whose echoes nobody reads takes no more, and loses nothing; when its peer goes, the next one is served.
fn slow_reader(scene: &Scene<'_>) -> Outcome {
    const COUNT: usize = 400;
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.connect(&subject)?;
    let mut writer = peer.writer()?;
    writer
        .set_write_timeout(scene.pace().fresh())
        .map_err(|error| Trouble::kit("a timeout", error))?;
    let body = vec![b'x'; 64 << 10];
    let frame = codec::frame(scene.kind(), &body);
    std::thread::scope(|threads| {
        let writing = threads.spawn(move || (0..COUNT).try_for_each(|_| writer.write_all(&frame)));
        std::thread::park_timeout(scene.pace().quiet());
        ensure(
            !writing.is_finished(),
            "writing to be held up while nobody reads the echoes",
            || format!("{COUNT} messages of 64 KiB were taken"),
        )?;
        for number in 0..COUNT {
            let echo = peer.read_frame().during(format!("echo {number}"))?;
            ensure(echo == body, format!("echo {number} of {COUNT}"), || {
                format!("{} bytes", echo.len())
            })?;
        }
        writing
            .join()
            .map_err(|_| Trouble::Kit("writing panicked".to_owned()))?
            .map_err(|error| Trouble::failed("all messages to be taken", error.to_string()))
    })?;
    peer.half_close();
    peer.closed()?;
    scene.fresh(&subject)
}

fn pair_in_order(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.connect(&subject)?;
    let mut writer = peer.writer()?;
    let frames = (0..2000u32).map(|n| codec::frame(scene.kind(), &n.to_be_bytes()));
    let frames = frames.collect::<Vec<_>>().concat();
    std::thread::scope(|threads| {
        let writing = threads.spawn(move || writer.write_all(&frames));
        for number in 0..2000u32 {
            peer.expect_frame(&number.to_be_bytes())
                .during(format!("echo {number}"))?;
        }
        writing
            .join()
            .map_err(|_| Trouble::Kit("writing panicked".to_owned()))?
            .map_err(|error| Trouble::failed("all messages to be taken", error.to_string()))
    })
}

/// What is sent has no limit but the receiver's.
fn large(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PUSH)?;
    let mut peer = scene.connect(&subject)?;
    let body: Vec<u8> = (0..16u32 << 20).map(|n| (n % 251) as u8).collect();
    std::thread::scope(|threads| {
        let sending = threads.spawn(|| subject.send(scene, &body));
        let came = peer.read_frame()?;
        ensure(came == body, "16 MiB as they were sent", || {
            format!("{} bytes", came.len())
        })?;
        sending
            .join()
            .map_err(|_| Trouble::Kit("sending panicked".to_owned()))?
    })
}

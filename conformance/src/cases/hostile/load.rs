//! Many connections and messages, and peers that stop in the middle.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use spkit_api::{Value, options};

use super::Row;
use crate::{
    driver::Fixture,
    pace::Deadline,
    scene::{Scene, fresh_body},
    tester::codec,
    verdict::{During, Outcome, Trouble, ensure},
};

pub(crate) static ROWS: &[Row] = &[
    Row::new(
        "hostile.idle-connections",
        &[Fixture::REP],
        idle_connections,
    )
    .both(&["H-105"])
    .heavy()
    .note("200 connections, not 1,000, to stay within common descriptor limits"),
    Row::new(
        "hostile.one-message-each",
        &[Fixture::REP],
        one_message_each,
    )
    .both(&["H-106"])
    .heavy()
    .note("500 connections, not 10,000; a test of the kit looks at memory and descriptors"),
    Row::new(
        "hostile.closing-listener",
        &[Fixture::PAIR],
        closing_listener,
    )
    .both(&["H-107"])
    .slow()
    .note("for 1 s, not for 30 s"),
    Row::new("hostile.silent-listener", &[Fixture::PAIR], silent_listener)
        .both(&["H-108"])
        .note("with the endpoint's handshake limit set to 300 ms"),
    Row::new(
        "hostile.stops-in-mid-message",
        &[Fixture::PUB],
        stops_in_mid_message,
    )
    .both(&["H-109"])
    .note("PUB only"),
    Row::new("hostile.flood-of-answers", &[Fixture::SURV], answers)
        .both(&["H-45"])
        .heavy(),
    Row::new("hostile.flooded-bus", &[Fixture::BUS], flooded_bus)
        .both(&["H-54"])
        .heavy()
        .note("10 peers, and 20 messages of 64 KiB from each"),
];

fn idle_connections(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REP)?;
    let mut idle = Vec::new();
    for number in 0..200 {
        let peer = scene.connect(&subject);
        idle.push(peer.during(format!("connection {number}"))?);
    }
    scene.fresh(&subject).during("beside 200 idle connections")
}

/// Each is noticed to be gone.
fn one_message_each(scene: &Scene<'_>) -> Outcome {
    const COUNT: u64 = 500;
    let subject = scene.listen(Fixture::REP)?;
    for number in 0..COUNT {
        let mut peer = scene.connect(&subject)?;
        scene
            .alive(&mut peer, &subject)
            .during(format!("connection {number}"))?;
    }
    subject.counts("the end of each connection", scene, |losses| {
        losses.connections >= COUNT
    })?;
    scene.fresh(&subject)
}

fn closing_listener(scene: &Scene<'_>) -> Outcome {
    let (subject, door) = scene.dial(Fixture::PAIR)?;
    let start = Instant::now();
    let deadline = Deadline::after(scene.pace().millis(1_000));
    let mut attempts = 0;
    while let Some(left) = deadline.left() {
        if let Some(peer) = scene.tester.accept_within(&door, left)? {
            attempts += 1;
            peer.close();
        }
    }
    let most = 1 + start.elapsed().as_millis() / scene.pace().millis(10).as_millis().max(1);
    ensure(
        attempts <= most,
        format!("at most {most} attempts to connect"),
        || attempts.to_string(),
    )?;
    scene.fresh_dial(&subject, &door).map(drop)
}

fn silent_listener(scene: &Scene<'_>) -> Outcome {
    let limit = Value::Duration(Some(scene.pace().millis(300)));
    let options = [(options::HANDSHAKE_TIMEOUT.name(), limit)];
    let (subject, door) = scene.dial_with(Fixture::PAIR, &options)?;
    let mut silent = scene.tester.accept(&door)?;
    silent.closed().during("a listener that says nothing")?;
    scene.fresh_dial(&subject, &door).map(drop)
}

fn stops_in_mid_message(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PUB)?;
    let mut peer = scene.connect(&subject)?;
    scene.tune_in(&mut peer, &subject)?;
    for _ in 0..20 {
        subject.send(scene, &[b'x'; 1 << 20])?;
    }
    ensure(
        peer.hears(scene.pace().expect())?,
        "the first bytes",
        || "none".to_owned(),
    )?;
    let start = Instant::now();
    subject.stop();
    let took = start.elapsed();
    ensure(
        took < scene.pace().closed(),
        "the endpoint to be closed, whatever its peer has not read",
        || format!("it took {took:?}"),
    )?;
    peer.closed_forgetting_messages()
}

/// The end of the survey comes in time, however many answers do.
fn answers(scene: &Scene<'_>) -> Outcome {
    let time = scene.pace().millis(1_000);
    let options = [("survey-time", Value::Duration(Some(time)))];
    let subject = scene.listen_with(Fixture::SURV, &options)?;
    let mut peer = scene.connect(&subject)?;
    scene.alive(&mut peer, &subject)?;
    subject.send(scene, b"anybody?")?;
    let survey = peer.read_frame()?;
    let start = Instant::now();
    let mut writer = peer.writer()?;
    let frames = codec::frame(scene.kind(), &survey).repeat(100_000);
    std::thread::scope(|threads| {
        let answering = threads.spawn(move || writer.write_all(&frames));
        let mut count = 0;
        let mut asked = Instant::now();
        while let Some(body) = subject.recv(scene) {
            ensure(body == b"anybody?", "the answers that were given", || {
                crate::transcript::hex(&body)
            })?;
            count += 1;
            ensure(
                start.elapsed() < time + scene.pace().expect(),
                "the survey to end in time",
                || format!("{count} answers and no end"),
            )?;
            asked = Instant::now();
        }
        ensure(
            asked.elapsed() < scene.pace().expect(),
            "the application to be told of the end of the survey",
            || "nothing came".to_owned(),
        )?;
        // The rest is too late.
        let _cut = answering
            .join()
            .map_err(|_| Trouble::Kit("answering panicked".to_owned()))?;
        ensure(count > 0, "some answers", || "none".to_owned())
    })?;
    scene.fresh(&subject)
}

fn flooded_bus(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::BUS)?;
    let mut good = scene.connect(&subject)?;
    scene.alive(&mut good, &subject)?;
    let mut floods = Vec::new();
    for _ in 0..10 {
        floods.push(scene.connect(&subject)?);
    }
    let frames = codec::frame(scene.kind(), &[b'x'; 64 << 10]).repeat(20);
    let flooding: Vec<_> = floods
        .iter()
        .map(|flood| {
            let (mut writer, frames) = (flood.writer()?, frames.clone());
            // Held up, or cut off: nobody reads for the while.
            Ok(std::thread::spawn(move || writer.write_all(&frames)))
        })
        .collect::<Outcome<_>>()?;
    let body = fresh_body();
    good.send_frame(body.as_bytes())?;
    let deadline = Deadline::after(scene.pace().expect());
    let mut found = false;
    while !found && !deadline.is_over() {
        found = subject.recv(scene).as_deref() == Some(body.as_bytes());
    }
    ensure(found, "the message of a good peer amid the flood", || {
        "none".to_owned()
    })?;
    drop(floods);
    // Until the flood is over.
    while flooding.iter().any(|thread| !thread.is_finished()) || !subject.drain(scene).is_empty() {
        std::thread::park_timeout(Duration::from_millis(1));
        subject.drain(scene);
    }
    good.drain(Duration::from_millis(1))?;
    scene.alive(&mut good, &subject)
}

//! Surveys: who gets them, which answers count and until when.

use std::time::{Duration, Instant};

use spkit_api::Value;

use super::{
    Row,
    requests::{FOREIGN, expect_body, neighbour},
};
use crate::{
    driver::Fixture,
    scene::{Running, Scene, fresh_body},
    tester::{Peer, codec},
    transcript::hex,
    verdict::{During, Outcome, ensure},
};

pub(crate) static ROWS: &[Row] = &[
    Row::new("surveys.golden", &[Fixture::SURV], golden)
        .both(&["SP-SV-002", "SP-SV-003", "SP-SV-007"])
        .note("that the first id is random needs several starts"),
    Row::new(
        "surveys.every-respondent",
        &[Fixture::SURV],
        every_respondent,
    )
    .both(&["SP-SV-004", "SP-SV-007"]),
    Row::new("surveys.not-for-later", &[Fixture::SURV], not_for_later)
        .both(&["SP-SV-005", "SP-SV-006"]),
    Row::new("surveys.foreign-answers", &[Fixture::SURV], foreign_answers)
        .both(&["SP-SV-008", "H-39"]),
    Row::new("surveys.late-answers", &[Fixture::SURV], late_answers)
        .both(&["SP-SV-009", "SP-SV-010", "H-44"])
        .slow(),
    Row::new("surveys.new-cancels-old", &[Fixture::SURV], new_cancels_old)
        .both(&["SP-SV-011", "H-44"]),
    Row::new("surveys.sent-once", &[Fixture::SURV], sent_once).both(&["SP-SV-012"]),
    Row::new("surveys.never-wait", &[Fixture::SURV], never_wait)
        .both(&["SP-SV-022"])
        .heavy()
        .note("200 surveys of 10 kB, fewer if the time for one is over"),
];

/// A SURVEYOR whose surveys last this long.
fn surveyor(scene: &Scene<'_>, time: Duration) -> Outcome<Running> {
    let time = [("survey-time", Value::Duration(Some(time)))];
    scene.listen_with(Fixture::SURV, &time)
}

/// The same, for longer than the case takes.
fn patient(scene: &Scene<'_>) -> Outcome<Running> {
    surveyor(scene, 10 * scene.pace().expect())
}

/// A RESPONDENT's connection that S counts: it got a survey.
fn respondent(scene: &Scene<'_>, subject: &Running) -> Outcome<Peer> {
    let mut peer = scene.connect(subject)?;
    scene.alive(&mut peer, subject)?;
    Ok(peer)
}

/// Issues a survey.
fn survey(scene: &Scene<'_>, subject: &Running) -> Outcome<String> {
    let body = fresh_body();
    subject.send(scene, body.as_bytes())?;
    Ok(body)
}

/// The survey with this body as it comes to T, whatever came before.
fn next(peer: &mut Peer, body: &str) -> Outcome<Vec<u8>> {
    loop {
        let frame = peer.read_frame().during("the survey")?;
        if frame.get(4..) == Some(body.as_bytes()) {
            return Ok(frame);
        }
    }
}

/// T's answer to a survey.
fn answer(survey: &[u8], body: &str) -> Vec<u8> {
    [&survey[..4], body.as_bytes()].concat()
}

fn golden(scene: &Scene<'_>) -> Outcome {
    let subject = patient(scene)?;
    let mut peer = respondent(scene, &subject)?;
    let mut ids = Vec::new();
    for _ in 0..3 {
        subject.send(scene, b"Hello")?;
        let survey = peer.read_frame()?;
        let right = survey.len() == 9 && survey[0] & 0x80 != 0 && &survey[4..] == b"Hello";
        ensure(
            right,
            "a payload of 9 bytes: an id with its top bit set, then `Hello`",
            || hex(&survey),
        )?;
        peer.send_frame(&answer(&survey, "World"))?;
        subject.expect(scene, b"World")?;
        let id = survey.first_chunk().map(|id| u32::from_be_bytes(*id));
        ids.extend(id);
    }
    let follow = |two: &[u32]| two[1] == two[0].wrapping_add(1) | 1 << 31;
    ensure(ids.windows(2).all(follow), "each id one more", || {
        format!("{ids:08x?}")
    })
}

fn every_respondent(scene: &Scene<'_>) -> Outcome {
    let subject = patient(scene)?;
    let mut peers = Vec::new();
    for _ in 0..3 {
        peers.push(respondent(scene, &subject)?);
    }
    let body = survey(scene, &subject)?;
    let mut copies = Vec::new();
    for peer in &mut peers {
        copies.push(next(peer, &body)?);
    }
    let same = copies.iter().all(|copy| *copy == copies[0]);
    ensure(same, "the same survey for each", || format!("{copies:x?}"))?;
    // Any number of answers, also two from one (SP-SV-007).
    peers[0].send_frame(&answer(&copies[0], "yes"))?;
    for peer in &mut peers {
        peer.send_frame(&answer(&copies[0], "yes"))?;
    }
    (0..4).try_for_each(|_| subject.expect(scene, b"yes"))
}

fn not_for_later(scene: &Scene<'_>) -> Outcome {
    let subject = patient(scene)?;
    survey(scene, &subject).during("without a respondent")?;
    let mut late = scene.connect(&subject)?;
    late.quiet().during("after a survey that nobody got")?;
    scene.alive(&mut late, &subject)?;
    let body = survey(scene, &subject)?;
    let copy = next(&mut late, &body)?;
    let mut later = scene.connect(&subject)?;
    later.quiet().during("while a survey runs")?;
    late.send_frame(&copy)?;
    subject.expect(scene, body.as_bytes())
}

fn foreign_answers(scene: &Scene<'_>) -> Outcome {
    let subject = patient(scene)?;
    let mut good = respondent(scene, &subject)?;
    for foreign in FOREIGN {
        let mut peer = respondent(scene, &subject)?;
        let body = survey(scene, &subject)?;
        let copy = next(&mut peer, &body)?;
        peer.offer(&codec::frame(scene.kind(), foreign));
        peer.offer(&codec::frame(scene.kind(), &neighbour(&copy)));
        let right = answer(&copy, "right");
        peer.offer(&codec::frame(scene.kind(), &right));
        let step = format!("after the answer {}", hex(foreign));
        match subject.recv(scene) {
            // Too short an answer may have ended the connection (D-05).
            None if !peer.is_open()? => {
                good.send_frame(&right)?;
                subject.expect(scene, b"right").during(step)?;
            }
            received => expect_body(received, b"right").during(step)?,
        }
    }
    scene.fresh(&subject)
}

fn late_answers(scene: &Scene<'_>) -> Outcome {
    let time = scene.pace().millis(1_000);
    let subject = surveyor(scene, time)?;
    let mut peer = respondent(scene, &subject)?;
    let start = Instant::now();
    let body = survey(scene, &subject)?;
    let old = next(&mut peer, &body)?;
    ensure(subject.recv(scene).is_none(), "no answer", || {
        "one that nobody gave".to_owned()
    })?;
    let took = start.elapsed();
    ensure(
        (time..scene.pace().expect()).contains(&took),
        format!("the application to be told of the end after {time:?}"),
        || format!("it was told after {took:?}"),
    )?;
    peer.send_frame(&answer(&old, "late"))?;
    subject
        .receives_nothing(scene)
        .during("after the deadline")?;
    let body = survey(scene, &subject)?;
    let new = next(&mut peer, &body)?;
    peer.send_frame(&answer(&old, "very late"))?;
    peer.send_frame(&answer(&new, "in time"))?;
    subject
        .expect(scene, b"in time")
        .during("during the next survey")
}

fn new_cancels_old(scene: &Scene<'_>) -> Outcome {
    let subject = patient(scene)?;
    let mut peer = respondent(scene, &subject)?;
    let first = survey(scene, &subject)?;
    let first = next(&mut peer, &first)?;
    let second = survey(scene, &subject)?;
    let second = next(&mut peer, &second)?;
    peer.send_frame(&answer(&first, "to the first"))?;
    peer.send_frame(&answer(&second, "to the second"))?;
    subject.expect(scene, b"to the second")?;
    subject.receives_nothing(scene)
}

fn sent_once(scene: &Scene<'_>) -> Outcome {
    let subject = patient(scene)?;
    let mut peer = respondent(scene, &subject)?;
    let body = survey(scene, &subject)?;
    next(&mut peer, &body)?;
    peer.quiet_for(scene.pace().millis(1_000))
}

fn never_wait(scene: &Scene<'_>) -> Outcome {
    let subject = patient(scene)?;
    let deaf = respondent(scene, &subject)?;
    let mut peer = respondent(scene, &subject)?;
    let body = "x".repeat(10_000);
    for number in 0..200 {
        subject.send(scene, body.as_bytes()).during(format!(
            "survey {number}, with a respondent that never reads"
        ))?;
        let copy = next(&mut peer, &body)?;
        peer.send_frame(&answer(&copy, "here"))?;
        subject.expect(scene, b"here")?;
    }
    deaf.close();
    Ok(())
}

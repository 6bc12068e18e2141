//! Surveys: who gets them, which answers count and until when, and what a RESPONDENT makes of tags.

use std::time::{Duration, Instant};

use spkit_api::{Value, options};

use super::Row;
use crate::{
    driver::Fixture,
    scene::{Running, Scene, fresh_body, request, tagged},
    tester::Peer,
    transcript::hex,
    verdict::{During, Outcome, ensure},
};

pub(crate) static ROWS: &[Row] = &[
    Row::new("surveys.golden", &[Fixture::SURV], golden)
        .tcp(&["SP-SV-002", "SP-SV-003", "SP-SV-007"])
        .ipc(&["SP-SV-002", "SP-SV-003", "SP-SV-007"])
        .note("that the first id is random needs several starts"),
    Row::new(
        "surveys.every-respondent",
        &[Fixture::SURV],
        every_respondent,
    )
    .tcp(&["SP-SV-004", "SP-SV-007"])
    .ipc(&["SP-SV-004", "SP-SV-007"]),
    Row::new("surveys.not-for-later", &[Fixture::SURV], not_for_later)
        .tcp(&["SP-SV-005", "SP-SV-006"])
        .ipc(&["SP-SV-005", "SP-SV-006"]),
    Row::new("surveys.foreign-answers", &[Fixture::SURV], foreign_answers)
        .tcp(&["SP-SV-008", "H-39"])
        .ipc(&["SP-SV-008", "H-39"]),
    Row::new("surveys.late-answers", &[Fixture::SURV], late_answers)
        .tcp(&["SP-SV-009", "SP-SV-010", "H-44"])
        .ipc(&["SP-SV-009", "SP-SV-010", "H-44"])
        .slow(),
    Row::new("surveys.new-cancels-old", &[Fixture::SURV], new_cancels_old)
        .tcp(&["SP-SV-011", "H-44"])
        .ipc(&["SP-SV-011", "H-44"]),
    Row::new("surveys.sent-once", &[Fixture::SURV], sent_once)
        .tcp(&["SP-SV-012"])
        .ipc(&["SP-SV-012"]),
    Row::new("surveys.never-wait", &[Fixture::SURV], never_wait)
        .tcp(&["SP-SV-022"])
        .ipc(&["SP-SV-022"])
        .heavy()
        .note("200 surveys of 10 kB, fewer if the time for one is over"),
    Row::new("surveys.echoed-stack", &[Fixture::RESP], echoed_stack)
        .tcp(&["SP-SV-014", "SP-SV-024"])
        .ipc(&["SP-SV-014", "SP-SV-024"]),
    Row::new("surveys.ttl", &[Fixture::RESP], ttl)
        .tcp(&["SP-SV-018", "H-36"])
        .ipc(&["SP-SV-018", "H-36"]),
    Row::new("surveys.without-id", &[Fixture::RESP], without_id)
        .tcp(&["SP-SV-015", "H-33", "H-34", "H-35", "H-37"])
        .ipc(&["SP-SV-015", "H-33", "H-34", "H-35", "H-37"])
        .note("RESPONDENT only"),
    Row::new(
        "surveys.answering-is-optional",
        &[Fixture::RESP_MANUAL],
        answering_is_optional,
    )
    .tcp(&["SP-SV-016", "SP-SV-014", "SP-SV-025"])
    .ipc(&["SP-SV-016", "SP-SV-014", "SP-SV-025"])
    .note("an answer after the quiet time, not after 3 s"),
    Row::new("surveys.vanished-surveyor", &[Fixture::RESP], vanished)
        .tcp(&["SP-SV-017"])
        .ipc(&["SP-SV-017"]),
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
    for foreign in [
        // GV-BT-13, -12, -10, -14, -16, -15, and the shorter stumps.
        &b""[..],
        b"\x80",
        b"\x80\0",
        b"\x80\0\0",
        b"\0\0\x01\x2b",
        b"\0\0\x03\x37World",
        b"\0\0\x01\x2b\x80\0\x03\x37World",
        b"\xff\xff\xff\xffWorld",
    ] {
        let mut good = respondent(scene, &subject)?;
        let mut peer = respondent(scene, &subject)?;
        let body = survey(scene, &subject)?;
        let copy = next(&mut good, &body)?;
        let near = |id: u32| tagged(id ^ 1, b"World");
        let id = copy.first_chunk().map(|id| near(u32::from_be_bytes(*id)));
        peer.offer(&crate::tester::codec::frame(scene.kind(), foreign));
        peer.offer(&crate::tester::codec::frame(
            scene.kind(),
            &id.unwrap_or_default(),
        ));
        // Time for them to arrive: another connection's answer might overtake them.
        subject
            .receives_nothing(scene)
            .during(format!("after the answer {}", hex(foreign)))?;
        good.send_frame(&answer(&copy, "right"))?;
        subject.expect(scene, b"right")?;
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

/// Tags `1, 2, …` and the id of the golden vectors, this many in all, then a body (GV-TTL).
fn stack(tags: u32, body: &[u8]) -> Vec<u8> {
    let hops = (1..tags).flat_map(u32::to_be_bytes);
    hops.chain(request(body)).collect()
}

fn echoed_stack(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::RESP)?;
    let mut peer = scene.connect(&subject)?;
    let tags = b"\x80\0\0\x01\x7f\xff\xff\xff";
    let payloads = [1, 2, 8].map(|tags| stack(tags, b"x")).into_iter().chain([
        tagged(0x8000_0000, b"x"),
        tagged(0xffff_ffff, b"x"),
        request(b""),
        request(tags),
    ]);
    for payload in payloads {
        peer.send_frame(&payload)?;
        peer.expect_frame(&payload).during("the answer")?;
    }
    scene.alive(&mut peer, &subject)
}

fn ttl(scene: &Scene<'_>) -> Outcome {
    for limit in [1, 8, 15] {
        let options = [(options::TTL.name(), Value::Int(limit.into()))];
        let subject = scene.listen_with(Fixture::RESP, &options)?;
        let mut peer = scene.connect(&subject)?;
        let step = format!("at a TTL of {limit}");
        for over in [limit + 1, limit + 2, 16, 17] {
            if over > limit {
                peer.send_frame(&stack(over, b"dropped"))?;
            }
        }
        let passes = stack(limit, b"answered");
        peer.send_frame(&passes)?;
        peer.expect_frame(&passes).during(&step)?;
        peer.quiet().during(step)?;
        scene.alive(&mut peer, &subject)?;
    }
    Ok(())
}

fn without_id(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::RESP)?;
    for payload in [
        Vec::new(),
        b"\x80".to_vec(),
        b"\x80\0".to_vec(),
        b"\x80\0\0".to_vec(),
        b"\0\0\x01\x2b".to_vec(),
        b"\0\0\x01\x2b\x80\0\0".to_vec(),
        vec![0; 8],
        [0, 0, 0, 1].repeat(250_000),
    ] {
        let step = format!("a survey of {} bytes without an id", payload.len());
        let mut peer = scene.connect(&subject)?;
        peer.offer(&crate::tester::codec::frame(scene.kind(), &payload));
        let came = peer.frame_within(scene.pace().quiet())?;
        ensure(came.is_none(), "no answer", || {
            format!("{:?}", came.as_deref().map(hex))
        })
        .during(&step)?;
        // Ignored and alive, or closed: but nothing worse (D-04).
        if peer.is_open()? {
            scene.alive(&mut peer, &subject).during(step)?;
        }
    }
    scene.fresh(&subject)
}

fn answering_is_optional(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::RESP_MANUAL)?;
    let mut peer = scene.connect(&subject)?;
    for id in [1, 2] {
        peer.send_frame(&tagged(0x8000_0000 | id, b"asked"))?;
        subject.expect(scene, b"asked")?;
    }
    peer.quiet().during("nobody has answered")?;
    subject.send(scene, b"answer")?;
    peer.expect_frame(&tagged(0x8000_0002, b"answer"))
        .during("the answer to the second survey")?;
    peer.quiet().during("the first survey is dropped")?;
    scene.alive(&mut peer, &subject)
}

fn vanished(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::RESP)?;
    for _ in 0..10 {
        let mut gone = scene.connect(&subject)?;
        gone.send_frame(&request(b"who will not read the answer"))?;
        gone.reset();
    }
    scene.fresh(&subject)
}

//! What REP and RESPONDENT make of tags, and of whoever asks.

use spkit_api::{Value, options};

use super::Row;
use crate::{
    driver::Fixture,
    scene::{Scene, fresh_body, request, tagged},
    tester::codec,
    transcript::hex,
    verdict::{During, Outcome, Trouble, ensure},
};

pub(crate) static ROWS: &[Row] = &[
    Row::new("replies.echoed-stack", &[Fixture::REP], |scene| {
        echoed_stack(scene, Fixture::REP)
    })
    .both(&[
        "SP-RR-024",
        "SP-RR-030",
        "SP-RR-031",
        "SP-RR-033",
        "SP-RR-034",
        "SP-RR-035",
    ]),
    Row::new("surveys.echoed-stack", &[Fixture::RESP], |scene| {
        echoed_stack(scene, Fixture::RESP)
    })
    .both(&["SP-SV-014", "SP-SV-024"]),
    Row::new("replies.ttl", &[Fixture::REP], |scene| {
        ttl(scene, Fixture::REP)
    })
    .both(&["SP-RR-044", "SP-RR-045", "SP-RR-046", "H-36", "H-38"]),
    Row::new("surveys.ttl", &[Fixture::RESP], |scene| {
        ttl(scene, Fixture::RESP)
    })
    .both(&["SP-SV-018", "H-36", "H-38"]),
    Row::new("replies.without-id", &[Fixture::REP], |scene| {
        without_id(scene, Fixture::REP)
    })
    .both(&["SP-RR-032", "H-33", "H-34", "H-35", "H-37"]),
    Row::new("surveys.without-id", &[Fixture::RESP], |scene| {
        without_id(scene, Fixture::RESP)
    })
    .both(&["SP-SV-015", "H-33", "H-34", "H-35", "H-37"]),
    Row::new(
        "replies.answering-is-optional",
        &[Fixture::REP_MANUAL],
        |scene| answering_is_optional(scene, Fixture::REP_MANUAL),
    )
    .both(&["SP-RR-037", "SP-RR-038", "SP-RR-039"]),
    Row::new(
        "surveys.answering-is-optional",
        &[Fixture::RESP_MANUAL],
        |scene| answering_is_optional(scene, Fixture::RESP_MANUAL),
    )
    .both(&["SP-SV-014", "SP-SV-016", "SP-SV-025"])
    .note("an answer after the quiet time, not after 3 s"),
    Row::new("replies.vanished-requester", &[Fixture::REP], |scene| {
        vanished(scene, Fixture::REP)
    })
    .both(&["SP-RR-041"]),
    Row::new("surveys.vanished-surveyor", &[Fixture::RESP], |scene| {
        vanished(scene, Fixture::RESP)
    })
    .both(&["SP-SV-017"]),
    Row::new("replies.to-who-asked", &[Fixture::REP_MANUAL], |scene| {
        to_who_asked(scene, Fixture::REP_MANUAL)
    })
    .both(&["SP-RR-036"]),
    Row::new("surveys.to-who-asked", &[Fixture::RESP_MANUAL], |scene| {
        to_who_asked(scene, Fixture::RESP_MANUAL)
    })
    .both(&["SP-SV-014"]),
    Row::new("replies.hundred-at-once", &[Fixture::REP], |scene| {
        hundred_at_once(scene, Fixture::REP)
    })
    .both(&["SP-RR-037", "SP-RR-040"]),
    Row::new("surveys.hundred-at-once", &[Fixture::RESP], |scene| {
        hundred_at_once(scene, Fixture::RESP)
    })
    .both(&["SP-SV-014"]),
    Row::new("replies.slow-requester", &[Fixture::REP], |scene| {
        slow_asker(scene, Fixture::REP)
    })
    .both(&["SP-RR-042", "SP-RR-043", "H-55"])
    .heavy()
    .note("100 requests of 100 kB and 10,000 short ones, not 10,000 of 100 kB"),
    Row::new("surveys.slow-surveyor", &[Fixture::RESP], |scene| {
        slow_asker(scene, Fixture::RESP)
    })
    .both(&["SP-SV-017", "SP-SV-021", "H-55"])
    .heavy()
    .note("100 surveys of 100 kB and 10,000 short ones, not 10,000 of 100 kB"),
];

/// Tags `1, 2, …` and the id of the golden vectors, this many in all, then a body (GV-TTL).
pub(super) fn stack(tags: u32, body: &[u8]) -> Vec<u8> {
    let hops = (1..tags).flat_map(u32::to_be_bytes);
    hops.chain(request(body)).collect()
}

/// Questions without an id (GV-BT-10 to 13), up to a quarter of a million tags.
pub(super) fn questions_without_id() -> [Vec<u8>; 8] {
    [
        Vec::new(),
        b"\x80".to_vec(),
        b"\x80\0".to_vec(),
        b"\x80\0\0".to_vec(),
        b"\0\0\x01\x2b".to_vec(),
        b"\0\0\x01\x2b\x80\0\0".to_vec(),
        vec![0; 8],
        [0, 0, 0, 1].repeat(250_000),
    ]
}

fn echoed_stack(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    let subject = scene.listen(fixture)?;
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
        peer.expect_frame(&payload)
            .during(format!("the answer to {}", hex(&payload)))?;
    }
    scene.alive(&mut peer, &subject)
}

/// What has too many tags is passed over: the answer to what comes next is the first that T gets.
fn ttl(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    for limit in [1, 8, 15, 255] {
        scene.step(format!("a TTL of {limit}"));
        let options = [(options::TTL.name(), Value::Int(limit.into()))];
        let subject = scene.listen_with(fixture, &options)?;
        let mut peer = scene.connect(&subject)?;
        for over in [limit + 1, limit + 2, 16, 17] {
            if over > limit {
                peer.send_frame(&stack(over, b"dropped"))?;
            }
        }
        // Too many, and no id at all.
        peer.send_frame(&[0, 0, 0, 1].repeat(limit as usize + 1))?;
        let passes = stack(limit, b"answered");
        peer.send_frame(&passes)?;
        peer.expect_frame(&passes)
            .during(format!("at a TTL of {limit}"))?;
        scene.alive(&mut peer, &subject)?;
    }
    Ok(())
}

fn without_id(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    let subject = scene.listen(fixture)?;
    for payload in questions_without_id() {
        let step = format!("a message of {} bytes without an id", payload.len());
        scene.step(step.as_str());
        let mut peer = scene.connect(&subject)?;
        peer.offer(&codec::frame(scene.kind(), &payload));
        // Ignored, or closed: but nothing worse (D-04).
        scene.alive_or_closed(&mut peer, &subject).during(step)?;
    }
    scene.fresh(&subject)
}

fn answering_is_optional(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    let subject = scene.listen(fixture)?;
    let mut peer = scene.connect(&subject)?;
    let unasked = subject.can_send(scene, b"unasked");
    ensure(!unasked, "no answer before a question", || {
        "one was sent".to_owned()
    })?;
    for id in [1, 2] {
        peer.send_frame(&tagged(0x8000_0000 | id, b"asked"))?;
        subject.expect(scene, b"asked")?;
    }
    peer.quiet().during("nobody has answered")?;
    subject.send(scene, b"answer")?;
    peer.expect_frame(&tagged(0x8000_0002, b"answer"))
        .during("the answer to the second question")?;
    let again = subject.can_send(scene, b"again");
    ensure(!again, "one answer to a question", || {
        "a second one was sent".to_owned()
    })?;
    peer.quiet().during("the first question is dropped")?;
    scene.alive(&mut peer, &subject)
}

fn vanished(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    let subject = scene.listen(fixture)?;
    for _ in 0..10 {
        let mut gone = scene.connect(&subject)?;
        gone.send_frame(&request(b"who will not read the answer"))?;
        gone.reset();
    }
    scene.fresh(&subject)
}

/// Two ask by the same id, and each gets what is for it, and nothing else.
fn to_who_asked(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    let subject = scene.listen(fixture)?;
    let [mut first, mut second] = [scene.connect(&subject)?, scene.connect(&subject)?];
    for (peer, body) in [(&mut first, b"first"), (&mut second, b"other")] {
        peer.send_frame(&request(body))?;
        subject.expect(scene, body)?;
        subject.send(scene, body)?;
        peer.expect_frame(&request(body))?;
    }
    scene.all_quiet([&mut first, &mut second])
}

/// All answered, in order, once each.
fn hundred_at_once(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    let subject = scene.listen(fixture)?;
    let mut peer = scene.connect(&subject)?;
    let question = |n: u32| tagged(0x8000_0000 | n, n.to_string().as_bytes());
    let frames = (0..100).map(|n| codec::frame(scene.kind(), &question(n)));
    peer.send(&frames.collect::<Vec<_>>().concat())?;
    for number in 0..100 {
        peer.expect_frame(&question(number))
            .during(format!("answer {number} of 100"))?;
    }
    peer.quiet().during("one answer each")
}

/// One that asks on and on and never reads: its answers are lost, and others are served.
fn slow_asker(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    let subject = scene.listen(fixture)?;
    let mut good = scene.connect(&subject)?;
    scene.alive(&mut good, &subject)?;
    let slow = scene.connect(&subject)?;
    let mut writer = slow.writer()?;
    let large = codec::frame(scene.kind(), &request(&vec![b'x'; 100_000]));
    let short = codec::frame(scene.kind(), &request(b"short"));
    std::thread::scope(|threads| {
        let asking = threads.spawn(move || {
            use std::io::Write as _;
            let all = [large.repeat(100), short.repeat(10_000)].concat();
            // It may be closed for that, or not be read any more.
            let _cut = writer.write_all(&all);
        });
        for round in 0..5 {
            scene
                .exchange(&mut good, &subject, fresh_body().as_bytes())
                .during(format!("beside one that never reads, {round}"))?;
        }
        asking
            .join()
            .map_err(|_| Trouble::Kit("asking panicked".to_owned()))
    })?;
    scene.alive(&mut good, &subject)
}

//! Publish/subscribe: what a PUB sends, and what a SUB makes of it.

use super::Row;
use crate::{
    driver::Fixture,
    scene::{Running, Scene},
    tester::{Peer, codec},
    verdict::{During, Outcome, ensure},
};

pub(crate) static ROWS: &[Row] = &[
    Row::new("publish.golden", &[Fixture::PUB], golden).both(&["SP-PS-001", "SP-PS-002"]),
    Row::new("publish.to-everybody", &[Fixture::PUB], to_everybody)
        .both(&["SP-PS-003", "SP-PS-010"]),
    Row::new("publish.no-history", &[Fixture::PUB], no_history).both(&["SP-PS-011", "SP-PS-014"]),
    Row::new(
        "publish.talking-subscriber",
        &[Fixture::PUB],
        talking_subscriber,
    )
    .both(&["SP-PS-012", "H-46"]),
    Row::new("publish.slow-subscriber", &[Fixture::PUB], slow_subscriber)
        .both(&["SP-PS-009", "SP-PS-010"])
        .heavy()
        .note("300 messages of 64 KiB, not 20,000 of 10 kB"),
    Row::new("subscribe.selects", &[Fixture::SUB], selects).both(&["SP-PS-005", "SP-PS-008"]),
    Row::new("subscribe.all-or-nothing", &[Fixture::SUB], all_or_nothing).both(&["SP-PS-006"]),
    Row::new("subscribe.once", &[Fixture::SUB], once).both(&["SP-PS-007"]),
    Row::new("subscribe.sends-nothing", &[Fixture::SUB], sends_nothing).both(&["SP-PS-004"]),
];

/// GV-TCP-04, GV-IPC-04
fn golden(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PUB)?;
    let mut peer = scene.connect(&subject)?;
    scene.tune_in(&mut peer, &subject)?;
    subject.send(scene, b"news|hi")?;
    let prefix = codec::prefix(scene.kind(), 7);
    peer.expect(&[&prefix[..], b"news|hi"].concat())?;
    subject.send(scene, b"")?;
    peer.expect(&codec::prefix(scene.kind(), 0))
}

/// One that does not read loses messages, nobody else does or waits.
fn slow_subscriber(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PUB)?;
    let mut deaf = scene.connect(&subject)?;
    scene.tune_in(&mut deaf, &subject)?;
    let mut reader = scene.connect(&subject)?;
    scene.tune_in(&mut reader, &subject)?;
    subject.send(scene, b"begin")?;
    while reader.read_frame()? != b"begin" {}
    for number in 0..300u32 {
        let body = [&number.to_be_bytes(), &[b'x'; 64 << 10][..]].concat();
        subject
            .send(scene, &body)
            .during(format!("publication {number}, beside one that never reads"))?;
        // Read before the next one is sent: so it loses none.
        reader
            .expect_frame(&body)
            .during(format!("publication {number}"))?;
    }
    // What the other gets is whole and in order.
    let mut last = None;
    while let Some(frame) = deaf.frame_within(scene.pace().millis(200))? {
        if frame.len() > 64 << 10 {
            let number = frame.first_chunk().map(|n| u32::from_be_bytes(*n));
            ensure(number > last, "publications in their order", || {
                format!("{number:?} after {last:?}")
            })?;
            last = number;
        }
    }
    Ok(())
}

/// The tester's subscribers send their headers alone, and get everything in order.
fn to_everybody(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PUB)?;
    let mut peers = [scene.connect(&subject)?, scene.connect(&subject)?];
    for peer in &mut peers {
        scene.tune_in(peer, &subject)?;
    }
    // What the second was tuned in by came to the first as well.
    subject.send(scene, b"begin")?;
    for peer in &mut peers {
        while peer.read_frame()? != b"begin" {}
    }
    for topic in ["news", "weather", "", "\0", "sports"] {
        for number in 0..10 {
            let body = format!("{topic}|{number}");
            subject.send(scene, body.as_bytes())?;
            for (which, peer) in peers.iter_mut().enumerate() {
                peer.expect_frame(body.as_bytes())
                    .during(format!("subscriber {which}"))?;
            }
        }
    }
    Ok(())
}

fn no_history(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PUB)?;
    for _ in 0..5 {
        subject
            .send(scene, b"early")
            .during("without a subscriber")?;
    }
    let mut peer = scene.connect(&subject)?;
    let heard = scene.tune_in(&mut peer, &subject)?;
    ensure(
        !heard.contains(&b"early".to_vec()),
        "nothing that was published before the connection",
        || "`early`".to_owned(),
    )?;
    for number in 0..5_u8 {
        subject.send(scene, &[number])?;
        peer.expect_frame(&[number])?;
    }
    Ok(())
}

fn talking_subscriber(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PUB)?;
    let mut other = scene.connect(&subject)?;
    let mut talker = scene.connect(&subject)?;
    scene.alive(&mut other, &subject)?;
    for _ in 0..10 {
        talker.offer(&codec::frame(scene.kind(), b"x"));
    }
    scene
        .alive(&mut other, &subject)
        .during("while another subscriber sends")?;
    scene.fresh(&subject)
}

fn selects(scene: &Scene<'_>) -> Outcome {
    let bodies = ["foo", "foo|x", "fo", "bar1", "xfoo", "FOO", "", "bar"];
    let wanted = ["foo", "foo|x", "bar1", "bar"];
    delivers(scene, &["foo", "bar"], &bodies, &wanted).map(drop)
}

fn all_or_nothing(scene: &Scene<'_>) -> Outcome {
    delivers(scene, &[""], &["", "x"], &["", "x"])?;
    let (subject, _peer) = delivers(scene, &[], &["", "x"], &[])?;
    subject.receives_nothing(scene)
}

fn once(scene: &Scene<'_>) -> Outcome {
    delivers(scene, &["f", "fo"], &["foo", "fin"], &["foo", "fin"]).map(drop)
}

fn sends_nothing(scene: &Scene<'_>) -> Outcome {
    let (_subject, mut peer) = delivers(scene, &["a"], &["a", "b", "ab"], &["a", "ab"])?;
    peer.quiet()
}

/// A SUB with these subscriptions, sent these bodies, shows its application what is wanted of them.
fn delivers(
    scene: &Scene<'_>,
    subscribed: &'static [&'static str],
    bodies: &[&str],
    wanted: &[&str],
) -> Outcome<(Running, Peer)> {
    scene.step(format!("a SUB subscribed to {subscribed:?}"));
    let subject = scene.listen(Fixture::subscribed(subscribed))?;
    let mut peer = scene.connect(&subject)?;
    for body in bodies {
        peer.send_frame(body.as_bytes())?;
    }
    for body in wanted {
        subject.expect(scene, body.as_bytes())?;
    }
    Ok((subject, peer))
}

//! STAR: the hop count, and forwarding.

use super::{Row, bus::slow_peer};
use crate::{
    driver::Fixture,
    scene::{Running, Scene, fresh_body, tagged},
    tester::Peer,
    verdict::{During, Outcome},
};

pub(crate) static ROWS: &[Row] = &[
    Row::new("star.golden", &[Fixture::STAR], golden).both(&["SP-ST-001", "SP-ST-009"]),
    Row::new("star.forwards", &[Fixture::STAR], forwards)
        .both(&["SP-ST-003", "SP-ST-004"])
        .slow(),
    Row::new("star.ttl", &[Fixture::STAR], ttl).both(&["SP-ST-002", "H-53"]),
    Row::new("star.slow-peer", &[Fixture::STAR], |scene| {
        slow_peer(scene, Fixture::STAR, |body| tagged(0, body))
    })
    .both(&["SP-ST-005"])
    .heavy(),
    Row::new("star.circle", &[Fixture::STAR], circle).both(&["SP-ST-006"]),
    Row::new("star.resent-raw", &[Fixture::XSTAR], resent_raw).both(&["SP-ST-007"]),
];

/// GV-TCP-09
fn golden(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::STAR)?;
    let mut peer = scene.connect(&subject)?;
    scene.exchange(&mut peer, &subject, b"hello")?;
    scene.exchange(&mut peer, &subject, b"").during("empty")
}

/// GV-ST-01
fn forwards(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::STAR)?;
    let [mut first, mut second, mut third] = three(scene, &subject)?;
    first.send_frame(&tagged(0, b"hello"))?;
    for peer in [&mut second, &mut third] {
        peer.expect_frame(&tagged(1, b"hello"))?;
    }
    subject.expect(scene, b"hello")?;
    first.quiet().during("its own message")?;
    subject.send(scene, b"to all")?;
    for peer in [&mut first, &mut second, &mut third] {
        peer.expect_frame(&tagged(0, b"to all"))?;
    }
    scene
        .all_quiet([&mut first, &mut second, &mut third])
        .during("once each")
}

/// GV-ST-02, GV-ST-03
fn ttl(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::STAR)?;
    let [mut first, mut second, _third] = three(scene, &subject)?;
    for bad in [
        tagged(8, b"hi"),
        tagged(255, b"hi"),
        tagged(256, b"hi"),
        vec![0; 3],
        vec![],
    ] {
        first.send_frame(&bad)?;
    }
    second.quiet().during("nothing of it is forwarded")?;
    subject.receives_nothing(scene)?;
    first.send_frame(&tagged(7, b"hi"))?;
    subject.expect(scene, b"hi").during("7 hops")?;
    second.expect_frame(&tagged(8, b"hi")).during("7 hops")
}

fn circle(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::STAR)?;
    let [mut inward, mut outward, _third] = three(scene, &subject)?;
    inward.send_frame(&tagged(0, b"round"))?;
    for hops in 1..=8 {
        outward.expect_frame(&tagged(hops, b"round"))?;
        inward.send_frame(&tagged(hops, b"round"))?;
    }
    outward.quiet().during("after 8 rounds")
}

/// The socket itself forwards; what its application sends again goes to all, its source included.
fn resent_raw(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::XSTAR)?;
    let mut peer = scene.connect(&subject)?;
    peer.send_frame(&tagged(0, b"hello"))?;
    peer.expect_frame(&tagged(1, b"hello"))
}

/// Three peers that S is known to have; what they say meanwhile has been read.
fn three(scene: &Scene<'_>, subject: &Running) -> Outcome<[Peer; 3]> {
    let mut peers = [
        scene.connect(subject)?,
        scene.connect(subject)?,
        scene.connect(subject)?,
    ];
    for peer in &mut peers {
        let body = fresh_body();
        peer.send_frame(&tagged(0, body.as_bytes()))?;
        subject.expect(scene, body.as_bytes())?;
    }
    for peer in &mut peers {
        peer.drain(scene.pace().millis(100))?;
    }
    Ok(peers)
}

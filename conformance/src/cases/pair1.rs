//! PAIR version 1 and its polyamorous form: the hop count on the wire.

use std::time::Duration;

use super::Row;
use crate::{
    driver::Fixture,
    endpoints,
    scene::{Running, Scene, fresh_body, tagged},
    tester::{Peer, codec},
    verdict::{During, Outcome, ensure},
};

pub(crate) static ROWS: &[Row] = &[
    Row::new("pair1.golden", &[Fixture::PAIR1], golden).both(&[
        "SP-P1-001",
        "SP-P1-002",
        "SP-P1-003",
        "SP-P1-004",
    ]),
    Row::new("pair1.empty", &[Fixture::PAIR1], empty).both(&["SP-P1-010"]),
    Row::new("pair1.ttl", &[Fixture::PAIR1], ttl).both(&["SP-P1-005", "H-50"]),
    Row::new("pair1.malformed", &[Fixture::PAIR1], malformed)
        .both(&["SP-P1-006", "H-49"])
        .slow(),
    Row::new("pair1.one-peer", &[Fixture::PAIR1], one_peer).both(&["SP-P1-009"]),
    Row::new(
        "pair1.not-with-pair0",
        &[Fixture::PAIR1, Fixture::PAIR],
        not_with_pair0,
    )
    .both(&["SP-P1-011"]),
    Row::new("pair1.forwarded", &[Fixture::XPAIR1], forwarded)
        .both(&["SP-P1-007", "SP-DV-015"])
        .note("a device with one socket: what comes goes back"),
    Row::new("pair1-poly.many-peers", &[Fixture::PAIR1_POLY], many_peers).both(&[
        "SP-PP-001",
        "SP-PP-002",
        "SP-PP-003",
    ]),
    Row::new(
        "pair1-poly.without-a-choice",
        &[Fixture::PAIR1_POLY_MANUAL],
        without_a_choice,
    )
    .both(&["SP-PP-003"])
    .slow(),
    Row::new("pair1-poly.slow-peer", &[Fixture::PAIR1_POLY], slow_peer)
        .both(&["SP-PP-004"])
        .heavy(),
    Row::new(
        "pair1-poly.malformed",
        &[Fixture::PAIR1_POLY],
        malformed_among_many,
    )
    .both(&["SP-PP-005"]),
];

/// GV-TCP-02, GV-TCP-03
fn golden(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR1)?;
    let mut peer = scene.connect(&subject)?;
    for first in [1, 0] {
        peer.send_frame(&tagged(first, b"hello"))?;
        peer.expect_frame(b"\0\0\0\x01hello")
            .during(format!("the echo of {first} hops"))?;
    }
    Ok(())
}

/// GV-B-08
fn empty(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR1)?;
    let mut peer = scene.connect(&subject)?;
    scene.exchange(&mut peer, &subject, b"")
}

/// GV-P1-01 to 03
fn ttl(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR1)?;
    let mut peer = scene.connect(&subject)?;
    for too_many in [9, 254] {
        peer.send_frame(&tagged(too_many, b"hi"))?;
    }
    peer.quiet().during("more hops than the TTL")?;
    peer.send_frame(&tagged(8, b"hi"))?;
    peer.expect_frame(&tagged(1, b"hi")).during("8 hops")?;
    peer.send_frame(&tagged(255, b"hi"))?;
    scene.alive(&mut peer, &subject)
}

/// GV-P1-04, GV-P1-05
fn malformed(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR1)?;
    scene.fresh(&subject)?;
    let stumps = (0..4).map(|len| vec![0; len]);
    let counts = [256, 0x0100_0001, u32::MAX].map(|count| tagged(count, b"hi"));
    for payload in stumps.chain(counts) {
        let step = format!("the payload {}", crate::transcript::hex(&payload));
        scene.step(step.as_str());
        let mut peer = scene.connect_soon(&subject)?;
        peer.offer(&codec::frame(scene.kind(), &payload));
        unanswered(scene, &mut peer).during(&step)?;
    }
    scene.fresh(&subject)
}

/// Nothing but the next echo comes, or the close.
fn unanswered(scene: &Scene<'_>, peer: &mut Peer) -> Outcome {
    let next = tagged(1, fresh_body().as_bytes());
    peer.offer(&codec::frame(scene.kind(), &next));
    match peer.expect_frame(&next) {
        Err(_) if peer.end().is_some() => peer.closed(),
        other => other,
    }
}

fn one_peer(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR1)?;
    let mut first = scene.connect(&subject)?;
    scene.alive(&mut first, &subject)?;
    for number in 2..6 {
        let mut further = scene.open(&subject)?;
        further.offer(&codec::header(endpoints::PAIR1));
        further.offer(&codec::frame(
            scene.kind(),
            &tagged(1, b"not from the peer"),
        ));
        further.closed().during(format!("peer number {number}"))?;
    }
    scene.alive(&mut first, &subject)?;
    first.close();
    scene.fresh(&subject)
}

fn not_with_pair0(scene: &Scene<'_>) -> Outcome {
    for (fixture, other) in [
        (Fixture::PAIR1, endpoints::PAIR),
        (Fixture::PAIR, endpoints::PAIR1),
    ] {
        let subject = scene.listen(fixture)?;
        let mut peer = scene.open(&subject)?;
        peer.offer(&codec::header(other));
        peer.expect_header_or_end(fixture.id)?;
        peer.closed().during(fixture.name)?;
        scene.fresh(&subject)?;
    }
    Ok(())
}

/// GV-P1-06, and that the last hop still leaves.
fn forwarded(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::XPAIR1)?;
    let mut peer = scene.connect(&subject)?;
    for (inward, outward) in [(0, 1), (1, 2), (8, 9)] {
        peer.send_frame(&tagged(inward, b"hello"))?;
        peer.expect_frame(&tagged(outward, b"hello"))
            .during(format!("after {inward} hops"))?;
    }
    peer.send_frame(&tagged(9, b"hello"))?;
    peer.quiet().during("after 9 hops")
}

fn many_peers(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR1_POLY)?;
    let mut peers = three(scene, &subject)?;
    for _ in 0..2 {
        for (number, peer) in peers.iter_mut().enumerate() {
            scene
                .alive(peer, &subject)
                .during(format!("peer number {number}"))?;
        }
    }
    scene.all_quiet(&mut peers)
}

fn without_a_choice(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR1_POLY_MANUAL)?;
    let mut peers = three(scene, &subject)?;
    for peer in &mut peers {
        // So that each of them is known to be there.
        let body = fresh_body();
        peer.send_frame(&tagged(1, body.as_bytes()))?;
        subject.expect(scene, body.as_bytes())?;
    }
    subject.send(scene, b"for one")?;
    peers[0].pause(scene.pace().quiet())?;
    let none = Duration::from_millis(1);
    let without: Vec<bool> = peers
        .iter_mut()
        .map(|peer| peer.quiet_for(none).is_ok())
        .collect();
    let given: Vec<_> = peers.iter_mut().zip(&without).collect();
    let count = without.iter().filter(|without| !**without).count();
    ensure(count == 1, "one peer to get it", || format!("{count} did"))?;
    for (peer, without) in given {
        if !without {
            peer.expect_frame(&tagged(1, b"for one"))?;
        }
    }
    Ok(())
}

/// One that asks and never reads does not hold up the others.
fn slow_peer(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR1_POLY)?;
    let mut good = scene.connect(&subject)?;
    scene.alive(&mut good, &subject)?;
    let mut slow = scene.connect(&subject)?;
    let large = tagged(1, &vec![b'x'; 64 << 10]);
    for _ in 0..200 {
        slow.send_frame(&large)?;
    }
    scene.alive(&mut good, &subject)
}

fn malformed_among_many(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR1_POLY)?;
    let mut good = scene.connect(&subject)?;
    scene.alive(&mut good, &subject)?;
    for payload in [tagged(256, b"hi"), vec![0; 3]] {
        let mut bad = scene.connect(&subject)?;
        scene.alive(&mut bad, &subject)?;
        bad.offer(&codec::frame(scene.kind(), &payload));
        bad.closed()?;
        scene.alive(&mut good, &subject)?;
    }
    Ok(())
}

fn three(scene: &Scene<'_>, subject: &Running) -> Outcome<Vec<Peer>> {
    (0..3).map(|_| scene.connect(subject)).collect()
}

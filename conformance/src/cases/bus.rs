//! BUS: every message to every peer.

use super::Row;
use crate::{
    driver::Fixture,
    pace::Deadline,
    scene::{Running, Scene, breathe, fresh_body},
    tester::Peer,
    verdict::{During, Outcome, Trouble, ensure},
};

pub(crate) static ROWS: &[Row] = &[
    Row::new("bus.golden", &[Fixture::BUS], golden).both(&["SP-BU-001", "SP-BU-009"]),
    Row::new("bus.all-peers", &[Fixture::BUS], all_peers)
        .both(&["SP-BU-002", "SP-BU-003", "SP-BU-004"])
        .slow(),
    Row::new("bus.slow-peer", &[Fixture::BUS], |scene| {
        slow_peer(scene, Fixture::BUS, |body| body.to_vec())
    })
    .both(&["SP-BU-005"])
    .heavy(),
    Row::new("bus.no-peers", &[Fixture::BUS], no_peers).both(&["SP-BU-006"]),
    Row::new("bus.fair", &[Fixture::BUS], fair).both(&["SP-BU-010"]),
    Row::new("bus.reflector", &[Fixture::XBUS], reflector)
        .both(&["SP-BU-007", "SP-DV-016"])
        .slow(),
];

/// GV-TCP-08, GV-B-01
fn golden(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::BUS)?;
    let mut peer = scene.connect(&subject)?;
    for body in [&b"hello"[..], b""] {
        peer.send_frame(body)?;
        subject.expect(scene, body)?;
        subject.send(scene, body)?;
        peer.expect_frame(body)?;
    }
    Ok(())
}

fn all_peers(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::BUS)?;
    let mut peers = Vec::new();
    for _ in 0..3 {
        let mut peer = scene.connect(&subject)?;
        let body = fresh_body();
        peer.send_frame(body.as_bytes())?;
        subject.expect(scene, body.as_bytes())?;
        peers.push(peer);
    }
    scene
        .all_quiet(&mut peers)
        .during("after a message of each")?;
    subject.send(scene, b"to all")?;
    for peer in &mut peers {
        peer.expect_frame(b"to all")?;
    }
    scene.all_quiet(&mut peers).during("once each")?;
    subject.receives_nothing(scene)
}

/// One that does not read loses messages; who reads gets intact ones in their order, and sending never waits.
pub(super) fn slow_peer(
    scene: &Scene<'_>,
    fixture: Fixture,
    payload: fn(&[u8]) -> Vec<u8>,
) -> Outcome {
    const COUNT: u32 = 300;
    const LEN: usize = 64 << 10;
    let subject = scene.listen(fixture)?;
    let mut slow = scene.connect(&subject)?;
    scene.alive(&mut slow, &subject)?;
    let mut good = scene.connect(&subject)?;
    good.send_frame(&payload(b"here"))?;
    subject.expect(scene, b"here")?;
    std::thread::scope(|threads| {
        let reading = threads.spawn(move || in_order_until(&mut good, &payload(b"end")));
        for number in 0..COUNT {
            let body = [&number.to_be_bytes(), &[b'x'; LEN][..]].concat();
            subject.send(scene, &body)?;
        }
        // The last one may be lost as well.
        let deadline = Deadline::after(scene.pace().expect());
        while !reading.is_finished() && !deadline.is_over() {
            subject.send(scene, b"end")?;
            breathe();
        }
        let read = reading.join();
        read.map_err(|_| Trouble::Kit("reading panicked".to_owned()))?
    })
}

/// Numbered messages whose numbers grow, and then the last.
fn in_order_until(peer: &mut Peer, last: &[u8]) -> Outcome {
    let mut before = Vec::new();
    loop {
        let payload = peer.read_frame()?;
        if payload == last {
            return Ok(());
        }
        ensure(
            payload > before && payload.ends_with(&[b'x'; 100]),
            "whole messages in the order they were sent",
            || format!("{} bytes after {}", payload.len(), before.len()),
        )?;
        before = payload;
    }
}

fn no_peers(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::BUS)?;
    subject.send(scene, b"to nobody")?;
    let mut peer = scene.connect(&subject)?;
    peer.quiet()?;
    scene.alive(&mut peer, &subject)
}

fn fair(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::BUS)?;
    let [mut flood, mut quiet] = [scene.connect(&subject)?, scene.connect(&subject)?];
    for _ in 0..500 {
        flood.send_frame(b"flood")?;
    }
    subject.expect(scene, b"flood")?;
    quiet.send_frame(b"quiet")?;
    among_the_next(scene, &subject, b"quiet", 501)
}

fn among_the_next(scene: &Scene<'_>, subject: &Running, body: &[u8], count: usize) -> Outcome {
    let deadline = Deadline::after(scene.pace().expect());
    let found = (0..count)
        .take_while(|_| !deadline.is_over())
        .any(|_| subject.recv(scene).as_deref() == Some(body));
    ensure(found, "the message of the quiet peer", || {
        format!("none among {count}")
    })
}

/// Who resends what it received reaches all but the source.
fn reflector(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::XBUS)?;
    let mut peers: Vec<Peer> = (0..3)
        .map(|_| scene.connect(&subject))
        .collect::<Outcome<_>>()?;
    // A connection counts for broadcasts a moment after its handshake.
    peers[0].pause(scene.pace().millis(200))?;
    for (from, body) in ["a", "b", "c"].into_iter().enumerate() {
        peers[from].send_frame(body.as_bytes())?;
        for (number, peer) in peers.iter_mut().enumerate() {
            if number != from {
                peer.expect_frame(body.as_bytes())?;
            }
        }
    }
    scene
        .all_quiet(&mut peers)
        .during("no message comes back to its sender, or twice")
}

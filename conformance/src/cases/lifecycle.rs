//! Connections coming and going.

use std::time::Duration;

use super::Row;
use crate::{
    driver::Fixture,
    scene::{Scene, fresh_body},
    tester::codec,
    verdict::{During, Outcome, ensure},
};

pub(crate) static ROWS: &[Row] = &[
    Row::new("lifecycle.half-close", &[Fixture::PAIR], half_close)
        .tcp(&["SP-TCP-042", "H-14"])
        .ipc(&["SP-IPC-012", "H-14"]),
    Row::new(
        "lifecycle.half-close-one-way",
        &[Fixture::PUSH],
        half_close_one_way,
    )
    .tcp(&["SP-TCP-042", "SP-TCP-043"])
    .ipc(&["SP-IPC-012"])
    .note("PUSH only"),
    Row::new("lifecycle.vanished-peer", &[Fixture::PUSH], vanished_peer)
        .tcp(&["SP-TCP-043", "SP-PL-010"])
        .ipc(&["SP-IPC-012", "SP-PL-010"])
        .note("PUSH only"),
    Row::new(
        "lifecycle.dialer-reconnects",
        &[Fixture::PAIR],
        dialer_reconnects,
    )
    .tcp(&["SP-TCP-044"])
    .ipc(&["SP-IPC-012"]),
    Row::new(
        "lifecycle.hundred-connections",
        &[Fixture::REP],
        hundred_connections,
    )
    .tcp(&["SP-TCP-045", "H-22"])
    .ipc(&["SP-IPC-012", "H-22", "H-30"])
    .heavy()
    .note("those stuck in a message hang for as long as the others take, not for 10 s"),
    Row::new("lifecycle.any-port", &[Fixture::PAIR], any_port).tcp(&["SP-TCP-046"]),
    Row::new(
        "lifecycle.nothing-unasked",
        &[Fixture::PAIR],
        nothing_unasked,
    )
    .tcp(&["SP-TCP-047"])
    .ipc(&["SP-IPC-012"])
    .note("quiet for 1 s, not for 35 s"),
    Row::new(
        "lifecycle.pair-has-one-peer",
        &[Fixture::PAIR],
        pair_has_one_peer,
    )
    .both(&["SP-P0-003", "SP-P0-005", "H-51"]),
];

fn half_close(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.connect(&subject)?;
    scene.alive(&mut peer, &subject)?;
    peer.half_close();
    peer.closed().during("T has shut down its sending side")?;
    // Before any message as well (H-14).
    let mut peer = scene.connect_soon(&subject)?;
    peer.half_close();
    peer.closed()
        .during("T has shut down its sending side after the header")?;
    scene.fresh(&subject)
}

fn half_close_one_way(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PUSH)?;
    let mut peer = scene.connect(&subject)?;
    scene.alive(&mut peer, &subject)?;
    peer.half_close();
    peer.closed().during("T has shut down its sending side")?;
    scene.fresh(&subject)
}

/// A sender that never receives notices all the same, and keeps its next message for the next peer.
fn vanished_peer(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PUSH)?;
    let mut gone = scene.connect(&subject)?;
    scene.alive(&mut gone, &subject)?;
    gone.half_close();
    gone.closed()?;
    gone.close();
    let body = fresh_body();
    std::thread::scope(|threads| {
        let sending = threads.spawn(|| subject.send(scene, body.as_bytes()));
        let mut next = scene.connect(&subject)?;
        next.expect_frame(body.as_bytes())
            .during("the message for the next peer")?;
        sending
            .join()
            .map_err(|_| crate::verdict::Trouble::Kit("sending panicked".to_owned()))?
    })
}

fn dialer_reconnects(scene: &Scene<'_>) -> Outcome {
    let (subject, door) = scene.dial(Fixture::PAIR)?;
    for round in 0..3 {
        let peer = scene
            .fresh_dial(&subject, &door)
            .during(format!("connection {round}"))?;
        if round % 2 == 0 {
            peer.close()
        } else {
            peer.reset()
        }
    }
    scene.fresh_dial(&subject, &door).map(drop)
}

/// Many at once, each isolated from those that hang in the middle of a message.
fn hundred_connections(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REP)?;
    let mut stuck = Vec::new();
    for cut in 1..codec::prefix(scene.kind(), 10).len() {
        let mut peer = scene.connect(&subject)?;
        peer.send(&codec::prefix(scene.kind(), 10)[..cut])?;
        stuck.push(peer);
    }
    let mut in_body = scene.connect(&subject)?;
    in_body.send(&[codec::prefix(scene.kind(), 10), b"four".to_vec()].concat())?;
    let mut peers = Vec::new();
    for number in 0..100 {
        peers.push(
            scene
                .connect(&subject)
                .during(format!("connection {number}"))?,
        );
    }
    for (number, peer) in peers.iter_mut().enumerate() {
        scene
            .alive(peer, &subject)
            .during(format!("connection {number} of 100"))?;
    }
    Ok(())
}

fn any_port(scene: &Scene<'_>) -> Outcome {
    let first = scene.listen(Fixture::PAIR)?;
    let second = scene.listen(Fixture::PAIR)?;
    ensure(
        first.address() != second.address(),
        "two listeners on two ports",
        || format!("both on {}", first.address()),
    )?;
    scene.fresh(&first)?;
    scene.fresh(&second)
}

fn nothing_unasked(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.connect(&subject)?;
    scene.alive(&mut peer, &subject)?;
    peer.quiet_for(Duration::from_secs(1))?;
    scene.alive(&mut peer, &subject)?;
    subject.stop();
    peer.closed().during("the endpoint is closed in order")
}

fn pair_has_one_peer(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut first = scene.connect(&subject)?;
    scene.alive(&mut first, &subject)?;
    for number in 2..12 {
        let mut further = scene.open(&subject)?;
        further.offer(&codec::header(crate::endpoints::PAIR));
        further.offer(&codec::frame(scene.kind(), b"not from the peer"));
        further.closed().during(format!("peer number {number}"))?;
    }
    scene.alive(&mut first, &subject)?;
    first.close();
    scene.fresh(&subject)
}

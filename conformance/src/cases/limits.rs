//! Sizes and the receive limit.

use spkit_api::{Value, options};

use super::Row;
use crate::{
    driver::Fixture,
    scene::{Running, Scene, fresh_body, request},
    tester::{Peer, codec},
    verdict::{During, Outcome, Trouble},
};

/// The limit that the cases set.
const LIMIT: usize = 1000;

pub(crate) static ROWS: &[Row] = &[
    Row::new("limits.one-too-many", &[Fixture::PAIR_MANUAL], one_too_many)
        .tcp(&["SP-TCP-038", "SP-X-003", "H-16"])
        .ipc(&["SP-IPC-012", "SP-X-003", "H-16"]),
    Row::new(
        "limits.exactly-the-limit",
        &[Fixture::PAIR],
        exactly_the_limit,
    )
    .tcp(&["SP-TCP-039"])
    .ipc(&["SP-IPC-012"]),
    Row::new(
        "limits.counts-protocol-header",
        &[Fixture::REP],
        counts_protocol_header,
    )
    .tcp(&["SP-TCP-039", "SP-X-001"])
    .ipc(&["SP-IPC-012", "SP-X-001"]),
    Row::new("limits.default-is-1-mib", &[Fixture::PAIR], default_limit).both(&["H-17"]),
    Row::new("limits.huge-sizes", &[Fixture::PAIR], huge_sizes)
        .tcp(&["SP-TCP-040", "H-18"])
        .ipc(&["SP-IPC-012", "H-18"]),
    Row::new(
        "limits.huge-sizes-without-limit",
        &[Fixture::PAIR],
        huge_sizes_without_limit,
    )
    .tcp(&["SP-TCP-040", "H-19"])
    .ipc(&["SP-IPC-012", "H-19"]),
    Row::new(
        "limits.size-without-body",
        &[Fixture::REP],
        size_without_body,
    )
    .both(&["SP-X-005", "H-20"])
    .note("T closes after the quiet time, not after 5 s"),
    Row::new("limits.hundred-promises", &[Fixture::REP], hundred_promises)
        .both(&["SP-X-005", "H-21"])
        .heavy(),
    Row::new(
        "limits.truncated-by-close",
        &[Fixture::PULL],
        truncated_by_close,
    )
    .tcp(&["SP-TCP-041", "H-23"])
    .ipc(&["SP-IPC-012", "H-23"]),
    Row::new(
        "limits.truncated-by-reset",
        &[Fixture::PULL],
        truncated_by_reset,
    )
    .tcp(&["SP-TCP-041", "H-24"])
    .ipc(&["SP-IPC-012", "H-24"]),
];

fn limited(limit: usize) -> [(&'static str, Value); 1] {
    [(options::RECV_MAX.name(), Value::Size(limit))]
}

/// Announces a message of this size, without a byte of it.
fn announce(scene: &Scene<'_>, subject: &Running, size: u64) -> Outcome<Peer> {
    let mut peer = scene.connect(subject)?;
    peer.offer(&codec::prefix(scene.kind(), size));
    Ok(peer)
}

fn one_too_many(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen_with(Fixture::PAIR_MANUAL, &limited(LIMIT))?;
    announce(scene, &subject, LIMIT as u64 + 1)?
        .closed()
        .during("a size of the limit and one, and no body")?;
    let mut peer = scene.connect_soon(&subject)?;
    peer.offer(&codec::frame(scene.kind(), &[b'x'; LIMIT + 1]));
    peer.closed()
        .during("a whole message one byte over the limit")?;
    subject.receives_nothing(scene)?;
    scene.fresh(&subject)
}

fn exactly_the_limit(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen_with(Fixture::PAIR, &limited(LIMIT))?;
    let mut peer = scene.connect(&subject)?;
    scene.exchange(&mut peer, &subject, &[b'x'; LIMIT])
}

fn counts_protocol_header(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen_with(Fixture::REP, &limited(LIMIT))?;
    let mut peer = scene.connect(&subject)?;
    scene
        .exchange(&mut peer, &subject, &[b'x'; LIMIT - 4])
        .during("4 + 996 bytes")?;
    peer.offer(&codec::frame(scene.kind(), &request(&[b'x'; LIMIT - 3])));
    peer.closed().during("4 + 997 bytes at a limit of 1000")?;
    scene.fresh(&subject)
}

fn default_limit(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.connect(&subject)?;
    std::thread::scope(|threads| {
        // More than the buffers between the two hold: read while it is written.
        let body = vec![b'x'; 1 << 20];
        let frame = codec::frame(scene.kind(), &body);
        let mut writer = peer.writer()?;
        let writing = threads.spawn(move || std::io::Write::write_all(&mut writer, &frame));
        peer.expect_frame(&body).during("a message of 1 MiB")?;
        let written = writing
            .join()
            .map_err(|_| Trouble::Kit("writing panicked".to_owned()))?;
        written.map_err(|error| Trouble::failed("the endpoint to take 1 MiB", error.to_string()))
    })?;
    peer.close();
    for size in [(1 << 20) + 1, 1 << 31, 1 << 32, 1 << 40] {
        let mut peer = scene.connect_soon(&subject)?;
        peer.offer(&codec::prefix(scene.kind(), size));
        peer.closed().during(format!("a size of {size}"))?;
    }
    scene.fresh(&subject)
}

const HUGE: [u64; 5] = [(1 << 60) - 1, 1 << 60, (1 << 63) - 1, 1 << 63, u64::MAX];

fn huge_sizes(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen_with(Fixture::PAIR, &limited(LIMIT))?;
    for size in HUGE {
        let mut peer = scene.connect_soon(&subject)?;
        peer.offer(&codec::prefix(scene.kind(), size));
        peer.closed().during(format!("a size of {size}"))?;
    }
    scene.fresh(&subject)
}

fn huge_sizes_without_limit(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen_with(Fixture::PAIR, &limited(0))?;
    for size in [1 << 63, u64::MAX] {
        let mut peer = scene.connect_soon(&subject)?;
        peer.offer(&codec::prefix(scene.kind(), size));
        peer.closed()
            .during(format!("a size of {size}, without a limit"))?;
    }
    scene.fresh(&subject)
}

fn size_without_body(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen_with(Fixture::REP, &limited(0))?;
    let mut peer = announce(scene, &subject, 1 << 36)?;
    // Refusing what nobody could hold is as good as waiting for it.
    peer.offer(b"and a little of it");
    scene
        .fresh(&subject)
        .during("while a message of 64 GiB is announced")?;
    peer.pause(scene.pace().quiet())?;
    peer.close();
    scene.fresh(&subject)
}

fn hundred_promises(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REP)?;
    let mut held = Vec::new();
    for number in 0..100 {
        let peer = announce(scene, &subject, 1 << 20).during(format!("connection {number}"))?;
        held.push(peer);
    }
    scene
        .fresh(&subject)
        .during("while 100 connections owe 1 MiB each")?;
    drop(held);
    scene.fresh(&subject)
}

fn truncated_by_close(scene: &Scene<'_>) -> Outcome {
    truncated(scene, Peer::close)
}

fn truncated_by_reset(scene: &Scene<'_>) -> Outcome {
    truncated(scene, Peer::reset)
}

/// Ten bytes announced, four sent, then the end; and an announcement alone on a further connection.
fn truncated(scene: &Scene<'_>, end: fn(Peer)) -> Outcome {
    let subject = scene.listen(Fixture::PULL)?;
    let mut peer = scene.connect(&subject)?;
    scene.exchange(&mut peer, &subject, fresh_body().as_bytes())?;
    peer.send(
        &codec::frame(scene.kind(), b"ten bytes.")[..codec::prefix(scene.kind(), 0).len() + 4],
    )?;
    end(peer);
    subject
        .receives_nothing(scene)
        .during("after 4 of 10 bytes")?;
    let mut partial = scene.connect(&subject)?;
    partial.send(&codec::prefix(scene.kind(), 1)[..3])?;
    end(partial);
    scene.fresh(&subject)
}

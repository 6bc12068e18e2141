//! Sizes and truncation, past a good handshake.

use spkit_api::{Value, options};

use super::{
    Ending, bystander, delivers, finish, ordinary, served, served_anew, still_served, victim,
};
use crate::{
    driver::Fixture,
    endpoints,
    scene::{Running, Scene},
    tester::{Peer, codec},
    verdict::{During, Outcome, ensure},
};

/// The receive limit.
const LIMIT: usize = 1000;

/// Bytes that end the connection they come over.
type Input = (&'static str, fn(&Scene<'_>, Fixture) -> Vec<Vec<u8>>);

const INPUTS: &[Input] = &[
    ("H-12", |_, fixture| vec![codec::header(fixture.peer())]),
    ("H-16", |scene, _| {
        let over = LIMIT as u64 + 1;
        let whole = codec::frame(scene.kind(), &[b'x'; LIMIT + 1]);
        vec![codec::prefix(scene.kind(), over), whole]
    }),
    ("H-17", |scene, _| {
        sizes(scene, &[1 << 31, 1 << 32, 1 << 40])
    }),
    ("H-18", |scene, _| {
        sizes(scene, &[(1 << 63) - 1, 1 << 63, u64::MAX])
    }),
    ("H-25", |scene, _| {
        vec![[codec::prefix(scene.kind(), 0), vec![0xff; 16]].concat()]
    }),
];

fn sizes(scene: &Scene<'_>, sizes: &[u64]) -> Vec<Vec<u8>> {
    let prefix = |size: &u64| codec::prefix(scene.kind(), *size);
    sizes.iter().map(prefix).collect()
}

pub(super) fn run(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    let limit = [(options::RECV_MAX.name(), Value::Size(LIMIT))];
    let subject = scene.listen_with(fixture, &limit)?;
    let mut good = bystander(scene, &subject)?;
    let mut ended = 0;
    for (id, inputs) in INPUTS {
        for input in inputs(scene, fixture) {
            ends(scene, &subject, &input).during(id)?;
            ended += 1;
        }
        still_served(scene, &subject, &mut good).during(format!("after {id}"))?;
    }
    let mut half = victim(scene, &subject)?;
    half.half_close();
    half.closed().during("H-14")?;
    truncated(scene, &subject)?;
    still_served(scene, &subject, &mut good).during("after H-24")?;
    subject.counts("connections that were ended", scene, |losses| {
        losses.connections > ended
    })?;
    if let Some(good) = &mut good {
        promises(scene, &subject, good)?;
    }
    many_empty(scene, &subject)?;
    bytewise(scene, &subject)?;
    still_served(scene, &subject, &mut good).during("after H-27")?;
    without_limit(scene, fixture)
}

fn ends(scene: &Scene<'_>, subject: &Running, bytes: &[u8]) -> Outcome {
    scene.step(format!("{} bytes that end a connection", bytes.len()));
    let mut peer = victim(scene, subject)?;
    peer.offer(bytes);
    let closed = peer.closed_forgetting_messages();
    // An empty message before the garbage is one.
    subject.drain(scene);
    closed
}

/// H-22, H-23, H-24: nothing that is incomplete is delivered.
fn truncated(scene: &Scene<'_>, subject: &Running) -> Outcome {
    let ends: [Ending; 2] = [("H-23", Peer::close), ("H-24", Peer::reset)];
    let ten = [codec::prefix(scene.kind(), 10), b"four".to_vec()].concat();
    for (id, end) in ends {
        for cut in [1, 7, ten.len()] {
            let mut peer = victim(scene, subject)?;
            peer.offer(&ten[..cut]);
            end(peer);
        }
        let delivered = subject.drain(scene);
        ensure(delivered.is_empty(), format!("{id}: nothing"), || {
            format!("{delivered:?}")
        })?;
    }
    Ok(())
}

/// H-21, H-22: what was announced and does not come costs the others nothing.
fn promises(scene: &Scene<'_>, subject: &Running, good: &mut Peer) -> Outcome {
    let announced = codec::prefix(scene.kind(), LIMIT as u64);
    let mut held = Vec::new();
    for number in 0..20 {
        let mut peer = scene.connect(subject)?;
        peer.offer(&announced[..1 + number % announced.len()]);
        held.push(peer);
    }
    served(scene, good, subject).during("H-21, H-22: while 20 messages are owed")
}

/// H-26: each is a message, or none is.
fn many_empty(scene: &Scene<'_>, subject: &Running) -> Outcome {
    const COUNT: usize = 1000;
    let mut peer = victim(scene, subject)?;
    subject.drain(scene);
    peer.offer(&codec::frame(scene.kind(), b"").repeat(COUNT));
    let plain = matches!(
        subject.fixture.id,
        endpoints::PAIR | endpoints::PULL | endpoints::SUB | endpoints::BUS
    );
    for number in 0..if plain { COUNT } else { 0 } {
        subject
            .expect(scene, b"")
            .during(format!("H-26: empty message {number} of {COUNT}"))?;
    }
    // Of a protocol that the kit does not know, up to all of them.
    let most = if subject.fixture.is_known() { 0 } else { COUNT };
    let more = subject.drain(scene).len();
    ensure(more <= most, "H-26: no more than were sent", || {
        format!("{more} more")
    })?;
    finish(scene, peer, subject).map(drop)
}

/// H-27
fn bytewise(scene: &Scene<'_>, subject: &Running) -> Outcome {
    let mut peer = victim(scene, subject)?;
    let body = [b'x'; 300];
    let message = ordinary(subject.fixture, &body);
    for byte in codec::frame(scene.kind(), &message) {
        peer.offer(&[byte]);
    }
    if delivers(subject.fixture) {
        subject.expect(scene, &body).during("H-27")?;
    }
    finish(scene, peer, subject).map(drop)
}

/// H-19, H-20
fn without_limit(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    let unlimited = [(options::RECV_MAX.name(), Value::Size(0))];
    let subject = scene.listen_with(fixture, &unlimited)?;
    for size in [1 << 63, u64::MAX] {
        ends(scene, &subject, &codec::prefix(scene.kind(), size)).during("H-19")?;
    }
    let mut owing = victim(scene, &subject)?;
    owing.offer(&codec::prefix(scene.kind(), 1 << 36));
    owing.offer(b"and a little of it");
    if !fixture.is_single() {
        served_anew(scene, &subject).during("H-20: while 64 GiB are owed")?;
    }
    owing.close();
    served_anew(scene, &subject).during("after H-20")
}

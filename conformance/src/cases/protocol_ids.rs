//! Protocol ids: one case per protocol and stream transport, over the whole matrix.

use crate::{
    catalogue::Protocol,
    driver::Fixture,
    endpoints::{self, KNOWN, STRANGERS},
    scene::{Running, Scene},
    tester::codec,
    verdict::{During, Outcome, ensure},
};

/// What each of these cases checks.
const REQUIREMENTS: &[&str] = &[
    "SP-PID-001",
    "SP-PID-002",
    "SP-PID-003",
    "SP-PID-004",
    "SP-PID-005",
    "SP-PID-006",
    "SP-PID-007",
    "SP-PID-009",
    "H-10",
    "H-11",
];

/// What these cases check of a protocol besides.
pub(crate) fn requirements(id: u16) -> Vec<&'static str> {
    let own: &[&str] = match id {
        endpoints::REQ | endpoints::REP => &["SP-RR-001"],
        endpoints::SURVEYOR | endpoints::RESPONDENT => &["SP-SV-001"],
        _ => &[],
    };
    [REQUIREMENTS, own].concat()
}

/// Runs the matrix for one protocol.
pub(crate) fn run(scene: &Scene<'_>, protocol: Protocol) -> Outcome {
    announces_the_known_number(protocol)?;
    let fixture = protocol.fixture();
    listening(scene, fixture, protocol)?;
    dialing(scene, fixture, protocol)
}

/// A name that is in use stands for its number (SP-PID-002; SP-PID-009 for REQ and REP).
fn announces_the_known_number(protocol: Protocol) -> Outcome {
    let Some(known) = endpoints::by_name(protocol.name) else {
        return Ok(());
    };
    ensure(
        (known.id, known.peer) == (protocol.id, protocol.peer),
        format!(
            "`{}` to be 0x{:04x} with peers 0x{:04x}",
            protocol.name, known.id, known.peer
        ),
        || format!("0x{:04x} with peers 0x{:04x}", protocol.id, protocol.peer),
    )
}

fn listening(scene: &Scene<'_>, fixture: Fixture, protocol: Protocol) -> Outcome {
    let subject = scene.listen(fixture)?;
    // A PAIR refuses anybody while it has a peer: so the whole matrix meets it without one.
    for id in wrong_ids(protocol) {
        refuses(scene, &subject, protocol, id)?;
    }
    let mut good = scene.open(&subject)?;
    good.shake_hands(protocol.peer, protocol.id)?;
    scene.alive(&mut good, &subject)?;
    for id in wrong_ids(protocol).take(3) {
        refuses(scene, &subject, protocol, id)?;
    }
    scene
        .alive(&mut good, &subject)
        .during("the good connection")?;
    // S has to know that this one is gone, or it may send the next message there.
    good.half_close();
    good.closed().during("T has shut down its sending side")?;
    scene.fresh(&subject)
}

fn refuses(scene: &Scene<'_>, subject: &Running, protocol: Protocol, id: u16) -> Outcome {
    let step = format!("a peer that announces {}", endpoints::show(id));
    scene.step(step.as_str());
    let mut peer = scene.open(subject)?;
    peer.offer(&codec::header(id));
    peer.expect_header_or_end(protocol.id).during(&step)?;
    peer.closed().during(step)
}

/// The id does not depend on who dials (SP-PID-007), nor does the refusal.
fn dialing(scene: &Scene<'_>, fixture: Fixture, protocol: Protocol) -> Outcome {
    let (subject, door) = scene.dial(fixture)?;
    for id in wrong_ids(protocol).take(3) {
        let step = format!("a listener that announces {}", endpoints::show(id));
        scene.step(step.as_str());
        let mut peer = scene.tester.accept(&door).during(&step)?;
        peer.offer(&codec::header(id));
        peer.expect_header_or_end(protocol.id).during(&step)?;
        peer.closed().during(&step)?;
    }
    let mut peer = scene.tester.accept(&door)?;
    peer.shake_hands(protocol.peer, protocol.id)
        .during("dialing")?;
    scene.alive(&mut peer, &subject)
}

/// Every number that is not the peer's; those most easily confused with it first.
fn wrong_ids(protocol: Protocol) -> impl Iterator<Item = u16> {
    let near = [
        protocol.id,
        protocol.id ^ 1,
        protocol.peer ^ 1,
        protocol.peer.swap_bytes(),
    ];
    let all = near
        .into_iter()
        .chain(KNOWN.iter().map(|known| known.id))
        .chain(STRANGERS);
    let mut ids: Vec<u16> = Vec::new();
    for id in all {
        if id != protocol.peer && !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids.into_iter()
}

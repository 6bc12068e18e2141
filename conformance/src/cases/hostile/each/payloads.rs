//! Messages that are malformed to one protocol or the other, sent to each: delivered, or dropped and counted, or the end
//! of the connection they came over; nothing else.

use super::{bystander, finish, served_anew, still_served, victim};
use crate::{
    cases::answers::{questions_without_id, stack},
    driver::Fixture,
    scene::{Running, Scene, tagged},
    tester::{Peer, codec},
    transcript::hex,
    verdict::{During, Outcome},
};

fn junk() -> impl Iterator<Item = Vec<u8>> {
    let hops = [0, 1, 8, 9, 254, 255, 256, 0x0100_0001, u32::MAX];
    questions_without_id()
        .into_iter()
        .chain([9, 17, 256].map(|tags| stack(tags, b"hi")))
        .chain(hops.map(|count| tagged(count, b"hi")))
        .chain([b"hi".to_vec()])
}

pub(super) fn run(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    let subject = scene.listen(fixture)?;
    let mut good = bystander(scene, &subject)?;
    for payload in junk() {
        let step = format!(
            "a message of {} bytes, {}",
            payload.len(),
            hex(&payload[..payload.len().min(12)])
        );
        scene.step(step.as_str());
        take(scene, &subject, &payload, &mut good).during(step)?;
    }
    drop(good);
    served_anew(scene, &subject)
}

fn take(scene: &Scene<'_>, subject: &Running, payload: &[u8], good: &mut Option<Peer>) -> Outcome {
    let mut peer = victim(scene, subject)?;
    subject.drain(scene);
    let before = subject.losses().unwrap_or_default();
    peer.offer(&codec::frame(scene.kind(), payload));
    let delivered = finish(scene, peer, subject)? as u64;
    if subject.fixture.is_known() {
        subject.counts("a message that was not delivered", scene, |losses| {
            losses.messages - before.messages + delivered > 0
        })?;
    }
    still_served(scene, subject, good)
}

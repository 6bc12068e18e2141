//! Before and in the connection header.

use spkit_api::{Value, options};

use super::{Ending, bystander, ordinary, served_anew, still_served};
use crate::{
    driver::Fixture,
    endpoints::KNOWN,
    scene::{Running, Scene},
    tester::{Peer, codec},
    transcript::show,
    verdict::{During, Outcome, ensure},
};

/// What a stranger sends instead of a header, and what it is called. Each ends the connection.
type Input = (&'static str, fn(Fixture) -> Vec<Vec<u8>>);

const INPUTS: &[Input] = &[
    ("H-07", |_| {
        [[0; 8], [0xff; 8], *b"GET / HT", [0x16, 3, 1, 2, 0, 1, 0, 1]]
            .map(Vec::from)
            .to_vec()
    }),
    ("H-08", |fixture| {
        let flipped = |bit: usize| {
            let mut header = codec::header(fixture.peer());
            header[bit / 8] ^= 1 << (bit % 8);
            header
        };
        (0..64).map(flipped).collect()
    }),
    ("H-09", |fixture| {
        let version = |version: u8| {
            let mut header = codec::header(fixture.peer());
            header[3] = version;
            header
        };
        [1, 2, 0x7f, 0x80, 0xff].map(version).to_vec()
    }),
    ("H-10", |fixture| {
        let known = KNOWN.iter().map(|known| known.id);
        known
            .filter(|id| *id != fixture.peer())
            .map(codec::header)
            .collect()
    }),
    ("H-11", |fixture| {
        let own = Some(fixture.id).filter(|own| *own != fixture.peer());
        own.map(codec::header).into_iter().collect()
    }),
];

/// Handshakes that hang all the while.
const HANGING: usize = 30;

pub(super) fn run(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    let subject = scene.listen(fixture)?;
    let mut good = bystander(scene, &subject)?;
    let mut hanging = Vec::new();
    for number in 0..HANGING {
        let peer = scene.open(&subject);
        hanging.push(peer.during(format!("H-06: connection {number}"))?);
    }
    // H-05: a byte now and then, while all the rest goes on.
    let mut slow = scene.open(&subject)?;
    let mut trickle = codec::header(fixture.peer()).into_iter();
    let mut refused = 0;
    for (id, inputs) in INPUTS {
        for input in inputs(fixture) {
            refuse(scene, &subject, &input).during(id)?;
            refused += 1;
        }
        slow.offer(&trickle.next().map_or(vec![], |byte| vec![byte]));
        still_served(scene, &subject, &mut good).during(format!("after {id}"))?;
    }
    let mut followed = codec::header(fixture.peer());
    followed[2] ^= 0xff;
    let message = ordinary(fixture, b"never to be seen");
    followed.extend(codec::frame(scene.kind(), &message));
    refuse(scene, &subject, &followed).during("H-13")?;
    refused += 1;
    let delivered = subject.drain(scene);
    ensure(
        delivered.is_empty(),
        "H-13: nothing to be delivered",
        || format!("{delivered:?}"),
    )?;
    still_served(scene, &subject, &mut good).during("after H-13")?;
    come_and_go(scene, &subject, &mut good)?;
    drop((hanging, slow));
    still_served(scene, &subject, &mut good).during("after H-06")?;
    subject.counts("refused connections", scene, |losses| {
        losses.connections >= refused
    })?;
    drop(good);
    served_anew(scene, &subject)?;
    in_bounded_time(scene, fixture)?;
    from_a_listener(scene, fixture)
}

fn refuse(scene: &Scene<'_>, subject: &Running, header: &[u8]) -> Outcome {
    let step = format!("after {}", show(scene.kind(), header));
    scene.step(step.as_str());
    let mut peer = scene.open(subject)?;
    peer.offer(header);
    peer.closed().during(step)
}

fn come_and_go(scene: &Scene<'_>, subject: &Running, good: &mut Option<Peer>) -> Outcome {
    let ends: [Ending; 3] = [
        ("H-01", Peer::close),
        ("H-02", Peer::reset),
        ("H-15", |mut peer| peer.offer(&[0xff; 8])),
    ];
    for (id, end) in ends {
        for _ in 0..20 {
            end(scene.open(subject).during(id)?);
        }
        still_served(scene, subject, good).during(format!("after {id}"))?;
    }
    Ok(())
}

/// Whoever dials refuses the same, and dials again each time.
fn from_a_listener(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    let (subject, door) = scene.dial(fixture)?;
    for (id, inputs) in INPUTS {
        for input in inputs(fixture).into_iter().take(2) {
            let step = format!("{id}: dialing, after {}", show(scene.kind(), &input));
            scene.step(step.as_str());
            let mut peer = scene.tester.accept(&door).during(&step)?;
            peer.offer(&input);
            peer.closed().during(step)?;
        }
    }
    let mut good = scene.welcome(&subject, &door)?;
    scene.alive(&mut good, &subject).during("dialing again")
}

/// H-03, H-04: who does not finish its header is dropped in the end.
fn in_bounded_time(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    let limit = Value::Duration(Some(scene.pace().millis(300)));
    let options = [(options::HANDSHAKE_TIMEOUT.name(), limit)];
    let subject = scene.listen_with(fixture, &options)?;
    let mut silent = scene.open(&subject)?;
    let mut partial = scene.open(&subject)?;
    partial.offer(&codec::header(fixture.peer())[..7]);
    served_anew(scene, &subject).during("while two handshakes hang")?;
    silent.closed().during("H-03")?;
    partial.closed().during("H-04")?;
    served_anew(scene, &subject)
}

//! Hostile input against every protocol, one after the other: what is refused, what is thrown away and counted, and that
//! others are served on.

mod headers;
mod payloads;
mod sizes;
mod types;

use std::time::Duration;

use spkit_api::transport::StreamKind;

use crate::{
    driver::Fixture,
    endpoints,
    pace::Deadline,
    scene::{Running, Scene, breathe, fresh_body, request, tagged},
    tester::Peer,
    verdict::{Outcome, Trouble},
};

/// A table of hostile inputs for each protocol that is linked in.
#[derive(Debug)]
pub(crate) struct Each {
    pub(crate) slug: &'static str,
    pub(crate) body: fn(&Scene<'_>, Fixture) -> Outcome,
    pub(crate) note: &'static str,
    tcp: &'static [&'static str],
    ipc: &'static [&'static str],
}

impl Each {
    /// What it checks on a mapping; nothing if it does not belong there.
    pub(crate) fn requirements(&self, kind: StreamKind) -> &'static [&'static str] {
        match kind {
            StreamKind::Ipc => self.ipc,
            _ => self.tcp,
        }
    }
}

const HEADERS: &[&str] = &[
    "H-01", "H-02", "H-03", "H-04", "H-05", "H-06", "H-07", "H-08", "H-09", "H-10", "H-11", "H-13",
    "H-15",
];

const SIZES: &[&str] = &[
    "H-12", "H-14", "H-16", "H-17", "H-18", "H-19", "H-20", "H-21", "H-22", "H-23", "H-24", "H-25",
    "H-26", "H-27",
];

const PAYLOADS: &[&str] = &["SP-X-010", "SPK-018"];

pub(crate) static EACH: &[Each] = &[
    Each {
        slug: "hostile.headers",
        body: headers::run,
        note: "fewer connections than where one protocol stands for all",
        tcp: HEADERS,
        ipc: HEADERS,
    },
    Each {
        slug: "hostile.sizes",
        body: sizes::run,
        note: "fewer connections and messages than where one protocol stands for all",
        tcp: SIZES,
        ipc: SIZES,
    },
    Each {
        slug: "hostile.payloads",
        body: payloads::run,
        note: "",
        tcp: PAYLOADS,
        ipc: PAYLOADS,
    },
    Each {
        slug: "hostile.types",
        body: types::run,
        note: "ten messages with descriptors, not a thousand",
        tcp: &[],
        ipc: &["H-28", "H-29", "H-30", "H-31", "H-32"],
    },
];

/// A peer that behaves, to see that it is served on. A protocol with one peer at a time has no room for it beside a
/// hostile one, and would refuse that for its sake.
fn bystander(scene: &Scene<'_>, subject: &Running) -> Outcome<Option<Peer>> {
    if subject.fixture.is_single() {
        return Ok(None);
    }
    let mut peer = scene.connect(subject)?;
    served(scene, &mut peer, subject)?;
    Ok(Some(peer))
}

/// The bystander is served. Where there is none, each further connection is seen to be served first.
fn still_served(scene: &Scene<'_>, subject: &Running, good: &mut Option<Peer>) -> Outcome {
    match good {
        Some(good) => served(scene, good, subject),
        None => Ok(()),
    }
}

/// A connection past its handshake, for hostile messages.
fn victim(scene: &Scene<'_>, subject: &Running) -> Outcome<Peer> {
    match subject.fixture.is_single() {
        true => scene.connect_soon(subject),
        false => scene.connect(subject),
    }
}

/// ALIVE, where other connections may be there that behave in no way at all: who asks or sends in turn may turn to them
/// first, and what goes round among peers may have come along.
fn served(scene: &Scene<'_>, peer: &mut Peer, subject: &Running) -> Outcome {
    let asks = match subject.fixture.id {
        endpoints::REQ => true,
        endpoints::PUSH => false,
        endpoints::STAR => return round(scene, peer, subject),
        // What it sends without a choice goes to any of its peers.
        endpoints::PAIR1 if !subject.fixture.is_single() => {
            let body = fresh_body();
            peer.send_frame(&tagged(1, body.as_bytes()))?;
            return subject.expect(scene, body.as_bytes());
        }
        _ => return scene.alive(peer, subject),
    };
    let deadline = Deadline::after(scene.pace().expect());
    loop {
        let body = fresh_body();
        subject.send(scene, body.as_bytes())?;
        while let Some(frame) = peer.frame_within(scene.pace().millis(20))? {
            if !asks && frame == body.as_bytes() {
                return Ok(());
            }
            if asks && frame.get(4..) == Some(body.as_bytes()) {
                peer.send_frame(&frame)?;
                return subject.expect(scene, body.as_bytes());
            }
        }
        if deadline.is_over() || peer.end().is_some() {
            return Err(Trouble::failed(
                "a peer to be served beside a hostile one",
                match peer.end() {
                    Some(_) => "its connection is closed",
                    None => "its turn does not come",
                },
            ));
        }
    }
}

/// The ordinary exchange of a STAR, past what others sent round.
fn round(scene: &Scene<'_>, peer: &mut Peer, subject: &Running) -> Outcome {
    let body = fresh_body();
    peer.send_frame(&tagged(0, body.as_bytes()))?;
    subject.expect(scene, body.as_bytes())?;
    subject.send(scene, body.as_bytes())?;
    while peer.read_frame()? != tagged(0, body.as_bytes()) {}
    Ok(())
}

/// FRESH, likewise.
fn served_anew(scene: &Scene<'_>, subject: &Running) -> Outcome {
    let deadline = Deadline::after(scene.pace().fresh());
    loop {
        let tried = victim(scene, subject).and_then(|mut peer| served(scene, &mut peer, subject));
        match tried {
            Err(_) if !deadline.is_over() => breathe(),
            tried => {
                return tried.map_err(|trouble| trouble.during("a new peer is served (FRESH)"));
            }
        }
    }
}

/// Has T finish a connection, and returns how many messages the application received until S has closed it too.
fn finish(scene: &Scene<'_>, mut peer: Peer, subject: &Running) -> Outcome<usize> {
    peer.half_close();
    let deadline = Deadline::after(scene.pace().closed());
    let mut received = 0;
    loop {
        peer.drain(Duration::from_millis(1))?;
        // A full queue keeps S from reading on.
        received += subject.drain(scene).len();
        if peer.end().is_some() {
            return Ok(received);
        }
        if deadline.is_over() {
            return Err(Trouble::failed(
                "the endpoint to close a connection that T has finished",
                "it is open",
            ));
        }
    }
}

/// How T ends a connection, and what that is called.
type Ending = (&'static str, fn(Peer));

/// A message as this protocol's peers send them.
fn ordinary(fixture: Fixture, body: &[u8]) -> Vec<u8> {
    match fixture.id {
        endpoints::REP | endpoints::RESPONDENT => request(body),
        endpoints::PAIR1 => tagged(1, body),
        endpoints::STAR => tagged(0, body),
        _ => body.to_vec(),
    }
}

/// Whether an application of this protocol receives what comes unasked.
fn delivers(fixture: Fixture) -> bool {
    fixture.is_known()
        && !matches!(
            fixture.id,
            endpoints::REQ | endpoints::SURVEYOR | endpoints::PUSH | endpoints::PUB
        )
}

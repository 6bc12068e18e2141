//! What only ipc has: the type in front of each message, descriptors, and the file at the address.

use std::{io::Read as _, os::fd::AsFd as _, os::unix::net::UnixStream};

use spkit_api::transport::StreamKind;

use super::{bystander, finish, ordinary, served_anew, still_served, victim};
use crate::{
    cases::ipc,
    driver::Fixture,
    scene::{Running, Scene},
    tester::codec,
    verdict::{During, Outcome, Trouble, ensure},
};

pub(super) fn run(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    let subject = scene.listen(fixture)?;
    let mut good = bystander(scene, &subject)?;
    let message = ordinary(fixture, b"never to be seen");
    let typed = [0x00, 0x02, 0x7f, 0xff].map(|kind| {
        let mut frame = codec::frame(scene.kind(), &message);
        frame[0] = kind;
        ("H-28", frame)
    });
    let untyped = ("H-29", codec::frame(StreamKind::Tcp, &message));
    for (id, frame) in typed.into_iter().chain([untyped]) {
        let mut peer = victim(scene, &subject)?;
        peer.offer(&frame);
        peer.closed_forgetting_messages().during(id)?;
        let delivered = subject.drain(scene);
        ensure(delivered.is_empty(), format!("{id}: nothing"), || {
            format!("{delivered:?}")
        })?;
    }
    subject.counts("connections that were ended", scene, |losses| {
        losses.connections >= 5
    })?;
    let mut alone = victim(scene, &subject)?;
    alone.offer(&[1]);
    still_served(scene, &subject, &mut good).during("H-30: a type and nothing more")?;
    alone.close();
    descriptors(scene, &subject).during("H-31")?;
    drop(good);
    served_anew(scene, &subject)?;
    ipc::keeps_regular_file(scene, fixture).during("H-32")
}

/// Their other end sees the last copy go.
fn descriptors(scene: &Scene<'_>, subject: &Running) -> Outcome {
    let peer = victim(scene, subject)?;
    let pair = UnixStream::pair().map_err(|error| Trouble::kit("a pair of sockets", error))?;
    let (mut watch, passed) = pair;
    let frame = codec::frame(
        scene.kind(),
        &ordinary(subject.fixture, b"with descriptors"),
    );
    for _ in 0..10 {
        ipc::send_with(&peer, &frame, [passed.as_fd(); 3])?;
    }
    drop(passed);
    // So that all of it has been read.
    finish(scene, peer, subject)?;
    watch
        .set_read_timeout(Some(scene.pace().expect()))
        .map_err(|error| Trouble::kit("a timeout", error))?;
    let end = watch.read(&mut [0]);
    ensure(
        matches!(end, Ok(0)),
        "every descriptor to be closed by the endpoint",
        || format!("copies are still open: {end:?}"),
    )
}

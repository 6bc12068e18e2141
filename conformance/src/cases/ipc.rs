//! What only the ipc mapping has: message types, and the file at the address.

use std::{
    fs,
    io::{IoSlice, Read as _},
    mem::MaybeUninit,
    os::{
        fd::{AsFd as _, BorrowedFd},
        unix::{
            fs::{FileTypeExt as _, symlink},
            net::{UnixListener, UnixStream},
        },
    },
    path::Path,
};

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use super::Row;
use crate::{
    driver::Fixture,
    scene::{Running, Scene},
    tester::{Peer, codec},
    transcript::hex,
    verdict::{During, Outcome, Trouble, ensure},
};

pub(crate) static ROWS: &[Row] = &[
    Row::new("type.other-than-1", &[Fixture::PULL], other_types).ipc(&["SP-IPC-010", "H-28"]),
    Row::new("type.missing", &[Fixture::PULL], missing_type).ipc(&["H-29"]),
    Row::new("type.and-nothing-more", &[Fixture::REP], type_alone).ipc(&["H-30"]),
    Row::new("file.stale-is-replaced", &[Fixture::PAIR], stale_file).ipc(&["SP-IPC-013"]),
    Row::new("file.in-use-is-refused", &[Fixture::REP], file_in_use).ipc(&["SP-IPC-014"]),
    Row::new("file.regular-is-kept", &[Fixture::PAIR], regular_file).ipc(&["SP-IPC-015", "H-32"]),
    Row::new("file.directory-is-kept", &[Fixture::PAIR], directory).ipc(&["H-32"]),
    Row::new(
        "file.dangling-link-is-kept",
        &[Fixture::PAIR],
        dangling_link,
    )
    .ipc(&["H-32"]),
    Row::new("file.probed", &[Fixture::REP], probed).ipc(&["SP-IPC-016"]),
    Row::new("file.removed-at-close", &[Fixture::PAIR], removed_at_close).ipc(&["SP-IPC-017"]),
    Row::new("file.longest-path", &[Fixture::PAIR], longest_path).ipc(&["SP-IPC-018"]),
    Row::new("file.path-too-long", &[Fixture::PAIR], path_too_long).ipc(&["SP-IPC-018"]),
    Row::new("file.abstract-has-none", &[Fixture::PAIR], abstract_name)
        .ipc(&["SP-IPC-021"])
        .scheme("abstract"),
    Row::new("descriptors.are-not-kept", &[Fixture::PAIR], descriptors)
        .ipc(&["SP-IPC-020", "H-31"])
        .note("200 messages, not 1000"),
];

/// Bytes that a socket's path may have on Linux, without the NUL at its end.
const LONGEST_PATH: usize = 107;

fn other_types(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PULL)?;
    for kind in [0x00, 0x02, 0x7f, 0xff] {
        let mut frame = codec::frame(scene.kind(), b"x");
        frame[0] = kind;
        let mut peer = scene.connect(&subject)?;
        peer.offer(&frame);
        peer.closed()
            .during(format!("a message of type {kind:02x}"))?;
    }
    subject.receives_nothing(scene)?;
    scene.fresh(&subject)
}

fn missing_type(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PULL)?;
    let mut peer = scene.connect(&subject)?;
    let frame = codec::frame(spkit_api::transport::StreamKind::Tcp, b"framed as on tcp");
    peer.offer(&frame);
    peer.closed().during(format!("{} on ipc", hex(&frame)))?;
    subject.receives_nothing(scene)?;
    scene.fresh(&subject)
}

fn type_alone(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REP)?;
    let mut peer = scene.connect(&subject)?;
    peer.send(&[1])?;
    scene.fresh(&subject)?;
    peer.quiet_for(scene.pace().millis(100))
}

fn stale_file(scene: &Scene<'_>) -> Outcome {
    let path = scene.addresses.path();
    let dead = UnixListener::bind(&path).map_err(|error| Trouble::kit("a socket file", error))?;
    drop(dead);
    let subject = listen_on(scene, &path)?.map_err(|why| {
        Trouble::failed(
            "the socket file of a listener that is gone to be replaced",
            why,
        )
    })?;
    scene.fresh(&subject)
}

fn file_in_use(scene: &Scene<'_>) -> Outcome {
    let first = scene.listen(Fixture::REP)?;
    let mut peer = scene.connect(&first)?;
    let Err(refused) = scene.listen_at(Fixture::REP, &[], first.address()) else {
        return Err(Trouble::failed("address in use", "both listen"));
    };
    ensure(refused.in_use, "address in use", || refused.why.clone())?;
    scene
        .alive(&mut peer, &first)
        .during("a connection of the first")?;
    scene.fresh(&first).during("the first")
}

fn regular_file(scene: &Scene<'_>) -> Outcome {
    keeps_regular_file(scene, Fixture::PAIR)
}

/// A regular file at the address stays, and nobody listens there.
pub(super) fn keeps_regular_file(scene: &Scene<'_>, fixture: Fixture) -> Outcome {
    let path = scene.addresses.path();
    fs::write(&path, "precious").map_err(|error| Trouble::kit("a file", error))?;
    refuses_path(scene, fixture, &path, "a regular file")?;
    let kept = fs::read(&path).unwrap_or_default();
    ensure(kept == b"precious", "the file to stay as it was", || {
        format!("{}", String::from_utf8_lossy(&kept).escape_debug())
    })?;
    works_without(scene, fixture, &path, |path| fs::remove_file(path))
}

fn directory(scene: &Scene<'_>) -> Outcome {
    let path = scene.addresses.path();
    fs::create_dir(&path).map_err(|error| Trouble::kit("a directory", error))?;
    refuses_path(scene, Fixture::PAIR, &path, "a directory")?;
    ensure(path.is_dir(), "the directory to stay", || {
        "it is gone".to_owned()
    })?;
    works_without(scene, Fixture::PAIR, &path, |path| fs::remove_dir(path))
}

fn dangling_link(scene: &Scene<'_>) -> Outcome {
    let (path, target) = (scene.addresses.path(), scene.addresses.path());
    symlink(&target, &path).map_err(|error| Trouble::kit("a link", error))?;
    refuses_path(scene, Fixture::PAIR, &path, "a link to nothing")?;
    ensure(path.is_symlink(), "the link to stay", || {
        "it is gone".to_owned()
    })?;
    works_without(scene, Fixture::PAIR, &path, |path| fs::remove_file(path))
}

fn refuses_path(scene: &Scene<'_>, fixture: Fixture, path: &Path, what: &str) -> Outcome {
    match listen_as(scene, fixture, path)? {
        Err(_) => Ok(()),
        Ok(_) => Err(Trouble::failed(
            format!("an error, since {what} is at the address"),
            "the endpoint listens",
        )),
    }
}

/// A refusal counts only if the endpoint would have listened otherwise.
fn works_without(
    scene: &Scene<'_>,
    fixture: Fixture,
    path: &Path,
    remove: fn(&Path) -> std::io::Result<()>,
) -> Outcome {
    remove(path).map_err(|error| Trouble::kit("removing what was in the way", error))?;
    let subject = listen_as(scene, fixture, path)?
        .map_err(|why| Trouble::failed("the path to work once nothing is in the way", why))?;
    scene.fresh(&subject)
}

fn probed(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REP)?;
    scene.open(&subject)?.close();
    scene.fresh(&subject).during("after one probe")?;
    for _ in 0..20 {
        scene.open(&subject)?.close();
    }
    scene.fresh(&subject).during("after 20 more")
}

fn removed_at_close(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let path = Path::new(subject.rest()).to_owned();
    let is_socket = fs::symlink_metadata(&path).is_ok_and(|meta| meta.file_type().is_socket());
    ensure(is_socket, format!("a socket at {}", path.display()), || {
        "none".to_owned()
    })?;
    scene.fresh(&subject)?;
    subject.stop();
    ensure(
        !path.exists(),
        "the socket file to be gone after the close",
        || format!("{} is there", path.display()),
    )
}

fn longest_path(scene: &Scene<'_>) -> Outcome {
    let path = path_of(scene, LONGEST_PATH)?;
    let subject = listen_on(scene, &path)?
        .map_err(|why| Trouble::failed(format!("a path of {LONGEST_PATH} bytes to work"), why))?;
    scene.fresh(&subject)
}

fn path_too_long(scene: &Scene<'_>) -> Outcome {
    let path = path_of(scene, LONGEST_PATH + 1)?;
    if listen_on(scene, &path)?.is_ok() {
        return Err(Trouble::failed(
            format!("an error for a path of {} bytes", LONGEST_PATH + 1),
            "the endpoint listens",
        ));
    }
    let cut = &path.to_string_lossy()[..LONGEST_PATH];
    ensure(
        !Path::new(cut).exists(),
        "the path not to be cut short",
        || format!("{cut} is there"),
    )?;
    longest_path(scene)
}

/// An abstract address is the name after a NUL, and no file.
fn abstract_name(scene: &Scene<'_>) -> Outcome {
    let path = scene.addresses.path();
    let name = path.display();
    let subject = scene
        .listen_at(Fixture::PAIR, &[], &format!("abstract://{name}"))
        .map_err(|refused| Trouble::failed("an abstract address to work", refused.why))?;
    let mut peer = scene.tester.open(&format!("\0{name}"))?;
    scene.shake_hands(&mut peer, &subject)?;
    scene.alive(&mut peer, &subject)?;
    ensure(!path.exists(), "no file", || format!("{name} is there"))
}

/// A path of exactly this many bytes.
fn path_of(scene: &Scene<'_>, len: usize) -> Outcome<std::path::PathBuf> {
    let directory = scene.addresses.directory();
    let have = directory.as_os_str().len() + 1;
    let Some(missing) = len.checked_sub(have).filter(|missing| *missing > 0) else {
        return Err(Trouble::Skipped(format!(
            "{} is too long a path",
            directory.display()
        )));
    };
    Ok(directory.join("p".repeat(missing)))
}

/// Has a PAIR listen at a path; the inner error is its reason not to.
fn listen_on(scene: &Scene<'_>, path: &Path) -> Outcome<Result<Running, String>> {
    listen_as(scene, Fixture::PAIR, path)
}

fn listen_as(scene: &Scene<'_>, fixture: Fixture, path: &Path) -> Outcome<Result<Running, String>> {
    let address = format!("{}://{}", scene.scheme, path.display());
    Ok(scene
        .listen_at(fixture, &[], &address)
        .map_err(|refused| refused.why))
}

/// Sends a short frame and three descriptors with it.
pub(super) fn send_with(peer: &Peer, frame: &[u8], fds: [BorrowedFd<'_>; 3]) -> Outcome {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    ancillary.push(SendAncillaryMessage::ScmRights(&fds));
    let Some(socket) = peer.carrier().as_unix() else {
        return Err(Trouble::Skipped("no Unix socket".to_owned()));
    };
    // Short: the whole frame fits into an empty socket's buffer.
    sendmsg(
        socket,
        &[IoSlice::new(frame)],
        &mut ancillary,
        SendFlags::NOSIGNAL,
    )
    .map(drop)
    .map_err(|error| Trouble::failed("the endpoint to take descriptors", error.to_string()))
}

/// Descriptors sent along are not kept: the other ends of them see their last copy go.
fn descriptors(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::PAIR)?;
    let mut peer = scene.connect(&subject)?;
    let pair = || UnixStream::pair().map_err(|error| Trouble::kit("a pair of sockets", error));
    let (mut watch, passed) = pair()?;
    let frame = codec::frame(scene.kind(), b"with three descriptors");
    for number in 0..200 {
        send_with(&peer, &frame, [passed.as_fd(); 3])?;
        peer.expect(&frame)
            .during(format!("message {number} with descriptors"))?;
    }
    drop(passed);
    scene.alive(&mut peer, &subject)?;
    let kept = "every descriptor to be closed by the endpoint";
    watch
        .set_read_timeout(Some(scene.pace().expect()))
        .map_err(|error| Trouble::kit("a timeout", error))?;
    match watch.read(&mut [0]) {
        Ok(0) => Ok(()),
        other => Err(Trouble::failed(
            kept,
            format!("copies are still open: {other:?}"),
        )),
    }
}

use std::{
    fs,
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
};

use spkit_api::{ErrorKind, Message};
use tempfile::TempDir;

use super::Ipc;
use crate::testing::World;

const PAIR: u16 = 0x10;
const HELLO: [u8; 8] = [0, b'S', b'P', 0, 0, 0x10, 0, 0];

fn place() -> (TempDir, String) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("s").to_str().unwrap().to_owned();
    (dir, path)
}

fn connected(address: &str) -> (World, u64, u64) {
    let mut world = World::new();
    world.listen(&Ipc, address, PAIR).unwrap();
    let dialed = world.dial(&Ipc, address, PAIR).unwrap();
    world.until("both ends are pipes", |world| {
        world.is_pipe(dialed) && world.accepted.len() == 1
    });
    let accepted = world.accepted[0];
    (world, dialed, accepted)
}

fn echo(address: &str) {
    let (mut world, dialed, accepted) = connected(address);
    for (from, to) in [(dialed, accepted), (accepted, dialed)] {
        for len in [0, 1, 1000, 100_000, 1 << 20] {
            world.send(from, vec![7; len]);
            world.until("the message", |world| world.count(to) == 1);
            assert_eq!(world.received(to)[0].len(), len);
        }
    }
}

#[test]
fn messages_go_both_ways() {
    let (_dir, path) = place();
    echo(&format!("ipc://{path}"));
    echo(&format!("unix://{path}"));
}

#[cfg(target_os = "linux")]
#[test]
fn abstract_names_need_no_file() {
    echo(&format!("abstract://spkit%00test/{}", std::process::id()));
}

#[test]
fn a_stream_of_messages_keeps_its_order_and_loses_no_edge() {
    let (_dir, path) = place();
    let (mut world, dialed, accepted) = connected(&format!("ipc://{path}"));
    let sizes = [10, 70_000, 3000, 0, 16_000, 40_000];
    for n in 0..2000_u32 {
        let mut body = vec![0; sizes[n as usize % sizes.len()]];
        body.extend_from_slice(&n.to_be_bytes());
        world.send(dialed, body);
    }
    world.until("all messages", |world| world.count(accepted) == 2000);
    for (n, message) in world.received(accepted).iter().enumerate() {
        assert_eq!(message.len(), sizes[n % sizes.len()] + 4);
        assert_eq!(
            message.body()[message.len() - 4..],
            (n as u32).to_be_bytes()
        );
    }
}

#[test]
fn the_bytes_on_the_wire_are_those_of_the_mapping() {
    let (_dir, path) = place();
    let mut world = World::new();
    world.listen(&Ipc, &format!("ipc://{path}"), PAIR).unwrap();
    let mut raw = UnixStream::connect(&path).unwrap();
    raw.write_all(&HELLO).unwrap();
    raw.write_all(b"\x01\0\0\0\0\0\0\0\x03abc").unwrap();
    world.until("the pipe", |world| world.accepted.len() == 1);
    let pipe = world.accepted[0];
    world.until("the message", |world| world.count(pipe) == 1);
    let mut reply = Message::from("xy");
    reply.push_back(0x8000_0001);
    world.send(pipe, reply);
    let mut read = [0; 23];
    raw.read_exact(&mut read).unwrap();
    assert_eq!(read[..8], HELLO);
    assert_eq!(read[8..], *b"\x01\0\0\0\0\0\0\0\x06\x80\0\0\x01xy");
}

#[cfg(target_os = "linux")]
#[test]
fn the_ends_know_each_other() {
    let (_dir, path) = place();
    let address = format!("ipc://{path}");
    let (mut world, dialed, accepted) = connected(&address);
    let ours = world.pipe(dialed).facts();
    let theirs = world.pipe(accepted).facts();
    assert_eq!(ours.remote.unwrap().as_str(), address);
    assert_eq!(theirs.local.unwrap().as_str(), address);
    let pid = i32::try_from(std::process::id()).unwrap();
    assert_eq!(ours.credentials.unwrap().pid, Some(pid));
    assert_eq!(theirs.credentials.unwrap().pid, Some(pid));
}

#[test]
fn the_file_of_a_dead_process_is_taken_over() {
    let (_dir, path) = place();
    drop(UnixListener::bind(&path).unwrap());
    assert!(Path::new(&path).exists());
    echo(&format!("ipc://{path}"));
}

#[test]
fn a_live_listener_is_left_alone() {
    let (_dir, path) = place();
    let address = format!("ipc://{path}");
    let mut world = World::new();
    world.listen(&Ipc, &address, PAIR).unwrap();
    let error = world.listen(&Ipc, &address, PAIR).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse);
    // The probe of the second was a connection that went at once.
    world.until("the probe", |world| !world.failed.is_empty());
    let dialed = world.dial(&Ipc, &address, PAIR).unwrap();
    world.until("the pipe", |world| world.is_pipe(dialed));
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let (dir, path) = place();
    fs::write(&path, "precious").unwrap();
    let mut world = World::new();
    let error = world
        .listen(&Ipc, &format!("ipc://{path}"), PAIR)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse);
    assert!(error.to_string().contains("no socket"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    let link = dir.path().join("dangling");
    std::os::unix::fs::symlink("/nonexistent/x", &link).unwrap();
    for other in [dir.path(), &link] {
        let address = format!("ipc://{}", other.display());
        assert!(world.listen(&Ipc, &address, PAIR).is_err());
        assert!(fs::symlink_metadata(other).is_ok());
    }
}

#[test]
fn the_file_goes_with_the_listener_unless_it_is_another_by_then() {
    let (_dir, path) = place();
    let address = format!("ipc://{path}");
    let mut world = World::new();
    let (listener, local) = world.listen(&Ipc, &address, PAIR).unwrap();
    assert_eq!(local.as_str(), address);
    world.drop_object(listener);
    assert!(!Path::new(&path).exists());

    let (listener, _) = world.listen(&Ipc, &address, PAIR).unwrap();
    fs::remove_file(&path).unwrap();
    let (_other, _) = world.listen(&Ipc, &address, PAIR).unwrap();
    world.drop_object(listener);
    assert!(Path::new(&path).exists(), "it is the other listener's");
}

#[test]
fn names_that_do_not_fit_are_refused_with_the_limit() {
    let mut world = World::new();
    let address = format!("ipc:///tmp/{}", "a".repeat(200));
    for error in [
        world.dial(&Ipc, &address, PAIR).unwrap_err(),
        world.listen(&Ipc, &address, PAIR).map(drop).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::AddressInvalid);
        assert!(error.to_string().contains("at most 10"), "{error}");
    }
    assert!(world.dial(&Ipc, "ipc://", PAIR).is_err());
}

#[test]
fn nobody_there_is_a_refusal_and_a_missing_directory_an_error_of_listen() {
    let (_dir, path) = place();
    let mut world = World::new();
    world.dial(&Ipc, &format!("ipc://{path}"), PAIR).unwrap();
    world.until("the refusal", |world| !world.failed.is_empty());
    assert_eq!(world.failed[0].kind(), ErrorKind::ConnectionRefused);
    let error = world
        .listen(&Ipc, &format!("ipc://{path}/x/y"), PAIR)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInvalid);
}

#[test]
fn probes_do_not_harm_a_listener() {
    let (_dir, path) = place();
    let mut world = World::new();
    let address = format!("ipc://{path}");
    world.listen(&Ipc, &address, PAIR).unwrap();
    for _ in 0..20 {
        drop(UnixStream::connect(&path).unwrap());
    }
    let dialed = world.dial(&Ipc, &address, PAIR).unwrap();
    world.until("the pipe", |world| world.is_pipe(dialed));
}

#[test]
fn a_dialer_waits_while_the_backlog_is_full() {
    let (_dir, path) = place();
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    socket
        .bind(&socket2::SockAddr::unix(&path).unwrap())
        .unwrap();
    socket.listen(0).unwrap();
    let listener = UnixListener::from(socket);
    let _first = UnixStream::connect(&path).unwrap();
    let mut world = World::new();
    let dialed = world.dial(&Ipc, &format!("ipc://{path}"), PAIR).unwrap();
    world.until("a few attempts", |world| world.fired() >= 3);
    assert!(world.failed.is_empty());
    let _first = listener.accept().unwrap();
    listener.set_nonblocking(true).unwrap();
    let mut second = None;
    world.until("the next attempt", |_| {
        second = listener.accept().ok();
        second.is_some()
    });
    let (mut second, _) = second.unwrap();
    second.write_all(&HELLO).unwrap();
    world.until("the pipe", |world| world.is_pipe(dialed));
}

#[test]
fn a_close_delivers_what_is_pending() {
    let (_dir, path) = place();
    let (mut world, dialed, accepted) = connected(&format!("ipc://{path}"));
    for n in 0..20 {
        world.send(dialed, vec![n; 50_000]);
    }
    world.send(accepted, "unread");
    world.close(dialed);
    world.until("everything", |world| world.ended(accepted).is_some());
    assert_eq!(world.received(accepted).len(), 20);
    assert_eq!(world.ended(accepted).unwrap().kind(), ErrorKind::Closed);
    world.drop_object(accepted);
    world.until("the close", |world| world.closed(dialed));
}

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};

use spkit_api::ErrorKind;

use super::Tcp;
use crate::testing::World;

const PAIR: u16 = 0x10;
const HELLO: [u8; 8] = [0, b'S', b'P', 0, 0, 0x10, 0, 0];

/// A world with a listener and a dialer that are connected.
fn connected(listen: &str, dial: impl FnOnce(&str) -> String) -> (World, u64, u64) {
    let mut world = World::new();
    let (_, local) = world.listen(&Tcp, listen, PAIR).unwrap();
    let dialed = world.dial(&Tcp, &dial(local.as_str()), PAIR).unwrap();
    world.until("both ends are pipes", |world| {
        world.is_pipe(dialed) && world.accepted.len() == 1
    });
    let accepted = world.accepted[0];
    (world, dialed, accepted)
}

fn same(address: &str) -> String {
    address.to_owned()
}

#[test]
fn messages_go_both_ways() {
    let (mut world, dialed, accepted) = connected("tcp://127.0.0.1:0", same);
    for (from, to) in [(dialed, accepted), (accepted, dialed)] {
        for len in [0, 1, 1000, 100_000, 1 << 20] {
            world.send(from, vec![7; len]);
            world.until("the message", |world| world.count(to) == 1);
            assert_eq!(world.received(to)[0].len(), len);
        }
    }
}

#[test]
fn a_stream_of_messages_keeps_its_order_and_loses_no_edge() {
    let (mut world, dialed, accepted) = connected("tcp://127.0.0.1:0", same);
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
fn each_form_of_address_works() {
    connected("tcp4://127.0.0.1:0", same);
    connected("tcp://localhost:0", same);
    connected("tcp4://*:0", |bound| bound.replace("0.0.0.0", "127.0.0.1"));
    connected("tcp4://localhost:0", |bound| {
        bound.replace("127.0.0.1", "localhost")
    });
    connected("tcp4://127.0.0.1:0", |bound| {
        bound.replace("://", "://127.0.0.1;")
    });
    connected("tcp4://127.0.0.1:0", |bound| {
        bound.replace("127.0.0.1", "two-addresses.test")
    });
}

#[test]
fn any_address_takes_both_families() {
    if TcpListener::bind("[::1]:0").is_err() {
        // A machine without IPv6 listens on IPv4 alone.
        connected("tcp://:0", |bound| bound.replace("0.0.0.0", "127.0.0.1"));
        return;
    }
    connected("tcp://*:0", |bound| bound.replace("[::]", "127.0.0.1"));
    connected("tcp://*:0", |bound| bound.replace("[::]", "[::1]"));
    connected("tcp6://[::1]:0", same);
    let mut world = World::new();
    let (_, local) = world.listen(&Tcp, "tcp6://*:0", PAIR).unwrap();
    let v4 = local.rest().replace("[::]", "127.0.0.1");
    assert!(TcpStream::connect(v4).is_err(), "tcp6 is IPv6 alone");
}

#[test]
fn the_ends_know_each_other() {
    let (mut world, dialed, accepted) = connected("tcp://127.0.0.1:0", same);
    let ours = world.pipe(dialed).facts();
    let theirs = world.pipe(accepted).facts();
    assert_eq!(ours.protocol, PAIR);
    assert_eq!(ours.remote, theirs.local);
    assert_eq!(ours.local, theirs.remote);
    assert!(
        ours.remote
            .unwrap()
            .as_str()
            .starts_with("tcp://127.0.0.1:")
    );
}

#[test]
fn what_needs_no_io_is_refused_by_dial_itself() {
    let mut world = World::new();
    for address in [
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:0",
        "tcp://*:5555",
        "tcp://:5555",
        "tcp://127.0.0.1:http",
        "tcp://-x:5555",
        "tcp4://[::1]:5555",
        "tcp6://127.0.0.1:5555",
        "tcp6://127.0.0.1;[::1]:5555",
    ] {
        let error = world.dial(&Tcp, address, PAIR).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressInvalid, "{address}");
        assert_eq!(error.address(), Some(address));
    }
    for address in [
        "tcp://127.0.0.1;127.0.0.1:0",
        "tcp4://[::1]:0",
        "tcp://127.0.0.1",
    ] {
        let error = world.listen(&Tcp, address, PAIR).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressInvalid, "{address}");
    }
}

#[test]
fn an_address_in_use_or_foreign_is_refused_by_listen_itself() {
    let mut world = World::new();
    let (_, local) = world.listen(&Tcp, "tcp://127.0.0.1:0", PAIR).unwrap();
    let error = world.listen(&Tcp, local.as_str(), PAIR).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse);
    // 192.0.2.0/24 belongs to nobody.
    let error = world.listen(&Tcp, "tcp://192.0.2.1:0", PAIR).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInvalid);
    let error = world
        .listen(&Tcp, "tcp://no-such-host.invalid:0", PAIR)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Resolve);
}

#[test]
fn a_restarted_listener_has_its_port_at_once() {
    let mut world = World::new();
    let (listener, local) = world.listen(&Tcp, "tcp://127.0.0.1:0", PAIR).unwrap();
    let dialed = world.dial(&Tcp, local.as_str(), PAIR).unwrap();
    world.until("both ends", |world| {
        world.is_pipe(dialed) && world.accepted.len() == 1
    });
    // We close first, so our side waits for stray segments for a minute.
    let accepted = world.accepted[0];
    world.drop_object(accepted);
    world.drop_object(listener);
    world.until("the end", |world| world.ended(dialed).is_some());
    world.drop_object(dialed);
    world.listen(&Tcp, local.as_str(), PAIR).unwrap();
}

#[test]
fn a_refused_connection_is_told_by_the_poll() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut world = World::new();
    world.dial(&Tcp, &format!("tcp://{free}"), PAIR).unwrap();
    world.until("the refusal", |world| !world.failed.is_empty());
    assert_eq!(world.failed[0].kind(), ErrorKind::ConnectionRefused);
    assert_eq!(
        world.failed[0].address(),
        Some(&format!("tcp://{free}")[..])
    );
}

#[test]
fn an_unknown_host_is_told_by_the_poll() {
    let mut world = World::new();
    world
        .dial(&Tcp, "tcp://no-such-host.invalid:5555", PAIR)
        .unwrap();
    world.until("the answer", |world| !world.failed.is_empty());
    assert_eq!(world.failed[0].kind(), ErrorKind::Resolve);
}

#[test]
fn the_bytes_on_the_wire_are_those_of_the_mapping() {
    let mut world = World::new();
    let (_, local) = world.listen(&Tcp, "tcp://127.0.0.1:0", PAIR).unwrap();
    let mut raw = TcpStream::connect(local.rest()).unwrap();
    raw.write_all(&HELLO).unwrap();
    raw.write_all(b"\0\0\0\0\0\0\0\x03abc").unwrap();
    world.until("the pipe", |world| world.accepted.len() == 1);
    let pipe = world.accepted[0];
    world.until("the message", |world| world.count(pipe) == 1);
    assert_eq!(world.received(pipe)[0].body(), b"abc");
    world.send(pipe, "xy");
    let mut read = [0; 18];
    raw.read_exact(&mut read).unwrap();
    assert_eq!(read[..8], HELLO);
    assert_eq!(read[8..], *b"\0\0\0\0\0\0\0\x02xy");
}

#[test]
fn the_end_is_seen_even_if_it_came_with_the_last_bytes() {
    for round in 0..50 {
        let mut world = World::new();
        let (_, local) = world.listen(&Tcp, "tcp://127.0.0.1:0", PAIR).unwrap();
        let mut raw = TcpStream::connect(local.rest()).unwrap();
        raw.write_all(&HELLO).unwrap();
        world.until("the pipe", |world| world.accepted.len() == 1);
        let pipe = world.accepted[0];
        if round % 2 == 0 {
            world.settle();
        }
        raw.write_all(b"\0\0\0\0\0\0\0\x03abc").unwrap();
        raw.shutdown(std::net::Shutdown::Write).unwrap();
        world.until("the end", |world| world.ended(pipe).is_some());
        assert_eq!(world.count(pipe), 1);
        assert_eq!(world.ended(pipe).unwrap().kind(), ErrorKind::Closed);
    }
}

#[test]
fn bad_greetings_leave_the_listener_working() {
    let mut world = World::new();
    let (_, local) = world.listen(&Tcp, "tcp://127.0.0.1:0", PAIR).unwrap();
    for greeting in [&b"GET / HT"[..], &[0xff; 8], b"", b"\0SP"] {
        let mut raw = TcpStream::connect(local.rest()).unwrap();
        raw.write_all(greeting).unwrap();
        drop(raw);
        let before = world.failed.len();
        world.until("the failure", |world| world.failed.len() > before);
    }
    assert!(world.accepted.is_empty());
    let dialed = world.dial(&Tcp, local.as_str(), PAIR).unwrap();
    world.until("the pipe", |world| world.is_pipe(dialed));
}

#[test]
fn a_close_delivers_what_is_pending() {
    let (mut world, dialed, accepted) = connected("tcp://127.0.0.1:0", same);
    for n in 0..20 {
        world.send(dialed, vec![n; 50_000]);
    }
    // Unread input would make the system reset the connection and destroy what was sent.
    world.send(accepted, "unread");
    world.close(dialed);
    world.until("everything", |world| world.ended(accepted).is_some());
    assert_eq!(world.received(accepted).len(), 20);
    assert_eq!(world.ended(accepted).unwrap().kind(), ErrorKind::Closed);
    assert!(!world.closed(dialed));
    world.drop_object(accepted);
    world.until("the close", |world| world.closed(dialed));
}

#[test]
fn a_vanished_peer_ends_the_pipe() {
    let (mut world, dialed, accepted) = connected("tcp://127.0.0.1:0", same);
    world.drop_object(dialed);
    world.until("the end", |world| world.ended(accepted).is_some());
}

#[cfg(target_os = "linux")]
#[test]
fn no_descriptor_is_inherited() {
    use std::process::{Command, Stdio};
    let (_world, _, _) = connected("tcp://127.0.0.1:0", same);
    let listed = Command::new("ls")
        .args(["-l", "/proc/self/fd"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(!listed.contains("socket:"), "{listed}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_interface_may_be_named() {
    connected("tcp4://lo:0", |bound| bound.replace("0.0.0.0", "127.0.0.1"));
    connected("tcp4://127.0.0.1:0", |bound| bound.replace("://", "://lo;"));
    let mut world = World::new();
    world
        .dial(&Tcp, "tcp://no-such-if0;127.0.0.1:5555", PAIR)
        .unwrap();
    world.until("the failure", |world| !world.failed.is_empty());
    let why = world.failed[0].to_string();
    assert!(why.contains("no network interface `no-such-if0`"), "{why}");
}

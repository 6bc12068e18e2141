//! What the system is told about TCP sockets.

use std::{
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use socket2::{Domain, SockRef, Socket as System, Type};
use spkit::{
    ErrorKind,
    api::Options,
    transports::options::{
        SYSTEM_RECV_BUFFER, SYSTEM_SEND_BUFFER, TCP_BIND_TO_DEVICE, TCP_CONNECT_TIMEOUT,
        TCP_IPV4_ONLY, TCP_KEEPALIVE, TCP_KEEPALIVE_COUNT, TCP_KEEPALIVE_IDLE,
        TCP_KEEPALIVE_INTERVAL, TCP_NODELAY, TCP_TOS, TCP_USER_TIMEOUT,
    },
};

use crate::{kernel, refused, runtime, until, world::SOON};

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

fn port(address: &str) -> u16 {
    address.rsplit(':').next().unwrap().parse().unwrap()
}

/// Checks both ends of a connection that was made with these options on both.
fn at_both_ends(set: impl Fn(&mut Options) -> spkit::Result<()>, check: impl Fn(&System)) {
    let runtime = runtime();
    let (push, pull) = (runtime.open("push").unwrap(), runtime.open("pull").unwrap());
    let listener = pull.listen_with("tcp://127.0.0.1:0", &set).unwrap();
    let to = listener.local_addr().as_str();
    push.dial_with(to, &set).unwrap().connected(SOON).unwrap();
    until("the peer", || listener.peers() == 1);
    let (dialed, accepted) = kernel::ends(port(to));
    assert_eq!((dialed.len(), accepted.len()), (1, 1));
    check(&dialed[0]);
    check(&accepted[0]);
}

#[test]
pub(crate) fn the_system_is_told_at_both_ends() {
    at_both_ends(
        |own| {
            own.set(TCP_NODELAY, false)?;
            own.set(TCP_KEEPALIVE, true)?;
            own.set(TCP_KEEPALIVE_IDLE, Duration::from_millis(41_001))?;
            own.set(TCP_KEEPALIVE_INTERVAL, seconds(7))?;
            own.set(TCP_KEEPALIVE_COUNT, 3)?;
            own.set(TCP_USER_TIMEOUT, seconds(12))?;
            own.set(TCP_TOS, 0x28)?;
            own.set(SYSTEM_SEND_BUFFER, 30_000)?;
            own.set(SYSTEM_RECV_BUFFER, 20_000)
        },
        |socket| {
            assert!(!socket.tcp_nodelay().unwrap());
            assert!(socket.keepalive().unwrap());
            assert_eq!(
                socket.tcp_keepalive_time().unwrap(),
                seconds(42),
                "rounded up"
            );
            assert_eq!(socket.tcp_keepalive_interval().unwrap(), seconds(7));
            assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);
            assert_eq!(socket.tcp_user_timeout().unwrap(), Some(seconds(12)));
            assert_eq!(socket.tos_v4().unwrap(), 0x28);
            // Linux doubles what it is told, for its books.
            assert_eq!(socket.send_buffer_size().unwrap(), 60_000);
            assert_eq!(socket.recv_buffer_size().unwrap(), 40_000);
        },
    );
}

#[test]
fn the_system_keeps_what_nobody_sets() {
    let fresh = System::new(Domain::IPV4, Type::STREAM, None).unwrap();
    at_both_ends(
        |_| Ok(()),
        |socket| {
            assert!(socket.tcp_nodelay().unwrap(), "the one exception");
            assert!(!socket.keepalive().unwrap());
            assert_eq!(
                socket.tcp_keepalive_time().unwrap(),
                fresh.tcp_keepalive_time().unwrap()
            );
            assert_eq!(socket.tcp_user_timeout().unwrap(), None);
            assert_eq!(socket.tos_v4().unwrap(), 0);
        },
    );
}

#[test]
fn a_live_listener_and_dialer_tell_it_for_the_next_connection() {
    let runtime = runtime();
    let (push, pull) = (runtime.open("push").unwrap(), runtime.open("pull").unwrap());
    let listener = pull.listen("tcp://127.0.0.1:0").unwrap();
    let to = listener.local_addr().as_str();
    let first = push.dial(to).unwrap();
    first.connected(SOON).unwrap();
    listener.set_str("tcp-keepalive", "on").unwrap();
    let (_, accepted) = kernel::ends(port(to));
    assert!(!accepted[0].keepalive().unwrap());
    drop(accepted);
    let other = runtime.open("push").unwrap();
    let dialer = other.dial(to).unwrap();
    dialer.connected(SOON).unwrap();
    until("two peers", || listener.peers() == 2);
    let (_, accepted) = kernel::ends(port(to));
    let probed = accepted
        .iter()
        .filter(|socket| socket.keepalive().unwrap())
        .count();
    assert_eq!(probed, 1);
}

#[test]
pub(crate) fn connecting_is_given_up_after_the_connect_timeout() {
    // A full backlog: the next one's first packets are dropped.
    let full = System::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    full.bind(&any.into()).unwrap();
    full.listen(0).unwrap();
    let to = full.local_addr().unwrap().as_socket().unwrap();
    let mut there = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&to, Duration::from_millis(100)) {
        there.push(stream);
    }
    let pair = runtime().open("pair").unwrap();
    pair.dial_with(&format!("tcp://{to}"), |own| {
        own.set(TCP_CONNECT_TIMEOUT, Some(Duration::from_millis(30)))
    })
    .unwrap();
    let error = refused(&pair);
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(
        error.context(),
        "connecting took too long (option tcp-connect-timeout)"
    );
}

#[test]
pub(crate) fn without_ipv6_there_is_only_ipv4() {
    let runtime = runtime();
    let pair = runtime.open("pair").unwrap();
    let only = |own: &mut Options| own.set(TCP_IPV4_ONLY, true);
    let listener = pair.listen_with("tcp://*:0", only).unwrap();
    let local = listener.local_addr().as_str();
    assert!(local.starts_with("tcp://0.0.0.0:"), "{local}");
    let v6 = format!("[::1]:{}", port(local));
    assert!(TcpStream::connect(&v6).is_err());
    for (address, says) in [
        (
            "tcp://[::1]:5555",
            "::1 is no IPv4 address, the only kind for scheme tcp4 and option `tcp-ipv4-only`",
        ),
        (
            "tcp6://[::1]:5555",
            "option `tcp-ipv4-only` leaves no address to the scheme tcp6",
        ),
    ] {
        let dialed = pair.dial_with(address, only).unwrap_err();
        let listened = pair.listen_with(address, only).unwrap_err();
        for error in [dialed, listened] {
            assert_eq!(error.context(), says);
            assert_eq!(error.address(), Some(address));
        }
    }
    // Without it, every address is of both families, where the machine has them.
    let both = runtime.open("pair").unwrap();
    let listener = both.listen("tcp://*:0").unwrap();
    let port = port(listener.local_addr().as_str());
    TcpStream::connect(("127.0.0.1", port)).unwrap();
}

#[test]
pub(crate) fn sockets_keep_to_their_device() {
    let runtime = runtime();
    let (push, pull) = (runtime.open("push").unwrap(), runtime.open("pull").unwrap());
    let on = |device: &'static str| {
        move |own: &mut Options| own.set(TCP_BIND_TO_DEVICE, device.to_owned())
    };
    let listener = pull.listen_with("tcp://127.0.0.1:0", on("lo")).unwrap();
    let to = listener.local_addr().as_str();
    push.dial_with(to, on("lo"))
        .unwrap()
        .connected(SOON)
        .unwrap();
    let (dialed, accepted) = kernel::ends(port(to));
    for socket in dialed.iter().chain(&accepted) {
        assert_eq!(socket.device().unwrap(), Some(b"lo".to_vec()));
    }
    let missing = "there is no network interface `no-such-if0`";
    let error = pull
        .listen_with("tcp://127.0.0.1:0", on("no-such-if0"))
        .unwrap_err();
    assert_eq!(error.context(), missing);
    // It may come: a dialer goes on trying.
    let other = runtime.open("push").unwrap();
    other.dial_with(to, on("no-such-if0")).unwrap();
    let error = refused(&other);
    assert!(error.context().ends_with(missing), "{error}");
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    let long = push.dial_with(to, on("sixteen-letters-")).unwrap_err();
    assert_eq!(
        long.context(),
        "option `tcp-bind-to-device` takes the name of a network interface, at most 15 bytes, not `sixteen-letters-`"
    );
}

#[test]
fn a_listener_sizes_its_buffers_before_connections_come() {
    let pull = runtime().open("pull").unwrap();
    let listener = pull
        .listen_with("tcp://127.0.0.1:0", |own| {
            own.set(SYSTEM_RECV_BUFFER, 20_000)
        })
        .unwrap();
    let to: SocketAddr = listener.local_addr().rest().parse().unwrap();
    let is_it = |socket: &System| {
        let local = SockRef::from(socket).local_addr().ok();
        local.and_then(|local| local.as_socket()) == Some(to)
    };
    let sockets = kernel::sockets(is_it);
    assert_eq!(sockets.len(), 1);
    assert_eq!(sockets[0].recv_buffer_size().unwrap(), 40_000);
}

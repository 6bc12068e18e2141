//! What is wrong with an address is said at once, by `dial` and `listen` themselves.

use std::{io, net::TcpListener, time::Duration};

use spkit::{
    Error, ErrorKind, Registry, Result, Runtime, Socket, SocketEvent,
    options::{HANDSHAKE_TIMEOUT, MAX_PIPES, RECONNECT_MIN, RECV_BUFFER},
};

use crate::{refused, until};

const HOW: &str = "use my_plugin as _;";

fn runtime() -> Runtime {
    Runtime::new().unwrap()
}

/// Both `dial` and `listen` refuse the address.
fn refuse(address: &str) -> [Error; 2] {
    let socket = runtime().open("pair").unwrap();
    let dialed = socket.dial(address).map(|dialer| dialer.id());
    let listens = socket.listen(address).map(|listener| listener.id());
    [
        dialed.expect_err(&format!("dial {address}")),
        listens.expect_err(&format!("listen {address}")),
    ]
}

#[test]
fn an_unknown_scheme_lists_what_is_linked_and_says_how_to_link_more() {
    for error in refuse("carrier-pigeon://coop") {
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::NotSupported);
        assert_eq!(error.address(), Some("carrier-pigeon://coop"));
        for part in ["carrier-pigeon", "tcp", "ipc", "inproc", HOW] {
            assert!(text.contains(part), "no {part} in: {text}");
        }
    }
}

#[test]
fn an_unknown_protocol_lists_what_is_linked_and_says_how_to_link_more() {
    let error = runtime().open("telepathy").unwrap_err();
    let text = error.to_string();
    assert_eq!(error.kind(), ErrorKind::NotSupported);
    for part in ["telepathy", "pair", "req", "rep", "push", "pull", HOW] {
        assert!(text.contains(part), "no {part} in: {text}");
    }
}

#[test]
fn with_nothing_linked_the_error_says_so() {
    let runtime = Runtime::builder().registry(Registry::empty()).build();
    let error = runtime.unwrap().open("pair").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NothingLinked);
    assert!(error.to_string().contains(HOW), "{error}");
    let protocols_only = Registry::empty().with(spkit_protocols::PLUGINS).unwrap();
    let runtime = Runtime::builder().registry(protocols_only).build();
    let socket = runtime.unwrap().open("pair").unwrap();
    let error = socket.dial("tcp://127.0.0.1:1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NothingLinked);
    assert!(error.to_string().contains(HOW), "{error}");
}

#[test]
fn bad_grammar_names_address_and_cause() {
    let bad = [
        "",
        "tcp",
        "tcp:127.0.0.1:80",
        "://127.0.0.1:80",
        "t c p://127.0.0.1:80",
        "tcp://",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:",
        "tcp://127.0.0.1:65536",
        "tcp://127.0.0.1:-1",
        "tcp://127.0.0.1:http",
        "tcp://[::1:80",
        "tcp4://[::1]:80",
        "tcp6://127.0.0.1:80",
        "ipc://",
        "inproc://a\0b",
    ];
    for address in bad {
        for error in refuse(address) {
            assert_eq!(
                error.kind(),
                ErrorKind::AddressInvalid,
                "{address}: {error}"
            );
            let named = error.address().unwrap_or_default().to_owned();
            assert_eq!(named, address.escape_debug().to_string());
            assert!(!error.context().is_empty(), "{address}: no cause");
        }
    }
}

#[test]
fn only_listeners_take_any_port() {
    let socket = runtime().open("pair").unwrap();
    let error = socket.dial("tcp://127.0.0.1:0").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInvalid, "{error}");
}

#[cfg(unix)]
#[test]
fn a_path_too_long_for_a_socket_says_how_long_it_may_be() {
    let address = format!("ipc:///tmp/{}", "x".repeat(200));
    for error in refuse(&address) {
        assert_eq!(error.kind(), ErrorKind::AddressInvalid, "{error}");
        assert_eq!(error.address(), Some(address.as_str()));
        let text = error.context();
        assert!(text.contains("10"), "no limit in: {text}");
    }
}

#[test]
fn a_wrong_option_is_named_with_the_address() {
    let socket = runtime().open("pair").unwrap();
    let address = "inproc://options";
    let check = |error: Error, kind, option: &str| {
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.address(), Some(address), "{error}");
        assert!(error.to_string().contains(option), "{error}");
    };
    let dial = |set: fn(&mut spkit::api::Options) -> Result<()>| {
        socket.dial_with(address, set).unwrap_err()
    };
    let listen = |set: fn(&mut spkit::api::Options) -> Result<()>| {
        socket.listen_with(address, set).unwrap_err()
    };
    let unknown = |options: &mut spkit::api::Options| {
        options
            .set_value("colour", spkit::api::Value::Int(1))
            .map(drop)
    };
    check(dial(unknown), ErrorKind::OptionUnknown, "colour");
    check(listen(unknown), ErrorKind::OptionUnknown, "colour");
    check(
        dial(|options| options.set(HANDSHAKE_TIMEOUT, Duration::ZERO)),
        ErrorKind::OptionInvalid,
        "handshake-timeout",
    );
    check(
        dial(|options| options.set(MAX_PIPES, 1)),
        ErrorKind::OptionInvalid,
        "max-pipes",
    );
    check(
        listen(|options| options.set(RECONNECT_MIN, Duration::ZERO)),
        ErrorKind::OptionInvalid,
        "reconnect-min",
    );
    check(
        listen(|options| options.set(RECV_BUFFER, 1)),
        ErrorKind::OptionInvalid,
        "recv-buffer",
    );
    // Nothing was left behind.
    socket.listen(address).unwrap();
}

#[test]
fn options_of_a_socket_are_checked_too() {
    let socket = runtime().open("pair").unwrap();
    let kind = |result: Result<()>| result.unwrap_err().kind();
    assert_eq!(
        kind(socket.set_str("colour", "red")),
        ErrorKind::OptionUnknown
    );
    assert_eq!(
        kind(socket.set_str("linger", "soon")),
        ErrorKind::OptionInvalid
    );
    assert_eq!(kind(socket.set(MAX_PIPES, 0)), ErrorKind::OptionInvalid);
}

#[test]
fn an_address_in_use_is_an_error_of_listen() {
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = format!("tcp://{}", busy.local_addr().unwrap());
    let runtime = runtime();
    let dir = tempfile::tempdir().unwrap();
    let ipc = format!("ipc://{}/socket", dir.path().display());
    let holder = runtime.open("pair").unwrap();
    holder.listen(&ipc).unwrap();
    holder.listen("inproc://busy").unwrap();
    for address in [tcp.as_str(), ipc.as_str(), "inproc://busy"] {
        let socket = runtime.open("pair").unwrap();
        let error = socket.listen(address).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressInUse, "{error}");
        assert_eq!(error.address(), Some(address));
    }
}

#[cfg(unix)]
#[test]
fn a_missing_directory_is_an_error_of_listen() {
    let dir = tempfile::tempdir().unwrap();
    let address = format!("ipc://{}/missing/socket", dir.path().display());
    let socket = runtime().open("pair").unwrap();
    let error = socket.listen(&address).unwrap_err();
    assert_eq!(error.address(), Some(address.as_str()));
    let missing = io::Error::from_raw_os_error(error.raw_os_error().unwrap());
    assert_eq!(missing.kind(), io::ErrorKind::NotFound, "{error}");
}

/// Among the pseudo terminals nobody may make files, not even root.
#[cfg(target_os = "linux")]
#[test]
fn a_missing_right_is_an_error_of_listen() {
    if !std::path::Path::new("/dev/pts").is_dir() {
        println!("skipped: there is no /dev/pts");
        return;
    }
    let socket = runtime().open("pair").unwrap();
    let error = socket.listen("ipc:///dev/pts/socket").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    assert_eq!(error.address(), Some("ipc:///dev/pts/socket"));
}

/// A directory of our own that we may not write to: root may.
#[cfg(unix)]
#[test]
fn so_is_that_of_a_directory() {
    use std::os::unix::fs::PermissionsExt as _;
    if rustix::process::getuid().is_root() {
        println!("skipped: root may write everywhere");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let closed = std::fs::Permissions::from_mode(0o500);
    std::fs::set_permissions(dir.path(), closed).unwrap();
    let socket = runtime().open("pair").unwrap();
    let error = socket
        .listen(&format!("ipc://{}/socket", dir.path().display()))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
}

#[test]
fn to_a_dialer_a_missing_server_is_an_event_and_a_redial() {
    let dir = tempfile::tempdir().unwrap();
    let later = format!("ipc://{}/later", dir.path().display());
    let nowhere = format!("ipc://{}/missing/socket", dir.path().display());
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = format!("tcp://{}", free.local_addr().unwrap());
    drop(free);
    for address in [&later, &nowhere, &tcp] {
        let socket = runtime().open("pair").unwrap();
        let dialer = dial_often(&socket, address);
        let error = until(&socket, refused);
        assert_eq!(error.address(), Some(address.as_str()), "{error}");
        let (endpoint, again) = until(&socket, |event| match event {
            SocketEvent::Redialing {
                endpoint, error, ..
            } => Some((endpoint, error)),
            _ => None,
        });
        assert_eq!(endpoint, dialer.id());
        assert_eq!(again.kind(), error.kind());
    }
}

#[test]
fn a_host_that_does_not_exist_is_an_event_and_a_redial() {
    let socket = runtime().open("pair").unwrap();
    dial_often(&socket, "tcp://no-such-host.invalid:80");
    let error = until(&socket, refused);
    assert_eq!(error.kind(), ErrorKind::Resolve, "{error}");
    until(&socket, |event| {
        matches!(event, SocketEvent::Redialing { .. }).then_some(())
    });
}

fn dial_often(socket: &Socket, address: &str) -> spkit::Dialer {
    let often = socket.dial_with(address, |options| {
        options.set(RECONNECT_MIN, Duration::from_millis(5))
    });
    often.unwrap()
}

//! Out of descriptors: listeners pause, dialers try again, and all goes on when there are some. In a process of its own,
//! whose limit is lowered.

use std::{env, fs::File, io::Write as _, net::TcpStream, process::Command, time::Duration};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use spkit::{Backend, ErrorKind, Runtime, SocketEvent, options::RECONNECT_MIN};

use crate::{connect::connect, raw, refused, until, world::SOON};

const PUSH: u16 = 0x50;

/// Set in the process with few descriptors.
const INSIDE: &str = "SPKIT_TEST_FEW_DESCRIPTORS";

/// Runs a test of this file in a process of its own. True: this is it.
fn alone(test: &str) -> bool {
    if env::var_os(INSIDE).is_some() {
        let hard = getrlimit(Resource::Nofile).maximum;
        let few = Rlimit {
            current: Some(64),
            maximum: hard,
        };
        setrlimit(Resource::Nofile, few).unwrap();
        return true;
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "--test-threads=1", test])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "{text}");
    false
}

/// Takes every descriptor there is.
fn exhaust() -> Vec<File> {
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

#[test]
fn a_listener_pauses_and_recovers() {
    if !alone("descriptors::a_listener_pauses_and_recovers") {
        return;
    }
    for backend in [Backend::CallerRuns, Backend::Background] {
        let runtime = Runtime::builder().backend(backend).build().unwrap();
        let pull = runtime.open("pull").unwrap();
        let listener = pull.listen("tcp://127.0.0.1:0").unwrap();
        let good = runtime.open("push").unwrap();
        connect(&good, &pull, "inproc://good");
        let mut taken = exhaust();
        taken.pop();
        // The last descriptor is the client's own.
        let mut early = TcpStream::connect(listener.local_addr().rest()).unwrap();
        early.write_all(&raw::hello(PUSH)).unwrap();
        let error = until(&pull, |event| match event {
            SocketEvent::ListenerPaused { endpoint, error } => {
                assert_eq!(endpoint, listener.id());
                Some(error)
            }
            _ => None,
        });
        assert_eq!(error.kind(), ErrorKind::OutOfResources, "{error}");
        good.send("good").unwrap();
        assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"good");
        drop(taken);
        pull.wait_for_peers(2, SOON).unwrap();
        let mut late = TcpStream::connect(listener.local_addr().rest()).unwrap();
        late.write_all(&raw::hello(PUSH)).unwrap();
        for (stream, text) in [(&mut early, b"early"), (&mut late, b"later")] {
            stream.write_all(&5_u64.to_be_bytes()).unwrap();
            stream.write_all(text).unwrap();
            assert_eq!(pull.recv_timeout(SOON).unwrap().body(), text);
        }
        assert!(runtime.shutdown(SOON));
    }
}

#[test]
fn a_listener_recovers_with_a_crowd_at_its_door() {
    if !alone("descriptors::a_listener_recovers_with_a_crowd_at_its_door") {
        return;
    }
    // More than it accepts at a time, if there were descriptors for so many.
    const CROWD: usize = 12;
    let runtime = Runtime::new().unwrap();
    let pull = runtime.open("pull").unwrap();
    let listener = pull.listen("tcp://127.0.0.1:0").unwrap();
    let mut taken = exhaust();
    taken.truncate(taken.len() - CROWD);
    let mut crowd: Vec<_> = (0..CROWD)
        .filter_map(|_| TcpStream::connect(listener.local_addr().rest()).ok())
        .collect();
    for peer in &mut crowd {
        peer.write_all(&raw::hello(PUSH)).unwrap();
        peer.write_all(&1_u64.to_be_bytes()).unwrap();
        peer.write_all(b"x").unwrap();
    }
    until(&pull, |event| {
        matches!(event, SocketEvent::ListenerPaused { .. }).then_some(())
    });
    drop(taken);
    // A caller that blocks drives the socket by itself.
    for _ in &crowd {
        assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"x");
    }
    assert!(runtime.shutdown(SOON));
}

#[test]
fn a_dialer_tries_again() {
    if !alone("descriptors::a_dialer_tries_again") {
        return;
    }
    let runtime = Runtime::new().unwrap();
    let (listener, address) = raw::listen();
    let push = runtime.open("push").unwrap();
    let idle = runtime.open("push").unwrap();
    // Both have their poller by now.
    push.listen("tcp://127.0.0.1:0").unwrap();
    idle.listen("tcp://127.0.0.1:0").unwrap();
    push.wait_for_peers(1, Duration::from_millis(1))
        .unwrap_err();
    let taken = exhaust();
    push.dial_with(&address, |options| {
        options.set(RECONNECT_MIN, Duration::from_millis(5))
    })
    .unwrap();
    let error = until(&push, refused);
    assert_eq!(error.kind(), ErrorKind::OutOfResources, "{error}");
    assert!(error.raw_os_error().is_some(), "{error}");
    // What listens says so at once, and what opens too.
    let listens = idle.listen("tcp://127.0.0.1:0").unwrap_err();
    assert_eq!(listens.kind(), ErrorKind::OutOfResources, "{listens}");
    let opened = Runtime::new().unwrap().open("pair").unwrap_err();
    assert_eq!(opened.kind(), ErrorKind::OutOfResources, "{opened}");
    drop(taken);
    let (mut peer, _) = listener.accept().unwrap();
    raw::greet(&mut peer, 0x51);
    push.send("x").unwrap();
    assert_eq!(raw::read_message(&mut peer).unwrap(), b"x");
    assert!(runtime.shutdown(SOON));
}

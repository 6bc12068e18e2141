//! Hooks that decide which peers get in.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use spkit::{Error, ErrorKind, Runtime, Socket, SocketEvent};

use crate::{
    until,
    world::{SOON, everywhere},
};

/// The next refusal a socket tells of: its error, and what the peer announced.
fn refusal(socket: &Socket) -> (Error, Option<u16>) {
    loop {
        match socket.next_event(SOON) {
            Some(SocketEvent::Refused {
                error, announced, ..
            }) => return (error, announced),
            Some(_) => {}
            None => panic!("nobody was refused: {:#?}", socket.snapshot()),
        }
    }
}

#[test]
fn a_hook_refuses_whom_it_does_not_want() {
    everywhere(|runtime, address| {
        let pull = runtime.open("pull").unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        pull.admit(move |peer| {
            assert_eq!(peer.protocol, 0x50);
            assert!(!peer.dialed);
            match count.fetch_add(1, Ordering::Relaxed) {
                0 => Err(Error::new(ErrorKind::PermissionDenied, "not at first")),
                _ => Ok(()),
            }
        });
        let listener = pull.listen(address).unwrap();
        let push = runtime.open("push").unwrap();
        push.dial(listener.local_addr().as_str()).unwrap();
        let (error, announced) = refusal(&pull);
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert!(error.to_string().contains("not at first"), "{error}");
        assert_eq!(announced, Some(0x50));
        // The dialer tries again, and is let in.
        until(&pull, "connected", |pull| pull.peers() == 1);
        push.send_timeout("now", SOON).unwrap();
        assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"now");
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        let refused = &pull.snapshot().endpoints[0].connections.refused;
        assert_eq!(refused.of(ErrorKind::PermissionDenied), 1);
        assert_eq!(refused.total(), 1);
    });
}

#[test]
fn a_dialer_may_refuse_as_well() {
    everywhere(|runtime, address| {
        let pull = runtime.open("pull").unwrap();
        let listener = pull.listen(address).unwrap();
        let push = runtime.open("push").unwrap();
        push.admit(|peer| match peer.dialed {
            true => Err(ErrorKind::PermissionDenied.into()),
            false => Ok(()),
        });
        push.dial(listener.local_addr().as_str()).unwrap();
        let (error, announced) = refusal(&push);
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(announced, Some(0x51));
        assert_eq!(push.peers(), 0);
    });
}

#[test]
fn a_peer_of_the_wrong_protocol_is_refused_before_the_hook_is_asked() {
    everywhere(|runtime, address| {
        let pull = runtime.open("pull").unwrap();
        pull.admit(|_| panic!("asked"));
        let listener = pull.listen(address).unwrap();
        let pair = runtime.open("pair").unwrap();
        pair.dial(listener.local_addr().as_str()).unwrap();
        let (error, announced) = refusal(&pull);
        assert_eq!(error.kind(), ErrorKind::ProtocolMismatch);
        assert_eq!(announced, Some(0x10));
    });
}

#[test]
fn a_hook_that_panics_refuses_and_a_new_one_replaces_it() {
    everywhere(|runtime, address| {
        let pull = runtime.open("pull").unwrap();
        pull.admit(|_| panic!("as tests do"));
        let listener = pull.listen(address).unwrap();
        let push = runtime.open("push").unwrap();
        push.dial(listener.local_addr().as_str()).unwrap();
        let (error, _) = refusal(&pull);
        assert!(error.to_string().contains("hook panicked"), "{error}");
        pull.admit(|_| Ok(()));
        until(&pull, "connected", |pull| pull.peers() == 1);
        push.send_timeout("now", SOON).unwrap();
        assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"now");
    });
}

#[test]
fn a_hook_may_ask_its_own_socket() {
    everywhere(|runtime, address| {
        let pull = runtime.open("pull").unwrap();
        let own = pull.clone();
        pull.admit(move |_| match own.peers() {
            0 => own.try_recv().map(drop).or(Ok(())),
            _ => Err(Error::new(ErrorKind::OutOfResources, "one is enough")),
        });
        let listener = pull.listen(address).unwrap();
        let pushes: Vec<_> = (0..2)
            .map(|_| {
                let push = runtime.open("push").unwrap();
                push.dial(listener.local_addr().as_str()).unwrap();
                push
            })
            .collect();
        let (error, _) = refusal(&pull);
        assert!(error.to_string().contains("one is enough"), "{error}");
        assert_eq!(pull.peers(), 1);
        drop(pushes);
    });
}

/// Whoever closes a listener holds, it may be, what the hook waits for.
#[test]
fn a_listener_can_be_closed_while_the_hook_waits() {
    everywhere(|runtime, address| {
        let pull = runtime.open("pull").unwrap();
        let (entered, enters) = mpsc::channel();
        let (leave, leaves) = mpsc::channel::<()>();
        let leaves = Mutex::new(leaves);
        pull.admit(move |_| {
            // The dialer comes again later, when nobody listens any more.
            let _ = entered.send(());
            let _ = leaves.lock().unwrap().recv_timeout(SOON);
            Ok(())
        });
        let listener = pull.listen(address).unwrap();
        let push = runtime.open("push").unwrap();
        push.dial(listener.local_addr().as_str()).unwrap();
        enters.recv_timeout(SOON).unwrap();
        let (closed, closes) = mpsc::channel();
        let closing = thread::spawn(move || {
            listener.close();
            closed.send(()).unwrap();
        });
        assert!(
            closes.recv_timeout(SOON / 2).is_ok(),
            "close waits for the hook"
        );
        drop(leave);
        closing.join().unwrap();
    });
}

#[test]
fn over_ipc_a_hook_knows_who_the_peer_is() {
    let runtime = Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let address = format!("ipc://{}/socket", dir.path().display());
    let pull = runtime.open("pull").unwrap();
    pull.admit(|peer| {
        let who = peer.credentials.ok_or(ErrorKind::PermissionDenied)?;
        let ours = (
            rustix::process::getuid().as_raw(),
            rustix::process::getgid().as_raw(),
            i32::try_from(std::process::id()).ok(),
        );
        match (who.uid, who.gid, who.pid) == ours {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::PermissionDenied, format!("{who:?}"))),
        }
    });
    pull.listen(&address).unwrap();
    let push = runtime.open("push").unwrap();
    push.dial(&address).unwrap();
    until(&pull, "connected", |pull| pull.peers() == 1);
    assert_eq!(pull.stats().connections.refused.total(), 0);
}

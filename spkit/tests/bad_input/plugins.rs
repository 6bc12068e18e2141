//! Plugins that panic: their object is closed, an error names their crate, and everything else lives on.

mod fragile;
mod glass;
#[path = "../support/polled.rs"]
mod polled;

use std::{thread, time::Duration};

use spkit::{
    Backend, Error, ErrorKind, Runtime, Socket, SocketEvent,
    options::{HANDSHAKE_TIMEOUT, RECONNECT_MIN},
};

use crate::{connect::connect, refused, until, world::SOON};

/// With either backend, and with another connection that must not notice.
fn beside_a_good_one(test: impl Fn(&Runtime)) {
    for backend in [Backend::CallerRuns, Backend::Background] {
        println!("{backend:?}");
        let runtime = Runtime::builder().backend(backend).build().unwrap();
        let (a, b) = (runtime.open("pair").unwrap(), runtime.open("pair").unwrap());
        connect(&b, &a, "tcp://127.0.0.1:0");
        test(&runtime);
        for (from, to) in [(&a, &b), (&b, &a)] {
            from.send("still here").unwrap();
            assert_eq!(to.recv_timeout(SOON).unwrap().body(), b"still here");
        }
        assert!(runtime.shutdown(SOON), "{backend:?} does not shut down");
    }
}

fn names_us(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::PluginPanicked, "{error}");
    assert!(error.to_string().contains("crate spkit "), "{error}");
}

/// How a connection ended, whenever that was.
fn ended(event: SocketEvent) -> Option<Error> {
    match event {
        SocketEvent::Disconnected { error, .. } | SocketEvent::Refused { error, .. } => Some(error),
        _ => None,
    }
}

mod transports {
    use super::*;

    macro_rules! traps {
        ($($scene:ident: $($trap:ident)*;)*) => {
            $(mod $scene {
                $(#[test]
                fn $trap() {
                    super::$scene(stringify!($trap));
                })*
            })*
        };
    }

    traps! {
        pipe: connect facts recv send flush pending;
        at_the_end: close drop_pipe;
        unfinished: drop_connecting;
        by_the_call: dial listen local;
        listener: accept drop_listener;
    }

    /// A dialer that does not try again in this test's time.
    fn dial(socket: &Socket, address: &str) -> spkit::Result<spkit::Dialer> {
        socket.dial_with(address, |options| {
            options.set(RECONNECT_MIN, Duration::from_secs(3600))?;
            options.set(HANDSHAKE_TIMEOUT, Duration::from_millis(50))
        })
    }

    /// The socket's other connections work, and so does its peer.
    fn carries_on(push: &Socket, pull: &Socket) {
        connect(push, pull, "tcp://127.0.0.1:0");
        push.send("again").unwrap();
        while pull.recv_timeout(SOON).unwrap().body() != b"again" {}
    }

    /// The pipe of a dialer panics while it is made or in use.
    fn pipe(trap: &str) {
        beside_a_good_one(|runtime| {
            let (pull, push) = (runtime.open("pull").unwrap(), runtime.open("push").unwrap());
            pull.listen("glass://pipe#").unwrap();
            dial(&push, &format!("glass://pipe#{trap}")).unwrap();
            // It may go, or come back: what ends the connection may come first.
            let _ = push.send_timeout("x", Duration::from_millis(50));
            names_us(&until(&push, ended));
            carries_on(&push, &pull);
        });
    }

    /// It panics when it is closed.
    fn at_the_end(trap: &str) {
        beside_a_good_one(|runtime| {
            let (pull, push) = (runtime.open("pull").unwrap(), runtime.open("push").unwrap());
            pull.listen("glass://end#").unwrap();
            let dialer = dial(&push, &format!("glass://end#{trap}")).unwrap();
            dialer.connected(SOON).unwrap();
            push.send("x").unwrap();
            assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"x");
            let report = push.close_with(SOON);
            assert_eq!((report.handed, report.unsent.total()), (1, 0));
            let other = runtime.open("push").unwrap();
            carries_on(&other, &pull);
        });
    }

    /// A connection on its way panics when it is given up.
    fn unfinished(trap: &str) {
        beside_a_good_one(|runtime| {
            let (pull, push) = (runtime.open("pull").unwrap(), runtime.open("push").unwrap());
            // Nobody listens there.
            dial(&push, &format!("glass://unfinished#{trap}")).unwrap();
            let error = until(&push, refused);
            assert_eq!(error.kind(), ErrorKind::HandshakeTimedOut, "{error}");
            carries_on(&push, &pull);
        });
    }

    /// `dial` and `listen` themselves report it.
    fn by_the_call(trap: &str) {
        beside_a_good_one(|runtime| {
            let (pull, push) = (runtime.open("pull").unwrap(), runtime.open("push").unwrap());
            let address = format!("glass://call#{trap}");
            let error = match trap {
                "dial" => push.dial(&address).unwrap_err(),
                _ => pull.listen(&address).unwrap_err(),
            };
            names_us(&error);
            assert_eq!(error.address(), Some(address.as_str()));
            carries_on(&push, &pull);
        });
    }

    /// A listener panics while it accepts, or when it is closed.
    fn listener(trap: &str) {
        beside_a_good_one(|runtime| {
            let (pull, push) = (runtime.open("pull").unwrap(), runtime.open("push").unwrap());
            let listener = pull.listen(&format!("glass://listener#{trap}")).unwrap();
            if trap == "accept" {
                dial(&push, "glass://listener#").unwrap();
            } else {
                listener.close();
            }
            let error = until(&pull, |event| match event {
                SocketEvent::EndpointClosed { endpoint, error } => {
                    assert_eq!(endpoint, listener.id());
                    Some(error)
                }
                _ => None,
            });
            if trap == "accept" {
                names_us(&error.unwrap());
            }
            carries_on(&push, &pull);
        });
    }
}

mod protocols {
    use super::*;

    /// Two sockets of the fragile protocol.
    fn fragile(runtime: &Runtime) -> (Socket, Socket) {
        let (a, b) = (
            runtime.open("fragile").unwrap(),
            runtime.open("fragile").unwrap(),
        );
        connect(&b, &a, "tcp://127.0.0.1:0");
        a.send("hello").unwrap();
        assert_eq!(b.recv_timeout(SOON).unwrap().body(), b"hello");
        (a, b)
    }

    /// It says why, in every way, and its peer sees it go.
    fn has_failed(socket: &Socket, peer: &Socket) {
        let failed = |event| match event {
            SocketEvent::Failed { error } => Some(error),
            _ => None,
        };
        names_us(&until(socket, failed));
        let refused = socket.send("back").unwrap_err();
        names_us(&refused.error);
        assert_eq!(refused.message.body(), b"back");
        names_us(&socket.recv().unwrap_err());
        names_us(&socket.try_recv().unwrap_err());
        names_us(&socket.listen("inproc://fragile").unwrap_err());
        until(peer, |event| {
            matches!(event, SocketEvent::Disconnected { .. }).then_some(())
        });
        // The peer's protocol is the same, and did not panic: it has what was sent, or nothing.
        if let Err(error) = peer.try_recv() {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        }
        socket.close();
    }

    #[test]
    fn in_a_send() {
        beside_a_good_one(|runtime| {
            let (a, b) = fragile(runtime);
            names_us(&a.send("panic: send").unwrap_err().error);
            has_failed(&a, &b);
        });
    }

    #[test]
    fn in_a_receive() {
        beside_a_good_one(|runtime| {
            let (a, b) = fragile(runtime);
            b.send("panic: recv").unwrap();
            names_us(&a.recv_timeout(SOON).unwrap_err());
            has_failed(&a, &b);
        });
    }

    #[test]
    fn when_messages_come() {
        beside_a_good_one(|runtime| {
            let (a, b) = fragile(runtime);
            let mut task = polled::Polled::new(a.recv_async());
            assert!(task.poll().is_pending());
            thread::scope(|scope| {
                let blocked = scope.spawn(|| a.recv());
                b.send("panic: received").unwrap();
                names_us(&blocked.join().unwrap().unwrap_err());
            });
            names_us(&task.finish(SOON).unwrap().unwrap_err());
            has_failed(&a, &b);
        });
    }

    #[test]
    fn in_a_timer() {
        beside_a_good_one(|runtime| {
            let (a, b) = fragile(runtime);
            a.send("panic: timer").unwrap();
            names_us(&a.recv_timeout(SOON).unwrap_err());
            has_failed(&a, &b);
        });
    }

    #[test]
    fn when_a_pipe_comes() {
        beside_a_good_one(|runtime| {
            let a = runtime.open("fragile").unwrap();
            let b = runtime.open("fragile").unwrap();
            let refused = a.try_send("arm: added").unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::WouldBlock);
            let listener = a.listen("tcp://127.0.0.1:0").unwrap();
            b.dial(listener.local_addr().as_str()).unwrap();
            has_failed(&a, &b);
        });
    }

    #[test]
    fn when_it_is_closed_or_dropped() {
        for trap in ["arm: closing", "arm: drop"] {
            beside_a_good_one(|runtime| {
                let (a, b) = fragile(runtime);
                a.send(trap).unwrap();
                assert_eq!(b.recv_timeout(SOON).unwrap().body(), trap.as_bytes());
                a.close_with(SOON);
                until(&b, |event| {
                    matches!(event, SocketEvent::Disconnected { .. }).then_some(())
                });
            });
        }
    }

    #[test]
    fn when_it_is_made() {
        beside_a_good_one(|runtime| {
            names_us(&runtime.open("stillborn").unwrap_err());
        });
    }
}

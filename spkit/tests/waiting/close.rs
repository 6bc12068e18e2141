//! `close`, from another thread, ends whatever waits.

use std::{
    task::Poll,
    thread,
    time::{Duration, Instant},
};

use spkit::{ErrorKind, Runtime, Socket, SocketEvent};

use crate::{
    connected,
    polled::Polled,
    refused, until_dump_has, until_waiting,
    world::{SOON, everywhere},
};

/// A PUSH whose peer takes no more.
fn full(runtime: &Runtime, address: &str) -> (Socket, Socket) {
    let (pull, push) = connected(runtime, ["pull", "push"], address);
    fill(&push);
    (pull, push)
}

/// Sends until nothing goes any more, neither now nor after what is on its way has arrived.
fn fill(socket: &Socket) {
    let patience = Duration::from_millis(100);
    while socket.send_timeout(vec![0; 60_000], patience).is_ok() {}
}

#[test]
fn blocked_receivers_end() {
    everywhere(|runtime, address| {
        let (pull, _push) = connected(runtime, ["pull", "push"], address);
        thread::scope(|scope| {
            let receivers: Vec<_> = (0..3).map(|_| scope.spawn(|| pull.recv())).collect();
            until_waiting(&pull, 3);
            pull.close();
            for receiver in receivers {
                let error = receiver.join().unwrap().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Closed);
            }
        });
    });
}

#[test]
fn receivers_with_time_left_end() {
    everywhere(|runtime, address| {
        let (pull, _push) = connected(runtime, ["pull", "push"], address);
        thread::scope(|scope| {
            let receiver = scope.spawn(|| pull.recv_timeout(SOON * 100));
            until_waiting(&pull, 1);
            pull.close();
            let error = receiver.join().unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Closed);
        });
    });
}

#[test]
fn blocked_senders_end_and_have_their_messages_back() {
    everywhere(|runtime, address| {
        let (_pull, push) = full(runtime, address);
        thread::scope(|scope| {
            let senders: Vec<_> = (0..3)
                .map(|n| (n, scope.spawn(|| push.send("late"))))
                .collect();
            until_waiting(&push, 3);
            push.close();
            for (n, sender) in senders {
                let (error, message) = refused(sender.join().unwrap());
                assert_eq!(error.kind(), ErrorKind::Closed, "sender {n}");
                assert_eq!(message.body(), b"late");
            }
        });
    });
}

#[test]
fn senders_without_a_peer_end() {
    everywhere(|runtime, _| {
        let pair = runtime.open("pair").unwrap();
        thread::scope(|scope| {
            let sender = scope.spawn(|| pair.send("late"));
            until_waiting(&pair, 1);
            pair.close();
            assert_eq!(refused(sender.join().unwrap()).0.kind(), ErrorKind::Closed);
        });
    });
}

#[test]
fn futures_end() {
    everywhere(|runtime, address| {
        let (pull, push) = full(runtime, address);
        let idle = runtime.open("pull").unwrap();
        let mut recv = Polled::new(idle.recv_async());
        let mut send = Polled::new(push.send_async("late"));
        assert!(recv.poll().is_pending());
        assert!(send.poll().is_pending());
        for socket in [&pull, &push, &idle] {
            socket.close();
        }
        assert!(recv.rings_after(0, SOON) && send.rings_after(0, SOON));
        let Poll::Ready(Err(error)) = recv.poll() else {
            panic!("woken for nothing");
        };
        assert_eq!(error.kind(), ErrorKind::Closed);
        let Poll::Ready(sent) = send.poll() else {
            panic!("woken for nothing");
        };
        let (error, message) = refused(sent);
        assert_eq!(error.kind(), ErrorKind::Closed);
        assert_eq!(message.body(), b"late");
    });
}

#[test]
fn a_mixed_crowd_ends() {
    everywhere(|runtime, address| {
        for _ in 0..10 {
            let (pull, push) = connected(runtime, ["pull", "push"], address);
            let mut task = Polled::new(pull.recv_async());
            assert!(task.poll().is_pending());
            thread::scope(|scope| {
                let blocked: Vec<_> = (0..2).map(|_| scope.spawn(|| pull.recv())).collect();
                // Closed at any moment: before they wait, while they come to it, while they do.
                pull.close();
                for receiver in blocked {
                    assert_eq!(
                        receiver.join().unwrap().unwrap_err().kind(),
                        ErrorKind::Closed
                    );
                }
            });
            assert_eq!(
                task.finish(SOON).unwrap().unwrap_err().kind(),
                ErrorKind::Closed
            );
            push.close_with(SOON);
        }
    });
}

#[test]
fn those_who_wait_for_peers_or_connections_end() {
    everywhere(|runtime, _| {
        let start = Instant::now();
        let socket = runtime.open("pair").unwrap();
        let dialer = socket.dial("inproc://nobody-is-there").unwrap();
        thread::scope(|scope| {
            let peers = scope.spawn(|| socket.wait_for_peers(1, SOON * 6));
            let dialed = scope.spawn(|| dialer.connected(SOON * 6));
            until_dump_has(&socket, "watchers: 2,");
            socket.close();
            assert!(peers.join().unwrap().is_err());
            assert!(dialed.join().unwrap().is_err());
        });
        assert!(start.elapsed() < SOON, "they waited for their time to pass");
    });
}

#[test]
fn those_who_wait_for_events_end() {
    everywhere(|runtime, _| {
        let start = Instant::now();
        let socket = runtime.open("pair").unwrap();
        thread::scope(|scope| {
            let waits = scope.spawn(|| {
                let next = || socket.next_event(SOON * 6);
                std::iter::from_fn(next).collect::<Vec<SocketEvent>>()
            });
            until_dump_has(&socket, "watchers: 1,");
            socket.close();
            let events = waits.join().unwrap();
            assert!(events.is_empty(), "{events:?}");
        });
        assert!(start.elapsed() < SOON, "they waited for their time to pass");
    });
}

#[test]
fn shutting_down_the_runtime_ends_them_too() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        thread::scope(|scope| {
            let receiver = scope.spawn(|| pull.recv());
            until_waiting(&pull, 1);
            assert!(runtime.shutdown(SOON));
            let error = receiver.join().unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Closed);
        });
        assert_eq!(push.send("x").unwrap_err().kind(), ErrorKind::Closed);
    });
}

//! Slow readers get everything.

use std::{sync::mpsc, thread, time::Duration};

use spkit::{
    Runtime, Socket, api,
    options::{RECV_BUFFER_MESSAGES, SEND_BUFFER, SEND_BUFFER_MESSAGES},
};

use crate::{MESSAGES, SOON, adds_up, connected, everywhere, number, numbered};

/// Opens a socket that keeps little of what came.
fn open(runtime: &Runtime, protocol: &str) -> Socket {
    let opened = runtime.open_with(protocol, |own| own.set(RECV_BUFFER_MESSAGES, 1));
    opened.unwrap()
}

/// All that is to be sent is accepted at once.
fn roomy(own: &mut api::Options) -> spkit::Result<()> {
    own.set(SEND_BUFFER, 256 << 20)?;
    own.set(SEND_BUFFER_MESSAGES, 1 << 20)
}

/// Reads all there is, with a pause between two messages.
fn read_slowly(socket: &Socket) {
    for expected in 0..MESSAGES {
        let message = socket.recv_timeout(SOON).unwrap();
        assert_eq!(number(message.body()), expected);
        thread::sleep(Duration::from_micros(200));
    }
}

#[test]
fn a_slow_reader_gets_everything() {
    // Little enough for the system to take at once, and more than it takes.
    for len in [100, 20_000] {
        everywhere(|runtime, address| {
            let (push, pull) = (open(runtime, "push"), open(runtime, "pull"));
            connected([&pull, &push], address, roomy);
            for n in 0..MESSAGES {
                push.send(numbered(n, len)).unwrap();
            }
            thread::scope(|scope| {
                scope.spawn(|| read_slowly(&pull));
                let report = push.close_with(SOON);
                assert!(report.complete, "{report:?}");
                adds_up(&report, u64::from(MESSAGES));
            });
        });
    }
}

#[test]
fn also_with_unread_input_on_the_closing_side() {
    everywhere(|runtime, address| {
        let (one, other) = (open(runtime, "pair"), open(runtime, "pair"));
        connected([&one, &other], address, |_| Ok(()));
        // More than fits anywhere on the way: the peer is at it when the close comes, and after it.
        let (full, filled) = mpsc::channel();
        thread::scope(|scope| {
            let writer = scope.spawn(|| {
                while other
                    .send_timeout(vec![7; 10_000], Duration::from_millis(100))
                    .is_ok()
                {}
                full.send(()).unwrap();
                while other.send_timeout(vec![7; 10_000], SOON).is_ok() {}
            });
            filled.recv().unwrap();
            let sender = scope.spawn(|| {
                for n in 0..MESSAGES {
                    one.send(numbered(n, 1_000)).unwrap();
                }
                one.close_with(SOON)
            });
            read_slowly(&other);
            let report = sender.join().unwrap();
            assert!(report.complete, "{report:?}");
            adds_up(&report, u64::from(MESSAGES));
            other.close();
            writer.join().unwrap();
        });
    });
}

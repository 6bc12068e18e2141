//! One flooder never owns a queue: what another peer sends is out within twice the flooder's queue limit.

#[path = "support/world.rs"]
mod world;

use std::{
    cell::RefCell,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use spkit::{
    ErrorKind, Message, Runtime, Socket,
    options::{RECV_BUFFER, RECV_BUFFER_MESSAGES},
};

use world::{SOON, everywhere};

const SINGLE: &[u8] = b"single";

/// Messages of the flood that the receiver queues.
const QUEUE: usize = 1024;

/// Peers that send a single message into the flood, one after the other.
const SINGLES: usize = 10;

/// A single message is given up after so many queues of the flood.
const GIVE_UP: usize = 100;

/// Messages received between the send of a single one and its arrival, while another peer floods; the worst case.
fn overtaken(runtime: &Runtime, address: &str) -> usize {
    let pull = runtime.open_with("pull", |options| {
        options.set(RECV_BUFFER, 16 << 20)?;
        options.set(RECV_BUFFER_MESSAGES, QUEUE as i64)
    });
    let pull = pull.unwrap();
    let listener = pull.listen(address).unwrap();
    let open = || {
        let push = runtime.open("push").unwrap();
        let dialer = push.dial(listener.local_addr().as_str()).unwrap();
        dialer.connected(SOON).unwrap();
        push
    };
    let flooder = open();
    // Each sends once: the first message of a socket is written by `send` itself, and not left to the flusher.
    let others: Vec<_> = (0..SINGLES).map(|_| open()).collect();
    pull.wait_for_peers(1 + SINGLES, SOON).unwrap();
    let over = AtomicBool::new(false);
    let next = || pull.recv_timeout(SOON).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| flood(&flooder, &over));
        // The flood has filled whatever there is to fill.
        for _ in 0..20 * QUEUE {
            assert_eq!(next().body(), b"flood");
        }
        let wait_for_one = |other: &Socket| {
            other.send(SINGLE).unwrap();
            let is_flood = |message: &Message| message.body() != SINGLE;
            let received = std::iter::repeat_with(next).take(GIVE_UP * QUEUE);
            received.take_while(is_flood).count()
        };
        let worst = others.iter().map(wait_for_one).max();
        over.store(true, Ordering::Relaxed);
        pull.close();
        flooder.close();
        worst.unwrap_or_default()
    })
}

fn flood(socket: &Socket, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        if let Err(failed) = socket.send("flood") {
            assert_eq!(failed.kind(), ErrorKind::Closed);
        }
    }
}

#[test]
fn a_single_message_is_out_within_two_queues_of_a_flood() {
    let late = RefCell::new(Vec::new());
    everywhere(|runtime, address| {
        let before = overtaken(runtime, address);
        let line = format!("{address}: {before} messages before the single one");
        println!("{line}");
        if before > 2 * QUEUE {
            late.borrow_mut().push(line);
        }
    });
    assert!(late.borrow().is_empty(), "{late:#?}");
}

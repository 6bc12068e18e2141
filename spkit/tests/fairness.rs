//! One flooder never owns a queue: what another peer sends is out within twice the flooder's queue limit.

#[path = "support/world.rs"]
mod world;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use spkit::{
    ErrorKind, Runtime, Socket,
    options::{RECV_BUFFER, RECV_BUFFER_MESSAGES},
};

use world::{SOON, connect, everywhere};

const SINGLE: &[u8] = b"single";

/// Single messages sent into one flood.
const SINGLES: usize = 20;

/// Messages received between the send of a single one and its arrival, while another peer floods; the worst case.
fn overtaken(runtime: &Runtime, address: &str, limit: i64) -> usize {
    let pull = runtime.open_with("pull", |options| {
        options.set(RECV_BUFFER, 16 << 20)?;
        options.set(RECV_BUFFER_MESSAGES, limit)
    });
    let pull = pull.unwrap();
    let flooder = runtime.open("push").unwrap();
    let other = runtime.open("push").unwrap();
    let listener = pull.listen(address).unwrap();
    for socket in [&flooder, &other] {
        let dialer = socket.dial(listener.local_addr().as_str()).unwrap();
        dialer.connected(SOON).unwrap();
    }
    pull.wait_for_peers(2, SOON).unwrap();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| flood(&flooder, &over));
        // The flood has filled whatever there is to fill.
        for _ in 0..20 * limit {
            assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"flood");
        }
        let mut worst = 0;
        for _ in 0..SINGLES {
            other.send(SINGLE).unwrap();
            let before = (0..20 * limit)
                .take_while(|_| pull.recv_timeout(SOON).unwrap().body() != SINGLE)
                .count();
            worst = worst.max(before);
        }
        over.store(true, Ordering::Relaxed);
        pull.close();
        flooder.close();
        worst
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
    everywhere(|runtime, address| {
        for limit in [1024, 256, 16] {
            let before = overtaken(runtime, address, limit);
            println!("limit {limit}: {before} messages before the single one");
            assert!(before <= 2 * limit as usize, "limit {limit}: {before}");
        }
    });
}

#[test]
fn once_queued_it_has_its_turn_at_once() {
    everywhere(|runtime, address| {
        let pull = runtime.open("pull").unwrap();
        let flooder = runtime.open("push").unwrap();
        let other = runtime.open("push").unwrap();
        connect(&flooder, &pull, address);
        while flooder.try_send("flood").is_ok() {}
        // Somebody waits for the queue, so the background thread drives the socket, and reads what is there.
        let listener = pull.listen("inproc://second").unwrap();
        other.dial(listener.local_addr().as_str()).unwrap();
        other.send(SINGLE).unwrap();
        pull.wait_for_peers(2, SOON).unwrap();
        let before = std::iter::repeat_with(|| pull.recv_timeout(SOON).unwrap())
            .take(4096)
            .take_while(|message| message.body() != SINGLE)
            .count();
        println!("{before} messages before the single one");
        assert!(before <= 2 * 1024, "{before}");
    });
}

//! Futures dropped after each number of polls: what was not sent does not arrive, what was does once, and nothing
//! received is lost.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use spkit::{Context, ErrorKind, Socket};

use crate::{
    connected,
    executor::{Task, insisting, on_each, pause, polled},
    large, narrow, number, small,
};

const MESSAGES: u32 = 80;

/// How many futures were dropped that had been polled.
type Dropped = Arc<AtomicU32>;

/// Sends numbers, giving each up after no poll, one, two, … before it is sent for good.
async fn send_numbers(socket: Socket, dropped: Dropped) {
    for n in 0..MESSAGES {
        let (sent, vain) = insisting(0, || socket.send_async(large(n))).await;
        sent.unwrap();
        dropped.fetch_add(vain - 1, Ordering::Relaxed);
    }
}

async fn receive_numbers(socket: Socket, dropped: Dropped) {
    for n in 0..MESSAGES {
        let (received, vain) = insisting(0, || socket.recv_async()).await;
        assert_eq!(number(&received.unwrap()), n);
        dropped.fetch_add(vain - 1, Ordering::Relaxed);
    }
}

#[test]
fn streams_both_ways_at_once() {
    let [sends, receives] = [Dropped::default(), Dropped::default()];
    on_each(|runtime, address, run| {
        let (pair, peer) = narrow(runtime, ["pair", "pair"], address);
        let mut tasks: Vec<Task> = Vec::new();
        for socket in [&pair, &peer] {
            tasks.push(Box::pin(send_numbers(socket.clone(), Arc::clone(&sends))));
            tasks.push(Box::pin(receive_numbers(
                socket.clone(),
                Arc::clone(&receives),
            )));
        }
        run(tasks);
        for socket in [pair, peer] {
            let left = socket.try_recv().unwrap_err();
            assert_eq!(left.kind(), ErrorKind::WouldBlock, "something came twice");
        }
    });
    for dropped in [sends, receives] {
        assert_ne!(dropped.load(Ordering::Relaxed), 0, "nothing was tested");
    }
}

const CONTEXTS: u32 = 8;
const ROUNDS: u32 = 20;

/// Asks, and gives up now sending, now receiving, but comes back to it.
async fn ask(context: Context, whose: u32) {
    for round in 0..ROUNDS {
        let request = whose * ROUNDS + round;
        let (sent, _) = insisting(round % 3, || context.send_async(small(request))).await;
        sent.unwrap();
        let (reply, _) = insisting(0, || context.recv_async()).await;
        assert_eq!(number(&reply.unwrap()), request);
    }
}

/// Answers as long as others ask, giving up now and then as well.
async fn answer(context: Context, seen: Arc<Mutex<BTreeMap<u32, u32>>>) {
    for times in (0..5).cycle() {
        if seen.lock().unwrap().len() == (CONTEXTS * ROUNDS) as usize {
            return;
        }
        let Some(request) = polled(times, context.recv_async()).await else {
            pause().await;
            continue;
        };
        let request = request.unwrap();
        *seen.lock().unwrap().entry(number(&request)).or_default() += 1;
        let reply = || context.send_async(small(number(&request)));
        insisting(times, reply).await.0.unwrap();
    }
}

#[test]
fn requests_and_replies_on_contexts() {
    on_each(|runtime, address, run| {
        let (rep, req) = connected(runtime, ["rep", "req"], address);
        let seen = Arc::new(Mutex::new(BTreeMap::new()));
        let mut tasks: Vec<Task> = Vec::new();
        for whose in 0..CONTEXTS {
            tasks.push(Box::pin(ask(req.context().unwrap(), whose)));
        }
        for _ in 0..3 {
            let context = rep.context().unwrap();
            tasks.push(Box::pin(answer(context, Arc::clone(&seen))));
        }
        run(tasks);
        let seen = seen.lock().unwrap();
        let expected: BTreeMap<_, _> = (0..CONTEXTS * ROUNDS).map(|n| (n, 1)).collect();
        assert_eq!(*seen, expected, "each request came once");
    });
}

/// A whole conversation as one future, dropped at each of its await points in turn.
#[test]
fn a_conversation_dropped_at_each_point_leaves_both_ends_usable() {
    on_each(|runtime, address, run| {
        let (rep, req) = connected(runtime, ["rep", "req"], address);
        run(vec![Box::pin(async move {
            let (mut finished, mut dropped) = (0, 0);
            for times in 0.. {
                let whole = polled(times, async {
                    req.send_async(small(times)).await.unwrap();
                    let request = loop {
                        let request = rep.recv_async().await.unwrap();
                        // What an earlier conversation left comes first.
                        if number(&request) == times {
                            break request;
                        }
                    };
                    rep.send_async(request).await.unwrap();
                    let reply = req.recv_async().await.unwrap();
                    assert_eq!(number(&reply), times);
                });
                match whole.await {
                    Some(()) => finished += 1,
                    None => dropped += 1,
                }
                if finished == 20 {
                    break;
                }
            }
            assert!(dropped > 0);
        })]);
    });
}

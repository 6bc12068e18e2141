//! Conversations of their own on one socket.

#[path = "support/world.rs"]
mod world;

use std::{collections::HashSet, thread};

use futures::{StreamExt, executor::block_on, stream::FuturesUnordered};
use spkit::{
    Context, ErrorKind, Runtime, Socket, api::DropReason, protocols::options::SURVEY_TIME,
};

use world::{SOON, everywhere};

fn connected(runtime: &Runtime, address: &str) -> (Socket, Socket) {
    let (req, rep) = (runtime.open("req").unwrap(), runtime.open("rep").unwrap());
    let listener = rep.listen(address).unwrap();
    let dialer = req.dial(listener.local_addr().as_str()).unwrap();
    dialer.connected(SOON).unwrap();
    (req, rep)
}

fn contexts(socket: &Socket, count: usize) -> Vec<Context> {
    (0..count).map(|_| socket.context().unwrap()).collect()
}

/// Numbers below `count` in an order of dice: a full cycle of a linear congruence.
fn shuffled(count: usize) -> impl Iterator<Item = usize> {
    let modulus = count.next_power_of_two();
    let next = move |at: &usize| Some((at * 5 + 3) % modulus);
    let all = std::iter::successors(Some(1), next).take(modulus);
    all.filter(move |n| *n < count)
}

#[test]
fn requests_answered_in_any_order_reach_their_contexts() {
    everywhere(|runtime, address| {
        let (req, rep) = connected(runtime, address);
        let (asking, answering) = (contexts(&req, 50), contexts(&rep, 50));
        let mut taken = Vec::new();
        for (n, (asking, answering)) in asking.iter().zip(&answering).enumerate() {
            asking.send(format!("request {n}")).unwrap();
            let request = answering.recv_timeout(SOON).unwrap();
            taken.push((answering, request));
        }
        let bodies: HashSet<_> = taken.iter().map(|(_, request)| request.body()).collect();
        assert_eq!(bodies.len(), 50, "no request is taken twice");
        for (answering, request) in taken.into_iter().rev() {
            answering.send([request.body(), b"!"].concat()).unwrap();
        }
        for n in shuffled(50) {
            let reply = asking[n].recv_timeout(SOON).unwrap();
            assert_eq!(reply.body(), format!("request {n}!").as_bytes());
        }
    });
}

#[test]
fn ten_thousand_wait_on_one_socket_and_each_gets_its_own_reply() {
    const COUNT: usize = 10_000;
    let runtime = Runtime::new().unwrap();
    let (req, rep) = connected(&runtime, "tcp://127.0.0.1:0");
    let asking = contexts(&req, COUNT);
    let answering = thread::spawn(move || {
        let contexts = contexts(&rep, COUNT);
        let requests: Vec<_> = contexts
            .iter()
            .map(|context| context.recv_timeout(SOON).unwrap())
            .collect();
        for n in shuffled(COUNT) {
            contexts[n].send(requests[n].clone()).unwrap();
        }
        rep
    });
    let mut replies = FuturesUnordered::new();
    for (n, context) in asking.iter().enumerate() {
        context.send(n.to_string()).unwrap();
        replies.push(async move { (n, context.recv_async().await) });
    }
    let mut arrived = 0;
    block_on(async {
        while let Some((n, reply)) = replies.next().await {
            assert_eq!(reply.unwrap().body(), n.to_string().as_bytes());
            arrived += 1;
        }
    });
    assert_eq!(arrived, COUNT);
    drop(answering.join().unwrap());
}

#[test]
fn a_new_request_cancels_that_of_its_context_alone() {
    everywhere(|runtime, address| {
        let (req, rep) = connected(runtime, address);
        let (one, other) = (req.context().unwrap(), req.context().unwrap());
        one.send("first").unwrap();
        other.send("other").unwrap();
        let waiting = {
            let reply = other.recv_async();
            thread::spawn(move || block_on(reply))
        };
        one.send("second").unwrap();
        for _ in 0..3 {
            let request = rep.recv_timeout(SOON).unwrap();
            rep.send(request).unwrap();
        }
        assert_eq!(one.recv_timeout(SOON).unwrap().body(), b"second");
        assert_eq!(waiting.join().unwrap().unwrap().body(), b"other");
        let done = one.try_recv().unwrap_err();
        assert_eq!(done.kind(), ErrorKind::State, "{done}");
    });
}

#[test]
fn a_context_that_is_dropped_leaves_the_others_alone() {
    everywhere(|runtime, address| {
        let (req, rep) = connected(runtime, address);
        let (leaving, staying) = (req.context().unwrap(), req.context().unwrap());
        leaving.send("nobody waits").unwrap();
        staying.send("I do").unwrap();
        drop(leaving);
        for _ in 0..2 {
            let request = rep.recv_timeout(SOON).unwrap();
            rep.send(request).unwrap();
        }
        assert_eq!(staying.recv_timeout(SOON).unwrap().body(), b"I do");
    });
}

// H-45
#[test]
fn a_survey_that_nobody_receives_holds_up_no_other() {
    everywhere(|runtime, address| {
        let surveyor = runtime.open("surveyor").unwrap();
        let answering = runtime.open("xrespondent").unwrap();
        let listener = surveyor.listen(address).unwrap();
        let dialer = answering.dial(listener.local_addr().as_str()).unwrap();
        dialer.connected(SOON).unwrap();
        surveyor.wait_for_peers(1, SOON).unwrap();
        surveyor.set(SURVEY_TIME, None).unwrap();
        let (idle, busy) = (surveyor.context().unwrap(), surveyor.context().unwrap());
        idle.send("idle").unwrap();
        let flood = answering.recv_timeout(SOON).unwrap();
        busy.send("busy").unwrap();
        let answer = answering.recv_timeout(SOON).unwrap();
        let full = (0..1_000).any(|_| {
            for _ in 0..1_000 {
                answering.send(flood.clone()).unwrap();
            }
            surveyor.stats().dropped().of(DropReason::QueueFull) > 0
        });
        assert!(full, "the idle context's queue takes everything");
        // What the carrier is too busy for is dropped at the answering end.
        let came = (0..1_000).any(|_| {
            answering.send(answer.clone()).unwrap();
            busy.recv_timeout(SOON / 1_000).is_ok()
        });
        assert!(came, "its answer waits behind those to another");
        assert_eq!(idle.recv_timeout(SOON).unwrap().body(), b"idle");
    });
}

#[test]
fn protocols_without_contexts_say_so() {
    let refused = Runtime::new().unwrap().open("push").unwrap().context();
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotSupported);
}

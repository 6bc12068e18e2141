//! What can be done depends on the protocol and on who is there.

use std::time::Duration;

use spkit::{ErrorKind, protocols::options::SURVEY_TIME};

use crate::{
    connect::connect,
    connected, is_ready,
    ready::wait,
    world::{SOON, everywhere},
};

#[test]
fn sending_needs_a_peer() {
    everywhere(|runtime, address| {
        for protocols in [["push", "pull"], ["pair", "pair"], ["req", "rep"]] {
            let [socket, peer] = protocols.map(|protocol| runtime.open(protocol).unwrap());
            let ready = socket.send_ready().unwrap();
            assert!(!is_ready(&ready));
            let refused = socket.try_send("x").unwrap_err().error;
            assert_eq!(refused.kind(), ErrorKind::WouldBlock);
            connect(&peer, &socket, address);
            assert!(wait(&ready, SOON), "{protocols:?}");
            peer.close();
            let until = std::time::Instant::now() + SOON;
            while is_ready(&ready) {
                assert!(std::time::Instant::now() < until, "the peer went");
                std::thread::yield_now();
            }
        }
    });
}

#[test]
fn a_peer_that_comes_lets_whoever_polls_send() {
    everywhere(|runtime, address| {
        let (push, pull) = (runtime.open("push").unwrap(), runtime.open("pull").unwrap());
        let ready = push.send_ready().unwrap();
        let there = pull.recv_ready().unwrap();
        let listener = pull.listen(address).unwrap();
        // Nobody but those who poll waits for anything.
        push.dial(listener.local_addr().as_str()).unwrap();
        assert!(wait(&ready, SOON));
        push.try_send("x").unwrap();
        assert!(wait(&there, SOON));
        assert_eq!(pull.try_recv().unwrap().body(), b"x");
    });
}

#[test]
fn request_and_reply_in_turn() {
    everywhere(|runtime, address| {
        let (rep, req) = connected(runtime, ["rep", "req"], address);
        let (asks, hears) = (req.send_ready().unwrap(), req.recv_ready().unwrap());
        let (gets, answers) = (rep.recv_ready().unwrap(), rep.send_ready().unwrap());
        for _ in 0..20 {
            assert!(wait(&asks, SOON));
            assert!(!is_ready(&hears) && !is_ready(&gets) && !is_ready(&answers));
            req.try_send("question").unwrap();
            assert!(is_ready(&asks), "a new request cancels the old one");
            assert!(!is_ready(&hears));
            assert!(wait(&gets, SOON));
            assert!(!is_ready(&answers), "it was not received");
            rep.try_recv().unwrap();
            assert!(!is_ready(&gets) && is_ready(&answers));
            rep.try_send("answer").unwrap();
            assert!(!is_ready(&answers));
            assert!(wait(&hears, SOON));
            assert_eq!(req.try_recv().unwrap().body(), b"answer");
            assert_eq!(req.try_recv().unwrap_err().kind(), ErrorKind::State);
        }
    });
}

#[test]
fn each_context_for_itself() {
    everywhere(|runtime, address| {
        let (rep, req) = connected(runtime, ["rep", "req"], address);
        let contexts = [(); 3].map(|()| req.context().unwrap());
        let ready = contexts
            .each_ref()
            .map(|context| context.recv_ready().unwrap());
        let server = rep.context().unwrap();
        let (gets, answers) = (server.recv_ready().unwrap(), server.send_ready().unwrap());
        for asks in [1, 0, 2, 2] {
            assert!(wait(contexts[asks].send_ready().unwrap(), SOON));
            contexts[asks].try_send(vec![asks as u8]).unwrap();
            assert!(wait(&gets, SOON));
            let request = server.try_recv().unwrap();
            assert!(is_ready(&answers));
            server.try_send(request).unwrap();
            assert!(wait(&ready[asks], SOON));
            for other in (0..3).filter(|other| *other != asks) {
                assert!(!is_ready(&ready[other]));
            }
            assert_eq!(contexts[asks].try_recv().unwrap().body(), [asks as u8]);
            assert!(!is_ready(&ready[asks]));
        }
    });
}

#[test]
fn the_end_of_a_survey_interrupts_who_polls() {
    everywhere(|runtime, address| {
        let (surveyor, respondent) = connected(runtime, ["surveyor", "respondent"], address);
        surveyor
            .set(SURVEY_TIME, Some(Duration::from_millis(20)))
            .unwrap();
        let ready = surveyor.recv_ready().unwrap();
        assert!(is_ready(surveyor.send_ready().unwrap()));
        surveyor.try_send("anybody?").unwrap();
        respondent.recv_timeout(SOON).unwrap();
        assert!(wait(&ready, SOON), "nobody answered");
        assert_eq!(surveyor.try_recv().unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(!is_ready(&ready));
    });
}

#[test]
fn a_publisher_can_always_send() {
    everywhere(|runtime, address| {
        let publisher = runtime.open("pub").unwrap();
        let ready = publisher.send_ready().unwrap();
        assert!(is_ready(&ready));
        publisher.try_send("to nobody").unwrap();
        let subscriber = runtime.open("sub").unwrap();
        subscriber.set_str("subscribe", "news").unwrap();
        let hears = subscriber.recv_ready().unwrap();
        connect(&subscriber, &publisher, address);
        publisher.try_send("weather").unwrap();
        publisher.try_send("news").unwrap();
        assert!(is_ready(&ready) && wait(&hears, SOON));
        assert_eq!(subscriber.try_recv().unwrap().body(), b"news");
        assert!(!is_ready(&hears));
    });
}

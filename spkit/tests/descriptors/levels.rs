//! A level, not an edge: readable for as long as it is true, however often it is looked at.

use std::thread;

use futures::executor::block_on;
use spkit::{ErrorKind, Socket};

use crate::{
    connected, is_ready,
    ready::wait,
    world::{SOON, everywhere},
};

fn body(socket: &Socket) -> Vec<u8> {
    socket.try_recv().unwrap().body().to_vec()
}

#[test]
fn readable_from_the_first_message_until_the_last_is_received() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        let ready = pull.recv_ready().unwrap();
        for round in 0..50 {
            assert!(!is_ready(&ready), "{round}");
            push.send("a").unwrap();
            push.send("b").unwrap();
            assert!(wait(&ready, SOON), "{round}");
            assert!(is_ready(&ready) && is_ready(&ready), "nothing took it");
            assert_eq!(body(&pull), b"a");
            assert!(wait(&ready, SOON), "one is left, or on its way");
            assert_eq!(body(&pull), b"b");
        }
        assert!(!is_ready(&ready));
        assert_eq!(pull.try_recv().unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(!is_ready(&ready));
    });
}

#[test]
fn a_descriptor_is_right_from_the_start_and_all_of_a_socket_agree() {
    everywhere(|runtime, address| {
        let (pair, peer) = connected(runtime, ["pair", "pair"], address);
        let first = pair.recv_ready().unwrap();
        peer.send("x").unwrap();
        assert!(wait(&first, SOON));
        let second = pair.clone().recv_ready().unwrap();
        assert!(is_ready(&second));
        drop(first);
        assert!(is_ready(&second));
        assert_eq!(body(&pair), b"x");
        assert!(!is_ready(&second) && !is_ready(pair.recv_ready().unwrap()));
        assert!(is_ready(pair.send_ready().unwrap()));
    });
}

#[test]
fn whoever_empties_the_queue_and_however() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        let ready = pull.recv_ready().unwrap();
        let receives: [fn(&Socket) -> _; 3] = [
            |pull| pull.recv(),
            |pull| block_on(pull.recv_async()),
            |pull| pull.recv_timeout(SOON),
        ];
        for receive in receives {
            push.send("x").unwrap();
            assert!(wait(&ready, SOON));
            let received = thread::scope(|scope| scope.spawn(|| receive(&pull)).join());
            assert_eq!(received.unwrap().unwrap().body(), b"x");
            assert!(!is_ready(&ready));
        }
    });
}

#[test]
fn one_who_polls_while_another_blocks() {
    everywhere(|runtime, address| {
        let (pair, peer) = connected(runtime, ["pair", "pair"], address);
        let ready = pair.recv_ready().unwrap();
        thread::scope(|scope| {
            let blocked = scope.spawn(|| pair.recv_timeout(SOON).unwrap());
            peer.send("x").unwrap();
            assert_eq!(blocked.join().unwrap().body(), b"x");
            // Whoever drove the socket has gone home.
            peer.send("y").unwrap();
            assert!(wait(&ready, SOON));
            assert_eq!(body(&pair), b"y");
            assert!(!is_ready(&ready));
        });
    });
}

#[test]
fn the_wrong_way_round_is_an_error() {
    let runtime = spkit::Runtime::new().unwrap();
    let (push, pull) = (runtime.open("push").unwrap(), runtime.open("pull").unwrap());
    for (refused, what) in [(push.recv_ready(), "receive"), (pull.send_ready(), "send")] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSupported, "{error}");
        assert!(error.to_string().contains(what), "{error}");
    }
    push.close();
    let closed = push.send_ready().unwrap_err();
    assert_eq!(closed.kind(), ErrorKind::Closed, "{closed}");
}

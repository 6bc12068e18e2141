//! Back-pressure: not readable while the peer takes nothing, and readable again when it does.

use std::{thread, time::Duration};

use spkit::{ErrorKind, Socket};

use crate::{
    Dice, is_ready, number,
    pairs::narrow,
    ready::wait,
    world::{SOON, everywhere},
};

/// Large enough to fill what the system buffers, too.
const SIZE: usize = 20_000;

fn body(n: u32) -> Vec<u8> {
    let mut body = vec![0; SIZE];
    body[..4].copy_from_slice(&n.to_be_bytes());
    body
}

/// Sends until it is neither ready nor able to, and says how many it has sent by then.
fn fill(from: &Socket, ready: &spkit::Readiness, mut sent: u32) -> u32 {
    loop {
        assert!(sent < 100_000, "it is never full");
        // What the system takes a moment later is no reason to go on for ever.
        let said = wait(ready, Duration::from_millis(20));
        match from.try_send(body(sent)) {
            Ok(()) => sent += 1,
            Err(refused) => {
                assert!(!said, "it said that it could");
                assert_eq!(refused.error.kind(), ErrorKind::WouldBlock);
                assert_eq!(refused.message.body(), body(sent));
                if !is_ready(ready) {
                    return sent;
                }
            }
        }
    }
}

#[test]
fn full_and_no_longer() {
    everywhere(|runtime, address| {
        for protocols in [["push", "pull"], ["pair", "pair"]] {
            let (from, to) = narrow(runtime, protocols, address);
            let ready = from.send_ready().unwrap();
            assert!(wait(&ready, SOON));
            let mut sent = 0;
            let mut came = 0;
            for _ in 0..3 {
                let before = sent;
                sent = fill(&from, &ready, sent);
                assert!(sent > before);
                while came < sent {
                    let message = to.recv_timeout(SOON).unwrap();
                    assert_eq!(number(message.body()), came);
                    came += 1;
                }
                assert!(wait(&ready, SOON), "the peer has read everything");
            }
        }
    });
}

#[test]
fn a_stream_by_polling_alone() {
    const MESSAGES: u32 = 1_500;
    everywhere(|runtime, address| {
        let (push, pull) = narrow(runtime, ["push", "pull"], address);
        thread::scope(|scope| {
            scope.spawn(|| {
                let ready = push.send_ready().unwrap();
                let mut dice = Dice(1);
                for n in 0..MESSAGES {
                    assert!(wait(&ready, SOON), "{n}: {push:#?}");
                    push.try_send(body(n)).expect("it said that it could");
                    if dice.below(50) == 0 {
                        thread::sleep(Duration::from_micros(dice.below(500).into()));
                    }
                }
            });
            let ready = pull.recv_ready().unwrap();
            let mut dice = Dice(2);
            for n in 0..MESSAGES {
                assert!(wait(&ready, SOON), "{n}: {pull:#?}");
                let message = pull.try_recv().expect("it said that it could");
                assert_eq!(number(message.body()), n);
                if dice.below(50) == 0 {
                    thread::sleep(Duration::from_micros(dice.below(500).into()));
                }
            }
            assert!(!is_ready(&ready));
        });
    });
}

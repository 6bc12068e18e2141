//! Many rounds, many threads, no wake-up lost.

use std::{
    collections::BTreeMap,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use futures::executor::block_on;
use spkit::{ErrorKind, Message, Result, Socket};

use crate::{
    Dice, connected, number,
    ready::wait,
    world::{SOON, everywhere},
};

/// Receives by polling, sends back by polling, so often.
fn play(socket: &Socket, rounds: u32, begins: bool) {
    let (sends, receives) = (socket.send_ready().unwrap(), socket.recv_ready().unwrap());
    for round in 0..rounds {
        if round > 0 || !begins {
            assert!(wait(&receives, SOON), "{round}: {socket:#?}");
            let message = socket.try_recv().expect("it said that it could");
            let expected = round - u32::from(begins);
            assert_eq!(number(message.body()), expected);
        }
        assert!(wait(&sends, SOON), "{round}: {socket:#?}");
        socket
            .try_send(round.to_be_bytes().to_vec())
            .expect("it said that it could");
    }
}

#[test]
fn a_thousand_round_trips_between_two_who_poll() {
    everywhere(|runtime, address| {
        let (pair, peer) = connected(runtime, ["pair", "pair"], address);
        thread::scope(|scope| {
            scope.spawn(|| play(&pair, 1_000, true));
            scope.spawn(|| play(&peer, 1_000, false));
        });
    });
}

#[test]
fn a_thousand_requests_by_one_who_polls_of_one_who_blocks() {
    everywhere(|runtime, address| {
        let (rep, req) = connected(runtime, ["rep", "req"], address);
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    let request = rep.recv_timeout(SOON).unwrap();
                    rep.send(request).unwrap();
                }
            });
            let (sends, receives) = (req.send_ready().unwrap(), req.recv_ready().unwrap());
            for n in 0..1_000_u32 {
                assert!(wait(&sends, SOON), "{n}: {req:#?}");
                req.try_send(n.to_be_bytes().to_vec()).unwrap();
                assert!(wait(&receives, SOON), "{n}: {req:#?}");
                assert_eq!(number(req.try_recv().unwrap().body()), n);
            }
        });
    });
}

const MESSAGES: u32 = 3_000;

/// Those who poll, block and await share a socket; descriptors come and go.
#[test]
fn in_each_way_of_waiting_at_once() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        let came = Mutex::new(BTreeMap::<u32, u32>::new());
        thread::scope(|scope| {
            for seed in 0..4 {
                let (pull, came) = (&pull, &came);
                scope.spawn(move || {
                    let mut dice = Dice(seed);
                    let start = Instant::now();
                    loop {
                        match receive(pull, &mut dice) {
                            Ok(message) => {
                                let mut came = came.lock().unwrap();
                                *came.entry(number(message.body())).or_default() += 1;
                                if came.len() == MESSAGES as usize {
                                    pull.close();
                                }
                            }
                            Err(error) if error.kind() == ErrorKind::Closed => break,
                            Err(error) => {
                                let harmless = [ErrorKind::WouldBlock, ErrorKind::TimedOut];
                                assert!(harmless.contains(&error.kind()), "{error}");
                                assert!(start.elapsed() < 4 * SOON, "{pull:#?}");
                            }
                        }
                    }
                });
            }
            let ready = push.send_ready().unwrap();
            let mut dice = Dice(99);
            for n in 0..MESSAGES {
                assert!(wait(&ready, SOON), "{n}: {push:#?}");
                push.try_send(n.to_be_bytes().to_vec()).unwrap();
                if dice.below(4) == 0 {
                    // Let them all go back to waiting.
                    thread::sleep(Duration::from_micros(dice.below(100).into()));
                }
            }
        });
        let came = came.into_inner().unwrap();
        assert!(
            came.values().all(|times| *times == 1),
            "something came twice"
        );
        assert_eq!(came.len(), MESSAGES as usize, "something is lost");
    });
}

fn receive(pull: &Socket, dice: &mut Dice) -> Result<Message> {
    match dice.below(8) {
        0 => pull.recv_timeout(SOON),
        1 => pull.recv_timeout(Duration::from_micros(dice.below(200).into())),
        2 => block_on(pull.recv_async()),
        _ => {
            let ready = pull.recv_ready()?;
            for _ in 0..dice.below(20) {
                assert!(wait(&ready, SOON), "{pull:#?}");
                // Another may be faster: then it is polled again.
                match pull.try_recv() {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    other => return other,
                }
            }
            pull.try_recv()
        }
    }
}

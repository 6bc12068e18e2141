//! A wake-up that its waiter does not use goes to the next.

use std::{collections::BTreeMap, sync::Mutex, thread, time::Duration};

use spkit::{ErrorKind, Message, Socket};

use crate::{
    connect::connect,
    connected,
    dice::Dice,
    polled::Polled,
    until_waiting,
    world::{SOON, everywhere},
};

#[test]
fn from_a_dropped_receive_to_the_next_future() {
    everywhere(|runtime, address| {
        let (pair, peer) = connected(runtime, ["pair", "pair"], address);
        let mut first = Polled::new(pair.recv_async());
        let mut second = Polled::new(pair.recv_async());
        assert!(first.poll().is_pending() && second.poll().is_pending());
        peer.send("x").unwrap();
        assert!(first.rings_after(0, SOON), "one message wakes the first");
        assert_eq!(second.rings(), 0, "and nobody else");
        drop(first);
        assert!(second.rings_after(0, SOON));
        assert_eq!(second.finish(SOON).unwrap().unwrap().body(), b"x");
    });
}

#[test]
fn from_a_dropped_receive_to_a_blocked_thread() {
    everywhere(|runtime, address| {
        let (pair, peer) = connected(runtime, ["pair", "pair"], address);
        let mut first = Polled::new(pair.recv_async());
        assert!(first.poll().is_pending());
        thread::scope(|scope| {
            let blocked = scope.spawn(|| pair.recv_timeout(SOON));
            until_waiting(&pair, 2);
            peer.send("x").unwrap();
            assert!(first.rings_after(0, SOON));
            drop(first);
            assert_eq!(blocked.join().unwrap().unwrap().body(), b"x");
        });
    });
}

#[test]
fn from_a_blocked_thread_to_a_future() {
    everywhere(|runtime, address| {
        let (pair, peer) = connected(runtime, ["pair", "pair"], address);
        thread::scope(|scope| {
            let blocked = scope.spawn(|| pair.recv_timeout(SOON));
            until_waiting(&pair, 1);
            let mut task = Polled::new(pair.recv_async());
            assert!(task.poll().is_pending());
            peer.send("x").unwrap();
            assert_eq!(blocked.join().unwrap().unwrap().body(), b"x");
            // Whoever drove the socket has gone home.
            peer.send("y").unwrap();
            assert_eq!(task.finish(SOON).unwrap().unwrap().body(), b"y");
        });
    });
}

#[test]
fn from_a_dropped_send_to_the_next() {
    everywhere(|runtime, address| {
        let pair = runtime.open("pair").unwrap();
        let mut first = Polled::new(pair.send_async("first"));
        let mut second = Polled::new(pair.send_async("second"));
        assert!(first.poll().is_pending() && second.poll().is_pending());
        let peer = runtime.open("pair").unwrap();
        connect(&peer, &pair, address);
        assert!(first.rings_after(0, SOON), "room for one wakes the first");
        drop(first);
        assert!(second.rings_after(0, SOON));
        assert!(second.finish(SOON).unwrap().is_ok());
        assert_eq!(peer.recv_timeout(SOON).unwrap().body(), b"second");
        assert_eq!(peer.try_recv().unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn from_a_served_send_to_the_next() {
    everywhere(|runtime, address| {
        let pair = runtime.open("pair").unwrap();
        thread::scope(|scope| {
            for n in 0..3_u8 {
                let pair = &pair;
                scope.spawn(move || pair.send_timeout(vec![n], SOON).unwrap());
            }
            until_waiting(&pair, 3);
            let peer = runtime.open("pair").unwrap();
            connect(&peer, &pair, address);
            let mut came: Vec<_> = (0..3)
                .map(|_| peer.recv_timeout(SOON).unwrap().body().to_vec())
                .collect();
            came.sort_unstable();
            assert_eq!(came, [[0], [1], [2]]);
        });
    });
}

const MESSAGES: u32 = 3_000;

#[test]
fn receivers_that_come_and_go_share_everything_out() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        let came = Mutex::new(BTreeMap::<u32, usize>::new());
        let take = |message: Message| {
            let number = u32::from_be_bytes(message.body().try_into().unwrap());
            let mut came = came.lock().unwrap();
            *came.entry(number).or_default() += 1;
            if came.len() == MESSAGES as usize {
                pull.close();
            }
        };
        thread::scope(|scope| {
            for seed in 0..4 {
                let (pull, take) = (&pull, &take);
                scope.spawn(move || come_and_go(pull, Dice(seed), take));
            }
            let mut dice = Dice(99);
            for number in 0..MESSAGES {
                push.send_timeout(number.to_be_bytes().to_vec(), SOON)
                    .unwrap();
                if dice.below(4) == 0 {
                    // Let them all go back to waiting.
                    thread::sleep(Duration::from_micros(u64::from(dice.below(100))));
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

/// Receives in every way and gives up now and then, until the socket is closed.
fn come_and_go(pull: &Socket, mut dice: Dice, take: &impl Fn(Message)) {
    loop {
        let short = Duration::from_micros(u64::from(dice.below(200)));
        let received = match dice.below(4) {
            0 => pull.recv_timeout(SOON),
            1 => pull.recv_timeout(short),
            2 => {
                let mut task = Polled::new(pull.recv_async());
                match task.poll() {
                    std::task::Poll::Ready(done) => done,
                    std::task::Poll::Pending => {
                        // Woken or not, it is dropped.
                        task.rings_after(0, short);
                        continue;
                    }
                }
            }
            _ => match Polled::new(pull.recv_async()).finish(SOON) {
                Some(done) => done,
                None => panic!("nobody woke a future: {pull:#?}"),
            },
        };
        match received {
            Ok(message) => take(message),
            Err(error) if error.kind() == ErrorKind::Closed => return,
            Err(error) if short < SOON && error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut),
        }
    }
}

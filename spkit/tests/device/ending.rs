//! Stopping, closing, giving up, and going on.

use std::{task::Poll, thread};

use spkit::{Device, ErrorKind, Runtime};

use crate::{
    address,
    connect::connect,
    expect, open,
    polled::Polled,
    running::{Running, STARTS},
    until,
    world::{SOON, everywhere},
};

#[test]
fn stop_ends_a_device_that_waits_however_it_runs() {
    everywhere(|runtime, like| {
        let [push, front, back] = open(runtime, ["push", "xpull", "xpush"]);
        connect(&push, &front, like);
        for (round, start) in STARTS.into_iter().enumerate() {
            println!("round {round}");
            // It waits for a message, and when one has come for somebody to take it.
            let running = start(Device::new(&front, &back).unwrap());
            let device = running.stop();
            let running = start(device);
            push.send("x").unwrap();
            until("taken", || {
                front.stats().received.messages > 2 * round as u64
            });
            let device = running.stop();
            let [pull] = open(runtime, ["pull"]);
            connect(&pull, &back, &address(like, round));
            let running = start(device);
            expect(&pull, "x");
            push.send("y").unwrap();
            expect(&pull, "y");
            pull.close();
            until("gone", || back.peers() == 0);
            running.stop();
        }
    });
}

#[test]
fn a_stop_that_comes_early_ends_the_next_run_and_only_that() {
    let runtime = Runtime::new().unwrap();
    let [push, front, back, pull] = open(&runtime, ["push", "xpull", "xpush", "pull"]);
    connect(&push, &front, "inproc://front");
    connect(&back, &pull, "inproc://back");
    let mut device = Device::new(&front, &back).unwrap();
    let handle = device.handle();
    handle.stop();
    handle.stop();
    device.run().unwrap();
    let running = Running::start(device);
    push.send("after").unwrap();
    expect(&pull, "after");
    drop(running);
}

#[test]
fn a_socket_that_is_closed_ends_it_with_an_error_that_says_which() {
    everywhere(|runtime, like| {
        for (closed, start) in [
            (0, STARTS[0]),
            (1, STARTS[0]),
            (0, STARTS[1]),
            (1, STARTS[1]),
        ] {
            println!("{closed}");
            let [req, front, back] = open(runtime, ["req", "xrep", "xreq"]);
            connect(&req, &front, like);
            let device = Device::new(&front, &back).unwrap();
            let running = start(device);
            [&front, &back][closed].close();
            let (_, result) = running.end();
            let error = result.unwrap_err();
            assert!(matches!(
                error.kind(),
                ErrorKind::Closed | ErrorKind::Closing
            ));
            let name = ["`xrep`", "`xreq`"][closed];
            assert!(error.to_string().contains(name), "{error}");
            front.close();
        }
    });
}

#[test]
fn a_sending_end_that_is_closed_ends_it_too() {
    everywhere(|runtime, like| {
        for start in STARTS {
            let [push, front, back] = open(runtime, ["push", "xpull", "xpush"]);
            connect(&push, &front, like);
            let running = start(Device::new(&front, &back).unwrap());
            back.close();
            push.send("too late").unwrap();
            let (device, result) = running.end();
            let error = result.unwrap_err();
            assert!(error.to_string().contains("`xpush`"), "{error}");
            assert_eq!(device.stats().forth, Default::default());
            front.close();
        }
    });
}

#[test]
fn what_was_taken_before_the_end_is_handed_on() {
    let runtime = Runtime::new().unwrap();
    let [push, front, back, pull] = open(&runtime, ["push", "xpull", "xpush", "pull"]);
    connect(&push, &front, "inproc://front");
    connect(&back, &pull, "inproc://back");
    for n in 0..100 {
        push.send(n.to_string()).unwrap();
    }
    until("come", || push.stats().handed == 100);
    let mut device = Device::new(&front, &back).unwrap();
    // Closed with a queue: what is in it passes, then the device ends.
    let rest = front.recv_timeout(SOON).unwrap();
    assert_eq!(rest.body(), b"0");
    front.close();
    assert!(device.run().is_err());
    let passed = device.stats().forth.forwarded.messages;
    assert_eq!(passed + 1, front.stats().received.messages);
    for n in 1..=passed {
        expect(&pull, &n.to_string());
    }
}

#[test]
fn a_future_that_is_dropped_anywhere_loses_and_doubles_nothing() {
    const COUNT: u32 = 3_000;
    everywhere(|runtime, like| {
        let [push, front, back, pull] = open(runtime, ["push", "xpull", "xpush", "pull"]);
        connect(&push, &front, &address(like, 0));
        connect(&back, &pull, &address(like, 1));
        let sending = thread::spawn(move || {
            for n in 0..COUNT {
                push.send(n.to_be_bytes().to_vec()).unwrap();
            }
            push
        });
        let taking = thread::spawn(move || {
            for n in 0..COUNT {
                let message = pull.recv_timeout(SOON).unwrap();
                assert_eq!(message.body(), n.to_be_bytes());
            }
        });
        let mut device = Device::new(&front, &back).unwrap();
        let mut polls = 0;
        while !taking.is_finished() {
            let mut run = Polled::new(device.run_async());
            polls = (polls + 1) % 4;
            for _ in 0..polls {
                assert!(matches!(run.poll(), Poll::Pending));
            }
            thread::yield_now();
        }
        taking.join().unwrap();
        assert_eq!(device.stats().forth.forwarded.messages, u64::from(COUNT));
        drop(sending.join().unwrap());
    });
}

#[test]
fn a_device_that_is_stopped_anywhere_loses_and_doubles_nothing() {
    const COUNT: u32 = 3_000;
    everywhere(|runtime, like| {
        let [near, front, back, far] = open(runtime, ["pair", "xpair", "xpair", "pair"]);
        connect(&near, &front, &address(like, 0));
        connect(&far, &back, &address(like, 1));
        let work = |from: spkit::Socket, to: spkit::Socket| {
            let send = thread::spawn(move || {
                for n in 0..COUNT {
                    from.send(n.to_be_bytes().to_vec()).unwrap();
                }
                from
            });
            let take = thread::spawn(move || {
                for n in 0..COUNT {
                    let message = to.recv_timeout(SOON).unwrap();
                    assert_eq!(message.body(), n.to_be_bytes());
                }
            });
            (send, take)
        };
        let there = work(near.clone(), far.clone());
        let and_back = work(far, near);
        let mut device = Device::new(&front, &back).unwrap();
        let mut starts = STARTS.into_iter().cycle();
        while !there.1.is_finished() || !and_back.1.is_finished() {
            let running = starts.next().unwrap()(device);
            thread::yield_now();
            device = running.stop();
        }
        for (send, take) in [there, and_back] {
            take.join().unwrap();
            drop(send.join().unwrap());
        }
        let stats = device.stats();
        assert_eq!(stats.forth.forwarded.messages, u64::from(COUNT));
        assert_eq!(stats.back.forwarded.messages, u64::from(COUNT));
    });
}

#[test]
fn an_idle_device_is_woken_for_each_message_and_not_without() {
    everywhere(|runtime, like| {
        let [near, front, back, far] = open(runtime, ["pair", "xpair", "xpair", "pair"]);
        connect(&near, &front, &address(like, 0));
        connect(&far, &back, &address(like, 1));
        let mut device = Device::new(&front, &back).unwrap();
        let handle = device.handle();
        let mut run = Polled::new(device.run_async());
        assert!(run.poll().is_pending());
        for n in 0..20 {
            let (from, to) = match n % 2 {
                0 => (&near, &far),
                _ => (&far, &near),
            };
            let mut seen = run.rings();
            from.send("x").unwrap();
            let passed = || {
                let stats = handle.stats();
                stats.forth.forwarded.messages + stats.back.forwarded.messages
            };
            while passed() == n {
                assert!(run.rings_after(seen, SOON));
                seen = run.rings();
                assert!(run.poll().is_pending());
            }
            expect(to, "x");
            let seen = run.rings();
            assert!(run.poll().is_pending());
            assert_eq!(run.rings(), seen, "it keeps itself awake");
        }
        handle.stop();
        run.finish(SOON).unwrap().unwrap();
    });
}

#[test]
fn a_way_without_room_does_not_hold_up_the_other() {
    let runtime = Runtime::new().unwrap();
    let [near, front, back, far] = open(&runtime, ["pair", "xpair", "xpair", "pair"]);
    connect(&near, &front, "inproc://front");
    connect(&far, &back, "inproc://back");
    for start in STARTS {
        let _running = start(Device::new(&front, &back).unwrap());
        // Until nothing on the way there takes any more.
        let mut sent = 0;
        let full = || near.send_timeout(vec![0; 4096], std::time::Duration::from_millis(300));
        while full().is_ok() {
            sent += 1;
        }
        for n in 0..100 {
            far.send(n.to_string()).unwrap();
            expect(&near, &n.to_string());
        }
        for _ in 0..sent {
            assert_eq!(far.recv_timeout(SOON).unwrap().len(), 4096);
        }
    }
}

//! How sockets end: accounted for, and without holding anybody up.

use std::{
    thread,
    time::{Duration, Instant},
};

use spkit::{ErrorKind, options::LINGER};

use crate::{
    connected, raw, until_waiting,
    world::{SOON, everywhere},
};

/// What PULL announces.
const PULL: u16 = 0x51;

#[test]
fn closing_with_time_hands_everything_over() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        for n in 0..100_u8 {
            push.send(vec![n]).unwrap();
        }
        let report = push.close_with(SOON);
        assert!(report.complete, "{report:?}");
        assert_eq!((report.handed, report.unsent.total()), (100, 0));
        for n in 0..100_u8 {
            assert_eq!(pull.recv_timeout(SOON).unwrap().body(), [n]);
        }
    });
}

#[test]
fn every_message_is_accounted_for() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        let mut accepted = 0;
        while push
            .send_timeout(vec![0; 50_000], Duration::from_millis(50))
            .is_ok()
        {
            accepted += 1;
        }
        let report = push.close_with(Duration::from_millis(50));
        let dropped = report.unsent.total();
        assert_eq!(report.handed + dropped, accepted, "{report:?}");
        assert_eq!(report.complete, dropped == 0, "{report:?}");
        let mut came = 0;
        while pull.recv_timeout(SOON / 20).is_ok() {
            came += 1;
        }
        assert!(came <= report.handed, "{came} came, {report:?}");
    });
}

#[test]
fn a_peer_that_reads_nothing_costs_no_more_than_the_given_time() {
    everywhere(|runtime, _| {
        let (listener, address) = raw::listen();
        let push = runtime.open("push").unwrap();
        push.dial(&address).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        raw::greet(&mut peer, PULL);
        push.wait_for_peers(1, SOON).unwrap();
        let mut accepted = 0;
        // The system's buffers are full when nothing has gone for longer than it takes to ask a peer for room.
        let patience = Duration::from_millis(500);
        while push.send_timeout(vec![0; 100_000], patience).is_ok() {
            accepted += 1;
        }
        let start = Instant::now();
        let report = push.close_with(Duration::from_millis(100));
        assert!(start.elapsed() >= Duration::from_millis(100));
        let dropped = report.unsent.total();
        assert!(!report.complete && dropped > 0, "{report:?}");
        assert_eq!(report.handed + dropped, accepted, "{report:?}");
    });
}

#[test]
fn the_last_drop_does_not_wait_and_still_sends() {
    everywhere(|runtime, _| {
        let start = Instant::now();
        let (listener, address) = raw::listen();
        let push = runtime.open("push").unwrap();
        push.set(LINGER, SOON * 6).unwrap();
        push.dial(&address).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        raw::greet(&mut peer, PULL);
        push.wait_for_peers(1, SOON).unwrap();
        let mut accepted = 0;
        while push.try_send(vec![accepted as u8; 100_000]).is_ok() {
            accepted += 1;
        }
        drop(push);
        // Nothing was read so far, so a drop that waits for its messages to go would have waited for all of the time.
        for n in 0..accepted {
            let body = raw::read_message(&mut peer).expect("everything that was accepted");
            assert!(body.len() == 100_000 && body.iter().all(|byte| *byte == n as u8));
        }
        assert!(raw::read_message(&mut peer).is_none(), "then the end");
        assert!(start.elapsed() < 3 * SOON);
    });
}

#[test]
fn a_clone_keeps_the_socket() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        drop(push.clone());
        push.send("x").unwrap();
        assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"x");
        let future = push.send_async("y");
        drop(push);
        assert!(
            crate::polled::Polled::new(future)
                .finish(SOON)
                .unwrap()
                .is_ok()
        );
        assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"y");
    });
}

#[test]
fn closing_twice_is_closing_once() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        push.send("x").unwrap();
        push.close();
        push.close();
        let report = push.close_with(SOON);
        assert!(report.complete && report.handed == 1, "{report:?}");
        assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"x");
        thread::scope(|scope| {
            let receiver = scope.spawn(|| pull.recv());
            until_waiting(&pull, 1);
            pull.close();
            pull.close();
            assert_eq!(
                receiver.join().unwrap().unwrap_err().kind(),
                ErrorKind::Closed
            );
        });
    });
}

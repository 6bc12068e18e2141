//! Messages, many and large, and those that do not fit.

use std::{thread, time::Duration};

use spkit::{ErrorKind, Socket, options};

use crate::house::{BACKENDS, House, LONG, loss, number, numbered};

const LARGEST: usize = 65_535;

#[test]
fn any_size_up_to_the_limit_arrives() {
    for backend in BACKENDS {
        let house = House::new(backend);
        let (one, other) = house.pair("pair", "pair");
        for len in [0, 1, 63, 1024, 40_000, LARGEST] {
            let body = vec![len as u8; len];
            one.send(body.clone()).unwrap();
            assert_eq!(other.recv_timeout(LONG).unwrap().body(), body);
            other.send(body.clone()).unwrap();
            assert_eq!(one.recv_timeout(LONG).unwrap().body(), body);
        }
    }
}

#[test]
fn a_message_that_does_not_fit_costs_the_connection_and_says_why() {
    for backend in BACKENDS {
        let house = House::new(backend);
        let (listening, dialing) = house.pair("pair", "pair");
        dialing.send(vec![0; LARGEST + 1]).unwrap();
        let error = loss(&dialing);
        assert_eq!(error.kind(), ErrorKind::MessageTooLong, "{error}");
        assert!(
            error.to_string().contains("65536") && error.to_string().contains("65535"),
            "{error}"
        );
        // The dialer comes back.
        assert_eq!(loss(&listening).kind(), ErrorKind::Closed);
        listening.wait_for_peers(1, LONG).unwrap();
        dialing.wait_for_peers(1, LONG).unwrap();
        listening.send("again").unwrap();
        assert_eq!(dialing.recv_timeout(LONG).unwrap().body(), b"again");
    }
}

#[test]
fn the_receive_limit_holds() {
    let house = House::new(BACKENDS[0]);
    let (listening, dialing) = (house.open("pair"), house.open("pair"));
    house.listen_with(&listening, |own| own.set(options::RECV_MAX, 1000));
    house.dial(&dialing);
    dialing.send(vec![1; 1000]).unwrap();
    assert_eq!(listening.recv_timeout(LONG).unwrap().len(), 1000);
    dialing.send(vec![1; 1001]).unwrap();
    let error = loss(&listening);
    assert_eq!(error.kind(), ErrorKind::MessageTooLong, "{error}");
}

/// Sends and receives at the same time, in both directions, messages of all sizes.
#[test]
fn both_directions_at_once() {
    for backend in BACKENDS {
        let house = House::new(backend);
        let (one, other) = house.pair("pair", "pair");
        let threads = [(one.clone(), other.clone()), (other, one)].map(|(from, to)| {
            let sending = thread::spawn(move || send_many(&from));
            let receiving =
                thread::spawn(move || (0..3_000).for_each(|n| assert_eq!(number(&to), n)));
            [sending, receiving]
        });
        for thread in threads.into_iter().flatten() {
            thread.join().unwrap();
        }
    }
}

fn send_many(from: &Socket) {
    for n in 0..3_000_u32 {
        let len = (n as usize * 7919) % 20_000;
        from.send_timeout(numbered(n, len), LONG).unwrap();
    }
}

/// The credit that lets one end send lies behind messages that its application does not want yet.
#[test]
fn who_does_not_receive_can_send() {
    for backend in BACKENDS {
        for flip in [false, true] {
            let house = House::new(backend);
            let (listening, dialing) = house.pair("pair", "pair");
            let (deaf, other) = if flip {
                (listening, dialing)
            } else {
                (dialing, listening)
            };
            // Until nothing goes any more.
            let patience = Duration::from_millis(100);
            let fills = |_: &u32| other.send_timeout(vec![1; 1000], patience).is_ok();
            let filled = (0..2_000).take_while(fills).count();
            assert!(filled >= 200, "{filled} messages of 1 kB wait");
            let receiving =
                thread::spawn(move || (0..2_000).for_each(|n| assert_eq!(number(&other), n)));
            for n in 0..2_000 {
                deaf.send_timeout(numbered(n, 1000), LONG).unwrap();
            }
            receiving.join().unwrap();
        }
    }
}

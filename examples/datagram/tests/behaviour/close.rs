//! Ends: in order, by surprise, and what they leave behind.

use std::{fs, os::unix::net::UnixDatagram, thread, time::Duration};

use spkit::ErrorKind;

use crate::house::{BACKENDS, House, LONG, loss, number, numbered};

const MANY: u32 = 2_000;

#[test]
fn what_was_accepted_is_delivered_before_the_goodbye() {
    for backend in BACKENDS {
        for flip in [false, true] {
            let house = House::new(backend);
            let (push, pull) = match flip {
                false => house.pair("push", "pull"),
                true => {
                    let (pull, push) = house.pair("pull", "push");
                    (push, pull)
                }
            };
            let receiving = thread::spawn(move || {
                for n in 0..MANY {
                    assert_eq!(number(&pull), n);
                    if n % 500 == 0 {
                        thread::park_timeout(Duration::from_millis(20));
                    }
                }
                pull
            });
            for n in 0..MANY {
                push.send_timeout(numbered(n, 500), LONG).unwrap();
            }
            let report = push.close_with(LONG);
            assert!(report.complete, "{report:?}");
            assert_eq!(report.handed, u64::from(MANY));
            let pull = receiving.join().unwrap();
            assert_eq!(loss(&pull).kind(), ErrorKind::Closed);
        }
    }
}

#[test]
fn a_closed_listener_leaves_no_file() {
    let house = House::new(BACKENDS[0]);
    let (rep, req) = house.pair("rep", "req");
    assert!(house.path().exists());
    rep.close_with(LONG);
    assert!(!house.path().exists());
    assert_eq!(loss(&req).kind(), ErrorKind::Closed);
    let left = fs::read_dir(house.path().parent().unwrap()).unwrap();
    assert_eq!(left.count(), 0, "neither end leaves anything");
}

#[test]
fn a_file_of_the_dead_is_taken_over_and_others_are_left_alone() {
    let house = House::new(BACKENDS[0]);
    drop(UnixDatagram::bind(house.path()).unwrap());
    assert!(house.path().exists());
    let rep = house.open("rep");
    let listener = house.listen(&rep);
    let second = house.open("rep").listen(&house.address()).unwrap_err();
    assert_eq!(second.kind(), ErrorKind::AddressInUse);
    listener.close();

    fs::write(house.path(), "not yours").unwrap();
    let error = rep.listen(&house.address()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse);
    assert_eq!(fs::read(house.path()).unwrap(), b"not yours");
}

#[test]
fn what_cannot_work_is_told_at_once() {
    let house = House::new(BACKENDS[0]);
    let rep = house.open("rep");
    let long = format!("dgram:///tmp/{}", "x".repeat(103));
    for address in ["dgram://", &long] {
        for error in [
            rep.listen(address).unwrap_err(),
            rep.dial(address).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::AddressInvalid);
            assert!(error.to_string().contains(address), "{error}");
        }
    }
    let missing = format!("{}/x/y", house.address());
    let error = rep.listen(&missing).unwrap_err();
    assert!(error.to_string().contains(&missing), "{error}");
}

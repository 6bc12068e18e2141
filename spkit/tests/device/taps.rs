//! Who looks on.

use spkit::{Device, Runtime, Way};

use crate::{
    address,
    connect::connect,
    expect, open, round_trip,
    running::Running,
    world::{SOON, everywhere},
};

#[test]
fn every_message_is_seen_once_with_its_header() {
    everywhere(|runtime, like| {
        let [req, front, back, rep] = open(runtime, ["req", "xrep", "xreq", "rep"]);
        connect(&req, &front, &address(like, 0));
        connect(&back, &rep, &address(like, 1));
        let mut device = Device::new(&front, &back).unwrap();
        let taps = [device.tap(), device.tap()];
        let running = Running::start(device);
        for n in 0..10 {
            round_trip(&req, &rep, &n.to_string());
        }
        drop(running);
        for tap in taps {
            assert_eq!(tap.missed(), 0);
            let seen: Vec<_> = tap.collect();
            assert_eq!(seen.len(), 20, "and the tap ends with the device");
            for (n, both) in seen.chunks(2).enumerate() {
                let [there, back] = both else { panic!() };
                assert_eq!((there.way, back.way), (Way::Forth, Way::Back));
                assert_eq!(there.message.body(), n.to_string().as_bytes());
                assert_eq!(back.message.body(), format!("{n}!").as_bytes());
                assert_eq!(there.message.header_words().len(), 2);
                assert_eq!(there.message.header_words(), back.message.header_words());
            }
        }
    });
}

#[test]
fn a_tap_that_nobody_reads_stops_nothing() {
    const COUNT: usize = 3_000;
    // What is missed is larger than a tap, so it must not count.
    let body = |n| format!("{n:0700}");
    let runtime = Runtime::new().unwrap();
    let [push, front, back, pull] = open(&runtime, ["push", "xpull", "xpush", "pull"]);
    connect(&push, &front, "inproc://front");
    connect(&back, &pull, "inproc://back");
    let mut device = Device::new(&front, &back).unwrap();
    let (small, gone) = (device.tap(), device.tap());
    drop(gone);
    let running = Running::start(device);
    for n in 0..COUNT {
        push.send(body(n)).unwrap();
        expect(&pull, &body(n));
    }
    // The first ones are there, the rest was counted.
    for n in 0..1024 {
        let seen = small.next_timeout(SOON).unwrap();
        assert_eq!(seen.message.body(), body(n).as_bytes());
    }
    assert!(small.try_next().is_none());
    assert_eq!(small.missed(), COUNT as u64 - 1024);
    // With room again it sees again, and all its room is free.
    push.send(vec![7; 1_000_000]).unwrap();
    assert_eq!(pull.recv_timeout(SOON).unwrap().len(), 1_000_000);
    assert_eq!(small.next_timeout(SOON).unwrap().message.len(), 1_000_000);
    drop(running);
}

#[test]
fn a_tap_holds_a_megabyte_and_one_message_whatever_its_size() {
    let runtime = Runtime::new().unwrap();
    let [push, front, back, pull] = open(&runtime, ["push", "xpull", "xpush", "pull"]);
    connect(&push, &front, "inproc://front");
    connect(&back, &pull, "inproc://back");
    let mut device = Device::new(&front, &back).unwrap();
    let tap = device.tap();
    let _running = Running::start(device);
    let pass = |size: usize| {
        push.send(vec![7; size]).unwrap();
        assert_eq!(pull.recv_timeout(SOON).unwrap().len(), size);
    };
    pass(2 << 20);
    pass(1);
    assert_eq!(tap.missed(), 1);
    assert_eq!(tap.next_timeout(SOON).unwrap().message.len(), 2 << 20);
    for _ in 0..5 {
        pass(256 << 10);
    }
    assert_eq!(tap.missed(), 2);
}

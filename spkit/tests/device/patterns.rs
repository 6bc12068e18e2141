//! What a device does, by protocol.

use spkit::{Device, DropReason, Runtime};

use crate::{
    address,
    connect::connect,
    expect, open, reasons,
    running::{Running, STARTS},
    until,
    world::{SOON, everywhere},
};

// SP-BU-007, SP-DV-016
#[test]
fn one_raw_bus_joins_its_peers_and_sends_nothing_back() {
    everywhere(|runtime, like| {
        let [hub, one, two, three] = open(runtime, ["xbus", "bus", "bus", "bus"]);
        for (link, bus) in [&one, &two, &three].into_iter().enumerate() {
            connect(bus, &hub, &address(like, link));
        }
        let running = Running::start(Device::loopback(&hub).unwrap());
        for (from, to, body) in [
            (&one, [&two, &three], "from one"),
            (&two, [&one, &three], "from two"),
            (&three, [&one, &two], "from three"),
        ] {
            from.send(body).unwrap();
            // The next thing each hears: its own does not come back in front of it.
            for bus in to {
                expect(bus, body);
            }
        }
        let forth = || running.stats().forth.forwarded.messages;
        until("counted", || forth() == 3);
        assert_eq!(running.stats().back, Default::default());
    });
}

// SP-DV-016
#[test]
fn two_raw_buses_reach_every_peer_of_the_other() {
    everywhere(|runtime, like| {
        let [left, right, a, b, c, d] = open(runtime, ["xbus", "xbus", "bus", "bus", "bus", "bus"]);
        for (link, (bus, hub)) in [(&a, &left), (&b, &left), (&c, &right), (&d, &right)]
            .into_iter()
            .enumerate()
        {
            connect(bus, hub, &address(like, link));
        }
        let _running = Running::between(&left, &right);
        // Their pipes have the same numbers in either socket: each one's peer must hear it too.
        for (from, to) in [
            (&a, [&c, &d]),
            (&b, [&c, &d]),
            (&c, [&a, &b]),
            (&d, [&a, &b]),
        ] {
            from.send("x").unwrap();
            for bus in to {
                expect(bus, "x");
            }
        }
    });
}

#[test]
fn a_raw_pair_alone_is_an_echo() {
    everywhere(|runtime, like| {
        for (end, raw) in [("pair", "xpair"), ("pair1", "xpair1")] {
            let [pair, echo] = open(runtime, [end, raw]);
            connect(&pair, &echo, &address(like, end.len()));
            let _running = Running::start(Device::loopback(&echo).unwrap());
            for body in ["hello", ""] {
                pair.send(body).unwrap();
                expect(&pair, body);
            }
        }
    });
}

#[test]
fn pairs_are_joined_both_ways() {
    everywhere(|runtime, like| {
        for (end, raw) in [("pair", "xpair"), ("pair1", "xpair1")] {
            let [near, front, back, far] = open(runtime, [end, raw, raw, end]);
            connect(&near, &front, &address(like, end.len()));
            connect(&back, &far, &address(like, 9 + end.len()));
            let _running = Running::between(&front, &back);
            for n in 0..100 {
                near.send(format!("there {n}")).unwrap();
                far.send(format!("back {n}")).unwrap();
            }
            for n in 0..100 {
                expect(&far, &format!("there {n}"));
                expect(&near, &format!("back {n}"));
            }
        }
    });
}

// SP-DV-013
#[test]
fn publications_pass_unchanged_and_subscribers_select() {
    everywhere(|runtime, like| {
        let [publisher, front, back, all, news] =
            open(runtime, ["pub", "xsub", "xpub", "sub", "sub"]);
        connect(&publisher, &front, &address(like, 0));
        connect(&all, &back, &address(like, 1));
        connect(&news, &back, &address(like, 2));
        all.set_str("subscribe", "").unwrap();
        news.set_str("subscribe", "news|").unwrap();
        // In either order of the sockets.
        let device = Device::new(&back, &front).unwrap();
        let running = Running::start(device);
        for body in ["weather|rain", "news|peace", ""] {
            publisher.send(body).unwrap();
            expect(&all, body);
        }
        expect(&news, "news|peace");
        let back = || running.stats().back.forwarded.messages;
        until("counted", || back() == 3);
        assert_eq!(running.stats().forth, Default::default());
    });
}

#[test]
fn publications_for_nobody_are_counted() {
    let runtime = Runtime::new().unwrap();
    let [publisher, front, back] = open(&runtime, ["pub", "xsub", "xpub"]);
    connect(&publisher, &front, "inproc://front");
    // Not the device's.
    back.send("before").unwrap();
    let running = Running::between(&front, &back);
    publisher.send("into the blue").unwrap();
    until("counted", || running.stats().forth.forwarded.messages == 1);
    let forth = running.stats().forth;
    assert_eq!(
        reasons(&forth.dropped),
        crate::dropped(1, DropReason::NoPeer)
    );
}

// SP-DV-014
#[test]
fn tasks_go_to_one_worker_each_and_none_is_lost() {
    const TASKS: usize = 2_000;
    let pass = |runtime: &Runtime, like: &str, start: fn(Device) -> Running| {
        let [push, front, back, one, other] =
            open(runtime, ["push", "xpull", "xpush", "pull", "pull"]);
        connect(&push, &front, &address(like, 0));
        connect(&one, &back, &address(like, 1));
        connect(&other, &back, &address(like, 2));
        let _running = start(Device::new(&front, &back).unwrap());
        let working = [one, other].map(|pull| {
            std::thread::spawn(move || {
                let mut taken = Vec::new();
                loop {
                    let task = pull.recv_timeout(SOON).unwrap();
                    match task.body() {
                        b"over" => return taken,
                        body => taken.push(String::from_utf8(body.to_vec()).unwrap()),
                    }
                }
            })
        });
        for n in 0..TASKS {
            push.send(format!("{n:04}")).unwrap();
        }
        // In turn: one each.
        push.send("over").unwrap();
        push.send("over").unwrap();
        let [one, other] = working.map(|thread| thread.join().unwrap());
        assert!(one.is_sorted() && other.is_sorted());
        let mut all = [one, other].concat();
        all.sort();
        let expected: Vec<_> = (0..TASKS).map(|n| format!("{n:04}")).collect();
        assert_eq!(all, expected);
    };
    everywhere(|runtime, like| {
        for (round, start) in STARTS.into_iter().enumerate() {
            pass(runtime, &address(like, round), start);
        }
    });
}

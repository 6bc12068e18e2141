//! How far messages go.

use spkit::{DropReason, Message, Runtime, options::TTL};

use crate::{
    address, chains, connect::connect, dropped, expect, open, reasons, running::Running, until,
    world::everywhere,
};

/// Sends through three devices that let so many hops pass, and says which of the stations dropped it: 3 is the far end.
fn who_drops(
    runtime: &Runtime,
    like: &str,
    [near, far]: [&str; 2],
    raw: [&str; 2],
    ttl: i64,
) -> Option<usize> {
    let [near, far] = open(runtime, [near, far]);
    let links: Vec<_> = (0..4).map(|link| address(like, link)).collect();
    let devices = chains::chain(runtime, raw, [&near, &far], &links);
    for socket in devices.iter().map(|[front, _]| front).chain([&far]) {
        socket.set(TTL, ttl).unwrap();
    }
    let running = chains::start(&devices);
    near.send("how far").unwrap();
    let stations = || {
        let by_devices = running.iter().map(|device| device.stats().forth.dropped);
        let mut all: Vec<_> = by_devices.collect();
        all.push(far.stats().dropped());
        all
    };
    let mut dropping = None;
    until("dropped or there", || {
        stations().iter().any(|dropped| dropped.total() > 0) || far.try_recv().is_ok()
    });
    for (at, lost) in stations().iter().enumerate() {
        if lost.total() > 0 {
            assert_eq!(reasons(lost), dropped(1, DropReason::Ttl));
            assert_eq!(dropping.replace(at), None);
        }
    }
    for (at, device) in running.iter().enumerate() {
        let passed = u64::from(dropping.is_none_or(|end| at < end));
        until("counted", || {
            device.stats().forth.forwarded.messages == passed
        });
    }
    dropping
}

// SP-DV-007, SP-DV-015
#[test]
fn the_hop_beyond_the_ttl_drops_it() {
    let patterns = [
        (["req", "rep"], ["xreq", "xrep"]),
        (["surveyor", "respondent"], ["xsurveyor", "xrespondent"]),
        (["pair1", "pair1"], ["xpair1", "xpair1"]),
    ];
    everywhere(|runtime, like| {
        for (ends, raw) in patterns {
            println!("{raw:?}");
            let ends = |ttl| who_drops(runtime, like, ends, raw, ttl);
            assert_eq!(
                [ends(1), ends(2), ends(3), ends(4)],
                [Some(1), Some(2), Some(3), None]
            );
        }
    });
}

// SP-P1-008
#[test]
fn a_message_that_can_go_no_further_is_refused_and_the_next_one_passes() {
    let runtime = Runtime::new().unwrap();
    let [near, front, back, far] = open(&runtime, ["xpair1", "xpair1", "xpair1", "pair1"]);
    connect(&near, &front, "inproc://near");
    connect(&back, &far, "inproc://far");
    front.set(TTL, 255).unwrap();
    let running = Running::between(&front, &back);
    for (hops, body) in [(254, "the last hop"), (0, "the first")] {
        let mut message = Message::from(body);
        message.set_header(&[hops]);
        near.send(message).unwrap();
    }
    expect(&far, "the first");
    assert_eq!(running.stats().forth.refused, 1);
    assert_eq!(running.stats().forth.dropped.total(), 0);
}

// SP-ST-006
#[test]
fn a_star_of_devices_in_a_circle_comes_to_rest() {
    let runtime = Runtime::new().unwrap();
    let [star, a, b, c, d] = open(&runtime, ["star", "xstar", "xstar", "xstar", "xstar"]);
    connect(&star, &a, "inproc://star");
    connect(&b, &c, "inproc://circle");
    connect(&d, &a, "inproc://closes");
    let devices = chains::start(&[[a.clone(), b.clone()], [c.clone(), d.clone()]]);
    star.send("round").unwrap();
    let ended = |socket: &spkit::Socket| socket.stats().dropped().of(DropReason::Ttl);
    // One copy each way round.
    until("rest", || {
        [&a, &b, &c, &d].map(ended).iter().sum::<u64>() == 2
    });
    drop(devices);
    expect(&star, "round");
}

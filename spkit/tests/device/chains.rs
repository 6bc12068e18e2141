//! Devices in a row: replies find the way back.

use spkit::{Device, Message, Runtime, Socket};

use crate::{
    address,
    connect::connect,
    dropped, expect, open, reasons, round_trip,
    running::{Running, STARTS},
    until,
    world::{SOON, everywhere},
};
use spkit::DropReason;

/// Devices between `near` and `far`, over a link of each of these addresses.
pub(crate) fn chain(
    runtime: &Runtime,
    [asking, answering]: [&str; 2],
    [near, far]: [&Socket; 2],
    addresses: &[String],
) -> Vec<[Socket; 2]> {
    let (last, links) = addresses.split_last().unwrap();
    let mut from = near.clone();
    let mut devices = Vec::new();
    for link in links {
        let [front, back] = open(runtime, [answering, asking]);
        connect(&from, &front, link);
        devices.push([front, back.clone()]);
        from = back;
    }
    connect(&from, far, last);
    devices
}

/// Runs devices, on threads and as tasks in turn.
pub(crate) fn start(devices: &[[Socket; 2]]) -> Vec<Running> {
    let ends = devices.iter().map(|[front, back]| Device::new(front, back));
    let running = ends.zip(STARTS.into_iter().cycle());
    let running = running.map(|(device, start)| start(device.unwrap()));
    running.collect()
}

// SP-DV-002, SP-DV-003, SP-DV-006, SP-DV-018
#[test]
fn requests_pass_three_devices_and_replies_find_back() {
    everywhere(|runtime, like| {
        let [req, other, rep] = open(runtime, ["req", "req", "rep"]);
        let links: Vec<_> = (0..4).map(|link| address(like, link)).collect();
        let devices = chain(runtime, ["xreq", "xrep"], [&req, &rep], &links);
        connect(&other, &devices[0][0], &address(like, 4));
        let running = start(&devices);
        for n in 0..20 {
            round_trip(&req, &rep, &format!("one {n}"));
            round_trip(&other, &rep, &format!("other {n}"));
        }
        for device in &running {
            until("all counted", || {
                device.stats().back.forwarded.messages == 40
            });
            let stats = device.stats();
            assert_eq!(stats.forth.forwarded.messages, 40);
            let bytes: usize = (0..20).map(|n| format!("one {n}other {n}").len()).sum();
            assert_eq!(stats.forth.forwarded.bytes, bytes as u64);
            assert_eq!(stats.back.forwarded.bytes, bytes as u64 + 40);
            assert_eq!((stats.forth.refused, stats.back.refused), (0, 0));
            assert_eq!(stats.forth.dropped.total() + stats.back.dropped.total(), 0);
        }
    });
}

// SP-DV-012
#[test]
fn surveys_pass_three_devices_and_reach_everybody() {
    everywhere(|runtime, like| {
        let [surveyor, one, other] = open(runtime, ["surveyor", "respondent", "respondent"]);
        let links: Vec<_> = (0..4).map(|link| address(like, link)).collect();
        let pair = ["xsurveyor", "xrespondent"];
        let devices = chain(runtime, pair, [&surveyor, &one], &links);
        connect(&devices[2][1], &other, &address(like, 4));
        let _running = start(&devices);
        surveyor.set_str("survey-time", "never").unwrap();
        for round in ["first", "second"] {
            surveyor.send(round).unwrap();
            for (respondent, name) in [(&one, "one"), (&other, "other")] {
                expect(respondent, round);
                respondent.send(format!("{round} {name}")).unwrap();
            }
            let mut answers = [(); 2].map(|()| surveyor.recv_timeout(SOON).unwrap().into_body());
            answers.sort();
            assert_eq!(answers[0], format!("{round} one"));
            assert_eq!(answers[1], format!("{round} other"));
        }
    });
}

#[test]
fn links_may_be_of_different_transports() {
    let runtime = Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let links = [
        "tcp://127.0.0.1:0".to_owned(),
        format!("ipc://{}/socket", dir.path().display()),
        "inproc://between".to_owned(),
        "tcp://127.0.0.1:0".to_owned(),
    ];
    let [req, rep] = open(&runtime, ["req", "rep"]);
    let devices = chain(&runtime, ["xreq", "xrep"], [&req, &rep], &links);
    let _running = start(&devices);
    for n in 0..100 {
        round_trip(&req, &rep, &n.to_string());
    }
}

// SP-DV-009, SP-DV-019
#[test]
fn replies_in_any_order_reach_who_asked() {
    const EACH: usize = 50;
    let runtime = Runtime::new().unwrap();
    let [one, other, front, back, rep] = open(&runtime, ["req", "req", "xrep", "xreq", "rep"]);
    connect(&one, &front, "inproc://one");
    connect(&other, &front, "inproc://other");
    connect(&back, &rep, "inproc://back");
    let _running = Running::between(&front, &back);
    let asking = [&one, &other].map(|req| [(); EACH].map(|()| req.context().unwrap()));
    let answering = [(); 2 * EACH].map(|()| rep.context().unwrap());
    for (req, contexts) in asking.iter().enumerate() {
        for (n, context) in contexts.iter().enumerate() {
            context.send(format!("{req} {n}")).unwrap();
        }
    }
    let taken = answering.map(|context| {
        let request = context.recv_timeout(SOON).unwrap();
        (context, request)
    });
    for (context, request) in taken.into_iter().rev() {
        context.send(request).unwrap();
    }
    for (req, contexts) in asking.iter().enumerate() {
        for (n, context) in contexts.iter().enumerate() {
            let reply = context.recv_timeout(SOON).unwrap();
            assert_eq!(reply.body(), format!("{req} {n}").as_bytes());
        }
    }
}

// SP-DV-010
#[test]
fn a_client_that_is_gone_loses_its_reply_and_nobody_else_does() {
    everywhere(|runtime, like| {
        let [leaving, staying, front, back, rep] =
            open(runtime, ["req", "req", "xrep", "xreq", "rep"]);
        connect(&leaving, &front, &address(like, 0));
        connect(&staying, &front, &address(like, 1));
        connect(&back, &rep, &address(like, 2));
        let running = Running::between(&front, &back);
        leaving.send("leaving").unwrap();
        let unanswered = rep.context().unwrap();
        let request = unanswered.recv_timeout(SOON).unwrap();
        leaving.close();
        until("gone", || front.peers() == 1);
        unanswered.send(request).unwrap();
        round_trip(&staying, &rep, "staying");
        let stats = running.stats();
        assert_eq!(
            reasons(&stats.back.dropped),
            dropped(1, DropReason::PipeGone)
        );
        assert_eq!(stats.forth.dropped.total(), 0);
    });
}

#[test]
fn a_worker_that_is_killed_is_replaced_by_the_next() {
    everywhere(|runtime, like| {
        let [req, front, back, first, second] =
            open(runtime, ["req", "xrep", "xreq", "rep", "rep"]);
        connect(&req, &front, &address(like, 0));
        connect(&first, &back, &address(like, 1));
        let _running = Running::between(&front, &back);
        round_trip(&req, &first, "to the first");
        first.close();
        until("gone", || back.peers() == 0);
        // Waits in the device until somebody comes.
        req.send("to the second").unwrap();
        connect(&second, &back, &address(like, 2));
        expect(&second, "to the second");
        second.send("done").unwrap();
        expect(&req, "done");
    });
}

// SP-DV-004, SP-DV-005
#[test]
fn answers_without_a_way_back_are_dropped_and_counted() {
    let runtime = Runtime::new().unwrap();
    let [req, front, back, worker] = open(&runtime, ["req", "xrep", "xreq", "xrep"]);
    connect(&req, &front, "inproc://front");
    connect(&back, &worker, "inproc://back");
    let running = Running::between(&front, &back);
    req.send("question").unwrap();
    let request = expect(&worker, "question");
    let [link, channel, id] = request.header_words() else {
        panic!("{request:?}");
    };
    // To nobody, to nowhere, without a channel, and right.
    let replies = [
        vec![*link, channel ^ 1, *id],
        vec![*link, *id],
        vec![*link, *channel, *id],
    ];
    for header in replies {
        let mut reply = Message::from(format!("{} words", header.len()));
        reply.set_header(&header);
        worker.send(reply).unwrap();
    }
    expect(&req, "3 words");
    let back = running.stats().back;
    assert_eq!(back.dropped.of(DropReason::PipeGone), 1);
    assert_eq!(back.dropped.of(DropReason::Malformed), 1);
    assert_eq!(back.dropped.total(), 2);
    assert_eq!(running.stats().forth.dropped.total(), 0);
}

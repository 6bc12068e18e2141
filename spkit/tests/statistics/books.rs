//! Socket, endpoints and pipes say the same.

use std::time::Duration;

use spkit::{Snapshot, Socket, api::DropReason, options::RECV_BUFFER_MESSAGES};

use crate::{
    connect, connected, raw, until,
    world::{SOON, everywhere},
};

/// What always holds, whatever happened.
fn adds_up(snapshot: &Snapshot) {
    let stats = &snapshot.socket;
    let accounted = stats.handed + stats.waiting + stats.unsent.total();
    assert_eq!(stats.copies, accounted, "{snapshot:#?}");
    for pipe in &snapshot.pipes {
        let traffic = &pipe.traffic;
        assert_eq!(
            traffic.sent.messages,
            traffic.handed + traffic.waiting,
            "{snapshot:#?}"
        );
    }
    for endpoint in &snapshot.endpoints {
        let traffic = &endpoint.traffic;
        let lost = traffic.unsent.of(DropReason::PipeGone);
        assert_eq!(
            traffic.sent.messages,
            traffic.handed + traffic.waiting + lost,
            "{snapshot:#?}"
        );
        let connections = &endpoint.connections;
        let made = connections.dialed + connections.accepted;
        assert_eq!(made, connections.ended + connections.current as u64);
    }
}

#[test]
fn both_ends_count_the_same_messages() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        for n in 0..100 {
            push.send(vec![0; n]).unwrap();
        }
        for _ in 0..100 {
            pull.recv_timeout(SOON).unwrap();
        }
        until(&push, "handed over", |push| push.stats().handed == 100);
        let (sent, received) = (push.snapshot(), pull.snapshot());
        for snapshot in [&sent, &received] {
            adds_up(snapshot);
            assert_eq!((snapshot.endpoints.len(), snapshot.pipes.len()), (1, 1));
            assert_eq!(snapshot.pipes[0].traffic, snapshot.endpoints[0].traffic);
            assert_eq!(snapshot.pipes[0].endpoint, snapshot.endpoints[0].endpoint);
            assert_eq!(snapshot.socket.dropped().total(), 0);
        }
        assert_eq!((sent.protocol, received.protocol), ("push", "pull"));
        assert!(sent.endpoints[0].dials && !received.endpoints[0].dials);
        let (ours, theirs) = (&sent.endpoints[0], &received.endpoints[0]);
        assert_eq!(ours.address, theirs.address);
        assert_eq!((ours.connections.dialed, ours.connections.accepted), (1, 0));
        assert_eq!(
            (theirs.connections.dialed, theirs.connections.accepted),
            (0, 1)
        );
        let bytes = (0..100).sum::<u64>();
        for count in [
            sent.socket.sent,
            received.socket.received,
            ours.traffic.sent,
            theirs.traffic.received,
        ] {
            assert_eq!((count.messages, count.bytes), (100, bytes));
        }
    });
}

#[test]
fn each_copy_of_a_publication_is_counted() {
    everywhere(|runtime, address| {
        let publisher = runtime.open("pub").unwrap();
        let listener = publisher.listen(address).unwrap();
        let subs: Vec<_> = (0..3).map(|_| runtime.open("sub").unwrap()).collect();
        for sub in &subs {
            sub.dial(listener.local_addr().as_str()).unwrap();
        }
        publisher.wait_for_peers(3, SOON).unwrap();
        for _ in 0..10 {
            publisher.send("all").unwrap();
        }
        until(&publisher, "handed over", |socket| {
            socket.stats().handed == 30
        });
        let snapshot = publisher.snapshot();
        adds_up(&snapshot);
        assert_eq!(snapshot.socket.sent.messages, 10);
        assert_eq!(snapshot.socket.copies, 30);
        assert_eq!(snapshot.endpoints[0].traffic.sent.messages, 30);
        assert!(
            snapshot
                .pipes
                .iter()
                .all(|pipe| pipe.traffic.sent.messages == 10)
        );
    });
}

#[test]
fn what_a_pipe_did_stays_in_its_endpoints_books() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        push.send("one").unwrap();
        assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"one");
        push.close();
        until(&pull, "alone", |pull| pull.peers() == 0);
        let snapshot = pull.snapshot();
        adds_up(&snapshot);
        assert!(snapshot.pipes.is_empty());
        let listener = &snapshot.endpoints[0];
        assert_eq!(listener.traffic.received.messages, 1);
        assert_eq!(listener.connections.current, 0);
        assert_eq!(listener.connections.ended, 1);
        assert_eq!(snapshot.socket.connections.ended, 1);
    });
}

#[test]
fn what_waits_for_a_peer_that_does_not_read_is_told() {
    everywhere(|runtime, address| {
        let pull = runtime
            .open_with("pull", |options| options.set(RECV_BUFFER_MESSAGES, 1))
            .unwrap();
        let push = runtime.open("push").unwrap();
        connect(&push, &pull, address);
        let patience = Duration::from_millis(200);
        while push.send_timeout(vec![0; 50_000], patience).is_ok() {}
        let before = push.snapshot();
        adds_up(&before);
        assert!(before.socket.waiting > 0, "{before:#?}");
        assert_eq!(before.socket.copies, before.socket.sent.messages);
        let report = push.close_with(Duration::from_millis(50));
        assert_eq!(report.accepted, before.socket.sent.messages);
        assert_eq!(report.copies, report.accepted, "{report:?}");
        assert_eq!(report.handed + report.unsent.total(), report.accepted);
    });
}

/// A request that no peer ever took is in the report as well.
#[test]
fn what_a_protocol_still_held_is_reported() {
    everywhere(|runtime, _| {
        let req = runtime.open("req").unwrap();
        if req.try_send("to nobody").is_ok() {
            let report = req.close_with(Duration::from_millis(1));
            assert_eq!((report.accepted, report.copies), (1, 1), "{report:?}");
            assert_eq!(report.unsent.total(), 1);
        }
    });
}

#[test]
fn with_the_reader_gone_the_report_says_how_many_were_not_sent() {
    everywhere(|runtime, _| {
        let (listener, address) = raw::listen();
        let push = runtime.open("push").unwrap();
        push.dial(&address).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        raw::greet(&mut peer, 0x51);
        push.wait_for_peers(1, SOON).unwrap();
        let patience = Duration::from_millis(200);
        let mut accepted = 0;
        while push.send_timeout(vec![0; 20_000], patience).is_ok() {
            accepted += 1;
        }
        drop((peer, listener));
        until(&push, "alone", |push: &Socket| push.peers() == 0);
        let report = push.close_with(SOON);
        assert_eq!(report.accepted, accepted);
        assert_eq!(report.copies, accepted, "{report:?}");
        let gone = report.unsent.of(DropReason::PipeGone);
        assert!(gone > 0 && gone == report.unsent.total(), "{report:?}");
        assert_eq!(report.handed + gone, accepted, "{report:?}");
    });
}

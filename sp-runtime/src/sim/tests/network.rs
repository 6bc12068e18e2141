//! Links and what ails them.

use super::*;

/// The times at which a socket gained or lost a connection, in milliseconds since the beginning.
fn changes(world: &World, socket: SocketId) -> Vec<(char, u64)> {
    let entries = world.transcript().entries().iter();
    let ours = entries.filter(|entry| entry.socket == Some(socket));
    let changes = ours.filter_map(|entry| {
        let sign = match entry.what {
            What::Pipe { .. } => '+',
            What::Event(crate::SocketEvent::Disconnected { .. }) => '-',
            _ => return None,
        };
        Some((sign, (entry.at.as_nanos() - 1_000_000_000) / 1_000_000))
    });
    changes.collect()
}

fn open_pair(world: &mut World) -> (SocketId, SocketId) {
    let left = world.open("left", &PAIR0);
    let right = world.open("right", &PAIR0);
    (left, right)
}

#[test]
fn latency_is_paid_each_way() {
    let mut world = World::new(1);
    world.set_links(Link::default().with(|link| link.latency = SECOND));
    let (left, right) = open_pair(&mut world);
    world.listen(left, "left").unwrap();
    world.dial(right, "left").unwrap();
    world.run_for(10 * SECOND);
    // There and back, and then the listener's hello, which had left when the connection came.
    assert_eq!(changes(&world, right), [('+', 2000)]);
    assert_eq!(changes(&world, left), [('+', 3000)]);
}

#[test]
fn nobody_listens_at_first() {
    let mut world = World::new(2);
    let (left, right) = open_pair(&mut world);
    world.dial(right, "left").unwrap();
    world.run_for(SECOND);
    assert_eq!(world.peers(right), 0);
    world.listen(left, "left").unwrap();
    assert!(world.listen(left, "left").is_err(), "in use");
    world.run_for(10 * SECOND);
    assert_eq!(world.peers(right), 1);
    assert_eq!(world.stuck(), [""; 0]);
}

#[test]
fn a_cut_is_noticed_by_both_and_the_dialer_comes_back() {
    for seed in 0..50 {
        let (mut world, left, right) = pair(seed);
        world.cut(left, right);
        world.run_for(20 * SECOND);
        for socket in [left, right] {
            let lost = changes(&world, socket).into_iter();
            assert!(
                lost.filter(|(sign, _)| *sign == '-').count() >= 1,
                "seed {seed}"
            );
        }
        assert_eq!(
            (world.peers(left), world.peers(right)),
            (1, 1),
            "seed {seed}"
        );
    }
}

#[test]
fn what_is_under_way_when_a_connection_is_cut_is_lost() {
    let (mut world, left, right) = pair(3);
    let received = world.recv(left, None);
    world.send(right, "lost", None);
    world.cut(left, right);
    world.run_for(20 * SECOND);
    assert!(world.result(received).is_none());
    world.send(right, "found", None);
    world.run_for(SECOND);
    assert_eq!(body(&world, received).as_deref(), Some("found"));
}

#[test]
fn a_short_partition_delays_and_a_long_one_cuts() {
    for (seconds, delivers) in [(2, true), (20, false)] {
        let (mut world, left, right) = pair(4);
        let received = world.recv(left, None);
        world.part(&[left], &[right], seconds * SECOND);
        world.send(right, "x", None);
        world.run_for(seconds * SECOND - SECOND / 2);
        assert!(world.result(received).is_none());
        assert_eq!(world.peers(left), usize::from(delivers));
        world.run_for(20 * SECOND);
        assert_eq!(body(&world, received).is_some(), delivers);
        assert_eq!(world.peers(left), 1, "together again");
    }
}

#[test]
fn a_handshake_does_not_wait_for_ever() {
    let mut world = World::new(5);
    let (left, right) = open_pair(&mut world);
    world.listen(left, "left").unwrap();
    world.part(&[left], &[right], 60 * SECOND);
    world.dial(right, "left").unwrap();
    world.run_for(60 * SECOND);
    let timed_out = |entry: &&Entry| {
        matches!(&entry.what, What::Event(crate::SocketEvent::Refused { error, .. })
            if error.kind() == ErrorKind::HandshakeTimedOut)
    };
    assert!(
        world
            .transcript()
            .entries()
            .iter()
            .filter(timed_out)
            .count()
            >= 3
    );
    world.run_for(20 * SECOND);
    assert_eq!(world.peers(left), 1);
}

#[test]
fn the_worst_link_delivers_everything_in_order() {
    let mut world = World::new(6);
    world.set_links(Link::default().with(|link| {
        link.jitter = SECOND / 10;
        link.piece = 3;
        link.window = 10;
        link.stutter = 60;
    }));
    let (left, right) = open_pair(&mut world);
    world.listen(left, "left").unwrap();
    world.dial(right, "left").unwrap();
    for n in 0..50 {
        world.send(right, format!("{n}"), None);
    }
    for n in 0..50 {
        let op = world.recv(left, None);
        world.run_for(10 * SECOND);
        assert_eq!(body(&world, op), Some(n.to_string()));
    }
}

#[test]
fn bandwidth_takes_its_time() {
    let mut world = World::new(7);
    world.set_links(Link::default().with(|link| link.bandwidth = Some(100_000)));
    let (left, right) = open_pair(&mut world);
    world.listen(left, "left").unwrap();
    world.dial(right, "left").unwrap();
    let begin = world.now();
    world.send(right, vec![0_u8; 500_000], None);
    let op = world.recv(left, None);
    let end = begin + 100 * SECOND;
    let stop = world.run_until_true(end, |world| world.result(op).is_some());
    assert_eq!(stop, Stop::Reached);
    let took = world.now() - begin;
    assert!((5 * SECOND..7 * SECOND).contains(&took), "{took:?}");
}

#[test]
fn a_slow_way_and_a_slow_process_are_slow() {
    for process in [false, true] {
        let (mut world, left, right) = pair(8);
        if process {
            world.set_pace(left, 100 * SECOND);
        } else {
            world.slow(left, right, 50 * SECOND, 1000 * SECOND);
        }
        let received = world.recv(left, None);
        world.send(right, "x", None);
        world.run_for(SECOND);
        assert!(world.result(received).is_none());
        world.run_for(400 * SECOND);
        assert_eq!(body(&world, received).as_deref(), Some("x"));
    }
}

#[test]
fn the_wrong_protocol_is_refused_by_both() {
    let mut world = World::new(9);
    let pair = world.open("pair", &PAIR0);
    let rep = world.open("rep", &REP0);
    world.listen(rep, "rep").unwrap();
    world.dial(pair, "rep").unwrap();
    world.run_for(SECOND);
    for socket in [pair, rep] {
        let refused = |entry: &Entry| {
            entry.socket == Some(socket)
                && matches!(&entry.what, What::Event(crate::SocketEvent::Refused { error, .. })
                    if error.kind() == ErrorKind::ProtocolMismatch)
        };
        assert!(world.transcript().entries().iter().any(refused));
        assert_eq!(world.peers(socket), 0);
    }
}

#[test]
fn a_close_sends_what_was_accepted_and_a_kill_does_not() {
    for kill in [false, true] {
        let (mut world, left, right) = pair(10);
        let received = world.recv(left, None);
        let waits = world.recv(right, None);
        world.send(right, "last words", None);
        if kill {
            world.kill(right);
        } else {
            world.close(right, SECOND);
        }
        assert_eq!(
            world.try_send(right, "x").unwrap_err().kind(),
            ErrorKind::Closed
        );
        world.run_for(10 * SECOND);
        assert_eq!(kind(&world, waits), Some(ErrorKind::Closed));
        assert_eq!(body(&world, received).is_some(), !kill);
        assert_eq!((world.peers(left), world.peers(right)), (0, 0));
    }
}

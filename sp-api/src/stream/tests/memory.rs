//! What a peer can make a pipe keep.

use std::{sync::Arc, time::Duration};

use super::*;
use crate::{ErrorKind, Memory, options::RECV_MAX, testing::endpoint_with};

fn unlimited() -> StreamConfig {
    endpoint_with(PAIR, |options| options.with(RECV_MAX, 0).unwrap())
}

/// A pipe on this memory, and its raw peer.
fn on(memory: &Arc<Memory>) -> (Side, TestStream) {
    let (mut side, peer, _) = Side::with_raw_peer(Framing::Tcp, &unlimited());
    side.reactor = std::mem::take(&mut side.reactor).with_memory(Arc::clone(memory));
    (side, peer)
}

#[test]
fn memory_grows_with_what_arrived_and_not_with_what_is_claimed() {
    let (mut side, mut peer, link) = Side::with_raw_peer(Framing::Tcp, &unlimited());
    link.set_read_max(1000);
    let len = 10 << 20;
    peer.push(&prefix(Framing::Tcp, len));
    assert!(side.bodies().is_empty());
    assert_eq!(side.reactor.memory().used(), 0, "a claim costs nothing");
    let mut arrived = 0;
    for part in body(1 << 20).chunks(777) {
        peer.push(part);
        arrived += part.len();
        assert!(side.all_bodies(&peer).is_empty());
        let used = side.reactor.memory().used();
        assert!(used <= (2 * arrived).max(16 * 1024), "{used} for {arrived}");
        assert!(used >= arrived);
    }
}

#[test]
fn a_body_never_takes_more_than_its_length() {
    let (mut side, mut peer, _) = Side::raw(Framing::Tcp);
    let whole = frame(Framing::Tcp, &body(100_000));
    peer.push(&whole[..80_000]);
    assert!(side.bodies().is_empty());
    assert_eq!(side.reactor.memory().used(), 100_000);
    peer.push(&whole[80_000..]);
    assert_eq!(side.bodies().len(), 1);
    assert_eq!(side.reactor.memory().used(), 0);
}

#[test]
fn a_tail_is_kept_small_and_charged() {
    let (mut side, mut peer, _) = Side::raw(Framing::Tcp);
    let mut stream = frame(Framing::Tcp, &body(10_000));
    stream.extend_from_slice(&frame(Framing::Tcp, &body(5_000))[..3_000]);
    peer.push(&stream);
    assert_eq!(side.bodies().len(), 1);
    assert_eq!(side.reactor.memory().used(), 3_000);
    let first = side.reactor.io(Ready::NONE).chunk().space().as_ptr();
    let again = side.reactor.io(Ready::NONE).chunk().space().as_ptr();
    assert_eq!(first, again, "the receive buffer is free for others");
    peer.push(&frame(Framing::Tcp, &body(5_000))[3_000..]);
    assert_eq!(side.bodies(), [body(5_000)]);
    assert_eq!(side.reactor.memory().used(), 0);
}

#[test]
fn a_message_larger_than_the_memory_is_refused_at_once() {
    let memory = Memory::new(100_000);
    let (mut side, mut peer) = on(&memory);
    peer.push(&prefix(Framing::Tcp, 50_001));
    let (_, error) = side.receive(Ready::READABLE);
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::MessageTooLong);
    assert!(error.to_string().contains("100000"), "{error}");
}

#[test]
fn without_memory_a_pipe_waits_unread_and_is_told_when_there_is_some() {
    let memory = Memory::new(200_000);
    let mut other = memory.reservation();
    other.charge(190_000);
    let (mut side, mut peer) = on(&memory);
    let sent = body(90_000);
    peer.push(&frame(Framing::Tcp, &sent));
    side.reactor.take_notified();
    assert!(side.bodies().is_empty());
    assert_eq!(side.reactor.take_notified(), 0);
    drop(other);
    assert!(side.reactor.take_notified() > 0);
    assert!(side.bodies() == [sent]);
    assert_eq!(memory.used(), 0);
}

#[test]
fn many_stalled_messages_do_not_keep_good_ones_out() {
    let memory = Memory::new(4 << 20);
    let mut stalled: Vec<_> = (0..20).map(|_| on(&memory)).collect();
    for (side, peer) in &mut stalled {
        peer.push(&frame(Framing::Tcp, &body(500_000))[..400_000]);
        assert!(side.bodies().is_empty());
    }
    let (mut good, mut peer) = on(&memory);
    // Small ones need no memory beyond what is read, large ones wait until one of the stalled is given up.
    peer.push(&frame(Framing::Tcp, &body(16_000)));
    assert!(good.all_bodies(&peer) == [body(16_000)]);
    let sent = body(100_000);
    peer.push(&frame(Framing::Tcp, &sent));
    assert!(good.bodies().is_empty());
    good.reactor.advance(Duration::from_secs(10));
    assert!(good.bodies() == [sent]);
    assert_eq!(memory.revoked(), 1);
    assert!(memory.used() <= memory.total() / 8 * 9);
    drop(stalled);
    assert_eq!(memory.used(), 0);
}

#[test]
fn messages_that_wait_for_each_other_all_arrive() {
    let memory = Memory::new(1 << 20);
    let mut ends: Vec<_> = (0..10).map(|_| on(&memory)).collect();
    let sent = body(200_000);
    let whole = frame(Framing::Tcp, &sent);
    let mut arrived = 0;
    // In turns of 30 KB: all are half received when the memory ends.
    for part in whole.chunks(30_000) {
        for (side, peer) in &mut ends {
            peer.push(part);
            arrived += side.bodies().len();
        }
    }
    assert!(memory.refused() > 0, "they were in each other's way");
    for _ in 0..100 {
        for (side, _) in &mut ends {
            arrived += side.bodies().len();
        }
    }
    assert_eq!(arrived, 10);
    assert_eq!((memory.used(), memory.revoked()), (0, 0));
}

#[test]
fn who_stalls_on_leased_memory_loses_its_connection() {
    let memory = Memory::new(1 << 20);
    let mut full = memory.reservation();
    full.charge(1 << 20);
    let (mut slow, mut peer) = on(&memory);
    peer.push(&frame(Framing::Tcp, &body(100_000))[..50_000]);
    assert!(slow.bodies().is_empty());
    let (mut good, mut other) = on(&memory);
    other.push(&frame(Framing::Tcp, &body(100_000)));
    assert!(good.bodies().is_empty());
    slow.reactor.take_notified();
    good.reactor.advance(Duration::from_secs(10));
    let mut bodies = good.bodies();
    assert!(slow.reactor.take_notified() > 0);
    let (_, error) = slow.receive(Ready::NOTIFIED);
    assert_eq!(error.unwrap().kind(), ErrorKind::OutOfResources);
    drop(slow);
    bodies.extend(good.bodies());
    assert!(bodies == [body(100_000)]);
}

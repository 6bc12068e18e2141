use std::task::Poll;

use spkit_api::{
    Connecting, Inbox, Message, Pipe, Progress, Ready,
    stream::{SpWire, StreamConnecting},
    testing::{TestLink, TestReactor, TestStream, endpoint},
};

use super::*;

const PAIR: u16 = 0x10;

fn connecting(
    stream: TestStream,
    reactor: &mut TestReactor,
) -> StreamConnecting<TestStream, Mask, SpWire> {
    let config = endpoint(PAIR);
    let mask = Mask::new(&mut reactor.io(Ready::NONE));
    StreamConnecting::accepted(stream, mask, SpWire::tcp(&config), &config)
}

/// Two pipes over one link, polled in turn until both stand.
fn pipes(link: &TestLink, reactor: &mut TestReactor) -> [Box<dyn Pipe>; 2] {
    let (one, other) = link.streams();
    let mut ends = [connecting(one, reactor), connecting(other, reactor)];
    let mut pipes = [None, None];
    while let [None, _] | [_, None] = pipes {
        for (end, pipe) in ends.iter_mut().zip(&mut pipes) {
            if pipe.is_none()
                && let Poll::Ready(made) = end.poll_pipe(&mut reactor.io(Ready::READABLE))
            {
                *pipe = Some(made.unwrap());
            }
        }
    }
    pipes.map(Option::unwrap)
}

fn send(pipe: &mut dyn Pipe, reactor: &mut TestReactor, body: &[u8]) {
    let mut slot = Some(Message::from(body.to_vec()));
    let mut io = reactor.io(Ready::NONE);
    assert!(pipe.poll_send(&mut io, &mut slot).is_ready());
    assert!(pipe.poll_flush(&mut io).is_ready());
}

fn receive(pipe: &mut dyn Pipe, reactor: &mut TestReactor) -> Message {
    let mut inbox = Inbox::with_budget(1, usize::MAX);
    while inbox.is_empty() {
        let polled = pipe.poll_recv(&mut reactor.io(Ready::READABLE), &mut inbox);
        let _: Progress = polled.unwrap();
    }
    inbox.pop().unwrap()
}

#[test]
fn messages_of_all_sizes_survive_in_both_directions() {
    let mut reactor = TestReactor::new();
    let [mut one, mut other] = pipes(&TestLink::new(), &mut reactor);
    for len in [0, 1, 7, 8, 9, 1000, 40_000, 100_000] {
        let body: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
        send(&mut *one, &mut reactor, &body);
        assert_eq!(receive(&mut *other, &mut reactor).body(), body);
        send(&mut *other, &mut reactor, &body);
        assert_eq!(receive(&mut *one, &mut reactor).body(), body);
    }
}

#[test]
fn the_wire_shows_the_nonce_and_then_no_plain_text() {
    let mut reactor = TestReactor::new();
    let (ours, mut theirs) = TestLink::new().streams();
    let mut end = connecting(ours, &mut reactor);
    assert!(end.poll_pipe(&mut reactor.io(Ready::NONE)).is_pending());
    let nonce = theirs.take_all();
    assert_eq!(nonce.len(), LEN, "the rest needs the peer's nonce");
    theirs.push(&[0x55; LEN]);
    assert!(end.poll_pipe(&mut reactor.io(Ready::READABLE)).is_pending());
    let sealed = theirs.take_all();
    let expected: Vec<u8> = [0, b'S', b'P', 0, 0, 0x10, 0, 0]
        .iter()
        .zip(&nonce)
        .map(|(plain, ours)| plain ^ ours ^ 0x55)
        .collect();
    assert_eq!(sealed, expected);
}

#[test]
fn the_mask_goes_on_where_it_was_however_bytes_are_cut() {
    let whole: Vec<u8> = (0..100).collect();
    let new = || Stream::new(*b"01234567", *b"abcdefgh");
    let mut at_once = whole.clone();
    new().apply(&mut at_once);
    for step in 1..20 {
        let (mut stream, mut pieces) = (new(), whole.clone());
        pieces
            .chunks_mut(step)
            .for_each(|piece| stream.apply(piece));
        assert_eq!(pieces, at_once, "in steps of {step}");
    }
}

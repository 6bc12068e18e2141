//! A stream pipe over a stream in memory, under every hardship a real one can bring.

mod closing;
mod filtered;
mod greeting;
mod memory;
mod receiving;
mod sending;

use std::task::Poll;

use super::{Plain, SpWire, StreamConfig, StreamConnecting};
use crate::{
    Connecting, Error, Inbox, Message, Pipe, Progress, Ready, Result,
    testing::{TestLink, TestReactor, TestStream, endpoint},
    wire::{ConnectionHeader, Framing},
};

const PAIR: u16 = 0x10;
const FRAMINGS: [Framing; 2] = [Framing::Tcp, Framing::Ipc];

/// A pipe with its reactor.
struct Side {
    pipe: Box<dyn Pipe>,
    reactor: TestReactor,
}

fn wire(framing: Framing, config: &StreamConfig) -> SpWire {
    match framing {
        Framing::Tcp => SpWire::tcp(config),
        Framing::Ipc => SpWire::ipc(config),
    }
}

fn connecting(
    framing: Framing,
    stream: TestStream,
    config: &StreamConfig,
) -> StreamConnecting<TestStream, Plain, SpWire> {
    StreamConnecting::accepted(stream, Plain, wire(framing, config), config)
}

fn hello() -> [u8; 8] {
    ConnectionHeader::new(PAIR).encode()
}

fn frame(framing: Framing, body: &[u8]) -> Vec<u8> {
    let mut bytes = prefix(framing, body.len());
    bytes.extend_from_slice(body);
    bytes
}

fn prefix(framing: Framing, len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    framing.encode(len, |prefix| bytes.extend_from_slice(prefix));
    bytes
}

/// A body that tells where a byte stood.
fn body(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

impl Side {
    /// A pipe whose raw peer has said hello, and that peer.
    fn with_raw_peer(framing: Framing, config: &StreamConfig) -> (Self, TestStream, TestLink) {
        let link = TestLink::new();
        let (ours, mut peer) = link.streams();
        peer.push(&hello());
        let mut reactor = TestReactor::new();
        let pipe = finish(&mut connecting(framing, ours, config), &mut reactor).unwrap();
        assert_eq!(peer.take_all(), hello());
        (Self { pipe, reactor }, peer, link)
    }

    fn raw(framing: Framing) -> (Self, TestStream, TestLink) {
        Self::with_raw_peer(framing, &endpoint(PAIR))
    }

    fn poll_recv(&mut self, ready: Ready, inbox: &mut Inbox) -> Result<Progress> {
        self.pipe.poll_recv(&mut self.reactor.io(ready), inbox)
    }

    /// Receives until there is no more; with the bodies, how it ended.
    fn receive(&mut self, ready: Ready) -> (Vec<Vec<u8>>, Option<Error>) {
        let mut bodies = Vec::new();
        let mut inbox = Inbox::default();
        loop {
            let progress = self.poll_recv(ready, &mut inbox);
            while let Some(message) = inbox.pop() {
                bodies.push(message.body().to_vec());
            }
            match progress {
                Ok(Progress::More) => {}
                Ok(Progress::Drained) => return (bodies, None),
                Err(error) => return (bodies, Some(error)),
            }
        }
    }

    /// Receives what must be received without an error.
    fn bodies(&mut self) -> Vec<Vec<u8>> {
        let (bodies, error) = self.receive(Ready::READABLE);
        assert!(error.is_none(), "{error:?}");
        bodies
    }

    /// Receives all that the peer has sent, over a link whose reads are short.
    fn all_bodies(&mut self, peer: &TestStream) -> Vec<Vec<u8>> {
        let mut bodies = self.bodies();
        while peer.unread() > 0 {
            bodies.extend(self.bodies());
        }
        bodies
    }

    fn send(&mut self, message: impl Into<Message>) -> bool {
        let mut slot = Some(message.into());
        match self
            .pipe
            .poll_send(&mut self.reactor.io(Ready::NONE), &mut slot)
        {
            Poll::Ready(result) => {
                result.unwrap();
                assert!(slot.is_none());
                true
            }
            Poll::Pending => {
                assert!(slot.is_some());
                false
            }
        }
    }

    fn flush(&mut self) -> bool {
        let flushed = self.pipe.poll_flush(&mut self.reactor.io(Ready::WRITABLE));
        flushed.map(Result::unwrap).is_ready()
    }

    fn close(&mut self) -> Poll<Result<()>> {
        self.pipe.poll_close(&mut self.reactor.io(Ready::READABLE))
    }
}

/// Polls until the pipe is there, as often as a stuttering stream needs.
fn finish(connecting: &mut dyn Connecting, reactor: &mut TestReactor) -> Result<Box<dyn Pipe>> {
    for _ in 0..1000 {
        if let Poll::Ready(done) = connecting.poll_pipe(&mut reactor.io(Ready::READABLE)) {
            return done;
        }
    }
    panic!("it never became a pipe: {connecting:?}");
}

/// Carries messages from one side to the other, over a link as bad as the test made it.
fn carry(from: &mut Side, to: &mut Side, messages: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut left = messages.iter();
    let mut next = left.next();
    let mut arrived = Vec::new();
    for _ in 0..10_000_000 {
        while let Some(body) = next
            && from.send(Message::from(body.clone()))
        {
            next = left.next();
        }
        from.flush();
        arrived.extend(to.bodies());
        if arrived.len() == messages.len() {
            assert!(next.is_none());
            while !from.flush() {}
            assert_eq!(from.pipe.pending(), Default::default());
            return arrived;
        }
    }
    panic!("{} of {} messages arrived", arrived.len(), messages.len());
}

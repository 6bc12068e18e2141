//! A layer that needs writes to read, and a wire that answers.

use bytes::{Buf, Bytes, BytesMut};

use super::*;
use crate::{
    ErrorKind,
    stream::{Decoded, Filter, Opened, RxBuf, TxBuf, Wire},
};

/// A toy of TLS: both sides say a key, then records of a length byte and masked bytes. A record of length 0 is the
/// goodbye.
#[derive(Debug, Default)]
struct Mask {
    ours: u8,
    theirs: Option<u8>,
    said_goodbye: bool,
    heard_goodbye: bool,
    /// Records at a time: the rest is "more".
    burst: usize,
}

impl Mask {
    fn new(ours: u8) -> Self {
        Self {
            ours,
            burst: 3,
            ..Self::default()
        }
    }
}

impl Filter for Mask {
    fn start(&mut self, out: &mut TxBuf) -> Result<()> {
        out.put(&[0xA0, self.ours]);
        Ok(())
    }

    fn open(
        &mut self,
        sealed: &mut RxBuf,
        plain: &mut BytesMut,
        out: &mut TxBuf,
    ) -> Result<Opened> {
        if self.theirs.is_none() {
            let [first, key, ..] = sealed[..] else {
                return Ok(Opened::Need);
            };
            if first != 0xA0 {
                out.put(b"alert");
                return Err(ErrorKind::CryptoFailed.into());
            }
            self.theirs = Some(key);
            sealed.skip(2);
        }
        let key = self.theirs.unwrap_or_default();
        for _ in 0..self.burst {
            let Some(&len) = sealed.first() else {
                return Ok(Opened::Need);
            };
            if len == 0 {
                self.heard_goodbye = true;
                return Ok(Opened::End);
            }
            let len = usize::from(len);
            if sealed.len() <= len {
                return Ok(Opened::Need);
            }
            plain.extend(sealed[1..=len].iter().map(|byte| byte ^ key));
            sealed.skip(1 + len);
        }
        Ok(Opened::More)
    }

    fn seal(&mut self, plain: &mut TxBuf, out: &mut TxBuf) -> Result<()> {
        if self.theirs.is_none() {
            return Ok(());
        }
        let ended = plain.messages();
        while !plain.is_empty() {
            let len = plain.chunk().len().min(100);
            let masked: Vec<_> = plain.chunk()[..len]
                .iter()
                .map(|byte| byte ^ self.ours)
                .collect();
            plain.advance(len);
            out.put(&[len as u8]);
            out.put(&masked);
        }
        out.end_messages(ended);
        Ok(())
    }

    fn finish(&mut self, out: &mut TxBuf) -> Result<()> {
        if !self.said_goodbye {
            self.said_goodbye = true;
            out.put(&[0]);
        }
        Ok(())
    }

    fn ended(&mut self) -> Result<()> {
        match self.heard_goodbye {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::CryptoFailed, "no goodbye")),
        }
    }
}

fn masked_pair(link: &TestLink) -> (Side, Side) {
    let (one, other) = link.streams();
    let config = endpoint(PAIR);
    let make = |stream, key| {
        StreamConnecting::accepted(stream, Mask::new(key), SpWire::tcp(&config), &config)
    };
    let (mut one, mut other) = (make(one, 0x11), make(other, 0x77));
    let mut reactors = [TestReactor::new(), TestReactor::new()];
    let mut pipes = [None, None];
    for _ in 0..1000 {
        let ends: [&mut dyn Connecting; 2] = [&mut one, &mut other];
        for (at, end) in ends.into_iter().enumerate() {
            if pipes[at].is_none()
                && let Poll::Ready(pipe) = end.poll_pipe(&mut reactors[at].io(Ready::NONE))
            {
                pipes[at] = Some(pipe.unwrap());
            }
        }
    }
    let mut sides = pipes.into_iter().zip(reactors).map(|(pipe, reactor)| Side {
        pipe: pipe.unwrap(),
        reactor,
    });
    (sides.next().unwrap(), sides.next().unwrap())
}

#[test]
fn messages_cross_a_layer_whatever_the_link_is_like() {
    let sizes = [0, 1, 99, 100, 101, 5000, 40_000, 17, 16_384];
    let messages: Vec<_> = sizes.into_iter().map(body).collect();
    for (read_max, write_max, hard) in [
        (usize::MAX, usize::MAX, false),
        (usize::MAX, usize::MAX, true),
        (37, 41, true),
        (1000, 7000, true),
    ] {
        let link = TestLink::new();
        link.set_read_max(read_max);
        link.set_write_max(write_max);
        link.set_stutter(hard);
        link.set_interrupts(hard);
        let (mut one, mut other) = masked_pair(&link);
        assert!(carry(&mut one, &mut other, &messages) == messages);
        assert!(carry(&mut other, &mut one, &messages) == messages);
        assert_eq!(one.reactor.lent() + other.reactor.lent(), 0);
        assert_eq!(
            one.reactor.memory().used() + other.reactor.memory().used(),
            0
        );
    }
}

#[test]
fn a_goodbye_of_the_layer_ends_the_pipe_and_a_missing_one_is_told() {
    let link = TestLink::new();
    let (mut one, mut other) = masked_pair(&link);
    assert!(one.send("last"));
    assert!(one.close().is_pending());
    let (bodies, error) = other.receive(Ready::READABLE | Ready::CLOSED);
    assert_eq!(bodies, [b"last"]);
    assert_eq!(error.unwrap().kind(), ErrorKind::Closed);

    let (one, mut other) = masked_pair(&TestLink::new());
    drop(one);
    let (_, error) = other.receive(Ready::READABLE | Ready::CLOSED);
    assert_eq!(error.unwrap().kind(), ErrorKind::CryptoFailed);
}

#[test]
fn an_alert_is_written_before_the_connection_goes() {
    let (ours, mut peer) = TestLink::new().streams();
    let config = endpoint(PAIR);
    let mut connecting =
        StreamConnecting::accepted(ours, Mask::new(1), SpWire::tcp(&config), &config);
    peer.push(b"GET / HTTP/1.1");
    let mut reactor = TestReactor::new();
    let error = finish(&mut connecting, &mut reactor).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CryptoFailed);
    assert_eq!(peer.take_all(), b"\xA0\x01alert");
}

/// One byte is one thing: `p` wants an answer, `x` is a goodbye, all else is a message.
#[derive(Debug, Default)]
struct Letters {
    greeted: bool,
}

impl Wire for Letters {
    fn start(&mut self, tx: &mut TxBuf) -> Result<()> {
        tx.put(b"H");
        Ok(())
    }

    fn decode(&mut self, rx: &mut RxBuf, inbox: &mut Inbox, tx: &mut TxBuf) -> Result<Decoded> {
        let Some(&letter) = rx.first() else {
            return Ok(Decoded::Need);
        };
        rx.skip(1);
        if !std::mem::replace(&mut self.greeted, true) {
            return Ok(Decoded::Peer(u16::from(letter)));
        }
        Ok(match letter {
            b'p' => {
                tx.put(b"P");
                Decoded::Taken
            }
            b'x' => Decoded::Close,
            other => {
                inbox.push(Message::from(vec![other]));
                Decoded::Taken
            }
        })
    }

    fn body(&mut self, _body: Bytes, _inbox: &mut Inbox) -> Result<Decoded> {
        Ok(Decoded::Taken)
    }

    fn encode(&mut self, message: Message, tx: &mut TxBuf) -> Result<()> {
        tx.put_shared(message.into_body());
        Ok(())
    }

    fn finish(&mut self, tx: &mut TxBuf) -> Result<()> {
        tx.put(b"x");
        Ok(())
    }
}

fn letters(link: &TestLink) -> (Side, TestStream) {
    let (ours, mut peer) = link.streams();
    let mut connecting =
        StreamConnecting::accepted(ours, Plain, Letters::default(), &endpoint(PAIR));
    peer.push(b"H");
    let mut reactor = TestReactor::new();
    let pipe = finish(&mut connecting, &mut reactor).unwrap();
    assert_eq!(peer.take_all(), b"H");
    (Side { pipe, reactor }, peer)
}

#[test]
fn answers_of_a_wire_go_out_by_themselves() {
    let (mut side, mut peer) = letters(&TestLink::new());
    peer.push(b"apb");
    assert_eq!(side.bodies(), [b"a", b"b"]);
    assert_eq!(peer.take_all(), b"P");
    peer.push(b"cx");
    let (bodies, error) = side.receive(Ready::READABLE);
    assert_eq!(bodies, [b"c"]);
    assert_eq!(error.unwrap().kind(), ErrorKind::Closed);
    assert!(side.close().is_pending());
    assert_eq!(peer.take_all(), b"x");
}

#[test]
fn who_asks_for_answers_and_does_not_read_them_is_cut_off() {
    let link = TestLink::new();
    let (mut side, mut peer) = letters(&link);
    link.set_capacity(0);
    let mut pings = 0;
    let error = loop {
        peer.push(&[b'p'; 10_000]);
        pings += 10_000;
        let (_, error) = side.receive(Ready::READABLE);
        assert!(pings <= 200_000);
        if let Some(error) = error {
            break error;
        }
    };
    assert_eq!(error.kind(), ErrorKind::PeerMisbehaved);
}

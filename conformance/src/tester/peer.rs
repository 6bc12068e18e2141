//! One connection of the tester.

use std::{
    io::{self, Read, Write},
    net::Shutdown,
    time::Duration,
};

use spkit_api::transport::StreamKind;

use super::{carrier::Carrier, codec};
use crate::{
    endpoints,
    pace::{Deadline, Pace},
    transcript::{Transcript, Way, show},
    verdict::{Outcome, Trouble, ensure},
};

/// A connection to the endpoint under test, whoever made it.
#[derive(Debug)]
pub(crate) struct Peer {
    carrier: Carrier,
    number: u32,
    kind: StreamKind,
    pace: Pace,
    log: Transcript,
    unread: Vec<u8>,
    end: Option<End>,
    header_read: bool,
}

/// How the other side ended the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// In order.
    Eof,
    /// Broken off.
    Reset,
}

impl Peer {
    pub(super) fn new(
        carrier: Carrier,
        number: u32,
        kind: StreamKind,
        pace: Pace,
        log: Transcript,
    ) -> io::Result<Self> {
        carrier.set_write_timeout(pace.expect())?;
        Ok(Self {
            carrier,
            number,
            kind,
            pace,
            log,
            unread: Vec::new(),
            end: None,
            header_read: false,
        })
    }

    pub(crate) fn note(&self, text: impl Into<String>) {
        self.log.note(self.number, text);
    }

    /// HS: announces `own`, and reads the header of an endpoint that announces `theirs`.
    pub(crate) fn shake_hands(&mut self, own: u16, theirs: u16) -> Outcome {
        self.send(&codec::header(own))?;
        self.expect_header(theirs)
    }

    /// Reads exactly the header of an endpoint that announces `theirs`.
    pub(crate) fn expect_header(&mut self, theirs: u16) -> Outcome {
        let bytes = self.read_header_bytes()?;
        let wanted = || format!("the header of {}", endpoints::show(theirs));
        match codec::read_header(&bytes) {
            Ok(id) if id == theirs => Ok(()),
            _ => Err(Trouble::failed(wanted(), show(self.kind, &bytes))),
        }
    }

    /// Reads that header too, unless the connection ends before it is there.
    pub(crate) fn expect_header_or_end(&mut self, theirs: u16) -> Outcome {
        match self.expect_header(theirs) {
            Err(_) if self.end.is_some() && !self.header_read => Ok(()),
            other => other,
        }
    }

    /// Reads eight bytes, whatever they are.
    pub(crate) fn read_header_bytes(&mut self) -> Outcome<Vec<u8>> {
        let bytes = self.read(codec::HEADER_LEN, "a header of 8 bytes")?;
        self.header_read = true;
        Ok(bytes)
    }

    /// Sends bytes that S has to take.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Outcome {
        self.write(bytes).map_err(|error| {
            Trouble::failed(
                format!("the endpoint to take {} bytes", bytes.len()),
                format!("writing them failed: {error}"),
            )
        })
    }

    /// Sends bytes that S may refuse by closing while they are on their way.
    pub(crate) fn offer(&mut self, bytes: &[u8]) {
        if let Err(error) = self.write(bytes) {
            self.note(format!("writing failed: {error}"));
        }
    }

    /// Sends bytes one at a time with a pause after each, until S closes.
    pub(crate) fn send_slowly(&mut self, bytes: &[u8], pause: Duration) -> Outcome {
        for byte in bytes {
            self.send(&[*byte])?;
            self.pause(pause)?;
            if self.end.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// F(p): sends a message.
    pub(crate) fn send_frame(&mut self, payload: &[u8]) -> Outcome {
        self.send(&codec::frame(self.kind, payload))
    }

    /// EXPECT: these bytes come next.
    pub(crate) fn expect(&mut self, wanted: &[u8]) -> Outcome {
        let wanted_text = show(self.kind, wanted);
        let bytes = self.read(wanted.len(), &wanted_text)?;
        ensure(bytes == wanted, wanted_text, || show(self.kind, &bytes))
    }

    /// A message with this payload comes next.
    pub(crate) fn expect_frame(&mut self, payload: &[u8]) -> Outcome {
        self.expect(&codec::frame(self.kind, payload))
    }

    /// The payload of the message that comes next.
    pub(crate) fn read_frame(&mut self) -> Outcome<Vec<u8>> {
        let frame = self.frame_within(self.pace.expect())?;
        frame.ok_or_else(|| Trouble::failed("a message", self.what_came()))
    }

    /// The payload of the message that comes next, if one comes in this time.
    pub(crate) fn frame_within(&mut self, span: Duration) -> Outcome<Option<Vec<u8>>> {
        let deadline = Deadline::after(span);
        loop {
            match codec::read_frame(self.kind, &self.unread) {
                Ok(Some((payload, used))) => {
                    self.unread.drain(..used);
                    return Ok(Some(payload));
                }
                Ok(None) => {}
                Err(why) => {
                    let seen = format!("{why}: {}", show(self.kind, &self.unread));
                    return Err(Trouble::failed("a message", seen));
                }
            }
            if !self.more(deadline)? {
                return Ok(None);
            }
        }
    }

    /// QUIET: no byte and no close.
    pub(crate) fn quiet(&mut self) -> Outcome {
        self.quiet_for(self.pace.quiet())
    }

    /// QUIET for another time.
    pub(crate) fn quiet_for(&mut self, span: Duration) -> Outcome {
        self.pause(span)?;
        ensure(
            self.unread.is_empty() && self.end.is_none(),
            format!("no byte and no close for {span:?} (QUIET)"),
            || self.what_came(),
        )
    }

    /// CLOSED: S ends the connection. Nothing but the rest of its header may come before.
    pub(crate) fn closed(&mut self) -> Outcome {
        self.closed_within(self.pace.closed())
    }

    /// CLOSED, where messages of other peers may have come along.
    pub(crate) fn closed_forgetting_messages(&mut self) -> Outcome {
        self.drain(Duration::ZERO)?;
        let deadline = Deadline::after(self.pace.closed());
        while self.more(deadline)? {
            self.unread.clear();
        }
        self.closed_within(Duration::ZERO)
    }

    /// CLOSED within another time.
    pub(crate) fn closed_within(&mut self, span: Duration) -> Outcome {
        let wanted = format!("the endpoint to close the connection within {span:?} (CLOSED)");
        let deadline = Deadline::after(span);
        while self.end.is_none() {
            if !self.more(deadline)? {
                break;
            }
        }
        if self.end.is_none() {
            return Err(Trouble::failed(
                wanted,
                format!("still open; read {}", self.what_came()),
            ));
        }
        let allowed = if self.header_read {
            0
        } else {
            codec::HEADER_LEN
        };
        let surplus = self.unread.len() > allowed;
        ensure(!surplus, "no message before the close", || self.what_came())
    }

    /// Whether S has neither closed nor sent anything so far, without waiting.
    pub(crate) fn is_open(&mut self) -> Outcome<bool> {
        self.pause(Duration::from_millis(1))?;
        Ok(self.end.is_none())
    }

    /// Lets time pass while taking in what comes: a pause that notices a close.
    pub(crate) fn pause(&mut self, span: Duration) -> Outcome {
        let deadline = Deadline::after(span);
        while self.more(deadline)? {}
        Ok(())
    }

    /// Whether any byte comes within this time, or has come and was not read.
    pub(crate) fn hears(&mut self, span: Duration) -> Outcome<bool> {
        let deadline = Deadline::after(span);
        while self.unread.is_empty() && self.more(deadline)? {}
        Ok(!self.unread.is_empty())
    }

    /// Reads what comes in this time, and forgets it.
    pub(crate) fn drain(&mut self, span: Duration) -> Outcome {
        self.pause(span)?;
        self.unread.clear();
        Ok(())
    }

    /// How S ended the connection, if it has.
    pub(crate) fn end(&self) -> Option<End> {
        self.end
    }

    /// Ends the sending direction only.
    pub(crate) fn half_close(&mut self) {
        self.note("T shuts down its sending side");
        // S may have closed already, which the case will find out by reading.
        let _not_connected = self.carrier.shutdown(Shutdown::Write);
    }

    /// Closes in order.
    pub(crate) fn close(self) {
        self.note("T closes");
    }

    /// Breaks the connection off.
    pub(crate) fn reset(self) {
        self.note("T resets");
        // Where that cannot be, it is an orderly close.
        let _orderly = self.carrier.reset_on_drop();
    }

    /// The socket itself, for what only one family can do.
    pub(crate) fn carrier(&self) -> &Carrier {
        &self.carrier
    }

    /// A second handle for writing while this one reads.
    pub(crate) fn writer(&self) -> Outcome<Carrier> {
        self.carrier
            .try_clone()
            .map_err(|error| Trouble::kit("cloning a socket", error))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.log.bytes(self.number, Way::Sent, self.kind, bytes);
        self.carrier.write_all(bytes)
    }

    fn read(&mut self, len: usize, wanted: &str) -> Outcome<Vec<u8>> {
        let deadline = Deadline::after(self.pace.expect());
        while self.unread.len() < len {
            if !self.more(deadline)? {
                return Err(Trouble::failed(wanted, self.what_came()));
            }
        }
        let rest = self.unread.split_off(len);
        Ok(std::mem::replace(&mut self.unread, rest))
    }

    /// Takes in what comes next. False: nothing more came by the deadline, or ever will.
    fn more(&mut self, deadline: Deadline) -> Outcome<bool> {
        let mut buffer = [0; 64 << 10];
        loop {
            if self.end.is_some() {
                return Ok(false);
            }
            let Some(left) = deadline.left() else {
                return Ok(false);
            };
            let timed = self.carrier.set_read_timeout(left);
            match timed.and_then(|()| self.carrier.read(&mut buffer)) {
                Ok(0) => self.ended(End::Eof),
                Ok(n) => {
                    self.log
                        .bytes(self.number, Way::Received, self.kind, &buffer[..n]);
                    self.unread.extend_from_slice(&buffer[..n]);
                    return Ok(true);
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock
                    | io::ErrorKind::TimedOut
                    | io::ErrorKind::Interrupted => {}
                    io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::NotConnected => self.ended(End::Reset),
                    _ => return Err(Trouble::kit("reading", error)),
                },
            }
        }
    }

    fn ended(&mut self, how: End) {
        self.note(match how {
            End::Eof => "S closed",
            End::Reset => "S reset the connection",
        });
        self.end = Some(how);
    }

    /// What there is, and how it ended, in words.
    fn what_came(&self) -> String {
        let bytes = show(self.kind, &self.unread);
        match self.end {
            None => format!("{bytes}, and the connection is open"),
            Some(End::Eof) => format!("{bytes}, then the end of the connection"),
            Some(End::Reset) => format!("{bytes}, then a reset"),
        }
    }
}

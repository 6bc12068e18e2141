//! One of many pipes on a descriptor.

use std::{collections::VecDeque, task::Poll, time::Duration};

use spkit_api::{
    Address, Error, ErrorKind, Inbox, IoCx, Message, PendingOut, Pipe, PipeFacts, Progress, Result,
    Time, TimerId,
};

use crate::{
    Settings,
    seat::Seat,
    socket::Sent,
    wire::{Control, MESSAGE_MAX},
};

/// Looks after the peer and the descriptor.
const LOOK: TimerId = TimerId(0);

/// Tries again what found no room: no readiness tells of it in every case.
const AGAIN: TimerId = TimerId(1);

/// How soon.
const AGAIN_AFTER: Duration = Duration::from_millis(10);

/// When to repeat a goodbye that was not answered.
const BYE_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// A pipe: its peer, and what waits to be sent to it.
#[derive(Debug)]
pub(crate) struct DatagramPipe {
    seat: Seat,
    settings: Settings,
    facts: PipeFacts,
    out: VecDeque<Message>,
    out_bytes: usize,
    /// Asked for room on the descriptor.
    awaits_room: bool,
    look_at: Option<Time>,
    /// Turns of the descriptor's holder, when it looked last.
    turns: u64,
    /// When the goodbye was said.
    bye_at: Option<Time>,
}

impl DatagramPipe {
    /// A pipe to a peer that has said hello. The listener's address is the local or the remote one.
    pub(crate) fn new(
        seat: Seat,
        settings: Settings,
        local: Option<Address>,
        remote: Option<Address>,
    ) -> Self {
        let mut facts = PipeFacts::new(seat.peer.protocol().unwrap_or_default());
        facts.local = local;
        facts.remote = remote;
        facts.max_message = Some(MESSAGE_MAX);
        // Each message is a system call, collected or not.
        facts.coalesces = false;
        Self {
            seat,
            settings,
            facts,
            out: VecDeque::new(),
            out_bytes: 0,
            awaits_room: false,
            look_at: None,
            turns: 0,
            bye_at: None,
        }
    }

    /// From time to time: is the peer's socket still there, and does somebody read the descriptor?
    ///
    /// The kernel answers for the peer: to a socket that is gone nothing can be sent. A peer that is alive and slow is
    /// left alone.
    fn look(&mut self, io: &mut IoCx<'_>) -> Result<()> {
        let now = io.now();
        if self.look_at.is_some_and(|at| now < at) {
            return Ok(());
        }
        let Seat { port, peer, .. } = &self.seat;
        if self.look_at.is_some() {
            let came = port.read_for(io, peer.member, Some(peer.member))?;
            if came > 0 && port.turns() == self.turns {
                port.take_watch(io, peer.member)?;
            }
            // After the reading: what Linux finds unread when a peer turns out to be gone, it drops.
            if peer.is_gone().is_none()
                && let Sent::Gone(error) = self.seat.say(Control::Probe)
            {
                peer.end(error);
            }
        }
        self.turns = port.turns();
        self.look_at = Some(now + self.settings.keepalive);
        io.set_timer(LOOK, self.settings.keepalive);
        Ok(())
    }

    /// Opens the peer's window again, once that is worth a datagram.
    fn give_credit(&self, io: &mut IoCx<'_>) {
        let peer = &self.seat.peer;
        let (Some(taken), None) = (peer.owed(), peer.is_gone()) else {
            return;
        };
        match self.seat.say(Control::Credit(taken)) {
            Sent::Yes => peer.told(taken),
            Sent::Full => io.set_timer(AGAIN, AGAIN_AFTER),
            Sent::Gone(error) => peer.end(error),
        }
    }

    /// The descriptor has no room: waits until it may have.
    fn await_room(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>> {
        self.seat.port.await_room(io, &self.seat.peer)?;
        self.awaits_room = true;
        io.set_timer(AGAIN, AGAIN_AFTER);
        Poll::Pending
    }

    /// Sends what is at the front. Ready: it went.
    fn send_front(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>> {
        let Some(message) = self.out.front() else {
            return Poll::Ready(Ok(()));
        };
        let Seat { port, peer, .. } = &self.seat;
        let len = message.payload_len();
        if !peer.take_room(len, port.share()) {
            // The credit may lie in the descriptor, and a pipe that is paused or closing is not polled to read it.
            port.read_for(io, peer.member, None)?;
            if !peer.take_room(len, port.share()) {
                io.set_timer(AGAIN, AGAIN_AFTER);
                return Poll::Pending;
            }
        }
        match self.seat.send(message) {
            Sent::Yes => {
                self.out.pop_front();
                self.out_bytes -= len;
                Poll::Ready(Ok(()))
            }
            Sent::Full => {
                peer.give_back_room(len);
                self.await_room(io)
            }
            Sent::Gone(error) => {
                // What it sent before it went is received first; `poll_recv` tells then.
                peer.end(error);
                Poll::Pending
            }
        }
    }
}

impl Pipe for DatagramPipe {
    fn facts(&self) -> PipeFacts {
        self.facts.clone()
    }

    fn poll_recv(&mut self, io: &mut IoCx<'_>, inbox: &mut Inbox) -> Result<Progress> {
        self.look(io)?;
        let Seat { port, peer, .. } = &self.seat;
        port.read_for(io, peer.member, Some(peer.member))?;
        let more = peer.take(inbox);
        self.give_credit(io);
        match peer.ended() {
            _ if more => Ok(Progress::More),
            Some(error) => Err(error),
            None => Ok(Progress::Drained),
        }
    }

    fn poll_send(&mut self, _io: &mut IoCx<'_>, message: &mut Option<Message>) -> Poll<Result<()>> {
        if let Some(error) = self.seat.peer.is_gone() {
            return Poll::Ready(Err(error));
        }
        if self.out_bytes >= self.settings.stream.send_buffer() {
            return Poll::Pending;
        }
        let Some(len) = message.as_ref().map(Message::payload_len) else {
            return Poll::Ready(Ok(()));
        };
        if len > MESSAGE_MAX {
            return Poll::Ready(Err(too_long(len)));
        }
        self.out_bytes += len;
        self.out.extend(message.take());
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>> {
        while !self.out.is_empty() {
            if self.seat.peer.is_gone().is_some() || self.send_front(io)?.is_pending() {
                return Poll::Pending;
            }
        }
        if std::mem::take(&mut self.awaits_room) {
            self.seat.port.needs_no_room(io, &self.seat.peer)?;
        }
        Poll::Ready(Ok(()))
    }

    /// Flushes, says goodbye, and waits for the peer's: until then it may send, which to a socket that is gone would
    /// cost it what it has not read yet (Linux empties the queue of a connected sender then).
    fn poll_close(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>> {
        let flushed = self.poll_flush(io)?.is_ready();
        let Seat { port, peer, .. } = &self.seat;
        port.read_for(io, peer.member, None)?;
        peer.discard();
        match peer.is_gone() {
            Some(_) if flushed => return Poll::Ready(Ok(())),
            Some(error) => return Poll::Ready(Err(error)),
            None if !flushed => return Poll::Pending,
            None => {}
        }
        let now = io.now();
        if self.bye_at.is_none_or(|at| at + BYE_AGAIN_AFTER <= now) {
            match self.seat.say(Control::Bye) {
                Sent::Yes => self.bye_at = Some(now),
                Sent::Full => return self.await_room(io),
                Sent::Gone(_) => return Poll::Ready(Ok(())),
            }
            peer.says_bye();
        }
        io.set_timer(AGAIN, BYE_AGAIN_AFTER);
        Poll::Pending
    }

    fn pending(&self) -> PendingOut {
        PendingOut {
            messages: self.out.len(),
            bytes: self.out_bytes,
        }
    }
}

#[cold]
fn too_long(len: usize) -> Error {
    Error::new(
        ErrorKind::MessageTooLong,
        format!("a message of {len} bytes was to be sent; a datagram takes {MESSAGE_MAX}"),
    )
}

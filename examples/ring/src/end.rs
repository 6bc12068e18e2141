//! One end of a connection.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering, fence},
        mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel},
    },
    task::{Poll, ready},
};

use spkit_api::{
    Address, ErrorKind, Inbox, IoCx, Message, Notifier, PendingOut, Pipe, PipeFacts, Progress,
    Result,
};

/// Messages a ring holds.
const MESSAGES: usize = 128;

/// What both ends share beside the rings.
#[derive(Debug, Default)]
struct Line {
    /// Bell `n` has end `n` polled.
    bells: [OnceLock<Notifier>; 2],
    /// End `n` found its ring full and waits for room.
    waits: [AtomicBool; 2],
}

impl Line {
    fn ring(&self, end: usize) {
        if let Some(bell) = self.bells[end].get() {
            bell.notify();
        }
    }
}

/// One end of a connection: end 0 dialed, end 1 listened.
#[derive(Debug)]
pub struct End {
    end: usize,
    /// `None` once it said goodbye.
    out: Option<SyncSender<Message>>,
    into: Receiver<Message>,
    line: Arc<Line>,
    /// Of the peer.
    protocol: u16,
    address: Address,
    /// The peer has not been told of what was sent.
    owes_ring: bool,
}

impl End {
    /// Both ends of a new connection, whose protocols are these.
    pub fn pair(protocols: [u16; 2], address: &Address) -> (Self, Self) {
        let line = Arc::new(Line::default());
        let (out, theirs_into) = sync_channel(MESSAGES);
        let (theirs_out, into) = sync_channel(MESSAGES);
        let make = |end, out, into| Self {
            end,
            out: Some(out),
            into,
            line: Arc::clone(&line),
            protocol: protocols[1 - end],
            address: address.clone(),
            owes_ring: false,
        };
        (make(0, out, into), make(1, theirs_out, theirs_into))
    }

    /// The end as a pipe of the object that is being polled.
    pub fn open(self, io: &mut IoCx<'_>) -> Box<dyn Pipe> {
        // Set once, by the end itself.
        let _ = self.line.bells[self.end].set(io.notifier());
        // What the other end did before there was a bell rang for nobody.
        self.line.ring(self.end);
        Box::new(self)
    }

    fn other(&self) -> usize {
        1 - self.end
    }

    /// Puts a message into the ring; pending leaves it in its slot.
    fn push(&self, slot: &mut Option<Message>) -> Poll<Result<()>> {
        let Some(out) = &self.out else {
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        };
        let Some(message) = slot.take() else {
            return Poll::Ready(Ok(()));
        };
        match out.try_send(message) {
            Ok(()) => Poll::Ready(Ok(())),
            // Without a receiver: that it went is for `poll_recv` to tell, behind what it sent before.
            Err(TrySendError::Full(message) | TrySendError::Disconnected(message)) => {
                *slot = Some(message);
                Poll::Pending
            }
        }
    }
}

impl Pipe for End {
    fn facts(&self) -> PipeFacts {
        let mut facts = PipeFacts::new(self.protocol);
        facts.local = Some(self.address.clone());
        facts.remote = Some(self.address.clone());
        // A flush makes no system call.
        facts.coalesces = false;
        facts
    }

    fn poll_recv(&mut self, _io: &mut IoCx<'_>, inbox: &mut Inbox) -> Result<Progress> {
        let before = inbox.len();
        let ended = loop {
            if inbox.is_full() {
                break Ok(Progress::More);
            }
            match self.into.try_recv() {
                // Its header words came as they were, for the protocol to read.
                Ok(message) => inbox.push(message.into_received()),
                Err(TryRecvError::Empty) => break Ok(Progress::Drained),
                Err(TryRecvError::Disconnected) => break Err(ErrorKind::Closed.into()),
            }
        };
        if inbox.len() > before {
            // Either the sender sees the room, or this sees that it waits.
            fence(Ordering::SeqCst);
            if self.line.waits[self.other()].swap(false, Ordering::SeqCst) {
                self.line.ring(self.other());
            }
        }
        ended
    }

    fn poll_send(&mut self, _io: &mut IoCx<'_>, message: &mut Option<Message>) -> Poll<Result<()>> {
        if self.push(message)?.is_pending() {
            self.line.waits[self.end].store(true, Ordering::SeqCst);
            fence(Ordering::SeqCst);
            ready!(self.push(message))?;
        }
        self.owes_ring = true;
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, _io: &mut IoCx<'_>) -> Poll<Result<()>> {
        if std::mem::take(&mut self.owes_ring) {
            self.line.ring(self.other());
        }
        Poll::Ready(Ok(()))
    }

    /// What is in the ring stays there for the peer.
    fn poll_close(&mut self, _io: &mut IoCx<'_>) -> Poll<Result<()>> {
        self.out = None;
        self.line.ring(self.other());
        Poll::Ready(Ok(()))
    }

    fn pending(&self) -> PendingOut {
        PendingOut::default()
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // First, so that the peer finds the end when it looks.
        self.out = None;
        self.line.ring(self.other());
    }
}

//! The two ends of a connection.

use std::{
    collections::VecDeque,
    sync::{Arc, OnceLock},
    task::Poll,
};

use spkit_api::{
    Address, ErrorKind, Inbox, IoCx, Message, Notifier, PendingOut, Pipe, PipeFacts, Progress,
    Result,
};

use super::{
    Party,
    ring::{Left, Popped, Pushed, Ring, Room},
};

/// What both ends share. End 0 dialed, end 1 listened.
#[derive(Debug)]
pub(super) struct Link {
    /// Ring `i` is written by end `i`.
    rings: [Ring; 2],
    /// Bell `i` has end `i` polled.
    bells: [OnceLock<Notifier>; 2],
    protocols: [u16; 2],
    address: Address,
}

impl Link {
    pub(super) fn new(caller: Party, listener: Party, address: Address) -> Arc<Self> {
        Arc::new(Self {
            rings: [
                Ring::new(caller.send_buffer, caller.send_messages),
                Ring::new(listener.send_buffer, listener.send_messages),
            ],
            bells: [OnceLock::new(), OnceLock::new()],
            protocols: [caller.protocol, listener.protocol],
            address,
        })
    }

    /// Makes one end's pipe. The bell must ring the pipe as well as what becomes it.
    pub(super) fn open(link: Arc<Self>, end: usize, bell: Notifier) -> InprocPipe {
        // Set once, by the end itself.
        let _ = link.bells[end].set(bell);
        // What the other end did before there was a bell rang for nobody.
        link.ring(end);
        InprocPipe {
            link,
            end,
            batch: VecDeque::new(),
            bytes: 0,
            room: Room::default(),
        }
    }

    /// One end goes, or never came.
    pub(super) fn abandon(&self, end: usize) {
        self.rings[end].end();
        let unread = self.rings[1 - end].deafen();
        self.ring(1 - end);
        drop(unread);
    }

    fn ring(&self, end: usize) {
        if let Some(bell) = self.bells[end].get() {
            bell.notify();
        }
    }
}

/// One end.
#[derive(Debug)]
pub(super) struct InprocPipe {
    link: Arc<Link>,
    end: usize,
    /// Messages until the flush hands them over together: one lock and one ring for all.
    batch: VecDeque<Message>,
    bytes: usize,
    /// What the ring takes beyond them.
    room: Room,
}

impl InprocPipe {
    fn other(&self) -> usize {
        1 - self.end
    }

    fn hand_over(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let Pushed { ring, room } = self.link.rings[self.end].push_all(&mut self.batch, bytes);
        self.batch.clear();
        self.room = room;
        if ring {
            self.link.ring(self.other());
        }
    }
}

impl Pipe for InprocPipe {
    fn facts(&self) -> PipeFacts {
        // In a burst it pays to collect: the receiver then wakes once for many.
        let mut facts = PipeFacts::new(self.link.protocols[self.other()]);
        facts.local = Some(self.link.address.clone());
        facts.remote = Some(self.link.address.clone());
        facts
    }

    fn poll_recv(&mut self, _io: &mut IoCx<'_>, inbox: &mut Inbox) -> Result<Progress> {
        let other = self.other();
        let Popped { ring, left } = self.link.rings[other].pop_into(inbox);
        if ring {
            self.link.ring(other);
        }
        match left {
            Left::Nothing => Ok(Progress::Drained),
            Left::More => Ok(Progress::More),
            Left::Ended => Err(ErrorKind::Closed.into()),
        }
    }

    fn poll_send(&mut self, _io: &mut IoCx<'_>, message: &mut Option<Message>) -> Poll<Result<()>> {
        if self.room.is_empty() {
            // Asks anew: the receiver may have taken some.
            self.hand_over();
            if self.room.is_empty() {
                return Poll::Pending;
            }
        }
        let Some(message) = message.take() else {
            return Poll::Ready(Ok(()));
        };
        let message = message.into_received();
        let bytes = message.payload_len();
        self.bytes += bytes;
        self.room.take(bytes);
        self.batch.push_back(message);
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, _io: &mut IoCx<'_>) -> Poll<Result<()>> {
        if !self.batch.is_empty() {
            self.hand_over();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _io: &mut IoCx<'_>) -> Poll<Result<()>> {
        self.hand_over();
        self.link.rings[self.end].end();
        self.link.ring(self.other());
        Poll::Ready(Ok(()))
    }

    fn pending(&self) -> PendingOut {
        PendingOut {
            messages: self.batch.len(),
            bytes: self.bytes,
        }
    }
}

impl Drop for InprocPipe {
    fn drop(&mut self) {
        self.link.abandon(self.end);
    }
}

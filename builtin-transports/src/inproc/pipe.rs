//! The two ends of a connection.

use std::{
    sync::{Arc, OnceLock},
    task::Poll,
};

use spkit_api::{
    Address, ErrorKind, Inbox, IoCx, Message, Notifier, PendingOut, Pipe, PipeFacts, Progress,
    Result,
};

use super::{
    Party,
    ring::{Left, Popped, Pushed, Ring},
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
                Ring::new(caller.send_buffer),
                Ring::new(listener.send_buffer),
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
            owes_ring: false,
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
    /// The receiver waits to be rung: once, with the flush, so that it finds the whole batch.
    owes_ring: bool,
}

impl InprocPipe {
    fn other(&self) -> usize {
        1 - self.end
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
        match self.link.rings[self.end].push(message) {
            Pushed::Quietly => Poll::Ready(Ok(())),
            Pushed::Ring => {
                self.owes_ring = true;
                Poll::Ready(Ok(()))
            }
            Pushed::Full => Poll::Pending,
            // What it sent before it went is received first; that ends the pipe, and it has rung.
            Pushed::Deaf => Poll::Pending,
        }
    }

    fn poll_flush(&mut self, _io: &mut IoCx<'_>) -> Poll<Result<()>> {
        if std::mem::take(&mut self.owes_ring) {
            self.link.ring(self.other());
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _io: &mut IoCx<'_>) -> Poll<Result<()>> {
        self.link.rings[self.end].end();
        self.link.ring(self.other());
        Poll::Ready(Ok(()))
    }

    fn pending(&self) -> PendingOut {
        PendingOut::default()
    }
}

impl Drop for InprocPipe {
    fn drop(&mut self) {
        self.link.abandon(self.end);
    }
}

//! A pipe's place at a port, from its first datagram to its last.

use std::{io::IoSlice, sync::Arc};

use rustix::net::SocketAddrAny;
use spkit_api::{Error, ErrorKind, IoCx, Message, Reservation, Result};

use crate::{
    peer::Peer,
    port::Port,
    socket::Sent,
    window::WINDOW,
    wire::{Control, DATA},
};

/// A peer at a port. Dropping it says goodbye and gives everything back.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) port: Arc<Port>,
    pub(crate) peer: Arc<Peer>,
    /// For a window of messages: what the peer can make us keep.
    _memory: Reservation,
}

impl Seat {
    /// Takes a place for the object that is being polled.
    pub(crate) fn take(
        io: &mut IoCx<'_>,
        port: &Arc<Port>,
        address: SocketAddrAny,
        limit: usize,
    ) -> Result<Self> {
        let mut memory = io.memory().reservation();
        if !memory.grow(WINDOW as usize) {
            port.say_bye(&address);
            return Err(Error::new(
                ErrorKind::OutOfResources,
                "there is no receive memory for one more connection",
            ));
        }
        Ok(Self {
            peer: port.admit(address, io.notifier(), limit),
            port: Arc::clone(port),
            _memory: memory,
        })
    }

    /// Sends a message in a datagram of its own.
    pub(crate) fn send(&self, message: &Message) -> Sent {
        let words = message.header_words().iter();
        let words: Vec<u8> = words.flat_map(|word| word.to_be_bytes()).collect();
        let pieces = [&[DATA], &words[..], message.body()].map(IoSlice::new);
        self.port.send(&self.peer.address, &pieces)
    }

    pub(crate) fn say(&self, what: Control) -> Sent {
        self.port.say(&self.peer.address, what)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.peer.says_bye() {
            self.port.say_bye(&self.peer.address);
        }
        self.port.leave(&self.peer);
    }
}

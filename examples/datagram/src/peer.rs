//! A peer, as the pipe that belongs to it and whoever reads the shared descriptor see it.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::net::SocketAddrAny;
use spkit_api::{Error, ErrorKind, Inbox, Message, Notifier, Result, bytes::Bytes};

use crate::{
    window::{Incoming, Outgoing},
    wire::{Control, Datagram, misbehaved},
};

/// Names an object among those that share a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member(pub(crate) u64);

/// The other end of one pipe.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) member: Member,
    /// Where its datagrams come from.
    pub(crate) address: SocketAddrAny,
    /// Has the pipe polled, or what is to become it.
    bell: Notifier,
    /// Largest payload to accept; 0 is unlimited.
    limit: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What its hello said.
    protocol: Option<u16>,
    /// Messages that nobody took yet, at most a window of them.
    inbox: VecDeque<Message>,
    incoming: Incoming,
    outgoing: Outgoing,
    /// Why no more will come.
    ended: Option<Error>,
    /// It was told that no more will come.
    said_bye: bool,
}

/// What a datagram changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Nothing,
    /// There is something to take.
    Arrived,
    /// There is room for what waits to be sent.
    Room,
    Ended,
    /// Ended in order.
    Goodbye,
}

impl Peer {
    pub(crate) fn new(
        member: Member,
        address: SocketAddrAny,
        bell: Notifier,
        limit: usize,
    ) -> Self {
        Self {
            member,
            address,
            bell,
            limit,
            state: Mutex::default(),
        }
    }

    /// Takes in a datagram. `reader` looks at what came by itself, everybody else is rung. True: it is to be answered
    /// by a goodbye.
    pub(crate) fn arrived(&self, datagram: Result<Datagram<'_>>, reader: Option<Member>) -> bool {
        let mut state = self.lock();
        let taken = datagram.and_then(|datagram| state.take_in(datagram, self.limit));
        let effect = taken.unwrap_or_else(|error| {
            state.end(error);
            Effect::Ended
        });
        let answers = effect == Effect::Goodbye && !std::mem::replace(&mut state.said_bye, true);
        drop(state);
        let rings = match effect {
            Effect::Nothing => false,
            Effect::Arrived => reader != Some(self.member),
            Effect::Room | Effect::Ended | Effect::Goodbye => true,
        };
        if rings {
            self.bell.notify();
        }
        answers
    }

    /// Ends it, for a reason on our side of the wire.
    pub(crate) fn end(&self, error: Error) {
        self.lock().end(error);
        self.bell.notify();
    }

    /// Why no more will come, once all that came is taken.
    pub(crate) fn ended(&self) -> Option<Error> {
        let state = self.lock();
        state.ended.clone().filter(|_| state.inbox.is_empty())
    }

    /// Whether nothing can be sent any more, and why.
    pub(crate) fn is_gone(&self) -> Option<Error> {
        self.lock().ended.clone()
    }

    pub(crate) fn protocol(&self) -> Option<u16> {
        self.lock().protocol
    }

    pub(crate) fn set_protocol(&self, protocol: u16) {
        self.lock().protocol = Some(protocol);
    }

    /// Moves messages into the inbox until it is full. True: there are more.
    pub(crate) fn take(&self, inbox: &mut Inbox) -> bool {
        let mut state = self.lock();
        while !inbox.is_full()
            && let Some(message) = state.inbox.pop_front()
        {
            state.incoming.took(message.len());
            inbox.push(message);
        }
        !state.inbox.is_empty()
    }

    /// Throws away what came.
    pub(crate) fn discard(&self) {
        let unwanted = std::mem::take(&mut self.lock().inbox);
        drop(unwanted);
    }

    /// What the peer should be told it has room for.
    pub(crate) fn owed(&self) -> Option<u64> {
        self.lock().incoming.owed()
    }

    pub(crate) fn told(&self, taken: u64) {
        self.lock().incoming.told(taken);
    }

    /// Takes of the room that the peer has. If there is not enough, the pipe is rung when there is.
    pub(crate) fn take_room(&self, len: usize, share: u64) -> bool {
        self.lock().outgoing.take(len, share)
    }

    pub(crate) fn give_back_room(&self, len: usize) {
        self.lock().outgoing.give_back(len);
    }

    /// True the first time: the goodbye is to be said now.
    pub(crate) fn says_bye(&self) -> bool {
        !std::mem::replace(&mut self.lock().said_bye, true)
    }

    pub(crate) fn ring(&self) {
        self.bell.notify();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_in(&mut self, datagram: Datagram<'_>, limit: usize) -> Result<Effect> {
        match datagram {
            Datagram::Data(_) if self.ended.is_some() => Ok(Effect::Nothing),
            Datagram::Data(payload) => {
                if limit > 0 && payload.len() > limit {
                    return Err(too_long(payload.len(), limit));
                }
                self.incoming.arrived(payload.len())?;
                // It may wait here for long: let it not keep the whole receive buffer.
                let body = Bytes::copy_from_slice(payload);
                self.inbox.push_back(Message::from_body(body));
                match self.inbox.len() {
                    1 => Ok(Effect::Arrived),
                    // It was rung for those before.
                    _ => Ok(Effect::Nothing),
                }
            }
            Datagram::Control(Control::Credit(taken)) => match self.outgoing.credit(taken)? {
                true => Ok(Effect::Room),
                false => Ok(Effect::Nothing),
            },
            Datagram::Control(Control::Hello(protocol)) => match self.protocol.replace(protocol) {
                None => Ok(Effect::Arrived),
                Some(_) => Err(misbehaved("a second hello")),
            },
            Datagram::Control(Control::Probe) => Ok(Effect::Nothing),
            Datagram::Control(Control::Bye) => {
                self.end(ErrorKind::Closed.into());
                Ok(Effect::Goodbye)
            }
        }
    }

    /// The first reason is the one that counts.
    fn end(&mut self, error: Error) {
        self.ended.get_or_insert(error);
    }
}

#[cold]
fn too_long(len: usize, limit: usize) -> Error {
    Error::new(
        ErrorKind::MessageTooLong,
        format!("the peer sent a message of {len} bytes, the limit is {limit}"),
    )
}

//! One descriptor that many objects share: a listener and the pipes it made, or a dialer's one pipe.
//!
//! Whoever is polled reads the descriptor for all, puts what came where it belongs, and rings whom it concerns. The
//! runtime watches it for one object only, the *holder*: the listener, normally. But a listener that has its fill of
//! connections is not polled, nor is a pipe that is paused, and either may go while others stay. So the watch moves:
//!
//! * The listener takes it whenever it is polled.
//! * When its holder goes, all are rung, and the first to be polled takes it.
//! * Each pipe looks from time to time (see [`crate::pipe`]), and takes it if things came that the holder left lying.

use std::{
    collections::{HashMap, VecDeque},
    io::{self, IoSlice},
    os::fd::AsRawFd,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use mio::unix::SourceFd;
use rustix::net::SocketAddrAny;
use spkit_api::{Interest, IoCx, Notifier, Result};

use crate::{
    peer::{Member, Peer},
    socket::{Sent, Socket, vanished},
    wire::{Control, DATAGRAM_MAX, Datagram, decode, misbehaved},
};

/// The listener among those who share a descriptor.
pub(crate) const LISTENER: Member = Member(0);

/// Datagrams one turn reads before other objects have theirs.
const TURN: usize = 32;

/// Connections that may wait to be accepted.
const BACKLOG: usize = 128;

/// A descriptor and who shares it.
#[derive(Debug)]
pub(crate) struct Port {
    socket: Socket,
    /// Of peers: whoever dialed has one and never another.
    serves: bool,
    /// Bytes that the kernel keeps for all peers together, as it counts them.
    send_buffer: u64,
    table: Mutex<Table>,
}

/// Held while the descriptor is read, so that one peer's datagrams stay in order.
#[derive(Debug, Default)]
struct Table {
    peers: HashMap<SocketAddrAny, Arc<Peer>>,
    members: u64,
    /// Hellos that nobody accepted yet.
    calls: VecDeque<Call>,
    /// Has the listener polled, while there is one.
    door: Option<Notifier>,
    watch: Watch,
    /// Who has something to send and found no room.
    blocked: Vec<Arc<Peer>>,
    /// The listener was asked to watch for room.
    room_wanted: bool,
}

#[derive(Debug, Default)]
struct Watch {
    registered: bool,
    holder: Option<Member>,
    /// Watched for room as well.
    writes: bool,
    /// Turns that the holder has read.
    turns: u64,
}

/// A peer that wants a connection.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) address: SocketAddrAny,
    pub(crate) protocol: u16,
}

impl Port {
    /// A listener's.
    pub(crate) fn serving(socket: Socket) -> Arc<Self> {
        Self::new(socket, true)
    }

    /// A dialer's.
    pub(crate) fn dialing(socket: Socket) -> Arc<Self> {
        Self::new(socket, false)
    }

    fn new(socket: Socket, serves: bool) -> Arc<Self> {
        Arc::new(Self {
            send_buffer: socket.send_buffer(),
            socket,
            serves,
            table: Mutex::default(),
        })
    }

    /// Makes a peer known: what it sends is kept from now on.
    pub(crate) fn admit(&self, address: SocketAddrAny, bell: Notifier, limit: usize) -> Arc<Peer> {
        let mut table = self.lock();
        table.members += 1;
        let member = Member(table.members);
        let peer = Arc::new(Peer::new(member, address.clone(), bell, limit));
        table.peers.insert(address, Arc::clone(&peer));
        peer
    }

    /// A pipe goes.
    pub(crate) fn leave(&self, peer: &Arc<Peer>) {
        let mut table = self.lock();
        // Its address may have a new owner.
        let known = table.peers.get(&peer.address);
        if known.is_some_and(|known| Arc::ptr_eq(known, peer)) {
            table.peers.remove(&peer.address);
        }
        table.blocked.retain(|blocked| !Arc::ptr_eq(blocked, peer));
        table.release(peer.member);
    }

    /// The listener goes: nobody is accepted any more, its pipes stay.
    pub(crate) fn close_door(&self) {
        let mut table = self.lock();
        table.door = None;
        for call in std::mem::take(&mut table.calls) {
            self.say_bye(&call.address);
        }
        table.release(LISTENER);
    }

    /// The listener's turn: reads, watches for what its pipes need, and returns the next call.
    pub(crate) fn answer_door(&self, io: &mut IoCx<'_>) -> Result<Option<Call>> {
        let mut table = self.lock();
        table.door.get_or_insert_with(|| io.notifier());
        self.read(&mut table, io, LISTENER, None)?;
        let wanted = std::mem::take(&mut table.room_wanted);
        let writes = wanted || (table.watch.writes && !table.blocked.is_empty());
        self.watch(&mut table, io, LISTENER, writes)?;
        if !wanted {
            // There may be room. If there is none, each comes back, and the next edge has the listener polled.
            for peer in std::mem::take(&mut table.blocked) {
                peer.ring();
            }
        }
        Ok(table.calls.pop_front())
    }

    /// A pipe's turn: reads for all. `reader` looks for what came to it by itself. Returns how many datagrams came.
    pub(crate) fn read_for(
        &self,
        io: &mut IoCx<'_>,
        me: Member,
        reader: Option<Member>,
    ) -> Result<usize> {
        let mut table = self.lock();
        // What is wrong with the descriptor is the listener's to report.
        let came = self.read(&mut table, io, me, reader).unwrap_or(0);
        if table.watch.holder.is_none() {
            self.watch(&mut table, io, me, false)?;
        }
        Ok(came)
    }

    /// How much of the send buffer one peer may have: some is left when all who are there have theirs.
    pub(crate) fn share(&self) -> u64 {
        self.send_buffer / (self.lock().peers.len() as u64 + 1)
    }

    /// How often the holder has read, to find out whether it does.
    pub(crate) fn turns(&self) -> u64 {
        self.lock().watch.turns
    }

    /// The holder left things lying: somebody who is polled takes its place.
    pub(crate) fn take_watch(&self, io: &mut IoCx<'_>, me: Member) -> Result<()> {
        self.watch(&mut self.lock(), io, me, false)
    }

    /// A pipe has found no room. It is rung when there may be some; where nobody can be asked to watch for that, its
    /// timer has to do.
    pub(crate) fn await_room(&self, io: &mut IoCx<'_>, peer: &Arc<Peer>) -> Result<()> {
        let mut table = self.lock();
        if table
            .watch
            .holder
            .is_none_or(|holder| holder == peer.member)
        {
            return self.watch(&mut table, io, peer.member, true);
        }
        if !table.blocked.iter().any(|other| Arc::ptr_eq(other, peer)) {
            table.blocked.push(Arc::clone(peer));
        }
        if !table.watch.writes
            && !table.room_wanted
            && let Some(door) = &table.door
        {
            door.notify();
            table.room_wanted = true;
        }
        Ok(())
    }

    /// A pipe has sent everything: what it watches for needs no room any more.
    pub(crate) fn needs_no_room(&self, io: &mut IoCx<'_>, peer: &Peer) -> Result<()> {
        let mut table = self.lock();
        if table.watch.holder == Some(peer.member) {
            return self.watch(&mut table, io, peer.member, false);
        }
        Ok(())
    }

    /// Sends one datagram.
    pub(crate) fn send(&self, to: &SocketAddrAny, pieces: &[IoSlice<'_>]) -> Sent {
        self.socket.send(self.serves.then_some(to), pieces)
    }

    pub(crate) fn say(&self, to: &SocketAddrAny, what: Control) -> Sent {
        let (bytes, len) = what.encode();
        self.send(to, &[IoSlice::new(&bytes[..len])])
    }

    /// A goodbye that may get lost: who misses it hears another when it sends something.
    pub(crate) fn say_bye(&self, to: &SocketAddrAny) {
        let _ = self.say(to, Control::Bye);
    }

    fn read(
        &self,
        table: &mut Table,
        io: &mut IoCx<'_>,
        me: Member,
        reader: Option<Member>,
    ) -> Result<usize> {
        if table.watch.holder == Some(me) {
            table.watch.turns += 1;
        }
        for came in 0..TURN {
            let space = io.chunk().space();
            match self.socket.recv(space) {
                Ok((len, Some(from))) => {
                    let datagram = match space.get(..len) {
                        Some(bytes) if len <= DATAGRAM_MAX => decode(bytes),
                        _ => Err(misbehaved("a datagram that is too long")),
                    };
                    self.route(table, &from, datagram, reader);
                }
                // Nobody could be answered.
                Ok((_, None)) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(came),
                Err(error) if self.serves => return Err(error.into()),
                Err(_) => {
                    table.peers.values().for_each(|peer| peer.end(vanished()));
                    return Ok(came);
                }
            }
        }
        // There may be more, and no edge will tell.
        io.notifier().notify();
        Ok(TURN)
    }

    fn route(
        &self,
        table: &mut Table,
        from: &SocketAddrAny,
        datagram: Result<Datagram<'_>>,
        reader: Option<Member>,
    ) {
        let known = table.peers.get(from);
        match (known, datagram) {
            (Some(peer), Ok(Datagram::Control(Control::Hello(protocol)))) if self.serves => {
                // Whoever had the address is gone, or it would not say hello again; a goodbye would reach the new one.
                peer.says_bye();
                peer.end(vanished());
                table.peers.remove(from);
                self.call(table, from, protocol);
            }
            (Some(peer), datagram) => {
                if peer.arrived(datagram, reader) {
                    self.say_bye(from);
                }
            }
            (None, _) if !self.serves => {}
            (None, Ok(Datagram::Control(Control::Hello(protocol)))) => {
                self.call(table, from, protocol);
            }
            (None, _) => {
                // It gave up waiting, or is not known any more.
                table.calls.retain(|call| call.address != *from);
                self.say_bye(from);
            }
        }
    }

    fn call(&self, table: &mut Table, from: &SocketAddrAny, protocol: u16) {
        table.calls.retain(|call| call.address != *from);
        match &table.door {
            Some(door) if table.calls.len() < BACKLOG => {
                door.notify();
                table.calls.push_back(Call {
                    address: from.clone(),
                    protocol,
                });
            }
            _ => self.say_bye(from),
        }
    }

    fn watch(&self, table: &mut Table, io: &mut IoCx<'_>, me: Member, writes: bool) -> Result<()> {
        let watch = &mut table.watch;
        if watch.holder == Some(me) && watch.writes == writes {
            return Ok(());
        }
        let interest = match writes {
            true => Interest::READABLE | Interest::WRITABLE,
            false => Interest::READABLE,
        };
        let fd = self.socket.as_raw_fd();
        // Changing a registration moves it to the object that is being polled. It may have gone with its last holder.
        let changed = match watch.registered {
            true => io.reregister(&mut SourceFd(&fd), interest),
            false => Err(io::ErrorKind::NotFound.into()),
        };
        match changed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                io.register(&mut SourceFd(&fd), interest)?;
            }
            changed => changed?,
        }
        watch.registered = true;
        watch.holder = Some(me);
        watch.writes = writes;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// If this was the holder, somebody else has to be: the first to be polled.
    fn release(&mut self, me: Member) {
        if self.watch.holder == Some(me) {
            self.watch.holder = None;
            self.watch.writes = false;
            self.peers.values().for_each(|peer| peer.ring());
            self.door.iter().for_each(Notifier::notify);
        }
    }
}

//! Bytes on their way.

use std::{
    io::{self, IoSlice, Read as _},
    time::Duration,
};

use spkit_api::Interest;

use super::{
    agenda::Happening,
    cable::{Cargo, Piece},
    net::Net,
};

impl Net {
    /// Watches an end for an object. What is the case already is reported, too.
    pub(super) fn watch(&mut self, cable: usize, end: usize, token: u64, interest: Interest) {
        let this = &mut self.cables[cable].ends[end];
        this.token = Some(token);
        this.interest = Some(interest);
        self.edge(cable, end);
    }

    pub(super) fn unwatch(&mut self, cable: usize, end: usize) {
        self.cables[cable].ends[end].interest = None;
    }

    /// What the poller says about an end.
    pub(super) fn ready(&self, cable: usize, end: usize) -> spkit_api::Ready {
        self.cables[cable].ready(end)
    }

    pub(super) fn read(&mut self, cable: usize, end: usize, to: &mut [u8]) -> io::Result<usize> {
        self.stutter(cable, end)?;
        let this = &mut self.cables[cable];
        let reset = this.ends[end].reset;
        let way = &mut this.ways[1 - end];
        if way.buffer.is_empty() {
            return match (reset, way.ended) {
                (true, _) => Err(io::ErrorKind::ConnectionReset.into()),
                (false, true) => Ok(0),
                (false, false) => Err(io::ErrorKind::WouldBlock.into()),
            };
        }
        let mut most = to.len().min(way.buffer.len());
        let stutter = this.link.stutter;
        if self.chance(stutter) {
            most = 1 + self.dice.below(most);
        }
        let way = &mut self.cables[cable].ways[1 - end];
        let n = way.buffer.read(&mut to[..most])?;
        way.freed += n;
        let news = way.freed == n;
        if !way.buffer.is_empty() {
            // A reader takes a short read for the last one: the rest is as good as just arrived.
            self.edge(cable, end);
        }
        if news {
            self.send_room(cable, 1 - end);
        }
        Ok(n)
    }

    pub(super) fn write(
        &mut self,
        cable: usize,
        end: usize,
        from: &[IoSlice<'_>],
    ) -> io::Result<usize> {
        if let Err(error) = self.stutter(cable, end) {
            // Should there be no room, it hears of room as well.
            self.cables[cable].ways[end].starved = true;
            return Err(error);
        }
        let this = &mut self.cables[cable];
        if this.ends[end].reset || this.ways[end].finished {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let mut room = this.room(end);
        if room == 0 {
            this.ways[end].starved = true;
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let stutter = this.link.stutter;
        if self.chance(stutter) {
            room = 1 + self.dice.below(room);
        }
        let mut n = 0;
        for slice in from {
            let step = slice.len().min(room - n);
            if !self.cables[cable].cut {
                self.load(cable, end, &slice[..step]);
            }
            n += step;
        }
        self.cables[cable].ways[end].charged += n;
        Ok(n)
    }

    /// Ends a direction in order.
    pub(super) fn finish(&mut self, cable: usize, end: usize) {
        let this = &mut self.cables[cable];
        if !std::mem::replace(&mut this.ways[end].finished, true) {
            self.ship(cable, end, Cargo::End);
        }
    }

    /// A stream is gone. What it did not read breaks the connection, as systems do it.
    pub(super) fn hang_up(&mut self, cable: usize, end: usize) {
        let this = &mut self.cables[cable];
        this.ends[end].dropped = true;
        this.ends[end].interest = None;
        let unread = !this.ways[1 - end].buffer.is_empty();
        this.ways[1 - end].buffer = Default::default();
        if unread {
            this.ways[end].finished = true;
            self.ship(cable, end, Cargo::Reset);
        } else {
            self.finish(cable, end);
        }
    }

    /// What is due arrives.
    pub(super) fn arrive(&mut self, cable: usize, way: usize) {
        let [one, other] = [0, 1].map(|end| self.cables[cable].ends[end].host);
        if self.held_up(one, other, Happening::Arrive { cable, way }) {
            return;
        }
        let now = self.now();
        let this = &mut self.cables[cable];
        let reader = 1 - way;
        let deaf = this.ends[reader].dropped;
        let (mut broken, mut refused) = (false, false);
        let line = &mut this.ways[way];
        line.arriving = false;
        while let Some(piece) = line.pieces.front().filter(|piece| piece.due <= now) {
            match piece.what {
                Cargo::Bytes(n) if deaf => {
                    line.flight.drain(..n);
                    refused = true;
                }
                Cargo::Bytes(n) => line.buffer.extend(line.flight.drain(..n)),
                Cargo::End => line.ended = true,
                Cargo::Reset => broken = true,
            }
            line.pieces.pop_front();
        }
        let next = line.pieces.front().map(|piece| piece.due);
        if let Some(due) = next {
            line.arriving = true;
            self.agenda.enter(due, Happening::Arrive { cable, way });
        }
        if broken {
            self.reset(cable, reader);
        } else {
            self.edge(cable, reader);
        }
        if refused {
            self.ship(cable, reader, Cargo::Reset);
        }
    }

    /// The writer hears what was read.
    pub(super) fn room(&mut self, cable: usize, way: usize) {
        let [one, other] = [0, 1].map(|end| self.cables[cable].ends[end].host);
        if self.held_up(one, other, Happening::Room { cable, way }) {
            return;
        }
        let this = &mut self.cables[cable];
        if this.cut {
            return;
        }
        let line = &mut this.ways[way];
        line.charged -= std::mem::take(&mut line.freed).min(line.charged);
        if std::mem::take(&mut line.starved) {
            self.edge(cable, way);
        }
    }

    fn send_room(&mut self, cable: usize, way: usize) {
        let [one, other] = [0, 1].map(|end| self.cables[cable].ends[end].host);
        let travel = self.travel(one, other);
        self.enter_in(travel, Happening::Room { cable, way });
    }

    /// Puts bytes on their way, in pieces.
    fn load(&mut self, cable: usize, way: usize, bytes: &[u8]) {
        let largest = self.cables[cable].link.piece.max(1);
        let mut rest = bytes;
        while !rest.is_empty() {
            let most = rest.len().min(largest);
            let n = if self.dice.below(2) == 0 {
                most
            } else {
                1 + self.dice.below(most)
            };
            self.cables[cable].ways[way].flight.extend(&rest[..n]);
            self.ship(cable, way, Cargo::Bytes(n));
            rest = &rest[n..];
        }
    }

    /// Puts something on its way, behind everything that is.
    fn ship(&mut self, cable: usize, way: usize, what: Cargo) {
        let this = &self.cables[cable];
        if this.cut {
            return;
        }
        let [one, other] = [0, 1].map(|end| this.ends[end].host);
        let wire = match (what, this.link.bandwidth) {
            (Cargo::Bytes(n), Some(rate)) => {
                Duration::from_nanos(n as u64 * 1_000_000_000 / rate.max(1))
            }
            _ => Duration::ZERO,
        };
        let travel = self.travel(one, other);
        let soonest = self.now() + travel;
        let line = &mut self.cables[cable].ways[way];
        let due = soonest.max(line.last_due) + wire;
        line.last_due = due;
        line.pieces.push_back(Piece { due, what });
        if !std::mem::replace(&mut line.arriving, true) {
            self.agenda.enter(due, Happening::Arrive { cable, way });
        }
    }

    /// A call that gets nowhere for no good reason. If it would block, readiness comes anew.
    fn stutter(&mut self, cable: usize, end: usize) -> io::Result<()> {
        let stutter = self.cables[cable].link.stutter;
        if !self.chance(stutter) {
            return Ok(());
        }
        if self.dice.below(2) == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if let Some(token) = self.cables[cable].ends[end].token {
            self.raise_edge(token, Duration::ZERO);
        }
        Err(io::ErrorKind::WouldBlock.into())
    }
}

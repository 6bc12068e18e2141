//! Time passes: one thing happens after another.

use std::time::Duration;

use spkit_api::{Ready, Time};

use super::{ConnectionId, Link, SocketId, What, World, agenda::Happening, net::host_and_object};

/// Steps after which a run is taken to go on for ever.
const STEPS_MAX: u64 = 20_000_000;

/// Why a run returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// Nothing is going to happen any more.
    Idle,
    /// The time is up.
    TimeUp,
    /// What was waited for is the case.
    Reached,
    /// An invariant does not hold: [`World::violations`].
    Violation,
}

impl World {
    /// Runs until a moment.
    pub fn run_until(&mut self, end: Time) -> Stop {
        self.run_until_true(end, |_| false)
    }

    /// Runs for so long.
    pub fn run_for(&mut self, time: Duration) -> Stop {
        self.run_until(self.now() + time)
    }

    /// Runs until nothing is going to happen any more, but not beyond a moment.
    ///
    /// A dialer without anybody to connect to never rests.
    pub fn run_until_idle(&mut self, end: Time) -> Stop {
        while self.violations.is_empty() {
            match self.env.hub.net().agenda.next_due() {
                None => return Stop::Idle,
                Some(due) if due > end => return Stop::TimeUp,
                Some(_) => {}
            }
            self.step();
        }
        Stop::Violation
    }

    /// Runs until a condition holds after some step, but not beyond a moment.
    pub fn run_until_true(&mut self, end: Time, mut is_so: impl FnMut(&Self) -> bool) -> Stop {
        while self.violations.is_empty() {
            if is_so(self) {
                return Stop::Reached;
            }
            let due = self.env.hub.net().agenda.next_due();
            if due.is_none_or(|due| due > end) {
                self.env.clock.set(end);
                return Stop::TimeUp;
            }
            self.step();
        }
        Stop::Violation
    }

    /// Lets the next thing happen. False: there is none.
    pub fn step(&mut self) -> bool {
        let next = self.env.hub.net().agenda.next();
        let Some((at, what)) = next else {
            return false;
        };
        self.env.clock.set(at);
        self.steps += 1;
        if self.steps == STEPS_MAX {
            self.violate(format!("the run goes on for ever: {what:?}"));
        }
        self.happen(what);
        let mut checks = std::mem::take(&mut self.checks);
        for check in &mut checks {
            if let Err(why) = check(self) {
                self.violate(why);
                break;
            }
        }
        checks.append(&mut self.checks);
        self.checks = checks;
        true
    }

    /// How many things happened.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Knock { cable } => self.env.hub.net().knock(cable),
            Happening::Answer { cable, welcome } => self.env.hub.net().answer(cable, welcome),
            Happening::Arrive { cable, way } => self.env.hub.net().arrive(cable, way),
            Happening::Room { cable, way } => self.env.hub.net().room(cable, way),
            Happening::Reset { cable, end } => self.env.hub.net().reset(cable, end),
            Happening::Sever { cable } => self.sever(cable),
            Happening::Poll { token } => self.poll(token),
            Happening::Tick { host } => self.hosts[host].tick(&mut self.env),
            Happening::Flush { host } => self.hosts[host].flush(&mut self.env),
            Happening::Dial { host, endpoint } => {
                self.hosts[host].dial_now(endpoint, &mut self.env);
            }
            Happening::Retry { op } | Happening::Deadline { op } => self.retry(op),
            Happening::Leave { op } => self.leave(op),
            Happening::Turn { user } => self.turn(user),
            Happening::Script { line } => {
                if let Some(line) = self.script[line].take() {
                    line(self);
                }
            }
        }
    }

    fn poll(&mut self, token: u64) {
        let (host, object) = host_and_object(token);
        let host = &mut self.hosts[host];
        let mut net = self.env.hub.net();
        let pending = net.take_pending(token);
        let mut ready = pending.ready;
        if pending.edge {
            match host.line(object) {
                Some((cable, end)) => ready |= net.ready(cable, end),
                None => ready |= Ready::READABLE,
            }
        }
        drop(net);
        if !ready.is_none() {
            host.poll(object, ready, &mut self.env);
            host.settle(&mut self.env);
        }
    }

    // ---- the script

    /// Has something done at a moment.
    pub fn at(&mut self, at: Time, line: impl FnOnce(&mut Self) + 'static) {
        self.script.push(Some(Box::new(line)));
        let what = Happening::Script {
            line: self.script.len() - 1,
        };
        let mut net = self.env.hub.net();
        let at = at.max(net.now());
        net.agenda.enter(at, what);
    }

    /// Has something done after so long.
    pub fn after(&mut self, time: Duration, line: impl FnOnce(&mut Self) + 'static) {
        self.at(self.now() + time, line);
    }

    // ---- faults

    /// What the way between two sockets is like, for connections made from now on.
    pub fn set_link(&mut self, a: SocketId, b: SocketId, link: Link) {
        self.env.hub.net().weather.set_link(a.0, b.0, link);
    }

    /// What the way between any two others is like.
    pub fn set_links(&mut self, link: Link) {
        self.env.hub.net().weather.set_usual(link);
    }

    /// Cuts the connections between two sockets. What is under way is lost; each end finds out in its own time.
    pub fn cut(&mut self, a: SocketId, b: SocketId) {
        self.cut_all(Some(a.0), Some(b.0));
    }

    /// Cuts every connection of a socket.
    pub fn cut_off(&mut self, socket: SocketId) {
        self.cut_all(Some(socket.0), None);
    }

    /// Parts sockets for a while: nothing gets from any on the one side to any on the other. Bytes under way wait;
    /// connections that lose patience are cut.
    pub fn part(&mut self, one: &[SocketId], other: &[SocketId], time: Duration) {
        let until = self.now() + time;
        for a in one {
            for b in other {
                self.env.hub.net().part(a.0, b.0, until);
            }
        }
        let names = |sockets: &[SocketId]| {
            let names = sockets.iter().map(|socket| self.transcript().name(*socket));
            names.collect::<Vec<_>>().join(" ")
        };
        let text = format!("parted for {time:?}: {} | {}", names(one), names(other));
        self.note(text);
    }

    /// Makes the way between two sockets slower for a while.
    pub fn slow(&mut self, a: SocketId, b: SocketId, by: Duration, time: Duration) {
        let until = self.now() + time;
        self.env.hub.net().slow(a.0, b.0, by, until);
    }

    /// A socket notices everything, and does everything, up to so much later from now on.
    pub fn set_pace(&mut self, socket: SocketId, pace: Duration) {
        self.env.hub.net().paces[socket.0] = pace;
    }

    fn cut_all(&mut self, a: Option<usize>, b: Option<usize>) {
        let cables = self.env.hub.net().between(a, b);
        for cable in cables {
            self.cut_one(cable, false);
        }
    }

    fn sever(&mut self, cable: usize) {
        let parted = {
            let net = self.env.hub.net();
            let this = &net.cables[cable];
            !this.cut && !this.is_over() && net.is_parted(cable)
        };
        if parted {
            self.cut_one(cable, true);
        }
    }

    fn cut_one(&mut self, cable: usize, at_once: bool) {
        self.env.hub.net().cut(cable, at_once);
        let (now, connection) = (self.now(), ConnectionId(cable));
        self.env.transcript.add(now, None, What::Cut { connection });
    }
}

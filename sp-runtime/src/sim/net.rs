//! The network: cables, listeners' addresses, the agenda, and who is to be polled.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use spkit_api::{__private::Notify, Ready, Time};

use super::{
    Dice,
    agenda::{Agenda, Happening},
    cable::Cable,
    clock::SimClock,
    weather::Weather,
};
use crate::{core::Clock, sync::lock};

/// How long a process that is not slowed down takes to notice something, at most.
pub(super) const PACE: Duration = Duration::from_micros(5);

/// The network as streams and notifiers reach it.
#[derive(Debug)]
pub(super) struct Hub {
    net: Mutex<Net>,
}

#[derive(Debug)]
pub(super) struct Net {
    clock: Arc<SimClock>,
    pub(super) agenda: Agenda,
    pub(super) dice: Dice,
    pub(super) cables: Vec<Cable>,
    pub(super) bound: BTreeMap<String, Bound>,
    pub(super) weather: Weather,
    /// Objects whose poll is on the agenda.
    pending: BTreeMap<u64, Pending>,
    /// How long each host takes to notice something, at most.
    pub(super) paces: Vec<Duration>,
}

/// A listener's address in use.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) host: usize,
    pub(super) token: u64,
    /// Connections nobody accepted yet.
    pub(super) backlog: VecDeque<usize>,
}

/// Why an object is going to be polled. What comes in between joins in, as it does in a system's poller.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pending {
    /// Something happened on its stream: what, is looked up when it is polled.
    pub(super) edge: bool,
    pub(super) ready: Ready,
}

/// The object of a host, in one number.
pub(super) fn token(host: usize, object: u32) -> u64 {
    (host as u64) << 32 | u64::from(object)
}

/// The host and the object of a number.
pub(super) fn host_and_object(token: u64) -> (usize, u32) {
    ((token >> 32) as usize, token as u32)
}

impl Hub {
    pub(super) fn new(clock: Arc<SimClock>, dice: Dice) -> Arc<Self> {
        let net = Net {
            clock,
            agenda: Agenda::default(),
            dice,
            cables: Vec::new(),
            bound: BTreeMap::new(),
            weather: Weather::default(),
            pending: BTreeMap::new(),
            paces: Vec::new(),
        };
        Arc::new(Self {
            net: Mutex::new(net),
        })
    }

    /// The network. Nothing else is locked while this is held.
    pub(super) fn net(&self) -> MutexGuard<'_, Net> {
        lock(&self.net)
    }
}

impl Notify for Hub {
    fn notify(&self, object: u64) {
        self.net().raise(object, Ready::NOTIFIED);
    }
}

impl Net {
    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }

    pub(super) fn enter_in(&mut self, after: Duration, what: Happening) {
        let at = self.now() + after;
        self.agenda.enter(at, what);
    }

    /// Has something happen as soon as a host gets round to it.
    pub(super) fn enter_soon(&mut self, host: usize, what: Happening) {
        let after = self.moment(host);
        self.enter_in(after, what);
    }

    /// Has something of a host's happen, not before its time and possibly a little late.
    pub(super) fn enter_at(&mut self, host: usize, at: Time, what: Happening) {
        let late = self.moment(host);
        self.agenda.enter(at.max(self.now()) + late, what);
    }

    /// How long a host takes to notice something, this time.
    fn moment(&mut self, host: usize) -> Duration {
        let pace = self.paces.get(host).copied().unwrap_or(PACE);
        self.up_to(pace)
    }

    /// A random time of at most `most`.
    pub(super) fn up_to(&mut self, most: Duration) -> Duration {
        if most.is_zero() {
            return most;
        }
        let nanos = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX - 1);
        Duration::from_nanos(self.dice.throw() % (nanos + 1))
    }

    /// True so many times of a hundred.
    pub(super) fn chance(&mut self, percent: u8) -> bool {
        percent > 0 && self.dice.below(100) < usize::from(percent)
    }

    // ---- who is polled

    /// Has an object polled for this reason.
    pub(super) fn raise(&mut self, token: u64, ready: Ready) {
        self.pend(token, Duration::ZERO).ready |= ready;
    }

    /// Has an object polled because its stream changed.
    pub(super) fn raise_edge(&mut self, token: u64, after: Duration) {
        self.pend(token, after).edge = true;
    }

    fn pend(&mut self, token: u64, after: Duration) -> &mut Pending {
        if !self.pending.contains_key(&token) {
            let at = self.now() + after;
            self.enter_at(host_and_object(token).0, at, Happening::Poll { token });
        }
        self.pending.entry(token).or_default()
    }

    /// Why an object is polled, now that it is.
    pub(super) fn take_pending(&mut self, token: u64) -> Pending {
        self.pending.remove(&token).unwrap_or_default()
    }
}

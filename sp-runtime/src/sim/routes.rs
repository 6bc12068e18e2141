//! How connections come about: addresses, knocking, backlogs.

use std::{collections::VecDeque, time::Duration};

use super::{
    agenda::Happening,
    cable::{Cable, Stage},
    net::{Bound, Net},
};

impl Net {
    /// Takes an address for a listener. False: somebody has it.
    pub(super) fn bind(&mut self, address: &str, host: usize, token: u64) -> bool {
        if self.bound.contains_key(address) {
            return false;
        }
        let bound = Bound {
            host,
            token,
            backlog: VecDeque::new(),
        };
        self.bound.insert(address.to_owned(), bound);
        true
    }

    /// Gives an address back. Whoever waited to be accepted is turned away.
    pub(super) fn unbind(&mut self, address: &str) {
        let Some(bound) = self.bound.remove(address) else {
            return;
        };
        for cable in bound.backlog {
            self.cables[cable].ends[1].dropped = true;
            self.cut(cable, false);
        }
    }

    /// Starts a connection attempt.
    pub(super) fn dial(&mut self, host: usize, address: &str) -> usize {
        let target = self.bound.get(address).map_or(host, |bound| bound.host);
        let link = self.weather.link(host, target).clone();
        let cable = self.cables.len();
        let now = self.now();
        self.cables
            .push(Cable::new(host, address.to_owned(), link, now));
        let travel = self.travel(host, target);
        self.enter_in(travel, Happening::Knock { cable });
        cable
    }

    /// An attempt reaches the listener, if there is one.
    pub(super) fn knock(&mut self, cable: usize) {
        let Cable { ends, address, .. } = &self.cables[cable];
        let (host, given_up) = (ends[0].host, ends[0].dropped);
        if given_up {
            return;
        }
        let Some(bound) = self.bound.get(address) else {
            let travel = self.travel(host, host);
            let welcome = false;
            self.enter_in(travel, Happening::Answer { cable, welcome });
            return;
        };
        let (there, token) = (bound.host, bound.token);
        if self.held_up(host, there, Happening::Knock { cable }) {
            return;
        }
        let link = self.weather.link(host, there).clone();
        let accept = self.up_to(link.accept);
        let this = &mut self.cables[cable];
        this.link = link;
        this.ends[1].host = there;
        this.ends[1].stage = Stage::Connected;
        if let Some(bound) = self.bound.get_mut(&this.address) {
            bound.backlog.push_back(cable);
        }
        self.raise_edge(token, accept);
        let travel = self.travel(there, host);
        let welcome = true;
        self.enter_in(travel, Happening::Answer { cable, welcome });
    }

    /// The dialer hears of it.
    pub(super) fn answer(&mut self, cable: usize, welcome: bool) {
        let [host, there] = [0, 1].map(|end| self.cables[cable].ends[end].host);
        if welcome && self.held_up(host, there, Happening::Answer { cable, welcome }) {
            return;
        }
        let dialer = &mut self.cables[cable].ends[0];
        if dialer.stage == Stage::Waits {
            dialer.stage = match welcome {
                true => Stage::Connected,
                false => Stage::Refused,
            };
            self.edge(cable, 0);
        }
    }

    /// The next connection that waits at an address.
    pub(super) fn accept(&mut self, address: &str) -> Option<usize> {
        self.bound.get_mut(address)?.backlog.pop_front()
    }

    /// Has the poller report an end, if it watches for what is the case.
    pub(super) fn edge(&mut self, cable: usize, end: usize) {
        let this = &self.cables[cable];
        if let Some(token) = this.ends[end].token
            && !this.ready(end).is_none()
        {
            self.raise_edge(token, Duration::ZERO);
        }
    }
}

//! What is wrong with the network at the moment.

use std::{collections::BTreeMap, time::Duration};

use spkit_api::Time;

use super::{
    Link,
    agenda::Happening,
    cable::{Cable, Stage},
    net::Net,
};

/// The ways between hosts, and what ails them.
#[derive(Debug, Default)]
pub(super) struct Weather {
    usual: Link,
    links: BTreeMap<(usize, usize), Link>,
    troubles: Vec<Trouble>,
}

#[derive(Debug)]
struct Trouble {
    hosts: (usize, usize),
    until: Time,
    /// `None`: nothing gets through at all.
    slower: Option<Duration>,
}

/// A pair of hosts, whichever was named first.
fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

impl Weather {
    pub(super) fn link(&self, a: usize, b: usize) -> &Link {
        self.links.get(&pair(a, b)).unwrap_or(&self.usual)
    }

    pub(super) fn set_link(&mut self, a: usize, b: usize, link: Link) {
        self.links.insert(pair(a, b), link);
    }

    pub(super) fn set_usual(&mut self, link: Link) {
        self.usual = link;
    }

    /// When something gets through between two hosts again, if nothing does now.
    fn parted_until(&self, hosts: (usize, usize), now: Time) -> Option<Time> {
        let troubles = self.troubles.iter();
        let parted = troubles.filter(|one| one.hosts == hosts && one.slower.is_none());
        parted
            .map(|one| one.until)
            .filter(|until| *until > now)
            .max()
    }

    fn slower(&self, hosts: (usize, usize), now: Time) -> Duration {
        let troubles = self.troubles.iter();
        let slow = troubles.filter(|one| one.hosts == hosts && one.until > now);
        slow.filter_map(|one| one.slower).sum()
    }
}

impl Net {
    /// How long something takes between two hosts.
    pub(super) fn travel(&mut self, a: usize, b: usize) -> Duration {
        let now = self.now();
        let link = self.weather.link(a, b);
        let (latency, jitter) = (link.latency, link.jitter);
        latency + self.up_to(jitter) + self.weather.slower(pair(a, b), now)
    }

    /// Whether two hosts are parted; if so, this happens once they are not.
    pub(super) fn held_up(&mut self, a: usize, b: usize, what: Happening) -> bool {
        let Some(until) = self.weather.parted_until(pair(a, b), self.now()) else {
            return false;
        };
        let travel = self.travel(a, b);
        self.agenda.enter(until + travel, what);
        true
    }

    /// Parts two hosts. Bytes under way wait; connections whose patience ends before that are cut.
    pub(super) fn part(&mut self, a: usize, b: usize, until: Time) {
        let now = self.now();
        self.trouble(a, b, until, None);
        for cable in self.between(Some(a), Some(b)) {
            let patience = self.cables[cable].link.patience;
            if until.since(now) > patience {
                let more = self.up_to(patience / 8);
                self.enter_in(patience + more, Happening::Sever { cable });
            }
        }
    }

    /// Whether a connection is still parted, for it to be cut now.
    pub(super) fn is_parted(&self, cable: usize) -> bool {
        let hosts = pair_of(&self.cables[cable]);
        self.weather.parted_until(hosts, self.now()).is_some()
    }

    /// Makes the way between two hosts slower.
    pub(super) fn slow(&mut self, a: usize, b: usize, by: Duration, until: Time) {
        self.trouble(a, b, until, Some(by));
    }

    fn trouble(&mut self, a: usize, b: usize, until: Time, slower: Option<Duration>) {
        let now = self.now();
        self.weather.troubles.retain(|one| one.until > now);
        self.weather.troubles.push(Trouble {
            hosts: pair(a, b),
            until,
            slower,
        });
    }

    /// Connections that stand between these hosts; `None` is any host.
    pub(super) fn between(&self, a: Option<usize>, b: Option<usize>) -> Vec<usize> {
        let is = |host: Option<usize>, other: usize| host.is_none_or(|host| host == other);
        let stands = |cable: &Cable| !cable.cut && !cable.is_over() && cable.is_made();
        let joins = |cable: &Cable| {
            let [one, other] = [cable.ends[0].host, cable.ends[1].host];
            (is(a, one) && is(b, other)) || (is(a, other) && is(b, one))
        };
        let cables = self.cables.iter().enumerate();
        let chosen = cables.filter(|(_, cable)| stands(cable) && joins(cable));
        chosen.map(|(index, _)| index).collect()
    }

    /// Cuts a connection: what is under way is lost, and each end notices in its own time.
    pub(super) fn cut(&mut self, cable: usize, at_once: bool) {
        let this = &mut self.cables[cable];
        this.cut = true;
        let patience = this.link.patience;
        for way in &mut this.ways {
            way.spill();
        }
        for end in 0..2 {
            let host = self.cables[cable].ends[end].host;
            let most = match self.dice.below(3) {
                _ if at_once => Duration::ZERO,
                0 => Duration::ZERO,
                1 => patience / 50,
                _ => patience,
            };
            let after = self.up_to(most);
            let at = self.now() + after;
            self.enter_at(host, at, Happening::Reset { cable, end });
        }
    }

    /// An end finds out that its connection broke.
    pub(super) fn reset(&mut self, cable: usize, end: usize) {
        let spoils = self.chance(50);
        let this = &mut self.cables[cable];
        if spoils {
            this.ways[1 - end].buffer.clear();
        }
        this.ends[end].reset = true;
        if this.ends[end].stage == Stage::Waits {
            this.ends[end].stage = Stage::Refused;
        }
        self.edge(cable, end);
    }
}

fn pair_of(cable: &Cable) -> (usize, usize) {
    pair(cable.ends[0].host, cable.ends[1].host)
}

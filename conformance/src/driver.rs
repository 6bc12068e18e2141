//! The endpoint under test, S, as the cases see it: started by a driver, spoken to by the tester.
//!
//! Cases know no more of S than this, so the same case runs against sockets in this process, against the reference
//! endpoint with a fault switched on, and later against a program in another language.

pub(crate) mod in_process;
#[cfg(test)]
pub(crate) mod reference;

use std::{fmt, time::Duration};

use spkit_api::Value;

use crate::endpoints;

/// Starts endpoints under test.
pub(crate) trait Driver: Send + Sync + fmt::Debug {
    /// Starts an endpoint. A listening one is bound when this returns.
    fn start(&self, plan: &Plan) -> Result<Box<dyn Subject>, Refused>;

    /// Starts two raw endpoints, and sends on at each what the other receives: a device.
    fn join(&self, plans: [&Plan; 2]) -> Result<[Box<dyn Subject>; 2], Refused>;
}

/// A running endpoint. Dropping it ends it.
pub(crate) trait Subject: Send + Sync {
    /// Where it listens, as `scheme://…` with the port it really has; for a dialing one, where it dials.
    fn address(&self) -> &str;

    /// CTRL: has it send a body; false if it could not within this time.
    fn send(&self, body: &[u8], within: Duration) -> bool;

    /// CTRL: what its application receives next, if anything in this time.
    fn recv(&self, within: Duration) -> Option<Vec<u8>>;

    /// What it has thrown away so far, where it counts that.
    fn losses(&self) -> Option<Losses>;

    /// Ends it, and returns when it is gone.
    fn stop(self: Box<Self>);
}

/// What an endpoint has thrown away, as it tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    /// Messages.
    pub(crate) messages: u64,
    /// Connections that it refused, broke off or lost.
    pub(crate) connections: u64,
}

/// What to start.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What it announces.
    pub(crate) protocol: u16,
    /// The name it is registered under, where the number is not enough.
    pub(crate) registered: Option<&'static str>,
    /// What its application does.
    pub(crate) application: Application,
    /// How it meets the tester.
    pub(crate) at: At,
    /// Options of the socket.
    pub(crate) options: Vec<(&'static str, Value)>,
}

/// What the program around an endpoint does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Application {
    /// Sends back every body it receives.
    Echo,
    /// Sends and receives when the case says so.
    Manual,
    /// The same, subscribed to bodies that begin with these.
    Subscriber(&'static [&'static str]),
    /// Sends every message as it was received, header included: a device with one raw socket.
    Reflect,
}

/// How an endpoint meets the tester.
#[derive(Clone, Debug)]
pub(crate) enum At {
    /// It listens at this address, `scheme://…`.
    Listen(String),
    /// It dials this address.
    Dial(String),
}

/// An endpoint that could not be started.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    /// The reason its library gives.
    pub(crate) why: String,
    /// Whether the reason is that the address is in use.
    pub(crate) in_use: bool,
}

/// F-…: an endpoint with an application, whose ordinary exchange the tester knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fixture {
    pub(crate) name: &'static str,
    pub(crate) id: u16,
    pub(crate) application: Application,
    /// The name it is registered under, where the number is not enough.
    pub(crate) registered: Option<&'static str>,
    /// What T announces to it, where the number does not say.
    announces: Option<u16>,
}

impl Fixture {
    /// Sends back every body.
    pub(crate) const PAIR: Self = Self::new("F-PAIR", endpoints::PAIR, Application::Echo);
    /// A PAIR that is silent unless told to send.
    pub(crate) const PAIR_MANUAL: Self = Self::new("F-PAIR", endpoints::PAIR, Application::Manual);
    /// Answers every request with its body.
    pub(crate) const REP: Self = Self::new("F-REP", endpoints::REP, Application::Echo);
    /// A REP that answers when it is told to.
    pub(crate) const REP_MANUAL: Self = Self::new("F-REP", endpoints::REP, Application::Manual);
    /// Issues requests.
    pub(crate) const REQ: Self = Self::new("F-REQ", endpoints::REQ, Application::Manual);
    /// Sends.
    pub(crate) const PUSH: Self = Self::new("F-PUSH", endpoints::PUSH, Application::Manual);
    /// Receives.
    pub(crate) const PULL: Self = Self::new("F-PULL", endpoints::PULL, Application::Manual);

    /// Publishes.
    pub(crate) const PUB: Self = Self::new("F-PUB", endpoints::PUB, Application::Manual);
    /// Receives what is published, all of it.
    pub(crate) const SUB: Self = Self::subscribed(&[""]);

    /// Issues surveys.
    pub(crate) const SURV: Self = Self::new("F-SURV", endpoints::SURVEYOR, Application::Manual);
    /// Answers every survey with its body.
    pub(crate) const RESP: Self = Self::new("F-RESP", endpoints::RESPONDENT, Application::Echo);
    /// A RESPONDENT that answers when it is told to.
    pub(crate) const RESP_MANUAL: Self =
        Self::new("F-RESP", endpoints::RESPONDENT, Application::Manual);

    /// F-SUB(t…): receives what begins with one of these.
    pub(crate) const fn subscribed(to: &'static [&'static str]) -> Self {
        Self::new("F-SUB", endpoints::SUB, Application::Subscriber(to))
    }
    /// Sends back every body.
    pub(crate) const PAIR1: Self = Self::new("F-PAIR1", endpoints::PAIR1, Application::Echo);
    /// Sends back every body to the peer it came from.
    pub(crate) const PAIR1_POLY: Self = Self::PAIR1.registered("pair1-poly");
    /// The same, silent unless told to send.
    pub(crate) const PAIR1_POLY_MANUAL: Self = Self {
        application: Application::Manual,
        ..Self::PAIR1_POLY
    };
    /// A device that sends back what it gets.
    pub(crate) const XPAIR1: Self =
        Self::new("F-DEV(PAIR1)", endpoints::PAIR1, Application::Reflect).registered("xpair1");
    /// One side of a device: its application is the other side.
    pub(crate) const fn raw(name: &'static str, id: u16) -> Self {
        Self::new("F-DEV", id, Application::Manual).registered(name)
    }
    /// A PAIR version 1 that is silent unless told to send.
    pub(crate) const PAIR1_MANUAL: Self =
        Self::new("F-PAIR1", endpoints::PAIR1, Application::Manual);
    /// Sends and receives.
    pub(crate) const BUS: Self = Self::new("F-BUS", endpoints::BUS, Application::Manual);
    /// A device that joins its peers to one bus.
    pub(crate) const XBUS: Self =
        Self::new("F-DEV(BUS)", endpoints::BUS, Application::Reflect).registered("xbus");
    /// Sends and receives.
    pub(crate) const STAR: Self = Self::new("F-STAR", endpoints::STAR, Application::Manual);
    /// Sends every message again.
    pub(crate) const XSTAR: Self =
        Self::new("F-DEV(STAR)", endpoints::STAR, Application::Reflect).registered("xstar");

    const ALL: [Self; 12] = [
        Self::PAIR,
        Self::REP,
        Self::REQ,
        Self::PUSH,
        Self::PULL,
        Self::PUB,
        Self::SUB,
        Self::SURV,
        Self::RESP,
        Self::PAIR1,
        Self::BUS,
        Self::STAR,
    ];

    /// The fixture of a registered protocol whose application shows all it receives. Where the protocol is not known,
    /// there is no ordinary exchange.
    pub(crate) fn visible(name: &'static str, id: u16, peer: u16) -> Self {
        let shown = match id {
            endpoints::PAIR => Self::PAIR_MANUAL,
            endpoints::PAIR1 => Self::PAIR1_MANUAL,
            endpoints::REP => Self::REP_MANUAL,
            endpoints::RESPONDENT => Self::RESP_MANUAL,
            id => Self::of(id).unwrap_or_else(|| Self::new("the socket", id, Application::Manual)),
        };
        // By its name: others may have the same number.
        Self {
            announces: Some(peer),
            ..shown.registered(name)
        }
    }

    /// Whether the tester knows its ordinary exchange.
    pub(crate) fn is_known(self) -> bool {
        Self::of(self.id).is_some()
    }

    /// Whether it takes one peer at a time.
    pub(crate) fn is_single(self) -> bool {
        match self.id {
            endpoints::PAIR => true,
            endpoints::PAIR1 => self.registered != Some("pair1-poly"),
            _ => false,
        }
    }

    /// A fixture that its number is enough for.
    pub(crate) const fn new(name: &'static str, id: u16, application: Application) -> Self {
        Self {
            name,
            id,
            application,
            registered: None,
            announces: None,
        }
    }

    /// The same under this name.
    pub(crate) const fn registered(mut self, name: &'static str) -> Self {
        self.registered = Some(name);
        self
    }

    /// The fixture of an endpoint, where there is one.
    pub(crate) fn of(id: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|fixture| fixture.id == id)
    }

    /// What it is registered as, or called.
    pub(crate) fn label(self) -> &'static str {
        self.registered.unwrap_or(self.name)
    }

    /// What T announces to it.
    pub(crate) fn peer(self) -> u16 {
        let known = endpoints::by_id(self.id).map(|known| known.peer);
        self.announces.or(known).unwrap_or(self.id)
    }
}

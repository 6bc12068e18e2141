//! What a wire case works with: a driver that starts S, a tester that speaks to it, and the composed steps of its
//! vocabulary that need both (ALIVE, FRESH).

mod exchange;
mod running;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use spkit_api::{Value, options, transport::StreamKind};

pub(crate) use self::running::Running;
use crate::{
    addresses::Addresses,
    driver::{At, Driver, Fixture, Plan, Refused, Subject},
    pace::{Deadline, Pace},
    tester::{Door, Peer, Tester},
    transcript::Transcript,
    verdict::{During, Outcome, Trouble, ensure},
};

/// The request id of the golden vectors.
const REQUEST_TAG: u32 = 0x8000_0337;

/// A wire case's surroundings.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) driver: &'a dyn Driver,
    pub(crate) scheme: &'a str,
    pub(crate) addresses: &'a Addresses,
    pub(crate) tester: Tester,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(
        driver: &'a dyn Driver,
        scheme: &'a str,
        kind: StreamKind,
        addresses: &'a Addresses,
        pace: Pace,
        log: Transcript,
    ) -> Self {
        Self {
            driver,
            scheme,
            addresses,
            tester: Tester::new(kind, pace, log),
        }
    }

    pub(crate) fn kind(&self) -> StreamKind {
        self.tester.kind
    }

    pub(crate) fn pace(&self) -> Pace {
        self.tester.pace
    }

    /// Names the step the case is at, for a failure or a watchdog.
    pub(crate) fn step(&self, step: impl Into<String>) {
        let step = step.into();
        self.tester.log.note(0, format!("-- {step}"));
        self.tester.log.doing(step);
    }

    /// Starts a listening fixture.
    pub(crate) fn listen(&self, fixture: Fixture) -> Outcome<Running> {
        self.listen_with(fixture, &[])
    }

    /// Starts a listening fixture with options.
    pub(crate) fn listen_with(
        &self,
        fixture: Fixture,
        options: &[(&'static str, Value)],
    ) -> Outcome<Running> {
        let address = self.addresses.next(self.scheme);
        self.listen_at(fixture, options, &address)
            .map_err(|refused| {
                Trouble::failed(
                    format!("{} to listen on {address}", fixture.name),
                    refused.why,
                )
            })
    }

    /// Starts a listening fixture at an address of the case's choice, where that may be refused.
    pub(crate) fn listen_at(
        &self,
        fixture: Fixture,
        options: &[(&'static str, Value)],
        address: &str,
    ) -> Result<Running, Refused> {
        let subject = self.start(fixture, options, At::Listen(address.to_owned()))?;
        self.tester.log.note(
            0,
            format!("{} listens on {}", fixture.name, subject.address()),
        );
        Ok(Running::new(fixture, subject))
    }

    /// Starts a fixture that dials the tester, and redials fast.
    pub(crate) fn dial(&self, fixture: Fixture) -> Outcome<(Running, Door)> {
        self.dial_with(fixture, &[])
    }

    /// The same with options.
    pub(crate) fn dial_with(
        &self,
        fixture: Fixture,
        more: &[(&'static str, Value)],
    ) -> Outcome<(Running, Door)> {
        let address = self.addresses.next(self.scheme);
        let door = self.tester.listen(rest_of(&address))?;
        let address = format!("{}://{}", self.scheme, door.address());
        let mut options = vec![
            (
                options::RECONNECT_MIN.name(),
                Value::Duration(Some(self.pace().millis(10))),
            ),
            (
                options::RECONNECT_MAX.name(),
                Value::Duration(Some(self.pace().millis(50))),
            ),
        ];
        options.extend_from_slice(more);
        let subject = self
            .start(fixture, &options, At::Dial(address.clone()))
            .map_err(|refused| {
                Trouble::failed(format!("{} to dial {address}", fixture.name), refused.why)
            })?;
        let running = Running {
            fixture,
            subject,
            rest: door.address().to_owned(),
        };
        Ok((running, door))
    }

    /// F-DEV: two raw fixtures that listen, joined to a device. `options` are the near side's.
    pub(crate) fn device(
        &self,
        [near, far]: [Fixture; 2],
        options: &[(&'static str, Value)],
    ) -> Outcome<[Running; 2]> {
        let at = || At::Listen(self.addresses.next(self.scheme));
        let plans = [plan(near, options, at()), plan(far, &[], at())];
        let joined = self.driver.join([&plans[0], &plans[1]]);
        let [near_end, far_end] = joined.map_err(|refused| {
            Trouble::failed(
                format!("a device between {} and {}", near.label(), far.label()),
                refused.why,
            )
        })?;
        Ok([Running::new(near, near_end), Running::new(far, far_end)])
    }

    /// QUIET on all of these at once.
    pub(crate) fn all_quiet<'p>(&self, peers: impl IntoIterator<Item = &'p mut Peer>) -> Outcome {
        for (number, peer) in peers.into_iter().enumerate() {
            let span = if number == 0 {
                self.pace().quiet()
            } else {
                Duration::from_millis(1)
            };
            peer.quiet_for(span)
                .during(format!("connection {number}"))?;
        }
        Ok(())
    }

    fn start(
        &self,
        fixture: Fixture,
        options: &[(&'static str, Value)],
        at: At,
    ) -> Result<Box<dyn Subject>, Refused> {
        self.driver.start(&plan(fixture, options, at))
    }

    /// OPEN: a connection without a byte on it.
    pub(crate) fn open(&self, running: &Running) -> Outcome<Peer> {
        self.tester.open(&running.rest)
    }

    /// OPEN and HS: a connection that is ready for messages.
    pub(crate) fn connect(&self, running: &Running) -> Outcome<Peer> {
        let mut peer = self.open(running)?;
        self.shake_hands(&mut peer, running)?;
        Ok(peer)
    }

    /// As [`connect`](Self::connect), for a PAIR that may not have noticed yet that its last peer went: what it
    /// closes is tried again.
    pub(crate) fn connect_soon(&self, running: &Running) -> Outcome<Peer> {
        let deadline = Deadline::after(self.pace().fresh());
        loop {
            let mut peer = self.connect(running)?;
            // One that was closed for that shows it, and need not be waited for by its application.
            peer.pause(self.pace().millis(10))?;
            let tried = match peer.end() {
                Some(_) => Err(Trouble::failed("a place for a new peer", "it was closed")),
                None => self.alive(&mut peer, running),
            };
            match tried {
                Ok(()) => return Ok(peer),
                Err(trouble) if deadline.is_over() => return Err(trouble),
                Err(_) => breathe(),
            }
        }
    }

    /// HS with the fixture's peer id.
    pub(crate) fn shake_hands(&self, peer: &mut Peer, running: &Running) -> Outcome {
        let fixture = running.fixture;
        peer.shake_hands(fixture.peer(), fixture.id)
            .during("handshake (HS)")
    }

    /// Accepts a dialing fixture and shakes hands.
    pub(crate) fn welcome(&self, running: &Running, door: &Door) -> Outcome<Peer> {
        let mut peer = self.tester.accept(door)?;
        self.shake_hands(&mut peer, running)?;
        Ok(peer)
    }

    /// ALIVE: the connection does the fixture's ordinary exchange.
    pub(crate) fn alive(&self, peer: &mut Peer, running: &Running) -> Outcome {
        let step = "still in use (ALIVE)";
        if !running.fixture.is_known() {
            let open = peer.is_open()?;
            return ensure(open, "the connection to stay open", || {
                "it is closed".to_owned()
            })
            .during(step);
        }
        self.exchange(peer, running, fresh_body().as_bytes())
            .during(step)
    }

    /// ALIVE, or CLOSED and nothing else: either will do after a message that is malformed.
    pub(crate) fn alive_or_closed(&self, peer: &mut Peer, running: &Running) -> Outcome {
        match self.alive(peer, running) {
            Err(_) if peer.end().is_some() => peer.closed(),
            other => other,
        }
    }

    /// FRESH: a new connection shakes hands and does the ordinary exchange, sooner or later.
    ///
    /// A listener may need a moment to get over a failure, and a PAIR to notice that its peer went, so what fails is
    /// tried again until the time is over. The last failure is the reason.
    pub(crate) fn fresh(&self, running: &Running) -> Outcome {
        let deadline = Deadline::after(self.pace().fresh());
        loop {
            let tried = self
                .connect(running)
                .and_then(|mut peer| self.alive(&mut peer, running));
            match tried {
                Ok(()) => return Ok(()),
                Err(trouble) if deadline.is_over() => {
                    return Err(trouble.during("a new connection is served (FRESH)"));
                }
                Err(_) => breathe(),
            }
        }
    }

    /// FRESH for a fixture that dials: a further connection of it comes and is good.
    pub(crate) fn fresh_dial(&self, running: &Running, door: &Door) -> Outcome<Peer> {
        let step = "the endpoint dials again (FRESH)";
        let mut peer = self.welcome(running, door).during(step)?;
        self.exchange(&mut peer, running, fresh_body().as_bytes())
            .during(step)?;
        Ok(peer)
    }
}

fn plan(fixture: Fixture, options: &[(&'static str, Value)], at: At) -> Plan {
    Plan {
        protocol: fixture.id,
        registered: fixture.registered,
        application: fixture.application,
        at,
        options: options.to_vec(),
    }
}

/// A payload with a tag in front.
pub(crate) fn tagged(tag: u32, body: &[u8]) -> Vec<u8> {
    [&tag.to_be_bytes(), body].concat()
}

/// A request of the tester's.
pub(crate) fn request(body: &[u8]) -> Vec<u8> {
    tagged(REQUEST_TAG, body)
}

/// A body that no other exchange of this process has.
pub(crate) fn fresh_body() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("spkit-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A moment's rest between two attempts.
pub(crate) fn breathe() {
    std::thread::park_timeout(Duration::from_millis(10));
}

fn rest_of(address: &str) -> &str {
    address.split_once("://").map_or(address, |(_, rest)| rest)
}

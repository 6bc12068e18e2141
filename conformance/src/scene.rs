//! What a wire case works with: a driver that starts S, a tester that speaks to it, and the composed steps of its
//! vocabulary that need both (ALIVE, FRESH).

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use spkit_api::{Value, options, transport::StreamKind};

use crate::{
    addresses::Addresses,
    driver::{Application, At, Driver, Fixture, Losses, Plan, Refused, Subject},
    endpoints,
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

/// An endpoint under test together with what the tester needs to reach it.
pub(crate) struct Running {
    pub(crate) fixture: Fixture,
    subject: Box<dyn Subject>,
    rest: String,
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

    /// The fixture's ordinary exchange with this body.
    pub(crate) fn exchange(&self, peer: &mut Peer, running: &Running, body: &[u8]) -> Outcome {
        let fixture = running.fixture;
        match (fixture.id, fixture.application) {
            (endpoints::REP | endpoints::RESPONDENT, Application::Echo) => {
                let request = tagged(REQUEST_TAG, body);
                peer.send_frame(&request)?;
                peer.expect_frame(&request).during("the reply")
            }
            (endpoints::REQ, _) => self.answer(peer, running, body),
            (endpoints::SURVEYOR, _) => self.answer_survey(peer, running, body),
            (endpoints::REP | endpoints::RESPONDENT, Application::Manual) => {
                let survey = request(body);
                peer.send_frame(&survey)?;
                running.expect(self, body)?;
                running.send(self, body)?;
                peer.expect_frame(&survey)
            }
            (endpoints::PUSH, _) => {
                running.send(self, body)?;
                peer.expect_frame(body)
            }
            (endpoints::PUB, _) => {
                self.tune_in(peer, running)?;
                running.send(self, body)?;
                peer.expect_frame(body)
            }
            (endpoints::PULL | endpoints::SUB, _) => {
                peer.send_frame(body)?;
                running.expect(self, body)
            }
            (endpoints::PAIR1, Application::Manual) => {
                peer.send_frame(&tagged(1, body))?;
                running.expect(self, body)?;
                running.send(self, body)?;
                peer.expect_frame(&tagged(1, body))
            }
            (endpoints::PAIR1, _) => {
                peer.send_frame(&tagged(1, body))?;
                peer.expect_frame(&tagged(1, body)).during("the echo")
            }
            (endpoints::STAR, _) => {
                peer.send_frame(&tagged(0, body))?;
                running.expect(self, body)?;
                running.send(self, body)?;
                peer.expect_frame(&tagged(0, body))
            }
            (_, Application::Echo | Application::Reflect) => {
                peer.send_frame(body)?;
                peer.expect_frame(body).during("the echo")
            }
            (_, Application::Manual | Application::Subscriber(_)) => {
                peer.send_frame(body)?;
                running.expect(self, body)?;
                running.send(self, body)?;
                peer.expect_frame(body)
            }
        }
    }

    /// Has a PUB publish until the peer hears it, since a connection counts only a little after its handshake. What is
    /// published from then on comes next. Returns what was heard.
    pub(crate) fn tune_in(&self, peer: &mut Peer, running: &Running) -> Outcome<Vec<Vec<u8>>> {
        let deadline = Deadline::after(self.pace().expect());
        let mut last = fresh_body();
        running.send(self, last.as_bytes())?;
        while !peer.hears(self.pace().millis(20))? && !deadline.is_over() {
            last = fresh_body();
            running.send(self, last.as_bytes())?;
        }
        let mut heard = Vec::new();
        while heard.last().is_none_or(|body| body != last.as_bytes()) {
            heard.push(
                peer.read_frame()
                    .during("what is published again and again")?,
            );
        }
        Ok(heard)
    }

    /// Has a REQ issue a request, and answers it.
    fn answer(&self, peer: &mut Peer, running: &Running, body: &[u8]) -> Outcome {
        running.send(self, body)?;
        let request = peer.read_frame().during("the request")?;
        let well_formed =
            request.len() == 4 + body.len() && request[0] & 0x80 != 0 && request[4..] == *body;
        ensure(
            well_formed,
            "a 32-bit id with its top bit set, then the body",
            || crate::transcript::hex(&request),
        )?;
        peer.send_frame(&request)?;
        running.expect(self, body).during("the reply")
    }

    /// Has a SURVEYOR issue a survey, and answers it.
    ///
    /// A survey goes to those who are there, and S may count a connection a little later than T does: it is told again
    /// until one comes, and every copy is answered, since only the last one counts.
    fn answer_survey(&self, peer: &mut Peer, running: &Running, body: &[u8]) -> Outcome {
        let deadline = Deadline::after(self.pace().expect());
        let mut seen = "no survey".to_owned();
        loop {
            running.send(self, body)?;
            let mut came = peer.frame_within(self.pace().millis(100))?;
            while let Some(survey) = came {
                seen = format!("the survey {}", crate::transcript::hex(&survey));
                if survey.len() == 4 + body.len() && survey[0] & 0x80 != 0 && survey[4..] == *body {
                    seen.push_str(", whose answer was not received");
                    peer.send_frame(&survey)?;
                }
                came = peer.frame_within(Duration::ZERO)?;
            }
            match running.subject.recv(self.pace().millis(500)) {
                Some(answer) if answer == body => return Ok(()),
                Some(other) => seen = format!("the answer {}", show_body(&other)),
                None => {}
            }
            if deadline.is_over() {
                return Err(Trouble::failed(
                    "a survey, a 32-bit id with its top bit set and then the body, and its answer received",
                    seen,
                ));
            }
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

impl Running {
    /// An endpoint that listens.
    fn new(fixture: Fixture, subject: Box<dyn Subject>) -> Self {
        let rest = rest_of(subject.address()).to_owned();
        Self {
            fixture,
            subject,
            rest,
        }
    }

    /// Where it listens or dials, with its scheme.
    pub(crate) fn address(&self) -> &str {
        self.subject.address()
    }

    /// What follows `://` in its address.
    pub(crate) fn rest(&self) -> &str {
        &self.rest
    }

    /// CTRL: has the application send.
    pub(crate) fn send(&self, scene: &Scene<'_>, body: &[u8]) -> Outcome {
        let limit = scene.pace().expect();
        ensure(
            self.subject.send(body, limit),
            format!(
                "{} to send a message of {} bytes",
                self.fixture.name,
                body.len()
            ),
            || format!("it did not within {limit:?}"),
        )
    }

    /// CTRL: the application receives exactly this next.
    pub(crate) fn expect(&self, scene: &Scene<'_>, body: &[u8]) -> Outcome {
        let got = self.subject.recv(scene.pace().expect());
        ensure(
            got.as_deref() == Some(body),
            format!("{} to receive {}", self.fixture.name, show_body(body)),
            || got.map_or_else(|| "nothing".to_owned(), |got| show_body(&got)),
        )
    }

    /// CTRL: the application receives nothing for a while.
    pub(crate) fn receives_nothing(&self, scene: &Scene<'_>) -> Outcome {
        match self.subject.recv(scene.pace().quiet()) {
            None => Ok(()),
            Some(got) => Err(Trouble::failed(
                format!("{} to receive nothing", self.fixture.name),
                show_body(&got),
            )),
        }
    }

    /// CTRL: has the application send, where that may be refused.
    pub(crate) fn can_send(&self, scene: &Scene<'_>, body: &[u8]) -> bool {
        self.subject.send(body, scene.pace().expect())
    }

    /// What it has thrown away so far, if it counts that.
    pub(crate) fn losses(&self) -> Option<Losses> {
        self.subject.losses()
    }

    /// CTRL: what the application receives until nothing more comes.
    pub(crate) fn drain(&self, scene: &Scene<'_>) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.subject.recv(scene.pace().millis(20))).collect()
    }

    /// What it has thrown away is counted, if it counts at all.
    pub(crate) fn counts(
        &self,
        wanted: impl std::fmt::Display,
        scene: &Scene<'_>,
        enough: impl Fn(Losses) -> bool,
    ) -> Outcome {
        let deadline = Deadline::after(scene.pace().expect());
        while let Some(losses) = self.losses().filter(|losses| !enough(*losses)) {
            ensure(
                !deadline.is_over(),
                format!("{wanted} to be counted"),
                || format!("{losses:?}"),
            )?;
            breathe();
        }
        Ok(())
    }

    /// CTRL: the next message, if one is there.
    pub(crate) fn recv(&self, scene: &Scene<'_>) -> Option<Vec<u8>> {
        self.subject.recv(scene.pace().expect())
    }

    /// Ends it in order.
    pub(crate) fn stop(self) {
        self.subject.stop();
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

fn show_body(body: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&body[..body.len().min(32)]).into_owned();
    format!("`{}` ({} bytes)", shown.escape_debug(), body.len())
}

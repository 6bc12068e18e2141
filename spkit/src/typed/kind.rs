//! The kinds of the builtin protocols' sockets, and the sockets.

use super::{HasContexts, HasTtl, Kind, Receives, Sends, Typed};

/// A kind, what it can do, and the name of its sockets.
macro_rules! kinds {
    ($(
        $(#[$doc:meta])*
        $name:ident = $protocol:literal: $($can:ident),+;
    )*) => {
        $(
            #[doc = concat!("The kind of [`", stringify!($name), "`](crate::", stringify!($name), ").")]
            #[derive(Debug)]
            pub enum $name {}

            impl Kind for $name {
                const PROTOCOL: &'static str = $protocol;
            }

            $(impl $can for $name {})+
        )*

        /// Sockets by their kinds.
        pub(crate) mod sockets {
            use super::Typed;
            $(
                $(#[$doc])*
                pub type $name = Typed<super::$name>;
            )*
        }
    };
}

kinds! {
    /// REQ: asks, and gets the reply.
    ///
    /// ```
    /// use spkit::{Rep, Req};
    ///
    /// let rep = Rep::open()?;
    /// rep.listen("inproc://service")?;
    /// let req = Req::open()?;
    /// req.dial("inproc://service")?;
    ///
    /// req.send("question")?;
    /// assert_eq!(rep.recv()?.body(), b"question");
    /// rep.send("answer")?;
    /// assert_eq!(req.recv()?.body(), b"answer");
    ///
    /// // Several questions at a time: a context each.
    /// let (one, other) = (req.context()?, req.context()?);
    /// one.set_resend_time(None)?;
    /// one.send("one")?;
    /// other.send("other")?;
    /// for _ in 0..2 {
    ///     let question = rep.recv()?;
    ///     rep.send(question)?;
    /// }
    /// assert_eq!(one.recv()?.body(), b"one");
    /// assert_eq!(other.recv()?.body(), b"other");
    /// # Ok::<(), spkit::Error>(())
    /// ```
    ///
    /// It has no subscriptions:
    ///
    /// ```compile_fail,E0599
    /// let req = spkit::Req::open().unwrap();
    /// req.subscribe("");
    /// ```
    Req = "req": Sends, Receives, HasContexts;

    /// REP: answers what it receives.
    ///
    /// ```
    /// use spkit::{Rep, Req};
    ///
    /// let rep = Rep::open()?;
    /// rep.set_ttl(3)?; // through at most two devices
    /// rep.listen("inproc://upper-case")?;
    /// let req = Req::open()?;
    /// req.dial("inproc://upper-case")?;
    /// req.send("quiet")?;
    ///
    /// let question = rep.recv()?;
    /// rep.send(question.body().to_ascii_uppercase())?;
    /// assert_eq!(req.recv()?.body(), b"QUIET");
    /// # Ok::<(), spkit::Error>(())
    /// ```
    Rep = "rep": Sends, Receives, HasContexts, HasTtl;

    /// PUB: publishes to everybody who subscribed.
    ///
    /// ```
    /// use spkit::{Pub, Sub};
    /// use std::time::Duration;
    ///
    /// let publisher = Pub::open()?;
    /// publisher.listen("inproc://news")?;
    /// let sub = Sub::open()?;
    /// sub.subscribe("weather")?;
    /// sub.dial("inproc://news")?;
    /// publisher.wait_for_peers(1, Duration::from_secs(5))?;
    ///
    /// publisher.send("sports: 2:1")?;
    /// publisher.send("weather: rain")?;
    /// assert_eq!(sub.recv()?.body(), b"weather: rain");
    /// # Ok::<(), spkit::Error>(())
    /// ```
    ///
    /// It receives nothing, and has no contexts:
    ///
    /// ```compile_fail,E0599
    /// let publisher = spkit::Pub::open().unwrap();
    /// publisher.recv();
    /// ```
    ///
    /// ```compile_fail,E0599
    /// let publisher = spkit::Pub::open().unwrap();
    /// publisher.context();
    /// ```
    Pub = "pub": Sends;

    /// SUB: receives what it subscribed to.
    ///
    /// ```
    /// use spkit::{Pub, Sub};
    /// use std::time::Duration;
    ///
    /// let publisher = Pub::open()?;
    /// publisher.listen("inproc://stocks")?;
    /// let sub = Sub::open()?;
    /// sub.dial("inproc://stocks")?;
    /// publisher.wait_for_peers(1, Duration::from_secs(5))?;
    ///
    /// sub.subscribe("A")?;
    /// let all = sub.context()?; // with subscriptions of its own
    /// all.subscribe("")?;
    /// publisher.send("B 7.31")?;
    /// publisher.send("A 2.19")?;
    /// assert_eq!(sub.recv()?.body(), b"A 2.19");
    /// assert_eq!(all.recv()?.body(), b"B 7.31");
    /// sub.unsubscribe("A")?;
    /// assert!(sub.unsubscribe("A").is_err());
    /// # Ok::<(), spkit::Error>(())
    /// ```
    ///
    /// It sends nothing, and neither do its contexts:
    ///
    /// ```compile_fail,E0599
    /// let sub = spkit::Sub::open().unwrap();
    /// sub.send("x");
    /// ```
    ///
    /// ```compile_fail,E0599
    /// let context = spkit::Sub::open().unwrap().context().unwrap();
    /// context.send("x");
    /// ```
    Sub = "sub": Receives, HasContexts;

    /// PUSH: hands tasks to workers, one each.
    ///
    /// ```
    /// use spkit::{Pull, Push};
    ///
    /// let push = Push::open()?;
    /// push.listen("inproc://tasks")?;
    /// let worker = Pull::open()?;
    /// worker.dial("inproc://tasks")?;
    /// push.send("task")?; // waits for a worker with room
    /// assert_eq!(worker.recv()?.body(), b"task");
    /// # Ok::<(), spkit::Error>(())
    /// ```
    ///
    /// It receives nothing, in none of the ways to wait:
    ///
    /// ```compile_fail,E0599
    /// let push = spkit::Push::open().unwrap();
    /// push.try_recv();
    /// ```
    Push = "push": Sends;

    /// PULL: takes tasks.
    ///
    /// ```
    /// use spkit::{ErrorKind, Pull, Push};
    /// use std::time::Duration;
    ///
    /// let pull = Pull::open()?;
    /// pull.listen("inproc://results")?;
    /// let nothing = pull.recv_timeout(Duration::from_millis(1)).unwrap_err();
    /// assert_eq!(nothing.kind(), ErrorKind::TimedOut);
    ///
    /// let push = Push::open()?;
    /// push.dial("inproc://results")?;
    /// push.send("result")?;
    /// assert_eq!(pull.recv()?.body(), b"result");
    /// # Ok::<(), spkit::Error>(())
    /// ```
    ///
    /// It sends nothing:
    ///
    /// ```compile_fail,E0599
    /// let pull = spkit::Pull::open().unwrap();
    /// pull.send_async("x");
    /// ```
    Pull = "pull": Receives;

    /// PAIR: one peer, both ways.
    ///
    /// ```
    /// use spkit::Pair;
    ///
    /// let (one, other) = (Pair::open()?, Pair::open()?);
    /// one.listen("inproc://the-two-of-us")?;
    /// other.dial("inproc://the-two-of-us")?;
    /// one.send("hello")?;
    /// other.send("hello yourself")?;
    /// assert_eq!(other.recv()?.body(), b"hello");
    /// assert_eq!(one.recv()?.body(), b"hello yourself");
    /// # Ok::<(), spkit::Error>(())
    /// ```
    ///
    /// It has no hop count, so no limit to it:
    ///
    /// ```compile_fail,E0599
    /// let pair = spkit::Pair::open().unwrap();
    /// pair.set_ttl(3);
    /// ```
    Pair = "pair": Sends, Receives;

    /// PAIR version 1: one peer, both ways, with a hop count.
    ///
    /// ```
    /// use spkit::Pair1;
    ///
    /// let (one, other) = (Pair1::open()?, Pair1::open()?);
    /// other.set_ttl(1)?; // no devices in between
    /// one.listen("inproc://with-hops")?;
    /// other.dial("inproc://with-hops")?;
    /// one.send("hello")?;
    /// assert_eq!(other.recv()?.body(), b"hello");
    /// # Ok::<(), spkit::Error>(())
    /// ```
    Pair1 = "pair1": Sends, Receives, HasTtl;

    /// PAIR version 1 with many peers: a message says which it came from, and can say which it goes to.
    ///
    /// ```
    /// use spkit::{Message, Pair1, PairPoly};
    ///
    /// let poly = PairPoly::open()?;
    /// poly.listen("inproc://many")?;
    /// let peers = [Pair1::open()?, Pair1::open()?];
    /// for peer in &peers {
    ///     peer.dial("inproc://many")?;
    ///     peer.send("who am I?")?;
    ///     let question = poly.recv()?;
    ///     let mut answer = Message::from("you");
    ///     answer.set_pipe(question.pipe());
    ///     poly.send(answer)?;
    ///     assert_eq!(peer.recv()?.body(), b"you");
    /// }
    /// # Ok::<(), spkit::Error>(())
    /// ```
    PairPoly = "pair1-poly": Sends, Receives, HasTtl;

    /// SURVEYOR: asks everybody, and takes answers for a while.
    ///
    /// ```
    /// use spkit::{ErrorKind, Respondent, Surveyor};
    /// use std::time::Duration;
    ///
    /// let surveyor = Surveyor::open()?;
    /// surveyor.listen("inproc://vote")?;
    /// let voters = [Respondent::open()?, Respondent::open()?];
    /// for voter in &voters {
    ///     voter.dial("inproc://vote")?;
    /// }
    /// surveyor.wait_for_peers(2, Duration::from_secs(5))?;
    ///
    /// surveyor.set_survey_time(Some(Duration::from_millis(200)))?;
    /// surveyor.send("tea?")?;
    /// for voter in &voters {
    ///     voter.recv()?;
    ///     voter.send("yes")?;
    /// }
    /// let mut votes = 0;
    /// let over = loop {
    ///     match surveyor.recv() {
    ///         Ok(_) => votes += 1,
    ///         Err(over) => break over,
    ///     }
    /// };
    /// assert_eq!((votes, over.kind()), (2, ErrorKind::TimedOut));
    /// # Ok::<(), spkit::Error>(())
    /// ```
    Surveyor = "surveyor": Sends, Receives, HasContexts;

    /// RESPONDENT: answers surveys.
    ///
    /// ```
    /// use spkit::{Respondent, Surveyor};
    /// use std::time::Duration;
    ///
    /// let respondent = Respondent::open()?;
    /// respondent.set_ttl(2)?; // through at most one device
    /// respondent.listen("inproc://who-is-there")?;
    /// let surveyor = Surveyor::open()?;
    /// surveyor.dial("inproc://who-is-there")?;
    /// surveyor.wait_for_peers(1, Duration::from_secs(5))?;
    /// surveyor.send("who is there?")?;
    /// let survey = respondent.recv()?;
    /// assert_eq!(survey.body(), b"who is there?");
    /// respondent.send("me")?;
    /// assert_eq!(surveyor.recv()?.body(), b"me");
    /// # Ok::<(), spkit::Error>(())
    /// ```
    Respondent = "respondent": Sends, Receives, HasContexts, HasTtl;

    /// BUS: every message to every peer.
    ///
    /// ```
    /// use spkit::Bus;
    /// use std::time::Duration;
    ///
    /// let hub = Bus::open()?;
    /// hub.listen("inproc://everybody")?;
    /// let others = [Bus::open()?, Bus::open()?];
    /// for other in &others {
    ///     other.dial("inproc://everybody")?;
    /// }
    /// hub.wait_for_peers(2, Duration::from_secs(5))?;
    /// hub.send("to all")?;
    /// for other in &others {
    ///     assert_eq!(other.recv()?.body(), b"to all");
    /// }
    /// # Ok::<(), spkit::Error>(())
    /// ```
    ///
    /// It has no contexts:
    ///
    /// ```compile_fail,E0599
    /// let bus = spkit::Bus::open().unwrap();
    /// bus.context();
    /// ```
    Bus = "bus": Sends, Receives;

    /// STAR: every message to every peer, and onwards to theirs.
    ///
    /// ```
    /// use spkit::Star;
    /// use std::time::Duration;
    ///
    /// let hub = Star::open()?;
    /// hub.listen("inproc://middle")?;
    /// let (one, other) = (Star::open()?, Star::open()?);
    /// for star in [&one, &other] {
    ///     star.dial("inproc://middle")?;
    /// }
    /// hub.wait_for_peers(2, Duration::from_secs(5))?;
    /// one.wait_for_peers(1, Duration::from_secs(5))?;
    /// one.send("by way of the hub")?;
    /// assert_eq!(other.recv()?.body(), b"by way of the hub");
    /// assert_eq!(hub.recv()?.body(), b"by way of the hub");
    /// # Ok::<(), spkit::Error>(())
    /// ```
    Star = "star": Sends, Receives, HasTtl;
}

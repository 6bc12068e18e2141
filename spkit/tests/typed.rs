//! Typed sockets: they have the methods of their protocol, and no others.

#[path = "support/ready.rs"]
mod ready;

use std::{any::TypeId, collections::BTreeSet, time::Duration};

use futures::executor::block_on;
use spkit::{
    Bus, ErrorKind, Message, Pair, Pair1, PairPoly, Pub, Pull, Push, Rep, Req, Respondent, Runtime,
    Socket, Star, Sub, Surveyor, option::Scope, typed::Kind, typed::Typed,
};

/// What stands in for a method that a type has not: its own come first.
struct No;

/// Methods that some typed sockets, or contexts, have of their own.
trait Otherwise {
    fn send<M>(&self, _: M) -> No {
        No
    }
    fn try_send<M>(&self, _: M) -> No {
        No
    }
    fn send_timeout<M>(&self, _: M, _: Duration) -> No {
        No
    }
    fn send_async<M>(&self, _: M) -> No {
        No
    }
    fn recv(&self) -> No {
        No
    }
    fn try_recv(&self) -> No {
        No
    }
    fn recv_timeout(&self, _: Duration) -> No {
        No
    }
    fn recv_async(&self) -> No {
        No
    }
    fn send_ready(&self) -> No {
        No
    }
    fn recv_ready(&self) -> No {
        No
    }
    fn context(&self) -> No {
        No
    }
    fn set_ttl(&self, _: u8) -> No {
        No
    }
    fn subscribe(&self, _: &str) -> No {
        No
    }
    fn unsubscribe(&self, _: &str) -> No {
        No
    }
    fn set_prefer_new(&self, _: bool) -> No {
        No
    }
    fn set_back_pressure(&self, _: &str) -> No {
        No
    }
    fn set_resend_time(&self, _: Option<Duration>) -> No {
        No
    }
    fn set_resend(&self, _: &str) -> No {
        No
    }
    fn set_max_attempts(&self, _: u32) -> No {
        No
    }
    fn set_survey_time(&self, _: Option<Duration>) -> No {
        No
    }
}

impl<T> Otherwise for T {}

/// Whether that calls a method of the type's own. It is not called here.
fn is_own<R: 'static>(_: impl FnOnce() -> R) -> bool {
    TypeId::of::<R>() != TypeId::of::<No>()
}

/// The methods for sending, and for receiving, that a value has.
macro_rules! ways {
    ($on:expr) => {{
        let on = $on;
        let time = Duration::ZERO;
        let sends = [
            is_own(|| on.send("x")),
            is_own(|| on.try_send("x")),
            is_own(|| on.send_timeout("x", time)),
            is_own(|| on.send_async("x")),
            is_own(|| on.send_ready()),
        ];
        let receives = [
            is_own(|| on.recv()),
            is_own(|| on.try_recv()),
            is_own(|| on.recv_timeout(time)),
            is_own(|| on.recv_async()),
            is_own(|| on.recv_ready()),
        ];
        (sends, receives)
    }};
}

/// The options of protocols that a value has methods for.
macro_rules! options {
    ($on:expr) => {{
        let on = $on;
        let methods = [
            ("subscribe", is_own(|| on.subscribe(""))),
            ("unsubscribe", is_own(|| on.unsubscribe(""))),
            ("prefer-new", is_own(|| on.set_prefer_new(true))),
            ("back-pressure", is_own(|| on.set_back_pressure(""))),
            ("resend-time", is_own(|| on.set_resend_time(None))),
            ("resend", is_own(|| on.set_resend(""))),
            ("max-attempts", is_own(|| on.set_max_attempts(1))),
            ("survey-time", is_own(|| on.set_survey_time(None))),
            ("ttl", is_own(|| on.set_ttl(1))),
        ];
        let own = methods.into_iter().filter(|(_, own)| *own);
        own.map(|(name, _)| name).collect::<BTreeSet<_>>()
    }};
}

macro_rules! each {
    ($check:ident) => {
        $check!(
            Req, Rep, Pub, Sub, Push, Pull, Pair, Pair1, PairPoly, Surveyor, Respondent, Bus, Star
        )
    };
}

#[test]
fn methods_are_those_of_the_protocol_in_every_way_to_wait() {
    macro_rules! check {
        ($($socket:ident),*) => {$(
            let socket = $socket::open().unwrap();
            let info = socket.protocol();
            println!("{}", info.name());
            assert_eq!(ways!(&socket), ([info.can_send(); 5], [info.can_recv(); 5]));
            assert_eq!(is_own(|| socket.context()), info.has_contexts());
            let names = info.options().iter().map(|row| row.name());
            assert_eq!(options!(&socket), names.collect::<BTreeSet<_>>());
        )*};
    }
    each!(check);
}

#[test]
fn contexts_do_what_their_sockets_do() {
    macro_rules! check {
        ($($socket:ident),*) => {$(
            let socket = $socket::open().unwrap();
            let context = socket.context().unwrap();
            assert_eq!(ways!(&context), ways!(&socket));
            let rows = socket.protocol().options().iter();
            let names = rows.filter(|row| row.scope_of() == Scope::Context).map(|row| row.name());
            assert_eq!(options!(&context), names.collect::<BTreeSet<_>>());
        )*};
    }
    check!(Req, Rep, Sub, Surveyor, Respondent);
}

fn converts<K: Kind>(others: &[Socket]) {
    let typed = Typed::<K>::open().unwrap();
    let socket = Socket::from(typed.clone());
    assert_eq!(socket.protocol().name(), K::PROTOCOL);
    assert!(std::ptr::eq(
        typed.as_socket().protocol(),
        socket.protocol()
    ));
    Typed::<K>::try_from(socket).unwrap();
    for other in others {
        let name = other.protocol().name();
        match Typed::<K>::try_from(other.clone()) {
            Ok(_) => assert_eq!(name, K::PROTOCOL),
            Err(error) => {
                assert_ne!(name, K::PROTOCOL);
                assert_eq!(error.kind(), ErrorKind::NotSupported);
                let said = format!("`{name}`, where one of `{}` is", K::PROTOCOL);
                assert!(error.to_string().contains(&said), "{error}");
            }
        }
    }
}

#[test]
fn a_dynamic_socket_becomes_one_of_its_own_protocol_alone() {
    let runtime = Runtime::new().unwrap();
    let names = runtime.registry().protocols();
    let names: Vec<_> = names.map(|protocol| protocol.info().name()).collect();
    let others: Vec<_> = names
        .iter()
        .map(|name| runtime.open(name).unwrap())
        .collect();
    use spkit::typed::kind;
    macro_rules! check {
        ($($kind:ident),*) => { $(converts::<kind::$kind>(&others);)* };
    }
    each!(check);
}

#[test]
fn every_way_to_wait_passes_messages() {
    let runtime = Runtime::new().unwrap();
    let (req, rep) = (
        Req::open_in(&runtime).unwrap(),
        Rep::open_in(&runtime).unwrap(),
    );
    rep.listen("inproc://waits").unwrap();
    req.dial("inproc://waits").unwrap();
    let soon = Duration::from_secs(10);
    req.wait_for_peers(1, soon).unwrap();
    let body = |message: Message| message.body().to_vec();

    req.try_send("a").unwrap();
    assert_eq!(body(rep.recv_timeout(soon).unwrap()), b"a");
    rep.send_timeout("b", soon).unwrap();
    assert_eq!(body(block_on(req.recv_async()).unwrap()), b"b");

    let (asking, answering) = (req.context().unwrap(), rep.context().unwrap());
    block_on(asking.send_async("c")).unwrap();
    assert_eq!(body(block_on(answering.recv_async()).unwrap()), b"c");
    answering.try_send("d").unwrap();
    assert_eq!(body(asking.recv_timeout(soon).unwrap()), b"d");
    assert_eq!(asking.try_recv().unwrap_err().kind(), ErrorKind::State);

    asking.try_send("e").unwrap();
    assert!(ready::wait(rep.recv_ready().unwrap(), soon));
    assert_eq!(body(rep.try_recv().unwrap()), b"e");
    assert!(ready::wait(rep.send_ready().unwrap(), soon));
    rep.try_send("f").unwrap();
    assert!(ready::wait(asking.recv_ready().unwrap(), soon));
    assert_eq!(body(asking.try_recv().unwrap()), b"f");
    assert_eq!(req.close_with(soon).handed, 3);
}

#[test]
fn a_socket_opened_with_options_has_them() {
    let runtime = Runtime::new().unwrap();
    let sub = Sub::open_with(&runtime, |options| {
        options.set(spkit::options::RECV_BUFFER_MESSAGES, 7)
    });
    let kept = sub.unwrap().get(spkit::options::RECV_BUFFER_MESSAGES);
    assert_eq!(kept, Some(7));
}

#[test]
fn options_as_methods_set_what_they_say() {
    use spkit::{
        options::TTL,
        protocols::options::{
            BACK_PRESSURE, MAX_ATTEMPTS, PREFER_NEW, RESEND, RESEND_TIME, SURVEY_TIME,
        },
    };
    let time = Some(Duration::from_millis(1234));
    let req = Req::open().unwrap();
    req.set_resend_time(time).unwrap();
    req.set_resend("disconnect").unwrap();
    req.set_max_attempts(7).unwrap();
    assert_eq!(req.get(RESEND_TIME), Some(time));
    assert_eq!(req.get(RESEND).as_deref(), Some("disconnect"));
    assert_eq!(req.get(MAX_ATTEMPTS), Some(7));
    assert!(req.set_resend("sometimes").is_err());

    let sub = Sub::open().unwrap();
    sub.set_prefer_new(false).unwrap();
    sub.set_back_pressure("block").unwrap();
    assert_eq!(sub.get(PREFER_NEW), Some(false));
    assert_eq!(sub.get(BACK_PRESSURE).as_deref(), Some("block"));

    let publisher = Pub::open().unwrap();
    publisher.set_back_pressure("disconnect").unwrap();
    let policy = publisher.get(BACK_PRESSURE);
    assert_eq!(policy.as_deref(), Some("disconnect"));

    let surveyor = Surveyor::open().unwrap();
    surveyor.set_survey_time(time).unwrap();
    assert_eq!(surveyor.get(SURVEY_TIME), Some(time));

    let star = Star::open().unwrap();
    star.set_ttl(255).unwrap();
    assert_eq!(star.get(TTL), Some(255));
    assert!(star.set_ttl(0).is_err());
}

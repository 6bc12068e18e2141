//! Typed sockets: they have the methods of their protocol, and no others.

#[path = "support/ready.rs"]
mod ready;

use std::{any::TypeId, time::Duration};

use futures::executor::block_on;
use spkit::{
    Bus, ErrorKind, Message, Pair, Pair1, PairPoly, Pub, Pull, Push, Rep, Req, Respondent, Runtime,
    Socket, Star, Sub, Surveyor, options::TTL, typed::Kind, typed::Typed,
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
    fn set_resend_time(&self, _: Option<Duration>) -> No {
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
            let has_ttl = info.options().iter().any(|row| row.name() == TTL.name());
            assert_eq!(is_own(|| socket.set_ttl(1)), has_ttl);
            let has = |name| info.options().iter().any(|row| row.name() == name);
            assert_eq!(is_own(|| socket.subscribe("")), has("subscribe"));
            assert_eq!(is_own(|| socket.unsubscribe("")), has("unsubscribe"));
            assert_eq!(is_own(|| socket.set_resend_time(None)), has("resend-time"));
            assert_eq!(is_own(|| socket.set_survey_time(None)), has("survey-time"));
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
            assert_eq!(is_own(|| context.subscribe("")), is_own(|| socket.subscribe("")));
            assert_eq!(is_own(|| context.unsubscribe("")), is_own(|| socket.unsubscribe("")));
            assert_eq!(is_own(|| context.set_resend_time(None)), is_own(|| socket.set_resend_time(None)));
            assert_eq!(is_own(|| context.set_survey_time(None)), is_own(|| socket.set_survey_time(None)));
            assert!(!is_own(|| context.set_ttl(1)), "that is the socket's");
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

//! When options may change: before the start, for the next connection, at once.

use spkit::{
    ErrorKind, Registry, Runtime,
    api::{
        Cx, Event, Opt, OptSpec, Protocol, ProtocolInfo,
        option::{Change, Scope},
        register_protocol,
    },
    options::{MAX_PIPES, RECV_MAX, SEND_BUFFER},
    transports::options::{BACKLOG, TCP_IPV4_ONLY},
};

use crate::runtime;

const SIZE: Opt<i64> = Opt::new("table-size");

static OPTIONS: &[OptSpec] =
    &[
        OptSpec::int(SIZE, 7, "How large its table is made when it starts.")
            .range(1, 100)
            .scope(Scope::Context)
            .change(Change::BeforeStart),
    ];

static INFO: ProtocolInfo = ProtocolInfo::new("fixed", 0xfff0, 0xfff0)
    .with_contexts()
    .with_options(OPTIONS);

register_protocol!(FIXED, &INFO, || Box::new(Fixed));

/// A protocol with an option that is for its start.
#[derive(Debug)]
struct Fixed;

impl Protocol for Fixed {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, _: &mut Cx<'_>, _: Event<'_>) {}
}

#[test]
fn before_the_start_is_before_the_first_endpoint() {
    let runtime = Runtime::builder()
        .registry(Registry::linked().unwrap())
        .build()
        .unwrap();
    type Start = fn(&spkit::Socket);
    let starts: [Start; 2] = [
        |socket| socket.listen("inproc://fixed").unwrap().close(),
        |socket| socket.dial("inproc://nobody").unwrap().close(),
    ];
    for start in starts {
        let socket = runtime.open_with("fixed", |own| own.set(SIZE, 8)).unwrap();
        let context = socket.context().unwrap();
        socket.set(SIZE, 9).unwrap();
        context.set(SIZE, 10).unwrap();
        start(&socket);
        for error in [
            socket.set(SIZE, 11).unwrap_err(),
            context.set(SIZE, 11).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::OptionInvalid);
            let says =
                "option `table-size` is set before the socket's first dialer or listener is made";
            assert_eq!(error.context(), says);
        }
        assert_eq!(socket.get(SIZE), Some(9));
    }
}

#[test]
fn what_an_endpoint_is_made_with_stays() {
    let socket = runtime().open("pair").unwrap();
    let listener = socket.listen("tcp://127.0.0.1:0").unwrap();
    let dialer = socket.dial("tcp://127.0.0.1:1").unwrap();
    for (error, says) in [
        (
            listener.set(BACKLOG, 5).unwrap_err(),
            "option `backlog` is set when the listener is made",
        ),
        (
            listener.set(TCP_IPV4_ONLY, true).unwrap_err(),
            "option `tcp-ipv4-only` is set when the listener is made",
        ),
        (
            dialer.set(TCP_IPV4_ONLY, true).unwrap_err(),
            "option `tcp-ipv4-only` is set when the dialer is made",
        ),
    ] {
        assert_eq!(error.kind(), ErrorKind::OptionInvalid);
        assert_eq!(error.context(), says);
        assert!(error.address().is_some());
    }
    // On the socket it is for those made later.
    socket.set(TCP_IPV4_ONLY, true).unwrap();
    let later = socket.listen("tcp://*:0").unwrap();
    assert_eq!(
        (listener.get(TCP_IPV4_ONLY), later.get(TCP_IPV4_ONLY)),
        (Some(false), Some(true))
    );
}

#[test]
fn values_are_copied_when_an_endpoint_is_made() {
    let socket = runtime().open("pair").unwrap();
    socket.set(RECV_MAX, 100).unwrap();
    let early = socket.listen("inproc://early").unwrap();
    socket.set(RECV_MAX, 200).unwrap();
    let late = socket.listen("inproc://late").unwrap();
    let own = socket
        .listen_with("inproc://own", |own| own.set(RECV_MAX, 300))
        .unwrap();
    let values = [&early, &late, &own].map(|listener| listener.get(RECV_MAX));
    assert_eq!(values, [Some(100), Some(200), Some(300)]);
    early.set(RECV_MAX, 50).unwrap();
    assert_eq!(
        (early.get(RECV_MAX), socket.get(RECV_MAX)),
        (Some(50), Some(200))
    );
    early.set_str("send-buffer", "64KiB").unwrap();
    assert_eq!(early.get(SEND_BUFFER), Some(64 << 10));
}

#[test]
fn a_closed_endpoint_takes_no_options() {
    let socket = runtime().open("pair").unwrap();
    let listener = socket.listen("inproc://closed").unwrap();
    let dialer = socket.dial("inproc://closed").unwrap();
    listener.close();
    dialer.close();
    for (error, says) in [
        (
            listener.set(MAX_PIPES, 1).unwrap_err(),
            "the listener is closed",
        ),
        (dialer.set(RECV_MAX, 1).unwrap_err(), "the dialer is closed"),
        (
            dialer.set_str("recv-max", "1").unwrap_err(),
            "the dialer is closed",
        ),
    ] {
        assert_eq!((error.kind(), error.context()), (ErrorKind::Closed, says));
    }
    assert_eq!(
        (listener.get(MAX_PIPES), dialer.get(RECV_MAX)),
        (None, None)
    );
}

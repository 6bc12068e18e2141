//! Wrong names, kinds, values and scopes: which, and what is allowed.

use std::time::Duration;

use spkit::{
    ErrorKind, Result, Runtime,
    api::{Options, Value},
};

use crate::runtime;

fn int(number: i64) -> Value {
    Value::Int(number)
}

fn millis(number: u64) -> Value {
    Value::Duration(Some(Duration::from_millis(number)))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Wrong wherever they are set: name, value, and what is said.
fn wrong_everywhere() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        (
            "send-priority",
            int(0),
            "option `send-priority` takes 1 to 16, not 0",
        ),
        (
            "recv-priority",
            int(17),
            "option `recv-priority` takes 1 to 16, not 17",
        ),
        (
            "recv-priority",
            Value::Bool(true),
            "option `recv-priority` takes a value of kind int (1 to 16), not of kind bool",
        ),
        (
            "recv-max",
            int(1),
            "option `recv-max` takes a value of kind size (any size), not of kind int",
        ),
        (
            "send-buffer",
            Value::Size(0),
            "option `send-buffer` takes at least 1, not 0",
        ),
        (
            "send-buffer-messages",
            int(0),
            "option `send-buffer-messages` takes 1 to 1048576, not 0",
        ),
        (
            "handshake-timeout",
            millis(0),
            "option `handshake-timeout` takes 1ms to 3600s, not 0ns",
        ),
        (
            "handshake-timeout",
            Value::Duration(None),
            "option `handshake-timeout` takes 1ms to 3600s, not never",
        ),
        (
            "reconnect-min",
            millis(0),
            "option `reconnect-min` takes 1ms to 86400s, not 0ns",
        ),
        (
            "max-pipes",
            int(0),
            "option `max-pipes` takes 1 to 1048576, not 0",
        ),
        (
            "tcp-tos",
            int(256),
            "option `tcp-tos` takes 0 to 255, not 256",
        ),
        (
            "tcp-nodelay",
            text("yes"),
            "option `tcp-nodelay` takes a value of kind bool (true or false), not of kind text",
        ),
    ]
}

/// A socket of a protocol with options and contexts of its own.
fn sub() -> (Runtime, spkit::Socket) {
    let runtime = runtime();
    let sub = runtime.open("sub").unwrap();
    (runtime, sub)
}

#[test]
fn kinds_and_ranges() {
    let (runtime, socket) = sub();
    for (name, value, says) in wrong_everywhere() {
        let set = |own: &mut Options| own.set_value(name, value.clone()).map(drop);
        let text = value.to_string();
        let mut errors = vec![runtime.open_with("sub", set).unwrap_err()];
        if !says.contains("of kind") {
            errors.push(socket.set_str(name, &text).unwrap_err());
        }
        let transport = if name.starts_with("tcp-") {
            "tcp://127.0.0.1:0"
        } else {
            "inproc://x"
        };
        let endpoint = if name.starts_with("reconnect") {
            socket.dial_with("inproc://y", set).unwrap_err()
        } else {
            socket.listen_with(transport, set).unwrap_err()
        };
        errors.push(endpoint);
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::OptionInvalid, "{error}");
            assert_eq!(error.context(), says);
        }
    }
}

#[test]
fn texts_that_are_no_values() {
    let (_runtime, socket) = sub();
    for (name, value, says) in [
        (
            "prefer-new",
            "maybe",
            "option `prefer-new`: expected true or false, found `maybe`",
        ),
        (
            "yields",
            "many",
            "option `yields`: expected a whole number, found `many`",
        ),
        (
            "linger",
            "soon",
            "option `linger`: expected a time such as 250ms, 1.5s, 2m or never, found `soon`",
        ),
        (
            "recv-max",
            "1TB",
            "option `recv-max`: expected a size such as 4096, 64KiB or 1MiB, found `1TB`",
        ),
        (
            "linger",
            "never",
            "option `linger` takes any time, not never",
        ),
    ] {
        let error = socket.set_str(name, value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OptionInvalid);
        assert_eq!(error.context(), says);
    }
    let long = "x".repeat(64);
    let error = socket.set_str("socket-name", &long).unwrap_err();
    let says = format!("option `socket-name` takes at most 63 bytes, not `{long}`");
    assert_eq!(error.context(), says);
}

#[test]
fn unknown_names() {
    let (_runtime, socket) = sub();
    let listener = socket.listen("tcp://127.0.0.1:0").unwrap();
    let dialer = socket.dial("inproc://nobody").unwrap();
    let context = socket.context().unwrap();
    for (name, meant) in [
        (
            "recv-bufer",
            "`recv-bufer`; did you mean `recv-buffer`? There are: ",
        ),
        (
            "tcp_nodelay",
            "`tcp_nodelay`; did you mean `tcp-nodelay`? There are: ",
        ),
        ("colour", "`colour`; there are: "),
    ] {
        let tried: [Result<()>; 6] = [
            socket.set_str(name, "1"),
            context.set_str(name, "1"),
            listener.set_str(name, "1"),
            dialer.set_str(name, "1"),
            socket
                .dial_with("inproc://x", |own| own.set_value(name, int(1)).map(drop))
                .map(drop),
            socket
                .listen_with("tcp://*:0", |own| own.set_value(name, int(1)).map(drop))
                .map(drop),
        ];
        for (place, tried) in tried.into_iter().enumerate() {
            let error = tried.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OptionUnknown);
            // An inproc dialer has no option of tcp; all it could be meant to set are named.
            let near =
                error.context().starts_with(meant) || (place == 3 && name.starts_with("tcp"));
            assert!(near, "{place}: {error}");
            assert!(error.context().contains("recv-max, "), "{error}");
        }
    }
}

#[test]
fn scopes() {
    let (_runtime, socket) = sub();
    let listener = socket.listen("tcp://127.0.0.1:0").unwrap();
    let dialer = socket.dial("inproc://nobody").unwrap();
    let context = socket.context().unwrap();
    let (dial, listen, own) = ("a dialer", "a listener", "a context");
    for (name, value, place, owners) in [
        ("max-pipes", "1", dial, "belongs to listeners"),
        ("linger", "1s", dial, "belongs to the socket"),
        (
            "recv-timeout",
            "1s",
            dial,
            "belongs to the socket and its contexts",
        ),
        (
            "prefer-new",
            "on",
            dial,
            "belongs to the socket and its contexts",
        ),
        ("reconnect-min", "1s", listen, "belongs to dialers"),
        (
            "recv-buffer",
            "1",
            listen,
            "belongs to the socket and its contexts",
        ),
        ("tcp-connect-timeout", "1s", listen, "belongs to dialers"),
        ("recv-max", "1", own, "belongs to dialers and listeners"),
        ("yields", "1", own, "belongs to the socket"),
    ] {
        let says = format!("option `{name}` {owners}, not to {place}");
        let row = socket
            .option_rows()
            .into_iter()
            .find(|row| row.name() == name)
            .unwrap();
        let value_of = Value::parse(row.kind(), value).unwrap();
        let set = |options: &mut Options| options.set_value(name, value_of.clone()).map(drop);
        let errors = match place {
            "a dialer" => vec![
                dialer.set_str(name, value).unwrap_err(),
                socket.dial_with("tcp://127.0.0.1:1", set).unwrap_err(),
            ],
            "a listener" => vec![
                listener.set_str(name, value).unwrap_err(),
                socket.listen_with("tcp://127.0.0.1:0", set).unwrap_err(),
            ],
            _ => vec![context.set_str(name, value).unwrap_err()],
        };
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::OptionInvalid);
            assert_eq!(error.context(), says);
        }
    }
}

#[test]
fn options_of_other_transports() {
    let (_runtime, socket) = sub();
    let listener = socket.listen("inproc://here").unwrap();
    let says = "option `tcp-nodelay` is not one of transport `inproc`";
    let nodelay = spkit::transports::options::TCP_NODELAY;
    for error in [
        listener.set(nodelay, true).unwrap_err(),
        socket
            .dial_with("inproc://x", |own| own.set(nodelay, true))
            .unwrap_err(),
        socket
            .listen_with("inproc://x", |own| own.set(nodelay, true))
            .unwrap_err(),
    ] {
        assert_eq!(error.context(), says);
    }
    // On the socket it waits for the endpoints that have it.
    socket.set(nodelay, false).unwrap();
    socket.listen("inproc://x").unwrap();
    assert_eq!(
        socket.listen("tcp://127.0.0.1:0").unwrap().get(nodelay),
        Some(false)
    );
}

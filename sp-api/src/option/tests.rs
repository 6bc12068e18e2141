//! Tables and sets.

use std::time::Duration;

use super::*;
use crate::ErrorKind;

const TTL: Opt<i64> = Opt::new("ttl");
const WAIT: Opt<Duration> = Opt::new("wait");
static TABLE: &[OptSpec] = &[
    OptSpec::int(TTL, 8, "Hops.").range(1, 255),
    OptSpec::duration(WAIT, 100, "Wait."),
];

#[test]
fn unset_options_have_their_defaults() {
    let mut options = Options::over(&[TABLE]);
    assert_eq!(options.get(TTL), Some(8));
    options.set(TTL, 3).unwrap();
    assert_eq!(options.get(TTL), Some(3));
    assert_eq!(options.get(WAIT), Some(Duration::from_millis(100)));
    assert_eq!(options.get(Opt::<bool>::new("other")), None);
}

#[test]
fn acts_add_up_and_have_no_value() {
    const DO: Opt<Vec<u8>> = Opt::new("do");
    static ACTS: &[OptSpec] = &[OptSpec::bytes(DO, b"", "Does it.").act()];
    let mut options = Options::over(&[TABLE, ACTS]).with(TTL, 3).unwrap();
    for what in ["a", "b", "a"] {
        options.set(DO, what.into()).unwrap();
    }
    assert_eq!(options.get(DO), None);
    let acts = options.take_acts();
    let acts: Vec<_> = acts.iter().map(|(_, what)| what.to_string()).collect();
    assert_eq!(acts, ["a", "b", "a"]);
    assert!(options.take_acts().is_empty());
    assert_eq!(options.get(TTL), Some(3));
}

#[test]
fn an_unknown_name_lists_the_known_ones_and_the_one_that_was_meant() {
    let options = Options::over(&[TABLE]);
    for (name, says) in [
        ("tlt", "unknown option: `tlt`; there are: ttl, wait"),
        (
            "waits",
            "unknown option: `waits`; did you mean `wait`? There are: ttl, wait",
        ),
        ("a\n", "unknown option: `a\\n`; there are: ttl, wait"),
    ] {
        let error = options.row(name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OptionUnknown);
        assert_eq!(error.to_string(), says);
    }
}

#[test]
fn an_endpoint_inherits_what_it_knows() {
    let socket = Options::over(&[TABLE]).with(TTL, 3).unwrap();
    let mut endpoint = Options::over(&[&TABLE[1..]]);
    endpoint.inherit(&socket);
    assert_eq!(endpoint.get(TTL), None);
}

#[test]
fn refusals_name_option_value_and_what_is_allowed() {
    const TEXT: Opt<String> = Opt::new("text");
    const ROOM: Opt<usize> = Opt::new("room");
    const PATIENCE: Opt<Option<Duration>> = Opt::new("patience");
    let time = |millis| Value::Duration(Some(Duration::from_millis(millis)));
    let text = |text: &str| Value::Text(text.to_owned());
    let ranged = OptSpec::duration(WAIT, 100, "Wait.").range(1, 10_000);
    let patience = OptSpec::timeout(PATIENCE, None, "Patience.").range(5, i64::MAX);
    let room = OptSpec::size(ROOM, 8, "Room.").range(1, i64::MAX);
    let choice = OptSpec::text(TEXT, "a", "Text.").one_of(&["a", "b", "c"]);
    let short = OptSpec::text(TEXT, "", "Text.").takes("at most 2 bytes", |text| text.len() < 3);
    for (row, value, says) in [
        (&TABLE[0], Value::Int(0), "`ttl` takes 1 to 255, not 0"),
        (
            &TABLE[0],
            Value::Bool(true),
            "`ttl` takes a value of kind int (1 to 255), not of kind bool",
        ),
        (
            &TABLE[1],
            Value::Duration(None),
            "`wait` takes any time, not never",
        ),
        (
            &ranged,
            Value::Duration(None),
            "`wait` takes 1ms to 10s, not never",
        ),
        (
            &ranged,
            Value::Duration(Some(Duration::from_micros(10_000_001))),
            "`wait` takes 1ms to 10s, not 10.000001s",
        ),
        (
            &patience,
            time(4),
            "`patience` takes at least 5ms or never, not 4ms",
        ),
        (&room, Value::Size(0), "`room` takes at least 1, not 0"),
        (&choice, text("d"), "`text` takes a, b or c, not `d`"),
        (
            &short,
            text("abc"),
            "`text` takes at most 2 bytes, not `abc`",
        ),
    ] {
        let error = row.check(&value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OptionInvalid);
        assert_eq!(error.context(), format!("option {says}"));
        row.check(&row.default()).unwrap();
    }
    for (row, value) in [
        (&ranged, time(10_000)),
        (&patience, Value::Duration(None)),
        (&choice, text("c")),
    ] {
        row.check(&value).unwrap();
    }
}

#[test]
fn scopes_say_whose_option_it_is() {
    use Scope::{Context, Dialer, Endpoint, Listener, Socket};
    let row = |scope| OptSpec::int(TTL, 8, "Hops.").scope(scope);
    for (scope, on, says) in [
        (Socket, Dialer, "the socket, not to a dialer"),
        (Socket, Context, "the socket, not to a context"),
        (
            Context,
            Listener,
            "the socket and its contexts, not to a listener",
        ),
        (Dialer, Listener, "dialers, not to a listener"),
        (Listener, Dialer, "listeners, not to a dialer"),
        (Endpoint, Context, "dialers and listeners, not to a context"),
    ] {
        let error = row(scope).check_scope(on).unwrap_err();
        assert_eq!(error.context(), format!("option `ttl` belongs to {says}"));
    }
    for (scope, on) in [
        (Endpoint, Dialer),
        (Endpoint, Listener),
        (Context, Context),
        (Dialer, Socket),
    ] {
        row(scope).check_scope(on).unwrap();
    }
}

#[test]
fn live_options_show_what_was_set_since() {
    let live = LiveOptions::new(Options::over(&[TABLE]));
    let (kept, before) = (live.clone(), live.now());
    live.replace(Options::over(&[TABLE]).with(TTL, 3).unwrap());
    assert_eq!((kept.now().get(TTL), before.get(TTL)), (Some(3), Some(8)));
}

#[test]
fn text_reads_as_each_kind() {
    let parse = |kind, text| Value::parse(kind, text).unwrap();
    assert_eq!(
        parse(Kind::Duration, "1.5s"),
        Value::Duration(Some(Duration::from_millis(1500)))
    );
    assert_eq!(parse(Kind::Duration, "never"), Value::Duration(None));
    assert_eq!(parse(Kind::Size, "64KiB"), Value::Size(65536));
    assert_eq!(parse(Kind::Bool, "on"), Value::Bool(true));
    for (kind, text) in [
        (Kind::Int, "x"),
        (Kind::Duration, "1 parsec"),
        (Kind::Duration, "-2s"),
        (Kind::Size, "1TB"),
        (Kind::Bool, "maybe"),
    ] {
        assert!(Value::parse(kind, text).is_err(), "{text}");
    }
}

//! Sockets that do not fit (SP-DV-001).

use spkit::{Device, ErrorKind, Runtime};

use crate::open;

#[test]
fn the_error_says_what_is_wrong_and_what_fits() {
    let runtime = Runtime::new().unwrap();
    for (first, second, complaint) in [
        (
            "rep",
            "xreq",
            "`rep` is not raw: it keeps the headers to itself; its raw form is `xrep`",
        ),
        (
            "xrep",
            "req",
            "`req` is not raw: it keeps the headers to itself; its raw form is `xreq`",
        ),
        (
            "pair1-poly",
            "xpair1",
            "`pair1-poly` is not raw: it keeps the headers to itself; its raw form is `xpair1`",
        ),
        (
            "xrep",
            "xrep",
            "`xrep` and `xrep` are not each other's peers; with `xrep` goes `xreq`, and with `xrep` goes `xreq`",
        ),
        ("xreq", "xreq", "with `xreq` goes `xrep`"),
        (
            "xrep",
            "xrespondent",
            "with `xrep` goes `xreq`, and with `xrespondent` goes `xsurveyor`",
        ),
        ("xpub", "xpub", "with `xpub` goes `xsub`"),
        (
            "xsub",
            "xpull",
            "with `xsub` goes `xpub`, and with `xpull` goes `xpush`",
        ),
        (
            "xpair",
            "xpair1",
            "with `xpair` goes `xpair`, and with `xpair1` goes `xpair1`",
        ),
        (
            "xbus",
            "xstar",
            "with `xbus` goes `xbus`, and with `xstar` goes `xstar`",
        ),
    ] {
        let [one, other] = open(&runtime, [first, second]);
        let error = Device::new(&one, &other).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSupported);
        let text = error.to_string();
        assert!(text.contains(complaint), "{first}, {second}: {text}");
        // Nothing has happened to them.
        assert!(one.listen("inproc://free").is_ok());
        one.close();
        other.close();
    }
}

#[test]
fn a_socket_that_cannot_be_alone_says_what_it_takes() {
    let runtime = Runtime::new().unwrap();
    for (alone, complaint) in [
        (
            "bus",
            "`bus` is not raw: it keeps the headers to itself; its raw form is `xbus`",
        ),
        (
            "xrep",
            "`xrep` does not talk to itself: it takes a second socket, `xreq`",
        ),
        (
            "xpull",
            "`xpull` does not talk to itself: it takes a second socket, `xpush`",
        ),
        ("xstar", "`xstar` forwards by itself"),
    ] {
        let [socket] = open(&runtime, [alone]);
        let error = Device::loopback(&socket).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSupported);
        let text = error.to_string();
        assert!(text.contains(complaint), "{alone}: {text}");
    }
    let [bus] = open(&runtime, ["xbus"]);
    let error = Device::new(&bus, &bus.clone()).unwrap_err();
    assert!(error.to_string().contains("Device::loopback"), "{error}");
}

#[test]
fn what_fits_fits_in_either_order() {
    let runtime = Runtime::new().unwrap();
    for [first, second] in [
        ["xreq", "xrep"],
        ["xsurveyor", "xrespondent"],
        ["xsub", "xpub"],
        ["xpull", "xpush"],
        ["xpair", "xpair"],
        ["xpair1", "xpair1"],
        ["xbus", "xbus"],
        ["xstar", "xstar"],
    ] {
        let [one, other] = open(&runtime, [first, second]);
        Device::new(&one, &other).unwrap();
        Device::new(&other, &one).unwrap();
    }
}

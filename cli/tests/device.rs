//! `spkit device` between programs of other implementations.

mod support;

use std::{io::Write as _, path::PathBuf};

use support::{
    peers,
    places::Carrier,
    program::{Program, SOON},
};

const SPKIT: &str = env!("CARGO_BIN_EXE_spkit");

/// The program of another implementation, if it is there; if not, that is said aloud.
fn theirs(found: Result<PathBuf, String>) -> Option<PathBuf> {
    if let Err(reason) = &found {
        assert!(!peers::required(), "{reason}, and SPKIT_REQUIRE_PEERS=1");
        // Not `eprintln!`, which the test runner keeps to itself.
        let told = format!("lane not run: {reason}\n");
        std::io::stderr().write_all(told.as_bytes()).unwrap();
    }
    found.ok()
}

/// A device that listens at both ends, and says so.
fn device(protocol: &str, front: &str, back: &str, more: &str) -> Program {
    let line = format!("device --protocol {protocol} --front {front} --back {back} {more}");
    let mut device = Program::start(SPKIT, &line, &[]);
    assert_eq!(device.line(), format!("front listens at {front}"));
    assert_eq!(device.line(), format!("back listens at {back}"));
    device
}

// SP-DV-002, SP-DV-003
#[test]
fn requests_of_nanomsg_and_nng_pass_and_replies_find_back() {
    let (Some(nanocat), Some(nngcat)) = (theirs(peers::nanocat()), theirs(peers::nngcat())) else {
        return;
    };
    for (front, back) in [(Carrier::Tcp, Carrier::Ipc), (Carrier::Ipc, Carrier::Tcp)] {
        let (front, back) = (front.place(), back.place());
        let mut device = device("rep", front.address(), back.address(), "--tap");
        let connect = format!("--connect {}", back.address());
        let _worker = Program::start(&nanocat, &format!("--rep {connect} -D pong"), &[]);
        let ask = format!("--req --connect {} -D ping --ascii", front.address());
        let mut client = Program::start(&nanocat, &ask, &[]);
        assert_eq!(client.line(), "pong");
        let ask = format!("--req0 --async --dial {} -D ping --ascii", front.address());
        let mut client = Program::start(&nngcat, &ask, &[]);
        assert_eq!(client.bytes(4), b"pong");
        // One word for the connection, one for the request.
        let seen = [(); 4].map(|()| device.line());
        for (line, (way, body)) in seen
            .iter()
            .zip([(">", "ping"), ("<", "pong")].into_iter().cycle())
        {
            let words: Vec<_> = line.split(' ').collect();
            let [mark, channel, id, text] = words[..] else {
                panic!("{line}");
            };
            assert_eq!((mark, text), (way, &*format!("\"{body}\")")), "{line}");
            assert!(channel.starts_with("Message(") && id.len() == 8, "{line}");
        }
        assert!(device.is_running());
    }
}

// SP-DV-012
#[test]
fn surveys_of_nanomsg_reach_its_respondents() {
    let Some(nanocat) = theirs(peers::nanocat()) else {
        return;
    };
    let (front, back) = (Carrier::Tcp.place(), Carrier::Tcp.place());
    let _device = device("respondent", front.address(), back.address(), "");
    let connect = format!("--respondent --connect {}", back.address());
    let _respondents =
        ["one", "two"].map(|name| Program::start(&nanocat, &format!("{connect} -D {name}"), &[]));
    let ask = format!(
        "--surveyor --connect {} -D who --ascii -i 1",
        front.address()
    );
    let mut surveyor = Program::start(&nanocat, &ask, &[]);
    let until = std::time::Instant::now() + SOON;
    let mut missing = vec!["one", "two"];
    while !missing.is_empty() {
        assert!(
            std::time::Instant::now() < until,
            "nothing from {missing:?}"
        );
        let line = surveyor.line();
        missing.retain(|name| *name != line);
    }
}

// SP-BU-007
#[test]
fn a_hub_for_buses_of_nanomsg() {
    let Some(nanocat) = theirs(peers::nanocat()) else {
        return;
    };
    let hub = Carrier::Tcp.place();
    let line = format!("device --protocol bus --front {} --tap", hub.address());
    let mut device = Program::start(SPKIT, &line, &[]);
    assert_eq!(device.line(), format!("front listens at {}", hub.address()));
    let bus = |more: &str| {
        let line = format!("--bus --connect {} {more}", hub.address());
        Program::start(&nanocat, &line, &[])
    };
    let mut listener = bus("--ascii");
    let _talker = bus("-D hello -i 0.05");
    assert_eq!(listener.line(), "hello");
    assert!(device.line().starts_with("> Message("));
}

#[test]
fn what_does_not_fit_is_said_before_anything_starts() {
    for (line, complaint) in [
        (
            "--protocol rep --front tcp://127.0.0.1:0",
            "it takes a second socket, `xreq`",
        ),
        (
            "--protocol star --front tcp://127.0.0.1:0",
            "`xstar` forwards by itself",
        ),
        (
            "--protocol conflate --front tcp://127.0.0.1:0",
            "no protocol `conflate`",
        ),
        (
            "--protocol rep --front nonsense --back tcp://127.0.0.1:0",
            "nonsense",
        ),
        (
            "--protocol rep --back tcp://127.0.0.1:0",
            "the front has no address",
        ),
        ("--front tcp://127.0.0.1:0", "--protocol"),
    ] {
        let end = Program::start(SPKIT, &format!("device {line}"), &[]).end();
        assert_eq!(end.code, Some(64), "{line}: {end:?}");
        assert_eq!(end.out, b"", "{line}");
        assert!(end.errors.contains(complaint), "{line}: {}", end.errors);
    }
}

//! Two of our `nanocat` talking: what arrives, how it is printed, and that
//! nothing is lost at the end.

mod support;

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use support::places::{Carrier, free_port};
use support::program::{OURS, Program};

/// Every byte there is, with quotes and line ends among them.
fn every_byte() -> Vec<u8> {
    (0..=255).collect()
}

fn hex(body: &[u8]) -> String {
    let digits: String = body.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    format!("\"{digits}\"")
}

fn msgpack(body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len()).unwrap();
    let head = match u8::try_from(len) {
        Ok(len) => vec![0xc4, len],
        Err(_) => [&[0xc5], &len.to_be_bytes()[..]].concat(),
    };
    [&head[..], body].concat()
}

#[test]
fn the_issues_own_line() {
    for carrier in Carrier::ALL {
        let place = carrier.place();
        let at = place.address();
        let mut rep = Program::ours(&format!("--rep --bind {at} --data pong --ascii"));
        for _ in 0..3 {
            let mut req = Program::ours(&format!("--req --connect {at} --data ping --ascii"));
            assert_eq!(req.line(), "pong");
            req.succeeds();
            assert_eq!(rep.line(), "ping");
        }
    }
}

#[test]
fn every_format_prints_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("message");
    let long = vec![b'~'; 300];
    for body in [&b"a \"b\"\\\n\t\0\xff"[..], b"", &every_byte(), &long] {
        fs::write(&file, body).unwrap();
        let ascii = |byte: &u8| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        };
        let quoted = |byte: &u8| match byte {
            b'\n' => "\\n".to_owned(),
            b'\r' => "\\r".to_owned(),
            b'"' | b'\\' => format!("\\{}", char::from(*byte)),
            b' '..=b'~' => char::from(*byte).to_string(),
            _ => format!("\\x{byte:02x}"),
        };
        let lines = [
            ("--ascii", body.iter().map(ascii).collect::<String>()),
            (
                "-Q",
                format!("\"{}\"", body.iter().map(quoted).collect::<String>()),
            ),
            ("--hex", hex(body)),
        ];
        for (format, line) in lines {
            assert_eq!(pulled(&file, format).line(), line, "{format}");
        }
        for (format, bytes) in [("--raw", body.to_vec()), ("--msgpack", msgpack(body))] {
            let printed = pulled(&file, format).bytes(bytes.len());
            assert!(printed == bytes, "{format} of {body:?}: {printed:?}");
        }
    }
}

/// A PULL that was sent a file.
fn pulled(file: &Path, format: &str) -> Program {
    let place = Carrier::Ipc.place();
    let pull = Program::ours(&format!("--pull --bind {} {format}", place.address()));
    let push = format!("--push --connect {} --file", place.address());
    Program::start(OURS, &push, &[file.as_os_str()]).succeeds();
    pull
}

#[test]
fn without_a_format_nothing_is_printed() {
    for format in ["", "--format no", "--raw --format=no"] {
        let place = Carrier::Tcp.place();
        let at = place.address();
        let rep = Program::ours(&format!("--rep --bind {at} -D pong {format}"));
        let mut req = Program::ours(&format!("--req --connect {at} -D ping --raw"));
        assert_eq!(req.bytes(4), b"pong");
        req.succeeds();
        assert_eq!(rep.kill(), b"");
    }
}

#[test]
fn pair_talks_both_ways() {
    for carrier in Carrier::ALL {
        let place = carrier.place();
        let at = place.address();
        let mut one = Program::ours(&format!("--pair --bind {at} -D one -A"));
        let mut two = Program::ours(&format!("--pair --connect {at} -D two -A"));
        assert_eq!((one.line(), two.line()), ("two".into(), "one".into()));
        // Without data a PAIR only listens.
        drop(two);
        let mut three = Program::ours(&format!("--pair --connect {at} -A"));
        drop(one);
        let _one = Program::ours(&format!("--pair --bind {at} -D again -A"));
        assert_eq!(three.line(), "again");
    }
}

#[test]
fn one_socket_has_many_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket").display().to_string();
    let ports = [free_port(), free_port()];
    let mut pull = Program::ours(&format!(
        "--pull -A -L {} --bind-local={} -X {path}",
        ports[0], ports[1]
    ));
    let ways = [
        format!("-l {}", ports[0]),
        format!("--connect-local {}", ports[1]),
        format!("-x {path}"),
    ];
    for (n, way) in ways.iter().enumerate() {
        Program::ours(&format!("--push {way} -D {n}")).succeeds();
        assert_eq!(pull.line(), n.to_string());
    }
    let [one, two] = [Carrier::Tcp.place(), Carrier::Ipc.place()];
    let ends = [&one, &two].map(|place| {
        let line = format!("--pull -A --bind {}", place.address());
        Program::ours(&line)
    });
    let line = format!(
        "--push --connect {} --connect {} -D x -i 0.01",
        one.address(),
        two.address()
    );
    let _push = Program::ours(&line);
    for mut end in ends {
        assert_eq!(end.line(), "x");
    }
}

#[test]
fn the_last_message_is_never_lost() {
    for carrier in Carrier::ALL {
        let place = carrier.place();
        let at = place.address();
        let mut pull = Program::ours(&format!("--pull --bind {at} --ascii"));
        for n in 0..20 {
            Program::ours(&format!("--push --connect {at} --data {n}")).succeeds();
            assert_eq!(pull.line(), n.to_string());
        }
    }
}

#[test]
fn the_last_message_is_never_lost_by_a_listener() {
    for carrier in Carrier::ALL {
        for n in 0..10 {
            let place = carrier.place();
            let at = place.address();
            let mut pull = Program::ours(&format!("--pull --connect {at} --ascii"));
            Program::ours(&format!("--push --bind {at} --data {n}")).succeeds();
            assert_eq!(pull.line(), n.to_string());
        }
    }
}

#[test]
fn a_large_last_message_is_never_lost() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("message");
    let body: Vec<u8> = (0..250_000_u32).flat_map(u32::to_le_bytes).collect();
    fs::write(&file, &body).unwrap();
    for carrier in Carrier::ALL {
        let place = carrier.place();
        let mut pull = Program::ours(&format!("--pull --bind {} --raw", place.address()));
        for _ in 0..10 {
            let push = format!("--push --connect {} -F", place.address());
            Program::start(OURS, &push, &[file.as_os_str()]).succeeds();
            assert!(pull.bytes(body.len()) == body);
        }
    }
}

#[test]
fn an_interval_repeats_and_a_delay_waits() {
    let place = Carrier::Ipc.place();
    let at = place.address();
    let mut pull = Program::ours(&format!("--pull --bind {at} -A"));
    let start = Instant::now();
    let _push = Program::ours(&format!("--push --connect {at} -D x -i 0.05 --delay 0.3"));
    for _ in 0..5 {
        assert_eq!(pull.line(), "x");
    }
    assert!(start.elapsed() >= Duration::from_millis(300 + 4 * 50));
}

#[test]
fn an_interval_asks_again() {
    let place = Carrier::Tcp.place();
    let at = place.address();
    let mut rep = Program::ours(&format!("--rep --bind {at} -D pong -A"));
    let mut req = Program::ours(&format!("--req --connect {at} -D ping -A -i 0.02"));
    for _ in 0..20 {
        assert_eq!((req.line(), rep.line()), ("pong".into(), "ping".into()));
    }
    // Also where nobody answers.
    drop(rep);
    let mut rep = Program::ours(&format!("--rep --bind {at} -A"));
    for _ in 0..3 {
        assert_eq!(rep.line(), "ping");
    }
    assert!(req.is_running());
}

#[test]
fn a_pair_with_an_interval_prints_while_it_waits() {
    let place = Carrier::Ipc.place();
    let at = place.address();
    let mut slow = Program::ours(&format!("--pair --bind {at} -D slow -A -i 1000"));
    let mut fast = Program::ours(&format!("--pair --connect {at} -D fast -A -i 0.01"));
    assert_eq!(fast.line(), "slow");
    for _ in 0..20 {
        assert_eq!(slow.line(), "fast");
    }
}

#[test]
fn thousands_of_messages_arrive() {
    for carrier in Carrier::ALL {
        let place = carrier.place();
        let at = place.address();
        let mut pull = Program::ours(&format!("--pull --bind {at} -A"));
        let more: [&OsStr; 2] = ["-D".as_ref(), "some words".as_ref()];
        let line = format!("--push --connect {at} --interval 0");
        let mut push = Program::start(OURS, &line, &more);
        for _ in 0..5_000 {
            assert_eq!(pull.line(), "some words");
        }
        assert!(push.is_running());
    }
}

#[test]
fn a_peer_that_is_killed_is_replaced() {
    for carrier in Carrier::ALL {
        let place = carrier.place();
        let at = place.address();
        let _push = Program::ours(&format!("--push --connect {at} -D x -i 0.01"));
        // The file of an ipc socket outlives the killed process.
        for _ in 0..3 {
            let mut pull = Program::ours(&format!("--pull --bind {at} -A"));
            for _ in 0..5 {
                assert_eq!(pull.line(), "x");
            }
            pull.kill();
        }
    }
}

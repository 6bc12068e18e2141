//! How our `nanocat` ends: when, with which exit status, and what it says.

mod support;

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::peers;
use support::places::{Carrier, free_port};
use support::program::{End, OURS, Program, starting};

/// Asserts that the program ends with status 3 and one line that begins so.
#[track_caller]
fn fails(line: &str, begin: &str) {
    let end = Program::ours(line).end();
    assert_eq!(end.code, Some(3), "{line}: {end:?}");
    assert!(end.errors.starts_with(begin), "{line}: {end:?}");
    assert!(end.errors.ends_with('\n'), "{line}: {end:?}");
    assert_eq!(end.errors.lines().count(), 1, "{line}: {end:?}");
    assert!(end.out.is_empty(), "{line}: {end:?}");
}

#[test]
fn receiving_ends_well_after_a_fraction_of_a_second() {
    for kind in ["--pull", "--pair", "--rep"] {
        let start = Instant::now();
        Program::ours(&format!("{kind} -L {} --recv-timeout 0.3", free_port())).succeeds();
        assert!(start.elapsed() >= Duration::from_millis(300), "{kind}");
    }
    Program::ours(&format!("--pull -L {} --recv-timeout 0", free_port())).succeeds();
}

#[test]
fn each_message_starts_the_time_anew() {
    let place = Carrier::Ipc.place();
    let at = place.address();
    let push = Program::ours(&format!("--push --bind {at} -D x -i 0.1"));
    let mut pull = Program::ours(&format!("--pull --connect {at} -A --recv-timeout 5"));
    for _ in 0..3 {
        assert_eq!(pull.line(), "x");
    }
    push.kill();
    let end = pull.end();
    assert_eq!((end.code, end.errors.as_str()), (Some(0), ""));
}

#[test]
fn a_pair_that_asked_ends_well_when_time_runs_out() {
    let place = Carrier::Ipc.place();
    let at = place.address();
    let mut one = Program::ours(&format!("--pair --bind {at} -A"));
    Program::ours(&format!("--pair --connect {at} -D x --recv-timeout 0.1")).succeeds();
    assert_eq!(one.line(), "x");
}

#[test]
fn a_replier_that_hears_nothing_fails() {
    let line = format!("--rep -L {} -D x --recv-timeout 0.1", free_port());
    fails(&line, "Can't recv: timed out");
}

#[test]
fn a_message_that_is_not_sent_in_time_is_a_failure() {
    for kind in ["--push", "--pair", "--push -i 0.1"] {
        let start = Instant::now();
        let line = format!("{kind} -l {} -D x --send-timeout 0.3", free_port());
        fails(&line, "Can't send: timed out");
        assert!(start.elapsed() >= Duration::from_millis(300), "{kind}");
    }
    let line = format!("--push -L {} -D x --send-timeout 0", free_port());
    fails(&line, "Can't send: ");
}

#[test]
fn a_listener_in_use_is_named() {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port();
    let line = format!("--pull -L {port}");
    fails(
        &line,
        &format!("Can't bind: tcp://127.0.0.1:{port}: address in use"),
    );

    let place = Carrier::Ipc.place();
    let at = place.address();
    let mut first = Program::ours(&format!("--pull --bind {at} -A"));
    Program::ours(&format!("--push --connect {at} -D x")).succeeds();
    assert_eq!(first.line(), "x");
    let second = format!("--pull --bind {at}");
    fails(&second, &format!("Can't bind: {at}: address in use"));
    Program::ours(&format!("--push --connect {at} -D y")).succeeds();
    assert_eq!(first.line(), "y");
}

#[test]
fn one_bad_address_of_several_is_enough() {
    let port = free_port();
    let line = format!("--pull -L {port} --connect tcp://127.0.0.1:no --bind foo://x");
    fails(
        &line,
        "Can't bind: foo://x: not supported: no transport `foo`",
    );
}

#[test]
fn bad_addresses_are_named() {
    let rows = [
        ("bind", "foo://x", "not supported: no transport `foo`"),
        ("connect", "foo://x", "not supported: no transport `foo`"),
        ("bind", "x", "invalid address: "),
        ("connect", "x", "invalid address: "),
        ("connect", "tcp://", "invalid address: "),
        ("connect", "tcp://127.0.0.1", "invalid address: "),
        ("connect", "tcp://127.0.0.1:x", "invalid address: "),
        ("bind", "tcp://127.0.0.1:65536", "invalid address: "),
        ("bind", "ipc:///missing/folder/x", "invalid address: "),
    ];
    for (way, address, why) in rows {
        let line = format!("--pair --{way} {address}");
        fails(&line, &format!("Can't {way}: {address}: {why}"));
    }
}

#[test]
fn a_name_has_a_limit() {
    let line = |len| {
        let name = "x".repeat(len);
        format!(
            "--pull -L {} --socket-name {name} --recv-timeout 0",
            free_port()
        )
    };
    Program::ours(&line(63)).succeeds();
    fails(&line(64), "Can't set socket name: ");
}

/// Where nobody reads what is printed, going on is of no use; the signal is what every program in a pipeline ends by.
#[test]
#[cfg(unix)]
fn an_output_that_is_gone_ends_it() {
    use std::os::unix::process::ExitStatusExt;
    const SIGPIPE: i32 = 13;
    let programs = [Ok(OURS.into()), peers::nanocat()];
    for program in programs.into_iter().flatten() {
        for (line, sends) in [("--pull --ascii", true), ("--help", false)] {
            let place = Carrier::Ipc.place();
            let at = place.address();
            let alone = starting();
            let mut child = Command::new(&program)
                .args(line.split(' '))
                .args(["--bind", at])
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            drop((alone, child.stdout.take()));
            if sends {
                Program::ours(&format!("--push --connect {at} -D x")).succeeds();
            }
            let end = child.wait_with_output().unwrap();
            let text = String::from_utf8(end.stderr).unwrap();
            // The help may have been written before there was nobody to read it.
            if sends || end.status.code() != Some(0) {
                assert_eq!(
                    end.status.signal(),
                    Some(SIGPIPE),
                    "{program:?} {line}: {text}"
                );
            }
            assert_eq!(text, "");
        }
    }
}

/// A peer of another protocol does no harm, and does not hold up the end.
#[test]
fn a_wrong_peer_does_no_harm() {
    for carrier in Carrier::ALL {
        let place = carrier.place();
        let at = place.address();
        let mut pull = Program::ours(&format!("--pull --bind {at} -A"));
        let wrong = Program::ours(&format!("--rep --connect {at} --recv-timeout 0.5"));
        Program::ours(&format!("--push --connect {at} -D x")).succeeds();
        assert_eq!(pull.line(), "x");
        wrong.succeeds();
        let end = Program::ours(&format!("--pair --connect {at} -D x --send-timeout 0.3")).end();
        let said = "Can't send: timed out\n".to_owned();
        let expected = End {
            code: Some(3),
            out: Vec::new(),
            errors: said,
        };
        assert_eq!(end, expected);
        assert!(pull.is_running());
    }
}

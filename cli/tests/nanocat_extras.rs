//! What our `nanocat` can do beyond nanomsg's.

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use serde_json::Value;
use spkit::Socket;

use support::places::{Carrier, free_port};
use support::program::{End, OURS, Program, SOON};

/// Asserts an end with status 3 and that error.
#[track_caller]
fn fails(program: Program, error: &str) {
    let end = program.end();
    assert_eq!((end.code, end.errors.as_str()), (Some(3), error));
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

// ---- --count

#[test]
fn a_count_of_messages_is_sent_and_received() {
    let place = Carrier::Tcp.place();
    let at = place.address();
    let mut pull = Program::ours(&format!("--pull --bind {at} -A --count 5"));
    Program::ours(&format!("--push --connect {at} -D a --count 3")).succeeds();
    Program::ours(&format!("--push --connect {at} -D b --count 2 -i 0.01")).succeeds();
    let lines = [(); 5].map(|()| pull.line());
    assert_eq!(lines.iter().filter(|line| *line == "a").count(), 3);
    assert_eq!(lines.iter().filter(|line| *line == "b").count(), 2);
    pull.succeeds();
}

#[test]
fn a_count_of_requests_is_asked_and_answered() {
    for (ask, answer) in [("req", "rep"), ("surveyor", "respondent")] {
        let place = Carrier::Ipc.place();
        let at = place.address();
        let mut answerer = Program::ours(&format!("--{answer} --bind {at} -D pong -A --count 3"));
        let line = format!("--{ask} --connect {at} -D ping -A --count 3 --wait 1");
        let mut asker = Program::ours(&line);
        for _ in 0..3 {
            assert_eq!(
                (asker.line(), answerer.line()),
                ("pong".into(), "ping".into())
            );
        }
        asker.succeeds();
        answerer.succeeds();
    }
}

#[test]
fn a_pair_or_bus_sends_and_receives_a_count() {
    for kind in ["pair", "bus"] {
        for interval in ["", "-i 0.01"] {
            let place = Carrier::Ipc.place();
            let at = place.address();
            let line = |way: &str, data: &str| {
                format!("--{kind} --{way} {at} -D {data} -A --count 3 --wait 1 {interval}")
            };
            let mut one = Program::ours(&line("bind", "one"));
            let mut two = Program::ours(&line("connect", "two"));
            for _ in 0..3 {
                assert_eq!((one.line(), two.line()), ("two".into(), "one".into()));
            }
            one.succeeds();
            two.succeeds();
        }
    }
}

#[test]
fn fewer_than_the_count_is_a_failure() {
    let place = Carrier::Ipc.place();
    let at = place.address();
    let mut pull = Program::ours(&format!(
        "--pull --bind {at} -A --count 3 --recv-timeout 1.5"
    ));
    Program::ours(&format!("--push --connect {at} -D x --count 2")).succeeds();
    assert_eq!((pull.line(), pull.line()), ("x".into(), "x".into()));
    fails(pull, "Can't recv: 2 of 3 messages came\n");
    let line = format!("--req -l {} -D x --count 2 --recv-timeout 0.1", free_port());
    fails(Program::ours(&line), "Can't recv: 0 of 2 messages came\n");
}

// ---- --lines

#[test]
fn lines_are_messages() {
    let place = Carrier::Tcp.place();
    let at = place.address();
    let mut pull = Program::ours(&format!("--pull --bind {at} -Q"));
    let mut push = Program::ours_reading(&format!("--push --connect {at} --lines"));
    push.types("one\n");
    // Each as it comes, not all at the end.
    assert_eq!(pull.line(), "\"one\"");
    push.types("\ntw");
    push.types("o\r\nlast");
    push.ends_input();
    for expected in ["", "two\\r", "last"] {
        assert_eq!(pull.line(), format!("\"{expected}\""));
    }
    push.succeeds();
}

#[test]
fn a_count_of_lines() {
    let place = Carrier::Ipc.place();
    let at = place.address();
    let pull = Program::ours(&format!("--pull --bind {at} -A --count 2"));
    let mut push = Program::ours_reading(&format!("--push --connect {at} --lines --count 2"));
    push.types("a\nb\nc\n");
    // Without the end of its input.
    push.succeeds();
    let end = pull.end();
    assert_eq!((end.code, end.out.as_slice()), (Some(0), &b"a\nb\n"[..]));
}

#[test]
fn a_request_is_answered_before_the_next_line_is_read() {
    let place = Carrier::Ipc.place();
    let at = place.address();
    let mut rep = Program::ours_reading(&format!("--rep --bind {at} --lines -A"));
    let mut req = Program::ours_reading(&format!("--req --connect {at} --lines -A"));
    for (question, answer) in [("who", "me"), ("what", "that")] {
        req.types(&format!("{question}\n"));
        assert_eq!(rep.line(), question);
        rep.types(&format!("{answer}\n"));
        assert_eq!(req.line(), answer);
    }
    rep.ends_input();
    req.types("why\n");
    assert_eq!(rep.line(), "why");
    fails(rep, "Can't send: no line is left to answer with\n");
    drop(req);
}

#[test]
fn pairs_talk_as_they_like() {
    let place = Carrier::Tcp.place();
    let at = place.address();
    let mut one = Program::ours_reading(&format!("--pair --bind {at} --lines -A --count 3"));
    let mut two = Program::ours_reading(&format!(
        "--pair --connect {at} --lines -A --recv-timeout 0.5"
    ));
    one.types("a\nb\n");
    assert_eq!((two.line(), two.line()), ("a".into(), "b".into()));
    two.types("A\nB\nC\n");
    assert_eq!([(); 3].map(|()| one.line()), ["A", "B", "C"]);
    // Time does not run out while there may be something to send.
    one.types("c\n");
    assert_eq!(two.line(), "c");
    one.succeeds();
    assert!(two.is_running());
    two.ends_input();
    two.succeeds();
}

#[test]
fn a_pair_that_cannot_send_its_line_fails() {
    let line = format!("--pair -l {} --lines --send-timeout 0.1", free_port());
    let mut pair = Program::ours_reading(&line);
    pair.types("a\n");
    fails(pair, "Can't send: timed out\n");
}

#[test]
fn lines_that_cannot_be_read_are_told() {
    let line = format!("{OURS} --push -l {} --lines < /", free_port());
    let end = Program::start("sh", "-c", &[line.as_ref()]).end();
    let errors = "Error reading file ``-'': Is a directory\n";
    assert_eq!((end.code, end.errors.as_str()), (Some(2), errors));
}

// ---- --json

#[test]
fn messages_as_json() {
    let place = Carrier::Tcp.place();
    let at = place.address();
    let mut pull = Program::ours(&format!("--pull --bind {at} --json --hex"));
    let push = Socket::open("push").unwrap();
    push.dial(at).unwrap();
    let rows: [(&[u8], &str, &str); 4] = [
        (b"a \"b\"\\\n\t\0", "body", "a \"b\"\\\n\t\0"),
        (b"", "body", ""),
        ("h\u{e4}".as_bytes(), "body", "h\u{e4}"),
        (b"\xff\x00z", "hex", "ff007a"),
    ];
    for (body, key, shown) in rows {
        push.send_timeout(body.to_vec(), SOON).unwrap();
        let row = json(&pull.line());
        assert_eq!(row[key], shown, "{row}");
        assert_eq!(row["length"], body.len(), "{row}");
        assert!(row["pipe"].is_u64(), "{row}");
        assert!(
            row["peer"].as_str().unwrap().starts_with("tcp://127."),
            "{row}"
        );
        assert_eq!(row.as_object().unwrap().len(), 5, "{row}");
        let time = row["time"].as_str().unwrap();
        assert!(humantime::parse_rfc3339(time).is_ok(), "{row}");
    }
}

#[test]
fn connections_are_told_apart() {
    let place = Carrier::Tcp.place();
    let at = place.address();
    let mut pull = Program::ours(&format!("--pull --bind {at} --json"));
    let mut pipes = Vec::new();
    for _ in 0..3 {
        Program::ours(&format!("--push --connect {at} -D x --count 2")).succeeds();
        let [one, two] = [(); 2].map(|()| json(&pull.line()));
        assert_eq!((&one["pipe"], &one["peer"]), (&two["pipe"], &two["peer"]));
        assert!(one["peer"].is_string(), "{one}");
        pipes.push(one["peer"].clone());
    }
    pipes.dedup();
    assert_eq!(pipes.len(), 3, "{pipes:?}");
}

// ---- --print-address

#[test]
fn addresses_are_printed_with_the_real_port() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket").display().to_string();
    let line = format!("--pull -L 0 -X {path} --bind tcp://127.0.0.1:0 -A --print-address");
    let mut pull = Program::ours(&line);
    let addresses = [(); 3].map(|()| pull.line());
    assert_eq!(addresses[1], format!("ipc://{path}"));
    assert_ne!(addresses[0], addresses[2]);
    for (n, at) in addresses.iter().enumerate() {
        Program::ours(&format!("--push --connect {at} -D {n}")).succeeds();
        assert_eq!(pull.line(), n.to_string());
    }
    let mut pull = Program::ours("--pull -L 0 --print-address --json");
    let row = json(&pull.line());
    let at = row["address"].as_str().unwrap();
    Program::ours(&format!("--push --connect {at} -D x")).succeeds();
    assert_eq!(json(&pull.line())["body"], "x");
}

// ---- --wait

#[test]
fn peers_are_waited_for() {
    let place = Carrier::Ipc.place();
    let at = place.address();
    let publisher = Program::ours(&format!("--pub --bind {at} -D news --wait 2"));
    let subscribers =
        [(); 2].map(|()| Program::ours(&format!("--sub --connect {at} -A --count 1")));
    publisher.succeeds();
    for mut subscriber in subscribers {
        assert_eq!(subscriber.line(), "news");
        subscriber.succeeds();
    }
    let line = format!("--pub -L {} -D x --wait 2 --send-timeout 0.1", free_port());
    let why = "Can't wait: timed out: waiting for 2 peers, 0 are connected\n";
    fails(Program::ours(&line), why);
}

// ---- --stats

#[test]
fn counters_are_printed_at_the_end() {
    let place = Carrier::Ipc.place();
    let at = place.address();
    let pull = Program::ours(&format!("--pull --bind {at} --stats --json --count 3"));
    let push = Program::ours(&format!("--push --connect {at} -D four --stats --count 3"));
    let End { code, out, errors } = push.end();
    assert_eq!((code, out.as_slice()), (Some(0), &b""[..]));
    for row in [
        "sent.messages 3",
        "sent.bytes 12",
        "handed 3",
        "received.messages 0",
    ] {
        assert!(errors.lines().any(|line| line == row), "{row}: {errors}");
    }
    let end = pull.end();
    assert_eq!(end.code, Some(0));
    let stats = &json(&end.errors)["stats"];
    assert_eq!(
        stats["received"],
        serde_json::json!({"messages": 3, "bytes": 12})
    );
    assert_eq!(stats["undelivered"]["pipe-gone"], 0);
    assert!(stats["seconds"].is_f64(), "{stats}");

    let lost = Program::ours(&format!("--pub -L {} -D x --stats", free_port())).end();
    assert!(lost.errors.contains(".no-peer 1\n"), "{lost:?}");
}

#[test]
#[cfg(unix)]
fn counters_are_printed_when_a_signal_ends_it() {
    use std::os::unix::process::ExitStatusExt;
    for (name, number) in [("INT", 2), ("TERM", 15)] {
        for works in [
            "--pull",
            "--rep -D pong",
            "--bus -D x -i 1000",
            "--pair --lines",
        ] {
            let place = Carrier::Ipc.place();
            let at = place.address();
            let mut program =
                Program::ours_reading(&format!("{works} --bind {at} --stats --print-address"));
            program.line();
            let kill = format!("kill -{name} {}", program.id());
            assert!(
                Command::new("sh")
                    .args(["-c", &kill])
                    .status()
                    .unwrap()
                    .success()
            );
            let (status, end) = program.end_with_status();
            assert_eq!(status.signal(), Some(number), "{works}: {end:?}");
            assert!(end.errors.contains("\nsent.messages "), "{works}: {end:?}");
            assert_eq!(
                end.errors.matches("seconds ").count(),
                1,
                "{works}: {end:?}"
            );
        }
    }
}

// ---- the drain

#[test]
fn a_slow_reader_gets_everything() {
    const COUNT: usize = 2_000;
    for carrier in Carrier::ALL {
        let place = carrier.place();
        let pull = Socket::open("pull").unwrap();
        pull.listen(place.address()).unwrap();
        let line = format!("--push --connect {} --lines", place.address());
        let mut push = Program::ours_reading(&line);
        let typist = thread::spawn(move || {
            for n in 0..COUNT {
                push.types(&format!("{n:01000}\n"));
            }
            push.ends_input();
            push
        });
        // It has read to the end of its input by the time that most of it is still on the way.
        let first = pull.recv_timeout(SOON).unwrap();
        assert_eq!(first.body(), format!("{:01000}", 0).as_bytes());
        for n in 1..COUNT {
            let message = pull.recv_timeout(SOON).unwrap();
            assert_eq!(message.body(), format!("{n:01000}").as_bytes());
            if n % 100 == 0 {
                thread::yield_now();
            }
        }
        typist.join().unwrap().succeeds();
    }
}

/// The peer greets and takes the beginning. Then it goes, or it stays.
#[test]
fn what_a_peer_did_not_take_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("message");
    // More than the system takes for a peer that does not read.
    fs::write(&file, vec![0; 64 << 20]).unwrap();
    for kind in ["--push", "--pair --recv-timeout 0"] {
        for (goes, patience) in [(true, ""), (false, "--send-timeout 3")] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let line = format!("{kind} -l {port} {patience} -F");
            let program = Program::start(OURS, &line, &[file.as_os_str()]);
            let (mut peer, _) = listener.accept().unwrap();
            greet(&mut peer);
            peer.read_exact(&mut [0; 9]).unwrap();
            let stays = (!goes).then_some((listener, peer));
            let why =
                "1 of 1 messages were not handed over before the peer went or the time was over";
            fails(program, &format!("Can't send: {why}\n"));
            drop(stays);
        }
    }
}

/// As a peer that fits.
fn greet(peer: &mut TcpStream) {
    let mut greeting = [0; 8];
    peer.read_exact(&mut greeting).unwrap();
    // PUSH is 0x50 and PULL 0x51; PAIR is 0x10.
    if greeting[5] == 0x50 {
        greeting[5] = 0x51;
    }
    peer.write_all(&greeting).unwrap();
}

//! Each socket type's exchange with a socket in this process: what either program sends, prints, and ends with.

use std::path::Path;
use std::thread;

use libtest_mimic::Trial;
use spkit::{Socket, protocols::options::SUBSCRIBE};

use super::compare::trial;
use crate::support::places::Carrier;
use crate::support::program::{End, OURS, Program, SOON};

/// One exchange. The program's socket type is the first option of its line.
struct Row {
    name: &'static str,
    line: &'static str,
    /// The other end's socket type.
    peer: &'static str,
    steps: &'static [Step],
}

/// What happens at the other end, or is waited for.
enum Step {
    Peer,
    Send(&'static str),
    Recv(&'static str),
    /// To all that comes from now on.
    Answers(&'static str),
    Prints(&'static str),
    /// It goes on until it is killed.
    Goes,
    /// It ends by itself.
    Ends,
}

use Step::{Answers, Ends, Goes, Peer, Prints, Recv, Send};

const ROWS: &[Row] = &[
    Row {
        name: "push",
        line: "--push -D x -i 0.05",
        peer: "pull",
        steps: &[Recv("x"), Recv("x"), Recv("x"), Goes],
    },
    Row {
        name: "push-delayed",
        line: "--push -D x -i 0.05 -d 0.2",
        peer: "pull",
        steps: &[Recv("x"), Goes],
    },
    Row {
        name: "pull",
        line: "--pull -A",
        peer: "push",
        steps: &[
            Send("one"),
            Prints("one"),
            Send(""),
            Send("two"),
            Prints(""),
            Prints("two"),
            Goes,
        ],
    },
    Row {
        name: "pull-until-time-runs-out",
        line: "--pull -A --recv-timeout 2",
        peer: "push",
        steps: &[Send("one"), Prints("one"), Ends],
    },
    Row {
        name: "pub",
        line: "--pub -D x -i 0.05",
        peer: "sub",
        steps: &[Recv("x"), Recv("x"), Goes],
    },
    Row {
        name: "sub-to-all",
        line: "--sub -A",
        peer: "pub",
        steps: &[Peer, Send("one"), Send(""), Prints("one"), Prints(""), Goes],
    },
    Row {
        name: "sub-to-two",
        line: "--sub -A --subscribe a --subscribe=bc",
        peer: "pub",
        steps: &[
            Peer,
            Send("b"),
            Send("a"),
            Send("c"),
            Send("bcd"),
            Send(""),
            Send("a!"),
            Prints("a"),
            Prints("bcd"),
            Prints("a!"),
            Goes,
        ],
    },
    Row {
        name: "req",
        line: "--req -D ping -A",
        peer: "rep",
        steps: &[Recv("ping"), Send("pong"), Prints("pong"), Ends],
    },
    Row {
        name: "req-again-and-again",
        line: "--req -D ping -A -i 0.1",
        peer: "rep",
        steps: &[Answers("pong"), Prints("pong"), Prints("pong"), Goes],
    },
    Row {
        name: "req-without-an-answer",
        line: "--req -D ping -A --recv-timeout 1",
        peer: "rep",
        steps: &[Recv("ping"), Ends],
    },
    Row {
        name: "rep",
        line: "--rep -D pong -A",
        peer: "req",
        steps: &[
            Send("one"),
            Recv("pong"),
            Prints("one"),
            Send("two"),
            Recv("pong"),
            Prints("two"),
            Goes,
        ],
    },
    Row {
        name: "rep-until-time-runs-out",
        line: "--rep -D pong -Q --recv-timeout 2",
        peer: "req",
        steps: &[Send("one"), Recv("pong"), Prints("\"one\""), Ends],
    },
    Row {
        name: "rep-without-data",
        line: "--rep -A",
        peer: "req",
        steps: &[Send("one"), Prints("one"), Send("two"), Prints("two"), Goes],
    },
    Row {
        name: "surveyor",
        line: "--surveyor -D who -A -i 0.1",
        peer: "respondent",
        steps: &[Answers("me"), Prints("me"), Prints("me"), Goes],
    },
    Row {
        name: "surveyor-once",
        line: "--surveyor -D who -A -d 2",
        peer: "respondent",
        steps: &[Recv("who"), Send("me"), Prints("me"), Ends],
    },
    Row {
        name: "respondent",
        line: "--respondent -D me -A",
        peer: "surveyor",
        steps: &[
            Peer,
            Send("who"),
            Recv("me"),
            Prints("who"),
            Send("what"),
            Recv("me"),
            Prints("what"),
            Goes,
        ],
    },
    Row {
        name: "respondent-without-data",
        line: "--respondent -A",
        peer: "surveyor",
        steps: &[
            Peer,
            Send("who"),
            Prints("who"),
            Send("what"),
            Prints("what"),
            Goes,
        ],
    },
    Row {
        name: "bus",
        line: "--bus -D x -A -i 0.05",
        peer: "bus",
        steps: &[Recv("x"), Send("y"), Prints("y"), Recv("x"), Goes],
    },
    Row {
        name: "bus-until-time-runs-out",
        line: "--bus -D x -A -d 2 --recv-timeout 2",
        peer: "bus",
        steps: &[Recv("x"), Send("y"), Prints("y"), Ends],
    },
    Row {
        name: "bus-without-data",
        line: "--bus -A",
        peer: "bus",
        steps: &[
            Peer,
            Send("one"),
            Prints("one"),
            Send("two"),
            Prints("two"),
            Goes,
        ],
    },
    Row {
        name: "pair",
        line: "--pair -D x -A",
        peer: "pair",
        steps: &[
            Recv("x"),
            Send("one"),
            Prints("one"),
            Send("two"),
            Prints("two"),
            Goes,
        ],
    },
    Row {
        name: "pair-until-time-runs-out",
        line: "--pair -D x -A --recv-timeout 2",
        peer: "pair",
        steps: &[Recv("x"), Send("one"), Prints("one"), Ends],
    },
    Row {
        name: "pair-again-and-again",
        line: "--pair -D x -A -i 0.05",
        peer: "pair",
        steps: &[
            Recv("x"),
            Recv("x"),
            Send("one"),
            Prints("one"),
            Recv("x"),
            Goes,
        ],
    },
    Row {
        name: "pair-without-data",
        line: "--pair -A",
        peer: "pair",
        steps: &[Send("one"), Prints("one"), Send("two"), Prints("two"), Goes],
    },
];

pub(crate) fn trials() -> Vec<Trial> {
    let ways: &[&str] = &["bind", "connect"];
    let trials = ways.iter().flat_map(|way| {
        ROWS.iter().map(move |row| {
            trial(format!("exchange/{way}/{}", row.name), move |theirs| {
                both(theirs, way, row)
            })
        })
    });
    trials.collect()
}

fn both(theirs: &Path, way: &str, row: &Row) {
    let [ours, theirs] = [Path::new(OURS), theirs].map(|path| play(path, way, row));
    assert_eq!(
        ours.code, theirs.code,
        "\nours: {ours:?}\ntheirs: {theirs:?}"
    );
    assert_eq!(reasonless(&ours.errors), reasonless(&theirs.errors));
    assert_eq!(ours.out, theirs.out, "printed without being asked for");
}

/// What it ended with; what it sent and printed before is as the row says.
fn play(path: &Path, way: &str, row: &Row) -> End {
    let place = Carrier::Ipc.place();
    let peer = Socket::open(row.peer).unwrap();
    if row.peer == "sub" {
        peer.set(SUBSCRIBE, Vec::new()).unwrap();
    }
    if way == "connect" {
        peer.listen(place.address()).unwrap();
    } else {
        peer.dial(place.address()).unwrap();
    }
    let line = format!("{} --{way} {}", row.line, place.address());
    let mut program = Program::start(path, &line, &[]);
    for step in row.steps {
        match step {
            Peer => peer.wait_for_peers(1, SOON).unwrap(),
            Send(text) => peer.send_timeout(*text, SOON).unwrap(),
            Recv(text) => assert_eq!(peer.recv_timeout(SOON).unwrap().body(), text.as_bytes()),
            Answers(text) => answer_all(peer.clone(), text),
            Prints(text) => assert_eq!(program.line(), *text, "{program}"),
            Goes => assert!(program.is_running(), "{program}"),
            Ends => return program.end(),
        }
    }
    let out = program.kill();
    peer.close();
    End {
        code: None,
        out,
        errors: String::new(),
    }
}

/// Until the socket is closed. One answer may be too late for a question that is asked again and again.
fn answer_all(peer: Socket, text: &'static str) {
    thread::spawn(move || while peer.recv().is_ok() && peer.send(text).is_ok() {});
}

/// Errors without the reasons why something could not be done: those are the system's words there and ours here.
pub(crate) fn reasonless(errors: &str) -> Vec<&str> {
    let lines = errors.lines();
    lines
        .map(|line| match line.split_once(':') {
            Some((cannot, _)) if cannot.starts_with("Can't ") => cannot,
            _ => line,
        })
        .collect()
}

//! The ends of an exchange: programs, and sockets that do what the programs do.

use std::iter;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use spkit::protocols::options::SUBSCRIBE;
use spkit::{Message, Socket};

use crate::body::Body;
use crate::matrix::Peer;
use crate::scene::{Role, Theirs};
use crate::support::places::Place;
use crate::support::program::{OURS, Program, SOON};

/// How often a socket repeats what may find nobody.
const OFTEN: Duration = Duration::from_millis(50);

/// The same where both ends do.
const NOW_AND_THEN: Duration = Duration::from_millis(350);

/// An end that sends a body if its protocol does, and shows what it receives.
pub(crate) enum Party {
    Program(Program),
    Socket(Played),
}

/// A socket and what it received.
pub(crate) struct Played {
    socket: Socket,
    received: Receiver<Message>,
}

impl Party {
    pub(crate) fn start(peer: Peer, role: Role, place: &Place, kind: &str, body: &Body) -> Self {
        let repeats = matches!(kind, "push" | "pub" | "bus" | "surveyor");
        let interval = match (peer, kind) {
            _ if !repeats => "",
            // Longer than its surveys: it does not survive one that ends with its interval.
            (Peer::Theirs(Theirs::Nng), "surveyor") => "--interval 2",
            (Peer::Theirs(Theirs::Nng), _) => "--interval 1",
            (_, "surveyor") => "--interval 0.5",
            _ => "--interval 0.05",
        };
        let receives = !matches!(kind, "push" | "pub");
        let format = if receives { "--hex" } else { "" };
        let line = format!("{format} {interval}");
        let sends = !matches!(kind, "pull" | "sub");
        let words = if sends { body.words() } else { Vec::new() };
        match peer {
            Peer::Socket => Self::socket(role, place, kind, kind, &body.bytes),
            Peer::Program => {
                let at = role.option(place.address());
                Self::Program(Program::start(
                    OURS,
                    &format!("--{kind} {at} {line}"),
                    &words,
                ))
            }
            Peer::Theirs(theirs) => Self::Program(theirs.start(role, place, kind, &line, &words)),
        }
    }

    /// A socket of that kind that does what `plays` says, a kind as well.
    pub(crate) fn socket(role: Role, place: &Place, kind: &str, plays: &str, body: &[u8]) -> Self {
        let socket = Socket::open(kind).unwrap();
        match kind {
            "sub" => socket.set(SUBSCRIBE, Vec::new()).unwrap(),
            // However long it takes to print a megabyte before it is answered.
            "surveyor" => socket.set_str("survey-time", "never").unwrap(),
            _ => {}
        }
        role.attach(&socket, place);
        Self::Socket(Played::new(socket, plays, body.to_vec().into()))
    }

    /// Waits for a message, which must be that one.
    #[track_caller]
    pub(crate) fn shows(&mut self, body: &Body) {
        match self {
            Self::Program(program) => body.is_printed(program),
            Self::Socket(played) => {
                let message = played.received.recv_timeout(SOON);
                let message = message.unwrap_or_else(|error| {
                    panic!("nothing received: {error}; {:#?}", played.socket.stats())
                });
                assert!(message.body() == body.bytes, "{} bytes", message.len());
            }
        }
    }
}

impl Played {
    fn new(socket: Socket, plays: &str, message: Message) -> Self {
        let (to, received) = mpsc::channel();
        let show = move |message| to.send(message).is_ok();
        match plays {
            "pull" | "sub" => play(&socket, move |socket| socket.recv().is_ok_and(&show)),
            "push" | "pub" => repeat(&socket, message, OFTEN),
            "bus" | "star" => {
                repeat(&socket, message, NOW_AND_THEN);
                play(&socket, move |socket| socket.recv().is_ok_and(&show));
            }
            // A survey goes to those who are there. The next message comes when no answer can any more.
            "pair" | "pair1" | "req" | "surveyor" => play(&socket, move |socket| {
                socket.wait_for_peers(1, SOON).is_ok()
                    && socket.send(message.clone()).is_ok()
                    && iter::from_fn(|| socket.recv().ok()).all(&show)
            }),
            "rep" | "respondent" => play(&socket, move |socket| {
                socket.recv().is_ok_and(&show) && socket.send(message.clone()).is_ok()
            }),
            _ => panic!("how is {plays} played?"),
        }
        Self { socket, received }
    }
}

impl Drop for Played {
    fn drop(&mut self) {
        // Ends its threads.
        self.socket.close();
    }
}

/// Does the same until it fails, which it does when the socket is closed.
fn play(socket: &Socket, mut act: impl FnMut(&Socket) -> bool + Send + 'static) {
    let socket = socket.clone();
    thread::spawn(move || while act(&socket) {});
}

fn repeat(socket: &Socket, message: Message, interval: Duration) {
    play(socket, move |socket| {
        let there = socket.wait_for_peers(1, SOON).is_ok();
        let sent = there && socket.send(message.clone()).is_ok();
        thread::sleep(interval);
        sent
    });
}

//! Who talks with whom, where, and who listens.

use std::ffi::OsStr;
use std::fmt;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use spkit::{Message, Socket};

use crate::support::peers;
use crate::support::places::{Carrier, Place};
use crate::support::program::{OURS, Program, SOON};

/// The other implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theirs {
    /// `nanocat` of nanomsg.
    Nanomsg,
    /// `nngcat` of nng.
    Nng,
}

/// What our side does; theirs does the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Listen,
    Dial,
}

/// The setting of a test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) theirs: Theirs,
    pub(crate) carrier: Carrier,
    pub(crate) role: Role,
}

impl Theirs {
    pub(crate) const ALL: [Self; 2] = [Self::Nanomsg, Self::Nng];

    /// The program, or why it is not there.
    pub(crate) fn path(self) -> Result<&'static Path, &'static str> {
        type Found = LazyLock<Result<PathBuf, String>>;
        static NANOCAT: Found = LazyLock::new(peers::nanocat);
        static NNGCAT: Found = LazyLock::new(peers::nngcat);
        let found = match self {
            Self::Nanomsg => &NANOCAT,
            Self::Nng => &NNGCAT,
        };
        found.as_deref().map_err(String::as_str)
    }

    /// The option for a socket type, without its dashes.
    fn kind(self, kind: &str) -> &str {
        match (self, kind) {
            // Plain `pair` means version 1 there, and is broken in 1.5.2.
            (Self::Nng, "pair") => "pair0",
            _ => kind,
        }
    }

    /// The options for an address.
    fn at(self, role: Role, address: &str) -> String {
        match (self, role) {
            // Without `async` it gives up if nobody listens yet.
            (Self::Nng, Role::Dial) => format!("--async --dial {address}"),
            (Self::Nng, Role::Listen) => format!("--listen {address}"),
            (Self::Nanomsg, role) => role.option(address),
        }
    }

    /// The option to send again and again, at the highest pace it has short of
    /// none at all.
    pub(crate) fn often(self) -> &'static str {
        match self {
            Self::Nanomsg => "--interval 0.05",
            Self::Nng => "--interval 1",
        }
    }

    /// Starts the program with a socket of that type.
    pub(crate) fn start(
        self,
        role: Role,
        place: &Place,
        kind: &str,
        line: &str,
        more: &[&OsStr],
    ) -> Program {
        let path = self.path().unwrap();
        let at = self.at(role, place.address());
        let line = format!("--{} {at} {line}", self.kind(kind));
        Program::start(path, &line, more)
    }
}

impl Role {
    pub(crate) const ALL: [Self; 2] = [Self::Listen, Self::Dial];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Dial => "dial",
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Listen => Self::Dial,
            Self::Dial => Self::Listen,
        }
    }

    /// Has a socket listen or dial.
    pub(crate) fn attach(self, socket: &Socket, place: &Place) {
        match self {
            Self::Listen => drop(socket.listen(place.address()).unwrap()),
            Self::Dial => drop(socket.dial(place.address()).unwrap()),
        }
    }

    pub(crate) fn option(self, address: &str) -> String {
        match self {
            Self::Listen => format!("--bind {address}"),
            Self::Dial => format!("--connect {address}"),
        }
    }
}

impl Scene {
    pub(crate) fn new(theirs: Theirs, carrier: Carrier, role: Role) -> Self {
        Self {
            theirs,
            carrier,
            role,
        }
    }

    pub(crate) fn place(&self) -> Place {
        self.carrier.place()
    }

    /// Starts their program.
    pub(crate) fn theirs(&self, place: &Place, kind: &str, line: &str) -> Program {
        self.theirs_with(place, kind, line, &[])
    }

    pub(crate) fn theirs_with(
        &self,
        place: &Place,
        kind: &str,
        line: &str,
        more: &[&OsStr],
    ) -> Program {
        self.theirs
            .start(self.role.other(), place, kind, line, more)
    }

    /// Starts our program.
    pub(crate) fn ours(&self, place: &Place, kind: &str, line: &str) -> Program {
        self.ours_with(place, kind, line, &[])
    }

    pub(crate) fn ours_with(
        &self,
        place: &Place,
        kind: &str,
        line: &str,
        more: &[&OsStr],
    ) -> Program {
        let at = self.role.option(place.address());
        Program::start(OURS, &format!("--{kind} {at} {line}"), more)
    }

    /// Opens a socket of ours.
    pub(crate) fn socket(&self, place: &Place, kind: &str) -> Socket {
        let socket = Socket::open(kind).unwrap();
        self.role.attach(&socket, place);
        socket
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let theirs = match self.theirs {
            Theirs::Nanomsg => "nanomsg",
            Theirs::Nng => "nng",
        };
        write!(f, "{theirs}/{}/{}", self.carrier.name(), self.role.name())
    }
}

/// Sends, or fails with all that happened to the socket.
#[track_caller]
pub(crate) fn sent(by: &Socket, message: impl Into<Message>) {
    if let Err(failed) = by.send_timeout(message, SOON) {
        panic!("{failed}; {}", history(by));
    }
}

/// Receives, or fails with all that happened to the socket.
#[track_caller]
pub(crate) fn received(by: &Socket) -> Message {
    match by.recv_timeout(SOON) {
        Ok(message) => message,
        Err(error) => panic!("nothing received: {error}; {}", history(by)),
    }
}

fn history(of: &Socket) -> String {
    let events: Vec<_> = iter::from_fn(|| of.try_event()).collect();
    format!("{events:#?}, {:#?}", of.stats())
}

//! A socket of ours as each protocol, over each transport, listening and dialing, with each peer.
//!
//! Every cell exchanges messages in each direction that the two protocols have: text, nothing, every byte, and close
//! below the megabyte that all implementations accept.

use crate::body::Body;
use crate::played::Party;
use crate::scene::{Role, Theirs};
use crate::support::places::Carrier;

/// Our end's protocols, each with its peer's.
pub(crate) const PROTOCOLS: [(&str, &str); 12] = [
    ("push", "pull"),
    ("pull", "push"),
    ("pub", "sub"),
    ("sub", "pub"),
    ("req", "rep"),
    ("rep", "req"),
    ("surveyor", "respondent"),
    ("respondent", "surveyor"),
    ("bus", "bus"),
    ("pair", "pair"),
    ("pair1", "pair1"),
    ("star", "star"),
];

pub(crate) const CARRIERS: [Carrier; 3] = [Carrier::Inproc, Carrier::Ipc, Carrier::Tcp];

/// Who is at the other end: a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// A socket of ours in this process.
    Socket,
    /// Our `nanocat`.
    Program,
    Theirs(Theirs),
}

/// One exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) ours: &'static str,
    pub(crate) other: &'static str,
    pub(crate) carrier: Carrier,
    pub(crate) role: Role,
    pub(crate) peer: Peer,
}

impl Peer {
    pub(crate) const ALL: [Self; 4] = [
        Self::Socket,
        Self::Program,
        Self::Theirs(Theirs::Nanomsg),
        Self::Theirs(Theirs::Nng),
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Socket => "spkit",
            Self::Program => "nanocat",
            Self::Theirs(Theirs::Nanomsg) => "nanomsg",
            Self::Theirs(Theirs::Nng) => "nng",
        }
    }
}

impl Cell {
    /// Every cell there is, row by row.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let ends = PROTOCOLS.into_iter().flat_map(|(ours, other)| {
            CARRIERS.into_iter().flat_map(move |carrier| {
                let roles = Role::ALL.into_iter();
                roles.map(move |role| (ours, other, carrier, role))
            })
        });
        ends.flat_map(|(ours, other, carrier, role)| {
            Peer::ALL.into_iter().map(move |peer| Self {
                ours,
                other,
                carrier,
                role,
                peer,
            })
        })
    }

    pub(crate) fn name(&self) -> String {
        let (carrier, role) = (self.carrier.name(), self.role.name());
        format!("matrix/{}/{carrier}/{role}/{}", self.ours, self.peer.name())
    }

    /// Why the peer cannot be at the other end.
    pub(crate) fn missing(&self) -> Option<&'static str> {
        match (self.peer, self.other, self.carrier) {
            (Peer::Socket, ..) => None,
            (_, _, Carrier::Inproc) => Some("inproc does not leave the process"),
            (Peer::Program, "pair1" | "star", _) => {
                Some("our nanocat has the socket types of nanomsg's, and no more")
            }
            (Peer::Theirs(Theirs::Nanomsg), "pair1", _) => Some("nanomsg has no PAIR v1"),
            (Peer::Theirs(_), "star", _) => Some("STAR is known to mangos and spkit alone"),
            _ => None,
        }
    }

    /// Exchanges messages.
    pub(crate) fn run(&self) {
        for body in Body::all() {
            if !self.takes(body.bytes.len()) {
                continue;
            }
            let place = self.carrier.place();
            let mut other = Party::start(self.peer, self.role.other(), &place, self.other, &body);
            let mut ours = Party::socket(self.role, &place, self.ours, self.plays(), &body.bytes);
            if receives(self.ours) {
                ours.shows(&body);
            }
            if receives(self.other) {
                other.shows(&body);
            }
        }
    }

    /// What our end does: as its protocol says, but a bus speaks to nngcat when it is spoken to. It comes to its end if
    /// it is still receiving when its second is over.
    fn plays(&self) -> &'static str {
        match (self.peer, self.ours) {
            (Peer::Theirs(Theirs::Nng), "bus") => "respondent",
            _ => self.ours,
        }
    }

    /// nngcat repeats a message once a second, and its first finds nobody: two bodies are enough. As a bus or surveyor it
    /// ends in an error if it is still printing when its interval is over, as it may be with a megabyte.
    fn takes(&self, len: usize) -> bool {
        match (self.peer, self.other) {
            (Peer::Theirs(Theirs::Nng), "bus" | "surveyor") => len == 256,
            (Peer::Theirs(Theirs::Nng), "pub") => len >= 256,
            _ => true,
        }
    }
}

fn receives(protocol: &str) -> bool {
    !matches!(protocol, "push" | "pub")
}

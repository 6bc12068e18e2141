//! The terms in which an option is described.

use crate::format::Format;
use crate::plan::SocketType;

/// One option of the command line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opt {
    /// Heading it stands under in the help.
    pub(crate) group: &'static str,
    /// Name after `--`.
    pub(crate) long: &'static str,
    /// Letter after `-`.
    pub(crate) short: Option<u8>,
    /// What the help calls its value; without one it takes no value.
    pub(crate) metavar: Option<&'static str>,
    /// What the help says of it.
    pub(crate) help: &'static str,
    /// What it does.
    pub(crate) action: Action,
    /// Marks the command line has once the option is used.
    pub(crate) provides: Marks,
    /// Marks the command line must not have yet.
    pub(crate) excludes: Marks,
    /// Marks the command line must have in the end.
    pub(crate) needs: Marks,
}

/// What an option does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Louder,
    Quieter,
    Help,
    Socket(SocketType),
    /// Add an address to bind: this text and then the value.
    Bind(&'static str),
    /// Add an address to connect to: this text and then the value.
    Connect(&'static str),
    RecvTimeout,
    SendTimeout,
    SocketName,
    Subscribe,
    /// Print in the format of that name.
    FormatByName,
    Format(Format),
    Interval,
    Delay,
    Data,
    File,
    Count,
    Wait,
    Lines,
    Json,
    PrintAddress,
    Stats,
}

impl Opt {
    /// An option that takes no value and gets along with every other.
    pub(crate) const fn new(
        group: &'static str,
        long: &'static str,
        action: Action,
        help: &'static str,
    ) -> Self {
        Self {
            group,
            long,
            short: None,
            metavar: None,
            help,
            action,
            provides: Marks::NONE,
            excludes: Marks::NONE,
            needs: Marks::NONE,
        }
    }

    pub(crate) const fn short(mut self, letter: u8) -> Self {
        self.short = Some(letter);
        self
    }

    pub(crate) const fn value(mut self, metavar: &'static str) -> Self {
        self.metavar = Some(metavar);
        self
    }

    pub(crate) const fn provides(mut self, marks: Marks) -> Self {
        self.provides = marks;
        self
    }

    pub(crate) const fn excludes(mut self, marks: Marks) -> Self {
        self.excludes = marks;
        self
    }

    pub(crate) const fn needs(mut self, marks: Marks) -> Self {
        self.needs = marks;
        self
    }

    /// Whether a program of that name stands for this option: `nn_req` is
    /// `nanocat --req`.
    pub(crate) fn is_alias(&self, program: &[u8]) -> bool {
        let named = program.strip_prefix(b"nn_");
        matches!(self.action, Action::Socket(_)) && named == Some(self.long.as_bytes())
    }
}

/// A set of facts about a command line, by which options depend on and rule
/// out one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marks(u8);

impl Marks {
    pub(crate) const NONE: Self = Self(0);
    /// A socket type is chosen.
    pub(crate) const SOCKET: Self = Self(1);
    /// The socket can send.
    pub(crate) const WRITABLE: Self = Self(2);
    /// The socket can receive.
    pub(crate) const READABLE: Self = Self(4);
    /// The socket is SUB.
    pub(crate) const SUB: Self = Self(8);
    /// There is data to send.
    pub(crate) const DATA: Self = Self(16);
    /// There is an address to bind or to connect to.
    pub(crate) const ENDPOINT: Self = Self(32);

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the two have a mark in common.
    pub(crate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all of the other's marks are among these.
    pub(crate) const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_a_set() {
        let both = Marks::SOCKET.and(Marks::SUB);
        assert!(both.covers(Marks::SUB) && both.covers(both) && both.covers(Marks::NONE));
        assert!(!Marks::SUB.covers(both));
        assert!(Marks::SUB.meets(both) && !Marks::DATA.meets(both));
        assert!(!both.meets(Marks::NONE));
        assert_eq!(both.without(Marks::SUB), Marks::SOCKET);
        assert_eq!(both.without(Marks::DATA), both);
    }

    #[test]
    fn only_socket_types_have_an_alias() {
        let req = Opt::new("", "req", Action::Socket(SocketType::Req), "");
        let rows: [(&[u8], bool); 5] = [
            (b"nn_req", true),
            (b"nn_re", false),
            (b"nn_reqs", false),
            (b"req", false),
            (b"NN_REQ", false),
        ];
        for (program, is) in rows {
            assert_eq!(req.is_alias(program), is, "{program:?}");
        }
        assert!(!Opt::new("", "raw", Action::Help, "").is_alias(b"nn_raw"));
    }
}

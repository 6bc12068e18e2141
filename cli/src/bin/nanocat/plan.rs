//! What a valid command line asks for.

use std::time::Duration;

use crate::format::Format;

/// A valid command line, ready to be carried out.
///
/// The order is the original's: open the socket, apply the settings, bind all,
/// connect all, wait for the delay, then do the [work](Plan::work).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    /// The socket to open.
    pub(crate) socket: SocketType,
    /// All the rest, each with a default.
    pub(crate) settings: Settings,
}

/// The ten socket types of the Scalability Protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SocketType {
    Push,
    Pull,
    Pub,
    Sub,
    Req,
    Rep,
    Surveyor,
    Respondent,
    Bus,
    Pair,
}

impl SocketType {
    /// The protocol's name in the registry, which is its option's name too.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Pull => "pull",
            Self::Pub => "pub",
            Self::Sub => "sub",
            Self::Req => "req",
            Self::Rep => "rep",
            Self::Surveyor => "surveyor",
            Self::Respondent => "respondent",
            Self::Bus => "bus",
            Self::Pair => "pair",
        }
    }
}

/// Everything a command line sets besides the socket type.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    /// Addresses to bind, as given, in order.
    pub(crate) binds: Vec<String>,
    /// Addresses to connect to, as given, in order.
    pub(crate) connects: Vec<String>,
    /// How long one receive may take; `None` is for ever.
    pub(crate) recv_timeout: Option<Duration>,
    /// How long one send may take; `None` is for ever.
    pub(crate) send_timeout: Option<Duration>,
    /// The name the socket goes by in statistics.
    pub(crate) socket_name: Option<String>,
    /// Prefixes to subscribe to. In a plan for SUB never empty.
    pub(crate) subscriptions: Vec<Vec<u8>>,
    /// How received messages are printed.
    pub(crate) format: Format,
    /// Time from the start of one send to the start of the next; `None` sends
    /// once.
    pub(crate) interval: Option<Duration>,
    /// Time to wait between connecting and the first send.
    pub(crate) delay: Duration,
    /// What to send, if anything.
    pub(crate) source: Option<Source>,
    /// `-v` minus `-q`. As in the original nothing depends on it.
    pub(crate) verbosity: i32,
    /// Messages after which it is done; `None` is as the original.
    pub(crate) count: Option<u64>,
    /// Peers to wait for before the [work](Plan::work).
    pub(crate) wait: usize,
    /// Whether all that is printed is JSON, an object a line.
    pub(crate) json: bool,
    /// Whether the bound addresses are printed.
    pub(crate) print_address: bool,
    /// Whether the counters are printed at the end.
    pub(crate) stats: bool,
}

/// Where the messages to send come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The same message each time. An empty one is a message too.
    Data(Vec<u8>),
    /// Standard input, a message a line.
    Lines,
}

/// What to do with the open socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Send.
    Send,
    /// Receive and print until no message can come any more.
    Receive,
    /// Send and print what comes back.
    Ask,
    /// Print each message and answer it.
    Answer,
}

impl Plan {
    /// What this socket type does with or without something to send.
    pub(crate) fn work(&self) -> Work {
        use SocketType::{Bus, Pair, Pub, Pull, Push, Rep, Req, Respondent, Sub, Surveyor};
        if self.settings.source.is_none() {
            // The command line rules give data to those that must send.
            return Work::Receive;
        }
        match self.socket {
            Push | Pub => Work::Send,
            Pull | Sub => Work::Receive,
            Req | Surveyor | Bus | Pair => Work::Ask,
            Rep | Respondent => Work::Answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_depends_on_type_and_data() {
        let rows = [
            (SocketType::Push, true, Work::Send),
            (SocketType::Pub, true, Work::Send),
            (SocketType::Pull, false, Work::Receive),
            (SocketType::Sub, false, Work::Receive),
            (SocketType::Req, true, Work::Ask),
            (SocketType::Surveyor, true, Work::Ask),
            (SocketType::Bus, true, Work::Ask),
            (SocketType::Bus, false, Work::Receive),
            (SocketType::Pair, true, Work::Ask),
            (SocketType::Pair, false, Work::Receive),
            (SocketType::Rep, true, Work::Answer),
            (SocketType::Rep, false, Work::Receive),
            (SocketType::Respondent, true, Work::Answer),
            (SocketType::Respondent, false, Work::Receive),
        ];
        for (socket, sends, work) in rows {
            for source in [Source::Data(Vec::new()), Source::Lines] {
                let settings = Settings {
                    source: sends.then_some(source),
                    ..Settings::default()
                };
                let plan = Plan { socket, settings };
                assert_eq!(plan.work(), work, "{plan:?}");
            }
        }
    }
}

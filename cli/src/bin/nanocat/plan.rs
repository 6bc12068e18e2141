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
    /// The message to send. An empty one is a message too.
    pub(crate) data: Option<Vec<u8>>,
    /// `-v` minus `-q`. As in the original nothing depends on it.
    pub(crate) verbosity: i32,
}

/// What to do with the open socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work<'a> {
    /// Send the data, once or at every interval.
    Send(&'a [u8]),
    /// Receive and print until no message can come any more.
    Receive,
    /// Send as above and print what comes back.
    Ask(&'a [u8]),
    /// Print each message and answer it with the data.
    Answer(&'a [u8]),
}

impl Plan {
    /// What this socket type does with or without data to send.
    pub(crate) fn work(&self) -> Work<'_> {
        use SocketType::{Bus, Pair, Pub, Pull, Push, Rep, Req, Respondent, Sub, Surveyor};
        let Some(data) = self.settings.data.as_deref() else {
            // The command line rules give data to those that must send.
            return Work::Receive;
        };
        match self.socket {
            Push | Pub => Work::Send(data),
            Pull | Sub => Work::Receive,
            Req | Surveyor | Bus | Pair => Work::Ask(data),
            Rep | Respondent => Work::Answer(data),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_depends_on_type_and_data() {
        let rows = [
            (SocketType::Push, Some("x"), Work::Send(b"x")),
            (SocketType::Pub, Some(""), Work::Send(b"")),
            (SocketType::Pull, None, Work::Receive),
            (SocketType::Sub, None, Work::Receive),
            (SocketType::Req, Some("x"), Work::Ask(b"x")),
            (SocketType::Surveyor, Some("x"), Work::Ask(b"x")),
            (SocketType::Bus, Some("x"), Work::Ask(b"x")),
            (SocketType::Bus, None, Work::Receive),
            (SocketType::Pair, Some(""), Work::Ask(b"")),
            (SocketType::Pair, None, Work::Receive),
            (SocketType::Rep, Some("x"), Work::Answer(b"x")),
            (SocketType::Rep, None, Work::Receive),
            (SocketType::Respondent, Some(""), Work::Answer(b"")),
            (SocketType::Respondent, None, Work::Receive),
        ];
        for (socket, data, work) in rows {
            let settings = Settings {
                data: data.map(|text| text.as_bytes().to_vec()),
                ..Settings::default()
            };
            let plan = Plan { socket, settings };
            assert_eq!(plan.work(), work, "{plan:?}");
        }
    }
}

//! The options, in the order of the help.
//!
//! Names, letters, texts and dependencies of the [ORIGINAL] ones are the
//! interface of nanomsg's `nanocat`, man page and `--help` included. The others
//! are ours: they have no letter, and no message of the original lists them.

use crate::format::Format;
use crate::plan::SocketType;
use crate::spec::{Action, Marks, Opt};

/// What every command line must have in the end.
pub(crate) const REQUIRED: Marks = Marks::SOCKET.and(Marks::ENDPOINT);

const GENERIC: &str = "Generic";
const SOCKET_TYPES: &str = "Socket Types";
const SOCKET_OPTIONS: &str = "Socket Options";
const SUB_OPTIONS: &str = "SUB Socket Options";
const INPUT: &str = "Input Options";
const OUTPUT: &str = "Output Options";
const EXTRA: &str = "Extra Options";

const TAKES: Marks = Marks::READABLE;
const SENDS: Marks = Marks::WRITABLE;
const BOTH: Marks = Marks::READABLE.and(Marks::WRITABLE);

/// How many of the options are the original's; they come first.
pub(crate) const ORIGINAL: usize = 33;

/// The table. Messages that list options list them in this order.
pub(crate) static OPTIONS: [Opt; ORIGINAL + 6] = [
    Opt::new(
        GENERIC,
        "verbose",
        Action::Louder,
        "Increase verbosity of the nanocat",
    )
    .short(b'v'),
    Opt::new(
        GENERIC,
        "silent",
        Action::Quieter,
        "Decrease verbosity of the nanocat",
    )
    .short(b'q'),
    Opt::new(GENERIC, "help", Action::Help, "This help text").short(b'h'),
    socket("push", SocketType::Push, SENDS, "Use NN_PUSH socket type").needs(Marks::DATA),
    socket("pull", SocketType::Pull, TAKES, "Use NN_PULL socket type"),
    socket("pub", SocketType::Pub, SENDS, "Use NN_PUB socket type").needs(Marks::DATA),
    socket(
        "sub",
        SocketType::Sub,
        TAKES.and(Marks::SUB),
        "Use NN_SUB socket type",
    ),
    socket("req", SocketType::Req, BOTH, "Use NN_REQ socket type").needs(Marks::DATA),
    socket("rep", SocketType::Rep, BOTH, "Use NN_REP socket type"),
    socket(
        "surveyor",
        SocketType::Surveyor,
        BOTH,
        "Use NN_SURVEYOR socket type",
    )
    .needs(Marks::DATA),
    socket(
        "respondent",
        SocketType::Respondent,
        BOTH,
        "Use NN_RESPONDENT socket type",
    ),
    socket("bus", SocketType::Bus, BOTH, "Use NN_BUS socket type"),
    socket("pair", SocketType::Pair, BOTH, "Use NN_PAIR socket type"),
    endpoint(
        "bind",
        Action::Bind(""),
        "ADDR",
        "Bind socket to the address ADDR",
    ),
    endpoint(
        "connect",
        Action::Connect(""),
        "ADDR",
        "Connect socket to the address ADDR",
    ),
    endpoint(
        "bind-ipc",
        Action::Bind("ipc://"),
        "PATH",
        "Bind socket to the ipc address \"ipc://PATH\".",
    )
    .short(b'X'),
    endpoint(
        "connect-ipc",
        Action::Connect("ipc://"),
        "PATH",
        "Connect socket to the ipc address \"ipc://PATH\".",
    )
    .short(b'x'),
    endpoint(
        "bind-local",
        Action::Bind("tcp://127.0.0.1:"),
        "PORT",
        "Bind socket to the tcp address \"tcp://127.0.0.1:PORT\".",
    )
    .short(b'L'),
    endpoint(
        "connect-local",
        Action::Connect("tcp://127.0.0.1:"),
        "PORT",
        "Connect socket to the tcp address \"tcp://127.0.0.1:PORT\".",
    )
    .short(b'l'),
    Opt::new(
        SOCKET_OPTIONS,
        "recv-timeout",
        Action::RecvTimeout,
        "Set timeout for receiving a message",
    )
    .value("SEC")
    .needs(Marks::READABLE),
    Opt::new(
        SOCKET_OPTIONS,
        "send-timeout",
        Action::SendTimeout,
        "Set timeout for sending a message",
    )
    .value("SEC")
    .needs(Marks::WRITABLE),
    Opt::new(
        SOCKET_OPTIONS,
        "socket-name",
        Action::SocketName,
        "Name of the socket for statistics",
    )
    .value("NAME"),
    Opt::new(
        SUB_OPTIONS,
        "subscribe",
        Action::Subscribe,
        "Subscribe to the prefix PREFIX. Note: socket will be subscribed to \
         everything (empty prefix) if no prefixes are specified on the \
         command-line.",
    )
    .value("PREFIX")
    .needs(Marks::SUB),
    input(
        "format",
        Action::FormatByName,
        "Use echo format FORMAT (same as the options below)",
    )
    .value("FORMAT"),
    input(
        "raw",
        Action::Format(Format::Raw),
        "Dump message as is (Note: no delimiters are printed)",
    ),
    input(
        "ascii",
        Action::Format(Format::Ascii),
        "Print ASCII part of message delimited by newline. All non-ascii \
         characters replaced by dot.",
    )
    .short(b'A'),
    input(
        "quoted",
        Action::Format(Format::Quoted),
        "Print each message on separate line in double quotes with C-like \
         character escaping",
    )
    .short(b'Q'),
    input(
        "msgpack",
        Action::Format(Format::Msgpack),
        "Print each message as msgpacked string (raw type). This is useful for \
         programmatic parsing.",
    ),
    input(
        "hex",
        Action::Format(Format::Hex),
        "Print each message on separate line in double quotes with hex values",
    ),
    Opt::new(
        OUTPUT,
        "interval",
        Action::Interval,
        "Send message (or request) every SEC seconds",
    )
    .short(b'i')
    .value("SEC")
    .needs(Marks::WRITABLE),
    Opt::new(
        OUTPUT,
        "delay",
        Action::Delay,
        "Wait for SEC seconds before sending message (useful for one-shot PUB \
         sockets)",
    )
    .short(b'd')
    .value("SEC"),
    data(
        "data",
        Action::Data,
        // Both blanks before RESPONDENT are the original's: its help is
        // compared with ours byte for byte.
        "Send DATA to the socket and quit for PUB, PUSH, PAIR, BUS socket. Use \
         DATA to reply for REP or  RESPONDENT socket. Send DATA as request for \
         REQ or SURVEYOR socket.",
    )
    .short(b'D')
    .value("DATA"),
    data(
        "file",
        Action::File,
        "Same as --data but get data from file PATH",
    )
    .short(b'F')
    .value("PATH"),
    Opt::new(
        EXTRA,
        "count",
        Action::Count,
        "Stop after N messages: sent by PUB and PUSH, received by PULL and SUB, \
         received and answered by REP and RESPONDENT, sent and received by the \
         others",
    )
    .value("N"),
    Opt::new(
        EXTRA,
        "wait",
        Action::Wait,
        "Wait for N peers before sending or receiving, for as long as a message \
         may wait to be sent",
    )
    .value("N"),
    Opt::new(
        EXTRA,
        "lines",
        Action::Lines,
        "Send each line of standard input as a message, as --data does with one",
    )
    .provides(Marks::DATA)
    .excludes(Marks::DATA)
    .needs(Marks::WRITABLE),
    Opt::new(
        EXTRA,
        "json",
        Action::Json,
        "Print each message, and all else that is printed, as a JSON object on \
         a line of its own",
    ),
    Opt::new(
        EXTRA,
        "print-address",
        Action::PrintAddress,
        "Print the addresses the socket is bound to, one a line, with the port \
         that the system chose for port 0",
    ),
    Opt::new(
        EXTRA,
        "stats",
        Action::Stats,
        "Print counters to standard error at the end",
    ),
];

const fn socket(
    long: &'static str,
    socket: SocketType,
    abilities: Marks,
    help: &'static str,
) -> Opt {
    Opt::new(SOCKET_TYPES, long, Action::Socket(socket), help)
        .provides(Marks::SOCKET.and(abilities))
        .excludes(Marks::SOCKET)
}

const fn endpoint(
    long: &'static str,
    action: Action,
    metavar: &'static str,
    help: &'static str,
) -> Opt {
    Opt::new(SOCKET_OPTIONS, long, action, help)
        .value(metavar)
        .provides(Marks::ENDPOINT)
}

const fn input(long: &'static str, action: Action, help: &'static str) -> Opt {
    Opt::new(INPUT, long, action, help).needs(Marks::READABLE)
}

const fn data(long: &'static str, action: Action, help: &'static str) -> Opt {
    Opt::new(OUTPUT, long, action, help)
        .provides(Marks::DATA)
        .excludes(Marks::DATA)
        .needs(Marks::WRITABLE)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_and_letters_are_unique() {
        let names: HashSet<_> = OPTIONS.iter().map(|opt| opt.long).collect();
        assert_eq!(names.len(), OPTIONS.len());
        let letters: Vec<_> = OPTIONS.iter().filter_map(|opt| opt.short).collect();
        let distinct: HashSet<_> = letters.iter().collect();
        assert_eq!(distinct.len(), letters.len());
    }

    #[test]
    fn every_need_is_provided_by_some_option() {
        for opt in &OPTIONS {
            let provided = OPTIONS.iter().any(|by| by.provides.meets(opt.needs));
            assert!(opt.needs == Marks::NONE || provided, "--{}", opt.long);
        }
    }

    #[test]
    fn ours_have_no_letter_and_come_last() {
        for (index, opt) in OPTIONS.iter().enumerate() {
            assert_eq!(opt.group == EXTRA, index >= ORIGINAL, "--{}", opt.long);
            assert!(opt.group != EXTRA || opt.short.is_none(), "--{}", opt.long);
        }
    }

    #[test]
    fn ten_socket_types_rule_out_one_another() {
        let sockets = OPTIONS
            .iter()
            .filter(|opt| matches!(opt.action, Action::Socket(_)));
        let mut count = 0;
        for opt in sockets {
            count += 1;
            assert!(opt.excludes.meets(opt.provides), "--{}", opt.long);
            assert_eq!(opt.metavar, None, "--{}", opt.long);
        }
        assert_eq!(count, 10);
    }
}

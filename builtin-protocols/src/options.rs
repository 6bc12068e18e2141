//! Keys of the options that these protocols have of their own.

use std::time::Duration;

use spkit_api::{Error, ErrorKind, Opt, option::OptionType, protocol::OptionSet};

/// REQ: how long to wait for a reply before the request is sent again, if [`RESEND`] is `timer`. Default 60 s; never, or
/// zero, sends it once only, as [`RESEND`] `never` does.
pub const RESEND_TIME: Opt<Option<Duration>> = Opt::new("resend-time");

/// REQ: when a request is sent again. A change concerns the request under way as well: its interval begins anew.
///
/// `timer` (the default): when no reply came within [`RESEND_TIME`], and at once when its connection is lost.
/// `disconnect`: only when its connection is lost. `never`: it is sent once, and if its connection is lost, receiving its
/// reply is a [`ConnectionReset`](ErrorKind::ConnectionReset) error.
pub const RESEND: Opt<String> = Opt::new("resend");

/// REQ: how often a request is sent at most, the first time included; 0, the default, is without limit.
///
/// When it would have to be sent once more, it fails instead. Receiving its reply is then a
/// [`TimedOut`](ErrorKind::TimedOut) error if [`RESEND_TIME`] passed, and [`ConnectionReset`](ErrorKind::ConnectionReset)
/// if its connection was lost; the error says how often it was sent.
pub const MAX_ATTEMPTS: Opt<i64> = Opt::new("max-attempts");

/// SUB: bytes that a body must begin with to be delivered; empty is every message. Each one set adds to the others.
pub const SUBSCRIBE: Opt<Vec<u8>> = Opt::new("subscribe");

/// SUB: ends a subscription to these bytes; an error if there is none.
pub const UNSUBSCRIBE: Opt<Vec<u8>> = Opt::new("unsubscribe");

/// SUB: whether a full queue drops what would be received next, rather than what comes.
pub const PREFER_NEW: Opt<bool> = Opt::new("prefer-new");

/// What becomes of messages when there is no room for them.
///
/// PUB, for a peer that has none: `drop-newest` (the default; that peer loses the message), `drop-oldest` (that peer loses
/// what waits longest in its send buffer, and gets the message), `block` (sending waits until every peer has room, and
/// nothing is lost) or `disconnect` (that peer is closed). SUB, for a queue that has none:
/// `drop` (the default; [`PREFER_NEW`] says which) or `block` (peers are not read until there is room).
pub const BACK_PRESSURE: Opt<String> = Opt::new("back-pressure");

/// SURVEYOR: how long answers to a survey are taken; never takes them until the next survey. Default 1 s.
///
/// A change concerns the surveys that follow. Contexts take over the socket's value when they open.
pub const SURVEY_TIME: Opt<Option<Duration>> = Opt::new("survey-time");

/// What the choices are called, for their option's row.
pub(crate) const fn names<T: Copy, const N: usize>(
    choices: &[(&'static str, T); N],
) -> [&'static str; N] {
    let mut names = [""; N];
    let mut at = 0;
    while at < N {
        names[at] = choices[at].0;
        at += 1;
    }
    names
}

/// The one of these choices that the value names. Nothing else comes: the option's row says which there are.
pub(crate) fn choose<T: Copy>(set: &OptionSet<'_>, choices: &[(&str, T)]) -> Option<T> {
    let named = String::from_value(set.value)?;
    let found = choices.iter().find(|(name, _)| *name == named);
    found.map(|(_, choice)| *choice)
}

/// The error for a value that a protocol refuses.
pub(crate) fn invalid(set: &OptionSet<'_>, why: impl AsRef<str>) -> Error {
    let text = format!("option `{}` {}", set.name, why.as_ref());
    Error::new(ErrorKind::OptionInvalid, text)
}

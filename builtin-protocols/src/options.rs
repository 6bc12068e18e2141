//! Keys of the options that these protocols have of their own.

use std::time::Duration;

use spkit_api::Opt;

/// REQ: how long to wait for a reply before the request is sent again; never, or zero, sends it once only.
///
/// See [`req0`](crate::req0) for what "once only" means when the connection is lost.
pub const RESEND_TIME: Opt<Option<Duration>> = Opt::new("resend-time");

/// SUB: bytes that a body must begin with to be delivered; empty is every message. Each one set adds to the others.
pub const SUBSCRIBE: Opt<Vec<u8>> = Opt::new("subscribe");

/// SUB: ends a subscription to these bytes; an error if there is none.
pub const UNSUBSCRIBE: Opt<Vec<u8>> = Opt::new("unsubscribe");

/// SUB: whether a full queue drops what would be received next, rather than what comes.
pub const PREFER_NEW: Opt<bool> = Opt::new("prefer-new");

/// What becomes of messages when there is no room for them.
///
/// PUB, for a peer that has none: `drop-newest` (the default; that peer loses the message), `block` (sending waits until
/// every peer has room, and nothing is lost) or `disconnect` (that peer is closed). SUB, for a queue that has none:
/// `drop` (the default; [`PREFER_NEW`] says which) or `block` (peers are not read until there is room).
pub const BACK_PRESSURE: Opt<String> = Opt::new("back-pressure");

/// SURVEYOR: how long answers to a survey are taken; never takes them until the next survey. Default 1 s.
///
/// A change concerns the surveys that follow. Contexts take over the socket's value when they open.
pub const SURVEY_TIME: Opt<Option<Duration>> = Opt::new("survey-time");

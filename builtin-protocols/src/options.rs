//! Keys of the options that these protocols have of their own.

use std::time::Duration;

use spkit_api::Opt;

/// REQ: how long to wait for a reply before the request is sent again; never, or zero, sends it once only.
///
/// See [`req0`](crate::req0) for what "once only" means when the connection is lost.
pub const RESEND_TIME: Opt<Option<Duration>> = Opt::new("resend-time");

//! When a request goes out again, and how often.

use std::time::Duration;

use spkit_api::{
    Error, ErrorKind, OptSpec,
    option::{OptionType, Scope},
    protocol::OptionSet,
};

use crate::options::{MAX_ATTEMPTS, RESEND, RESEND_TIME, choose, names};

const DEFAULT_MILLIS: u64 = 60_000;

pub(super) static OPTIONS: &[OptSpec] = &[
    OptSpec::timeout(
        RESEND_TIME,
        Some(DEFAULT_MILLIS),
        "How long to wait for a reply before the request is sent again; never or 0 sends it once only.",
    )
    .scope(Scope::Context),
    OptSpec::text(
        RESEND,
        "timer",
        "When a request is sent again: timer (each resend-time without a reply, and when its connection is lost), \
         disconnect (only when its connection is lost) or never (then losing its connection ends it).",
    )
    .one_of(&names(CHOICES))
    .scope(Scope::Context),
    OptSpec::int(
        MAX_ATTEMPTS,
        0,
        "How often a request is sent at most before it fails, the first time included; 0 is without limit.",
    )
    .range(0, u32::MAX as i64)
    .scope(Scope::Context),
];

const CHOICES: &[(&str, Resend); 3] = &[
    ("timer", Resend::Timer),
    ("disconnect", Resend::Disconnect),
    ("never", Resend::Never),
];

#[derive(Clone, Copy, Debug)]
enum Resend {
    Timer,
    Disconnect,
    Never,
}

/// What a context's options say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    resend: Resend,
    /// `None` is never.
    time: Option<Duration>,
    /// 0 is without limit.
    max_attempts: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            resend: Resend::Timer,
            time: Some(Duration::from_millis(DEFAULT_MILLIS)),
            max_attempts: 0,
        }
    }
}

impl Policy {
    pub(super) fn set(&mut self, set: &OptionSet<'_>) {
        if set.name == RESEND.name() {
            self.resend = choose(set, CHOICES).unwrap_or(self.resend);
        } else if set.name == RESEND_TIME.name() {
            let time = Option::<Duration>::from_value(set.value).unwrap_or(self.time);
            self.time = time.filter(|time| !time.is_zero());
        } else if set.name == MAX_ATTEMPTS.name() {
            let most = i64::from_value(set.value).and_then(|most| u32::try_from(most).ok());
            self.max_attempts = most.unwrap_or(self.max_attempts);
        }
    }

    /// How long after it went out a request is due again, if it ever is.
    pub(super) fn interval(&self) -> Option<Duration> {
        self.time.filter(|_| matches!(self.resend, Resend::Timer))
    }

    /// Whether a request that was sent so often, and got no reply in time, goes out once more.
    pub(super) fn after_silence(&self, attempts: u32) -> Result<(), Error> {
        match self.is_last(attempts) {
            false => Ok(()),
            true => Err(Error::new(
                ErrorKind::TimedOut,
                format!("no reply came in time, and {}", enough(attempts)),
            )),
        }
    }

    /// Whether a request that was sent so often, and lost its connection, goes elsewhere (SP-RR-013).
    pub(super) fn after_loss(&self, attempts: u32) -> Result<(), Error> {
        let is_off = match self.resend {
            Resend::Timer => self.time.is_none(),
            Resend::Disconnect => false,
            Resend::Never => true,
        };
        let why = match (is_off, self.is_last(attempts)) {
            (true, _) => "resending is off".to_owned(),
            (false, true) => enough(attempts),
            (false, false) => return Ok(()),
        };
        Err(Error::new(
            ErrorKind::ConnectionReset,
            format!("the connection was lost before the reply came, and {why}"),
        ))
    }

    fn is_last(&self, attempts: u32) -> bool {
        self.max_attempts != 0 && attempts >= self.max_attempts
    }
}

fn enough(attempts: u32) -> String {
    format!("it was sent as often as `max-attempts` allows: {attempts}")
}

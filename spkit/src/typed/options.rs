//! Options as methods of the sockets, and contexts, that have them.

use std::time::Duration;

use spkit_api::{Result, options::TTL};
use spkit_protocols::options::{
    BACK_PRESSURE, MAX_ATTEMPTS, PREFER_NEW, RESEND, RESEND_TIME, SUBSCRIBE, SURVEY_TIME,
    UNSUBSCRIBE,
};

use super::{HasTtl, Typed, TypedContext, kind};

/// Options that a socket has, and each of its contexts for itself.
macro_rules! options {
    ($kind:ident: $(
        $(#[$doc:meta])*
        fn $name:ident($value:ident: $type:ty) { $key:ident = $from:expr }
    )*) => {
        options!(@for Typed<kind::$kind>: $($(#[$doc])* fn $name($value: $type) { $key = $from })*);
        options!(@for TypedContext<kind::$kind>: $($(#[$doc])* fn $name($value: $type) { $key = $from })*);
    };
    (@for $target:ty: $(
        $(#[$doc:meta])*
        fn $name:ident($value:ident: $type:ty) { $key:ident = $from:expr }
    )*) => {
        impl $target {
            $(
                $(#[$doc])*
                pub fn $name(&self, $value: $type) -> Result<()> {
                    self.set($key, $from)
                }
            )*
        }
    };
}

options! { Sub:
    /// Receives what begins with these bytes too; with none, everything: [`SUBSCRIBE`].
    fn subscribe(topic: impl Into<Vec<u8>>) { SUBSCRIBE = topic.into() }

    /// Ends a subscription to these very bytes; an error if there is none: [`UNSUBSCRIBE`].
    fn unsubscribe(topic: impl Into<Vec<u8>>) { UNSUBSCRIBE = topic.into() }

    /// Whether a full queue drops what would be received next (yes), rather than what comes: [`PREFER_NEW`].
    fn set_prefer_new(prefer: bool) { PREFER_NEW = prefer }

    /// Whether a full queue drops (`drop`, the default) or holds up its peers (`block`): [`BACK_PRESSURE`].
    fn set_back_pressure(policy: impl Into<String>) { BACK_PRESSURE = policy.into() }
}

options! { Req:
    /// How long to wait for a reply before the request is sent again (60 s), never without a time: [`RESEND_TIME`].
    fn set_resend_time(after: Option<Duration>) { RESEND_TIME = after }

    /// When a request is sent again: `timer` (the default), `disconnect` or `never`: [`RESEND`].
    fn set_resend(policy: impl Into<String>) { RESEND = policy.into() }

    /// How often a request is sent at most, without limit if 0 (the default): [`MAX_ATTEMPTS`].
    fn set_max_attempts(times: u32) { MAX_ATTEMPTS = times.into() }
}

options! { Surveyor:
    /// How long answers are taken (1 s), until the next survey without a time: [`SURVEY_TIME`].
    fn set_survey_time(time: Option<Duration>) { SURVEY_TIME = time }
}

options! { @for Typed<kind::Pub>:
    /// What becomes of a message for a peer without room: `drop-newest` (the default), `drop-oldest`, `block` or
    /// `disconnect`: [`BACK_PRESSURE`].
    fn set_back_pressure(policy: impl Into<String>) { BACK_PRESSURE = policy.into() }
}

impl<K: HasTtl> Typed<K> {
    /// How many hops a received message may have behind it (8), from 1 to 255; others are dropped: [`TTL`].
    pub fn set_ttl(&self, hops: u8) -> Result<()> {
        self.set(TTL, hops.into())
    }
}

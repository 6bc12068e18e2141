//! Options as methods of the sockets, and contexts, that have them.

use std::time::Duration;

use spkit_api::{Result, options::TTL};
use spkit_protocols::options::{RESEND_TIME, SUBSCRIBE, SURVEY_TIME, UNSUBSCRIBE};

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
}

options! { Req:
    /// How long to wait for a reply before the request is sent again (60 s), never without a time: [`RESEND_TIME`].
    fn set_resend_time(after: Option<Duration>) { RESEND_TIME = after }
}

options! { Surveyor:
    /// How long answers are taken (1 s), until the next survey without a time: [`SURVEY_TIME`].
    fn set_survey_time(time: Option<Duration>) { SURVEY_TIME = time }
}

impl<K: HasTtl> Typed<K> {
    /// How many hops a received message may have behind it (8), from 1 to 255; others are dropped: [`TTL`].
    pub fn set_ttl(&self, hops: u8) -> Result<()> {
        self.set(TTL, hops.into())
    }
}

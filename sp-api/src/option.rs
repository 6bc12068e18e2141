//! Options: typed keys, tables that describe them, and sets of values.

mod set;
mod spec;
#[cfg(test)]
mod tests;
mod value;

use std::{fmt, marker::PhantomData, time::Duration};

pub use self::{
    set::{LiveOptions, Options},
    spec::OptSpec,
    value::{Kind, Value},
};

/// A type that options can hold.
pub trait OptionType: Sized {
    /// Its kind.
    const KIND: Kind;
    /// As a value.
    fn into_value(self) -> Value;
    /// Back from a value of the same kind.
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! option_type {
    ($type:ty, $kind:ident) => {
        impl OptionType for $type {
            const KIND: Kind = Kind::$kind;
            fn into_value(self) -> Value {
                Value::$kind(self)
            }
            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::$kind(value) => Some(value.clone()),
                    _ => None,
                }
            }
        }
    };
}

option_type!(bool, Bool);
option_type!(i64, Int);
option_type!(Option<Duration>, Duration);
option_type!(usize, Size);
option_type!(String, Text);
option_type!(Vec<u8>, Bytes);

impl OptionType for Duration {
    const KIND: Kind = Kind::Duration;
    fn into_value(self) -> Value {
        Value::Duration(Some(self))
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Duration(value) => *value,
            _ => None,
        }
    }
}

/// A typed key: the name of an option together with the type of its values.
pub struct Opt<T> {
    name: &'static str,
    holds: PhantomData<fn() -> T>,
}

impl<T> Opt<T> {
    /// The key with this name.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            holds: PhantomData,
        }
    }

    /// The option's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<T> Clone for Opt<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Opt<T> {}

impl<T> fmt::Debug for Opt<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opt({})", self.name)
    }
}

/// Whose option it is. A value set on a socket is copied into an endpoint when that is made, and into a pipe when it
/// connects; later changes of the socket do not touch them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// The socket alone.
    Socket,
    /// The socket, and each context on its own.
    Context,
    /// Dialers, with the socket's value as default.
    Dialer,
    /// Listeners, with the socket's value as default.
    Listener,
    /// Dialers and listeners, with the socket's value as default.
    Endpoint,
}

/// When a change takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Change {
    /// At once.
    AtOnce,
    /// For connections made from then on.
    NextConnection,
    /// Only before what it belongs to starts: a socket's before its first endpoint, a dialer's or listener's when that
    /// is made.
    BeforeStart,
}

impl Scope {
    /// Whose values these are, in words.
    pub fn owners(self) -> &'static str {
        match self {
            Self::Socket => "the socket",
            Self::Context => "the socket and its contexts",
            Self::Dialer => "dialers",
            Self::Listener => "listeners",
            Self::Endpoint => "dialers and listeners",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Socket => "socket",
            Self::Context => "context",
            Self::Dialer => "dialer",
            Self::Listener => "listener",
            Self::Endpoint => "endpoint",
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtOnce => "at once",
            Self::NextConnection => "next connection",
            Self::BeforeStart => "before start",
        })
    }
}

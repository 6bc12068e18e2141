//! Values, and how they are read from text.

use std::{fmt, time::Duration};

use crate::{Error, ErrorKind, Result};

/// A value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A number.
    Int(i64),
    /// A span of time; `None` is for ever (or never, where the option says so).
    Duration(Option<Duration>),
    /// A size in bytes; 0 is unlimited where the option says so.
    Size(usize),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// The kind of a [`Value`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// [`Value::Bool`]
    Bool,
    /// [`Value::Int`]
    Int,
    /// [`Value::Duration`]
    Duration,
    /// [`Value::Size`]
    Size,
    /// [`Value::Text`]
    Text,
    /// [`Value::Bytes`]
    Bytes,
}

impl Value {
    /// Which kind of value this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Duration(_) => Kind::Duration,
            Self::Size(_) => Kind::Size,
            Self::Text(_) => Kind::Text,
            Self::Bytes(_) => Kind::Bytes,
        }
    }

    /// Reads a value of a kind from text: `true`/`on`/`1`, `42`, `250ms`, `1.5s`, `never`, `64KiB`, any text.
    pub fn parse(kind: Kind, text: &str) -> Result<Self> {
        let wrong = |expected: &str| {
            Error::new(
                ErrorKind::OptionInvalid,
                format!("expected {expected}, found `{}`", text.escape_debug()),
            )
        };
        match kind {
            Kind::Bool => match text {
                "true" | "on" | "yes" | "1" => Ok(Self::Bool(true)),
                "false" | "off" | "no" | "0" => Ok(Self::Bool(false)),
                _ => Err(wrong("true or false")),
            },
            Kind::Int => text
                .parse()
                .map(Self::Int)
                .map_err(|_| wrong("a whole number")),
            Kind::Duration => parse_duration(text)
                .map(Self::Duration)
                .ok_or_else(|| wrong("a time such as 250ms, 1.5s, 2m or never")),
            Kind::Size => parse_size(text)
                .map(Self::Size)
                .ok_or_else(|| wrong("a size such as 4096, 64KiB or 1MiB")),
            Kind::Text => Ok(Self::Text(text.to_owned())),
            Kind::Bytes => Ok(Self::Bytes(text.as_bytes().to_vec())),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Duration => "duration",
            Self::Size => "size",
            Self::Text => "text",
            Self::Bytes => "bytes",
        })
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Duration(None) => f.write_str("never"),
            Self::Duration(Some(value)) => write!(f, "{value:?}"),
            Self::Size(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
            Self::Bytes(value) => write!(f, "{}", value.escape_ascii()),
        }
    }
}

fn parse_duration(text: &str) -> Option<Option<Duration>> {
    if matches!(text, "never" | "forever" | "none" | "-1") {
        return Some(None);
    }
    let unit_at = text
        .find(|c: char| c.is_ascii_alphabetic() || c == 'µ')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" | "" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    Duration::try_from_secs_f64(number * seconds).ok().map(Some)
}

fn parse_size(text: &str) -> Option<usize> {
    let unit_at = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let factor: usize = match unit {
        "" | "B" => 1,
        "KiB" | "K" | "k" => 1 << 10,
        "MiB" | "M" => 1 << 20,
        "GiB" | "G" => 1 << 30,
        _ => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(factor)
}

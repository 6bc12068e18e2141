//! Options: typed keys, tables that describe them, and sets of values.

use std::{fmt, marker::PhantomData, time::Duration};

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
    /// Only before the socket has its first endpoint.
    BeforeStart,
}

/// A row of an option table: everything a user, a program or the kit has to know about one option.
#[derive(Clone, Debug)]
pub struct OptSpec {
    name: &'static str,
    default: Preset,
    /// Whether a time may be "never".
    never: bool,
    /// Whether setting it is something done, and not a value kept.
    act: bool,
    range: Option<(i64, i64)>,
    scope: Scope,
    change: Change,
    doc: &'static str,
}

/// Defaults that a `const fn` can build.
#[derive(Clone, Copy, Debug)]
enum Preset {
    Bool(bool),
    Int(i64),
    Millis(Option<u64>),
    Size(usize),
    Text(&'static str),
    Bytes(&'static [u8]),
}

impl OptSpec {
    const fn new(name: &'static str, default: Preset, doc: &'static str) -> Self {
        Self {
            name,
            default,
            never: false,
            act: false,
            range: None,
            scope: Scope::Socket,
            change: Change::AtOnce,
            doc,
        }
    }

    /// A yes-or-no option.
    pub const fn bool(key: Opt<bool>, default: bool, doc: &'static str) -> Self {
        Self::new(key.name, Preset::Bool(default), doc)
    }

    /// A number.
    pub const fn int(key: Opt<i64>, default: i64, doc: &'static str) -> Self {
        Self::new(key.name, Preset::Int(default), doc)
    }

    /// A time that may be "never", with its default in milliseconds.
    pub const fn timeout(
        key: Opt<Option<Duration>>,
        default: Option<u64>,
        doc: &'static str,
    ) -> Self {
        let mut spec = Self::new(key.name, Preset::Millis(default), doc);
        spec.never = true;
        spec
    }

    /// A time, with its default in milliseconds.
    pub const fn duration(key: Opt<Duration>, default: u64, doc: &'static str) -> Self {
        Self::new(key.name, Preset::Millis(Some(default)), doc)
    }

    /// A size in bytes.
    pub const fn size(key: Opt<usize>, default: usize, doc: &'static str) -> Self {
        Self::new(key.name, Preset::Size(default), doc)
    }

    /// Text.
    pub const fn text(key: Opt<String>, default: &'static str, doc: &'static str) -> Self {
        Self::new(key.name, Preset::Text(default), doc)
    }

    /// Bytes.
    pub const fn bytes(key: Opt<Vec<u8>>, default: &'static [u8], doc: &'static str) -> Self {
        Self::new(key.name, Preset::Bytes(default), doc)
    }

    /// Setting it does something instead of changing a value (SUB: subscribe). Every value set goes to the protocol,
    /// in order; none is kept, so it cannot be read, and its default is not set when a socket opens.
    #[must_use]
    pub const fn act(mut self) -> Self {
        self.act = true;
        self
    }

    /// The least and the greatest value: of the number, of the size, or of the time in milliseconds.
    #[must_use]
    pub const fn range(mut self, least: i64, greatest: i64) -> Self {
        self.range = Some((least, greatest));
        self
    }

    /// Whose option it is (default: the socket's).
    #[must_use]
    pub const fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// When a change takes effect (default: at once).
    #[must_use]
    pub const fn change(mut self, change: Change) -> Self {
        self.change = change;
        self
    }

    /// The option's name: lower case, words joined by `-`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// One sentence: what it does, in which unit.
    pub fn doc(&self) -> &'static str {
        self.doc
    }

    /// Whose option it is.
    pub fn scope_of(&self) -> Scope {
        self.scope
    }

    /// When a change takes effect.
    pub fn changes(&self) -> Change {
        self.change
    }

    /// Whether setting it does something, and keeps no value.
    pub fn is_act(&self) -> bool {
        self.act
    }

    /// The least and the greatest value, where there is a range.
    pub fn bounds(&self) -> Option<(i64, i64)> {
        self.range
    }

    /// The kind of its values.
    pub fn kind(&self) -> Kind {
        self.default().kind()
    }

    /// The value it has when nobody sets it.
    pub fn default(&self) -> Value {
        match self.default {
            Preset::Bool(value) => Value::Bool(value),
            Preset::Int(value) => Value::Int(value),
            Preset::Millis(value) => Value::Duration(value.map(Duration::from_millis)),
            Preset::Size(value) => Value::Size(value),
            Preset::Text(value) => Value::Text(value.to_owned()),
            Preset::Bytes(value) => Value::Bytes(value.to_vec()),
        }
    }

    /// Whether the value has the right kind and is in range; the error names option, value and what is allowed.
    pub fn check(&self, value: &Value) -> Result<()> {
        let refuse = |why: String| {
            Error::new(
                ErrorKind::OptionInvalid,
                format!("option `{}` {why}", self.name),
            )
        };
        if value.kind() != self.kind() {
            return Err(refuse(format!(
                "takes a value of kind {:?}, not {:?}",
                self.kind(),
                value.kind()
            )));
        }
        if matches!(value, Value::Duration(None)) && !self.never {
            return Err(refuse("takes a time, and `never` is none".to_owned()));
        }
        let Some((least, greatest)) = self.range else {
            return Ok(());
        };
        let number = match value {
            Value::Int(value) => *value,
            Value::Size(value) => i64::try_from(*value).unwrap_or(i64::MAX),
            Value::Duration(Some(value)) => i64::try_from(value.as_millis()).unwrap_or(i64::MAX),
            _ => return Ok(()),
        };
        if (least..=greatest).contains(&number) {
            return Ok(());
        }
        let unit = if self.kind() == Kind::Duration {
            " ms"
        } else {
            ""
        };
        Err(refuse(format!(
            "takes {least} to {greatest}{unit}, not {value}"
        )))
    }
}

/// Values of options over the tables that describe them. What is not set has its row's default.
#[derive(Clone, Debug, Default)]
pub struct Options {
    tables: Vec<&'static [OptSpec]>,
    set: Vec<(&'static OptSpec, Value)>,
}

impl Options {
    /// No values yet, over these tables.
    pub fn over(tables: &[&'static [OptSpec]]) -> Self {
        Self {
            tables: tables.to_vec(),
            set: Vec::new(),
        }
    }

    /// Adds a table, unless it is there already.
    pub fn describe(&mut self, table: &'static [OptSpec]) {
        if !self.tables.iter().any(|known| std::ptr::eq(*known, table)) {
            self.tables.push(table);
        }
    }

    /// Every row that describes an option here.
    pub fn rows(&self) -> impl Iterator<Item = &'static OptSpec> {
        self.tables.iter().flat_map(|table| table.iter())
    }

    /// The row of this name; the error lists the names there are.
    pub fn row(&self, name: &str) -> Result<&'static OptSpec> {
        self.rows().find(|row| row.name == name).ok_or_else(|| {
            let mut names: Vec<_> = self.rows().map(OptSpec::name).collect();
            names.sort_unstable();
            Error::new(
                ErrorKind::OptionUnknown,
                format!("`{}`; there are: {}", name.escape_debug(), names.join(", ")),
            )
        })
    }

    /// Sets a value after checking it against its row, which it returns. Acts add up, until they are
    /// [taken](Self::take_acts).
    pub fn set_value(&mut self, name: &str, value: Value) -> Result<&'static OptSpec> {
        let row = self.row(name)?;
        row.check(&value)?;
        match self
            .set
            .iter_mut()
            .find(|(known, _)| known.name == row.name && !row.act)
        {
            Some((_, old)) => *old = value,
            None => self.set.push((row, value)),
        }
        Ok(row)
    }

    /// Sets a typed value.
    pub fn set<T: OptionType>(&mut self, key: Opt<T>, value: T) -> Result<()> {
        self.set_value(key.name, value.into_value()).map(drop)
    }

    /// The same options with one more set, for building them in one expression.
    pub fn with<T: OptionType>(mut self, key: Opt<T>, value: T) -> Result<Self> {
        self.set(key, value)?;
        Ok(self)
    }

    /// Takes out the acts that were set, in their order: for whoever carries them out.
    pub fn take_acts(&mut self) -> Vec<(&'static OptSpec, Value)> {
        let (acts, values) = std::mem::take(&mut self.set)
            .into_iter()
            .partition(|(row, _)| row.act);
        self.set = values;
        acts
    }

    /// The value under a key: what was set, else its default; `None` if no table knows the option, or it is an act.
    pub fn get<T: OptionType>(&self, key: Opt<T>) -> Option<T> {
        T::from_value(&self.value(key.name)?)
    }

    /// As [`get`](Self::get), by name.
    pub fn value(&self, name: &str) -> Option<Value> {
        let set = self.set.iter().find(|(row, _)| row.name == name);
        if let Some((_, value)) = set.filter(|(row, _)| !row.act) {
            return Some(value.clone());
        }
        self.rows()
            .find(|row| row.name == name && !row.act)
            .map(OptSpec::default)
    }

    /// The rows of the options that were set.
    pub fn is_set(&self) -> impl Iterator<Item = &'static OptSpec> {
        self.set.iter().map(|(row, _)| *row)
    }

    /// Takes over what `from` has set, where this knows the option.
    pub fn inherit(&mut self, from: &Self) {
        for (row, value) in &from.set {
            if self.rows().any(|known| known.name == row.name) {
                self.set.retain(|(known, _)| known.name != row.name);
                self.set.push((row, value.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Opt<i64> = Opt::new("ttl");
    const WAIT: Opt<Duration> = Opt::new("wait");
    static TABLE: &[OptSpec] = &[
        OptSpec::int(TTL, 8, "Hops.").range(1, 255),
        OptSpec::duration(WAIT, 100, "Wait."),
    ];

    #[test]
    fn unset_options_have_their_defaults() {
        let mut options = Options::over(&[TABLE]);
        assert_eq!(options.get(TTL), Some(8));
        options.set(TTL, 3).unwrap();
        assert_eq!(options.get(TTL), Some(3));
        assert_eq!(options.get(WAIT), Some(Duration::from_millis(100)));
        assert_eq!(options.get(Opt::<bool>::new("other")), None);
    }

    #[test]
    fn acts_add_up_and_have_no_value() {
        const DO: Opt<Vec<u8>> = Opt::new("do");
        static ACTS: &[OptSpec] = &[OptSpec::bytes(DO, b"", "Does it.").act()];
        let mut options = Options::over(&[TABLE, ACTS]).with(TTL, 3).unwrap();
        for what in ["a", "b", "a"] {
            options.set(DO, what.into()).unwrap();
        }
        assert_eq!(options.get(DO), None);
        let acts = options.take_acts();
        let acts: Vec<_> = acts.iter().map(|(_, what)| what.to_string()).collect();
        assert_eq!(acts, ["a", "b", "a"]);
        assert!(options.take_acts().is_empty());
        assert_eq!(options.get(TTL), Some(3));
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = Options::over(&[TABLE])
            .set_value("tll", Value::Int(1))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OptionUnknown);
        assert!(error.to_string().contains("ttl, wait"), "{error}");
    }

    #[test]
    fn an_endpoint_inherits_what_it_knows() {
        let socket = Options::over(&[TABLE]).with(TTL, 3).unwrap();
        let mut endpoint = Options::over(&[&TABLE[1..]]);
        endpoint.inherit(&socket);
        assert_eq!(endpoint.get(TTL), None);
    }

    #[test]
    fn refusals_name_option_and_range() {
        let error = TABLE[0].check(&Value::Int(0)).unwrap_err();
        assert!(
            error.to_string().contains("`ttl` takes 1 to 255"),
            "{error}"
        );
        let error = TABLE[0].check(&Value::Bool(true)).unwrap_err();
        assert!(error.to_string().contains("Int"), "{error}");
        let ranged = OptSpec::duration(WAIT, 100, "Wait.").range(1, 10);
        for spec in [&TABLE[1], &ranged] {
            assert!(spec.check(&Value::Duration(None)).is_err());
        }
    }

    #[test]
    fn text_reads_as_each_kind() {
        let parse = |kind, text| Value::parse(kind, text).unwrap();
        assert_eq!(
            parse(Kind::Duration, "1.5s"),
            Value::Duration(Some(Duration::from_millis(1500)))
        );
        assert_eq!(parse(Kind::Duration, "never"), Value::Duration(None));
        assert_eq!(parse(Kind::Size, "64KiB"), Value::Size(65536));
        assert_eq!(parse(Kind::Bool, "on"), Value::Bool(true));
        for (kind, text) in [
            (Kind::Int, "x"),
            (Kind::Duration, "1 parsec"),
            (Kind::Duration, "-2s"),
            (Kind::Size, "1TB"),
            (Kind::Bool, "maybe"),
        ] {
            assert!(Value::parse(kind, text).is_err(), "{text}");
        }
    }
}

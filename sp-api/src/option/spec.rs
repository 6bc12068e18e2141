//! Rows of option tables.

use std::time::Duration;

use super::{Change, Kind, Opt, Scope, Value};
use crate::{Error, ErrorKind, Result};

/// A row of an option table: everything a user, a program or the kit has to know about one option.
#[derive(Clone, Debug)]
pub struct OptSpec {
    name: &'static str,
    default: Preset,
    /// Whether a time may be "never".
    never: bool,
    /// Whether setting it is something done, and not a value kept.
    act: bool,
    rule: Rule,
    scope: Scope,
    change: Change,
    doc: &'static str,
}

/// Which values of its kind a row takes.
#[derive(Clone, Copy, Debug)]
enum Rule {
    All,
    Range(i64, i64),
    OneOf(&'static [&'static str]),
    Text(&'static str, fn(&str) -> bool),
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
            rule: Rule::All,
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
        self.rule = Rule::Range(least, greatest);
        self
    }

    /// The only texts there are.
    #[must_use]
    pub const fn one_of(mut self, choices: &'static [&'static str]) -> Self {
        self.rule = Rule::OneOf(choices);
        self
    }

    /// Which texts are allowed, in words that follow "takes": "at most 63 bytes".
    #[must_use]
    pub const fn takes(mut self, what: &'static str, allowed: fn(&str) -> bool) -> Self {
        self.rule = Rule::Text(what, allowed);
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
        match self.rule {
            Rule::Range(least, greatest) => Some((least, greatest)),
            _ => None,
        }
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

    /// Which values it takes, in words: "1 to 255", "at least 1", "a time or never", "block or drop".
    pub fn allowed(&self) -> String {
        let number = |number: i64| match self.kind() {
            Kind::Duration => format!("{:?}", Duration::from_millis(number.unsigned_abs())),
            _ => number.to_string(),
        };
        let allowed = match self.rule {
            Rule::Range(least, i64::MAX) => format!("at least {}", number(least)),
            Rule::Range(least, greatest) => format!("{} to {}", number(least), number(greatest)),
            Rule::OneOf(choices) => match choices {
                [some @ .., last] if !some.is_empty() => format!("{} or {last}", some.join(", ")),
                choices => choices.join(", "),
            },
            Rule::Text(what, _) => what.to_owned(),
            Rule::All => match self.kind() {
                Kind::Bool => "true or false",
                Kind::Int => "any whole number",
                Kind::Duration => "any time",
                Kind::Size => "any size",
                Kind::Text => "any text",
                Kind::Bytes => "any bytes",
            }
            .to_owned(),
        };
        match self.never {
            true => format!("{allowed} or never"),
            false => allowed,
        }
    }

    /// Whether the value has the right kind and is among those [allowed](Self::allowed); the error names option, value
    /// and what is allowed.
    pub fn check(&self, value: &Value) -> Result<()> {
        let (kind, given) = (self.kind(), value.kind());
        if given != kind {
            return Err(self.refuse(format!(
                "takes a value of kind {kind} ({}), not of kind {given}",
                self.allowed()
            )));
        }
        let fits = match (self.rule, value) {
            (_, Value::Duration(None)) => self.never,
            (Rule::Range(least, greatest), Value::Int(number)) => {
                (least..=greatest).contains(number)
            }
            (Rule::Range(least, greatest), Value::Size(size)) => {
                (least..=greatest).contains(&i64::try_from(*size).unwrap_or(i64::MAX))
            }
            (Rule::Range(least, greatest), Value::Duration(Some(time))) => {
                let millis = |number: i64| Duration::from_millis(number.unsigned_abs());
                (millis(least)..=millis(greatest)).contains(time)
            }
            (Rule::OneOf(choices), Value::Text(text)) => choices.contains(&text.as_str()),
            (Rule::Text(_, allowed), Value::Text(text)) => allowed(text),
            _ => true,
        };
        if fits {
            return Ok(());
        }
        let shown = match value {
            Value::Text(text) => format!("`{}`", text.escape_debug()),
            other => other.to_string(),
        };
        Err(self.refuse(format!("takes {}, not {shown}", self.allowed())))
    }

    /// Whether a value may be set on a socket, context, dialer or listener: on the socket all may.
    pub fn check_scope(&self, on: Scope) -> Result<()> {
        let endpoint = matches!(on, Scope::Dialer | Scope::Listener);
        if on == Scope::Socket || on == self.scope || (endpoint && self.scope == Scope::Endpoint) {
            return Ok(());
        }
        Err(self.refuse(format!("belongs to {}, not to a {on}", self.scope.owners())))
    }

    /// An error about a value of this option: `why` follows its name.
    pub fn refuse(&self, why: impl AsRef<str>) -> Error {
        let why = why.as_ref();
        Error::new(
            ErrorKind::OptionInvalid,
            format!("option `{}` {why}", self.name),
        )
    }
}

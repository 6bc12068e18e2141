//! Sets of values.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Opt, OptSpec, OptionType, Value};
use crate::{Error, ErrorKind, Result};

/// How alike two names are for one to be taken for the other, misspelled.
const ALIKE: f64 = 0.8;

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

    /// Adds the tables of other options.
    pub fn describe_all(&mut self, of: &Self) {
        for table in &of.tables {
            self.describe(table);
        }
    }

    /// Every row that describes an option here.
    pub fn rows(&self) -> impl Iterator<Item = &'static OptSpec> {
        self.tables.iter().flat_map(|table| table.iter())
    }

    /// The row of this name; the error lists the names there are, the one that was meant first.
    pub fn row(&self, name: &str) -> Result<&'static OptSpec> {
        let found = self.rows().find(|row| row.name() == name);
        found.ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> Error {
        let mut names: Vec<_> = self.rows().map(OptSpec::name).collect();
        names.sort_unstable();
        names.dedup();
        let meant = names
            .iter()
            .map(|known| (strsim::normalized_damerau_levenshtein(name, known), known))
            .filter(|(alike, _)| *alike >= ALIKE)
            .max_by(|(one, _), (other, _)| one.total_cmp(other));
        let all = names.join(", ");
        let name = name.escape_debug();
        Error::new(
            ErrorKind::OptionUnknown,
            match meant {
                Some((_, meant)) => format!("`{name}`; did you mean `{meant}`? There are: {all}"),
                None => format!("`{name}`; there are: {all}"),
            },
        )
    }

    /// Sets a value after checking it against its row, which it returns. Acts add up, until they are
    /// [taken](Self::take_acts).
    pub fn set_value(&mut self, name: &str, value: Value) -> Result<&'static OptSpec> {
        let row = self.row(name)?;
        row.check(&value)?;
        match self
            .set
            .iter_mut()
            .find(|(known, _)| known.name() == row.name() && !row.is_act())
        {
            Some((_, old)) => *old = value,
            None => self.set.push((row, value)),
        }
        Ok(row)
    }

    /// Sets a typed value.
    pub fn set<T: OptionType>(&mut self, key: Opt<T>, value: T) -> Result<()> {
        self.set_value(key.name(), value.into_value()).map(drop)
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
            .partition(|(row, _)| row.is_act());
        self.set = values;
        acts
    }

    /// The value under a key: what was set, else its default; `None` if no table knows the option, or it is an act.
    pub fn get<T: OptionType>(&self, key: Opt<T>) -> Option<T> {
        T::from_value(&self.value(key.name())?)
    }

    /// As [`get`](Self::get), by name.
    pub fn value(&self, name: &str) -> Option<Value> {
        let set = self.set.iter().find(|(row, _)| row.name() == name);
        if let Some((_, value)) = set.filter(|(row, _)| !row.is_act()) {
            return Some(value.clone());
        }
        self.rows()
            .find(|row| row.name() == name && !row.is_act())
            .map(OptSpec::default)
    }

    /// The rows of the options that were set.
    pub fn is_set(&self) -> impl Iterator<Item = &'static OptSpec> {
        self.set.iter().map(|(row, _)| *row)
    }

    /// Takes over what `from` has set, where this knows the option.
    pub fn inherit(&mut self, from: &Self) {
        for (row, value) in &from.set {
            if self.rows().any(|known| known.name() == row.name()) {
                self.set.retain(|(known, _)| known.name() != row.name());
                self.set.push((row, value.clone()));
            }
        }
    }
}

/// An endpoint's values as they are now, for runtimes: setting one on a live dialer or listener changes them.
/// Transports see them as a [`LiveConfig`](crate::LiveConfig).
#[derive(Clone, Debug, Default)]
pub struct LiveOptions(Arc<Mutex<Arc<Options>>>);

impl LiveOptions {
    /// These values, for now.
    pub fn new(options: Options) -> Self {
        Self(Arc::new(Mutex::new(Arc::new(options))))
    }

    /// The values of this moment.
    pub fn now(&self) -> Arc<Options> {
        let now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&now)
    }

    /// For runtimes.
    #[doc(hidden)]
    pub fn replace(&self, options: Options) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(options);
    }
}

impl From<&Options> for LiveOptions {
    fn from(options: &Options) -> Self {
        Self::new(options.clone())
    }
}

impl From<&Self> for LiveOptions {
    fn from(live: &Self) -> Self {
        live.clone()
    }
}

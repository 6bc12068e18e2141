//! The register of requirements: data, under ids that are never reused.

use std::{collections::BTreeSet, fmt, sync::OnceLock};

use serde::{Deserialize, Serialize};

const FILES: &[(&str, &str)] = &[
    ("stream.toml", include_str!("../requirements/stream.toml")),
    ("hostile.toml", include_str!("../requirements/hostile.toml")),
    (
        "patterns.toml",
        include_str!("../requirements/patterns.toml"),
    ),
    ("spkit.toml", include_str!("../requirements/spkit.toml")),
];

/// How binding a requirement is, the most binding first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[non_exhaustive]
pub enum Level {
    /// The draft says MUST.
    #[serde(rename = "MUST")]
    Must,
    /// The draft states it plainly, or it follows without choice.
    #[serde(rename = "MUST(lc)")]
    MustLc,
    /// Every implementation does it, though no draft says so.
    #[serde(rename = "DF")]
    DeFacto,
    /// Nobody says it and not everybody does it: the kit's own rule.
    #[serde(rename = "SUITE")]
    Suite,
    /// The draft says SHOULD.
    #[serde(rename = "SHOULD")]
    Should,
    /// Some implementations do it.
    #[serde(rename = "DF(one)")]
    Some,
    /// The draft says MAY.
    #[serde(rename = "MAY")]
    May,
    /// Said for information.
    #[serde(rename = "INFO")]
    Info,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Must => "MUST",
            Self::MustLc => "MUST(lc)",
            Self::DeFacto => "DF",
            Self::Suite => "SUITE",
            Self::Should => "SHOULD",
            Self::Some => "DF(one)",
            Self::May => "MAY",
            Self::Info => "INFO",
        })
    }
}

/// One requirement.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Requirement {
    /// Its id, as in `SP-TCP-012` or `H-07`.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// What is required, in one sentence.
    pub text: String,
    /// Where it comes from.
    pub source: String,
    /// Who is known to deviate, and how; empty if nobody.
    #[serde(default)]
    pub tolerate: String,
    /// Why no case checks it; empty if one does.
    #[serde(default)]
    pub untested: String,
}

/// All requirements, sorted by id.
#[derive(Clone, Debug)]
pub struct Register {
    requirements: Vec<Requirement>,
}

#[derive(Deserialize)]
struct File {
    requirement: Vec<Requirement>,
}

impl Register {
    /// The register of this release.
    pub fn get() -> &'static Self {
        static REGISTER: OnceLock<Register> = OnceLock::new();
        REGISTER.get_or_init(|| match Self::read() {
            Ok(register) => register,
            // The files are part of the program and a test reads them: nobody can get here.
            Err(error) => panic!("the kit's own requirement register is broken: {error}"),
        })
    }

    fn read() -> Result<Self, String> {
        let mut requirements = Vec::new();
        for (name, text) in FILES {
            let file: File = toml::from_str(text).map_err(|error| format!("{name}: {error}"))?;
            requirements.extend(file.requirement);
        }
        requirements.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self { requirements })
    }

    /// Every requirement.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter()
    }

    /// The requirement of this id.
    pub fn find(&self, id: &str) -> Option<&Requirement> {
        let at = self
            .requirements
            .binary_search_by(|known| known.id.as_str().cmp(id))
            .ok()?;
        self.requirements.get(at)
    }

    /// Those among `ids` that are registered, each once, in order.
    pub(crate) fn among<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a &'static str>,
    ) -> impl Iterator<Item = &Requirement> {
        let ids: BTreeSet<&str> = ids.into_iter().copied().collect();
        ids.into_iter().filter_map(|id| self.find(id))
    }

    /// The most binding level among these ids.
    pub(crate) fn strongest(&self, ids: &[&str]) -> Level {
        ids.iter()
            .filter_map(|id| self.find(id))
            .map(|requirement| requirement.level)
            .min()
            .unwrap_or(Level::Info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_every_entry_is_complete() {
        let register = Register::read().unwrap();
        for pair in register.requirements.windows(2) {
            assert_ne!(pair[0].id, pair[1].id);
        }
        for requirement in register.iter() {
            let Requirement {
                id, text, source, ..
            } = requirement;
            assert!(text.ends_with('.') && text.len() > 20, "{id}: {text}");
            assert!(!source.is_empty(), "{id}");
        }
    }

    #[test]
    fn the_most_binding_level_wins() {
        let register = Register::get();
        assert_eq!(
            register.strongest(&["SP-TCP-016", "SP-TCP-008"]),
            Level::Must
        );
        assert_eq!(register.strongest(&["H-07", "SP-TCP-016"]), Level::DeFacto);
        assert_eq!(register.strongest(&["no such"]), Level::Info);
    }
}

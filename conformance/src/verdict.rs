//! What comes out of a case.

use std::fmt;

/// The result of a step of a case, or of the whole.
pub(crate) type Outcome<T = ()> = Result<T, Trouble>;

/// Why a case did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The endpoint under test did something else than it should.
    Failed(Failure),
    /// It cannot be told here, and why.
    Skipped(String),
    /// The kit itself could not go on: its own temporary file, its own listener.
    Kit(String),
}

/// What should have been seen, and what was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the requirement asks for.
    pub expected: String,
    /// What came instead.
    pub seen: String,
}

impl Trouble {
    /// A failure of the endpoint under test.
    pub(crate) fn failed(expected: impl Into<String>, seen: impl Into<String>) -> Self {
        Self::Failed(Failure {
            expected: expected.into(),
            seen: seen.into(),
        })
    }

    /// A failure of the kit.
    pub(crate) fn kit(what: impl fmt::Display, error: impl fmt::Display) -> Self {
        Self::Kit(format!("{what}: {error}"))
    }

    /// The same, with what it belongs to in front of what was expected.
    pub(crate) fn during(self, step: impl fmt::Display) -> Self {
        match self {
            Self::Failed(Failure { expected, seen }) => {
                Self::failed(format!("{step}: {expected}"), seen)
            }
            other => other,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => {
                write!(f, "expected {}; seen: {}", failure.expected, failure.seen)
            }
            Self::Skipped(why) | Self::Kit(why) => f.write_str(why),
        }
    }
}

/// Names the step that a failure happened in.
pub(crate) trait During {
    /// Puts `step` in front of a failure's text.
    fn during(self, step: impl fmt::Display) -> Self;
}

impl<T> During for Outcome<T> {
    fn during(self, step: impl fmt::Display) -> Self {
        self.map_err(|trouble| trouble.during(step))
    }
}

/// Fails unless `holds`.
pub(crate) fn ensure(
    holds: bool,
    expected: impl Into<String>,
    seen: impl FnOnce() -> String,
) -> Outcome {
    if holds {
        Ok(())
    } else {
        Err(Trouble::failed(expected, seen()))
    }
}

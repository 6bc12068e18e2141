//! Why a plan was not carried out, and how that ends the program.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use spkit::Error;

use crate::stop::{self, Stop};

/// Why a plan was not carried out.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something could not be done; what, and why.
    Cannot(String),
    /// What is to be sent could not be read.
    Input(Stop),
    /// Nobody reads what is printed.
    Unread,
}

impl Failure {
    /// What could not be done, and why.
    pub(crate) fn new(doing: &str, why: impl Display) -> Self {
        Self::Cannot(format!("Can't {doing}: {why}\n"))
    }

    /// For `map_err`.
    pub(crate) fn to(doing: &'static str) -> impl Fn(Error) -> Self {
        move |error| Self::new(doing, error)
    }

    /// Printing failed.
    pub(crate) fn print(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::new("print", error),
        }
    }

    /// Tells it, and gives the exit status of the original.
    pub(crate) fn exit(&self) -> ExitCode {
        match self {
            Self::Cannot(text) => {
                // Where standard error is gone there is nobody to tell.
                let _ = io::stderr().lock().write_all(text.as_bytes());
                ExitCode::from(3)
            }
            Self::Input(stop) => stop.print(),
            Self::Unread => stop::unread(),
        }
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Self::Input(stop)
    }
}

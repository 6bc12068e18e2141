//! The conformance kit for scalability protocols: what it certifies is what is linked into the program.
//!
//! A plugin's author adds one file, `tests/conformance.rs`, with `harness = false` in `Cargo.toml`:
//!
//! ```no_run
//! use std::process::ExitCode;
//! # mod my_plugin {}
//! # #[allow(unused_imports)]
//! use my_plugin as _;
//!
//! fn main() -> ExitCode {
//!     spkit_conformance::main()
//! }
//! ```
//!
//! The same cases run from the command line by `spkit certify`, whose program is [`cli::main`]; a program of a third
//! party that links other plugins is three lines as well. Programs that want to do more call [`certify`].
//!
//! # Bones
//!
//! * A [`Requirement`] is data: an id, a level, a sentence, a source.
//! * A [`Case`] names the requirements it checks and has a body that knows nothing of how the endpoint under test is
//!   started.
//! * A *driver* starts it. There is one for sockets of this process; the kit's own tests have one for a reference
//!   endpoint with deliberate faults.
//! * The *tester* speaks to it from outside, over plain std sockets, with a codec of its own.
//! * A [`Report`] is what came of a run.
#![warn(missing_docs)]

mod addresses;
mod case;
mod cases;
mod catalogue;
pub mod cli;
mod config;
mod driver;
mod endpoints;
mod harness;
mod pace;
#[cfg(doctest)]
mod pages;
mod report;
mod requirement;
mod runner;
mod scene;
#[cfg(test)]
mod self_test;
mod tester;
mod transcript;
mod verdict;

use spkit_runtime::Registry;

pub use crate::{
    addresses::AddressTemplate,
    case::{Case, Class},
    config::Config,
    harness::{main, main_with},
    pace::Pace,
    report::{Record, Report, Status},
    requirement::{Level, Register, Requirement},
    verdict::Failure,
};

/// Every case for what is registered, in the order in which reports have them. Opens nothing.
pub fn cases(registry: &Registry) -> Vec<Case> {
    catalogue::cases(registry)
}

/// Runs the cases that the configuration asks for.
pub fn certify(config: &Config) -> Report {
    runner::run(config, &config.selected(), |_| {})
}

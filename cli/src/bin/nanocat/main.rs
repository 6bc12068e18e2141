//! `nanocat`: sends and receives messages from the command line.
//!
//! It takes nanomsg's command lines and prints nanomsg's bytes, so scripts and
//! eyes that know the original need not learn anything. What it can do beyond
//! that is in a group of its own, and what it does otherwise in
//! `docs/nanocat.md`.

mod exchange;
mod failure;
mod format;
mod help;
mod input;
mod options;
mod parse;
mod plan;
mod print;
mod report;
mod run;
mod seconds;
mod signals;
mod spec;
mod stats;
mod stop;

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = env::args_os();
    let program = words.next().unwrap_or_default();
    let words: Vec<_> = words.collect();
    match parse::parse(&program, &words) {
        Ok(plan) => run::run(&plan),
        Err(stop) => stop.print(),
    }
}

//! `nanocat`: sends and receives messages from the command line.
//!
//! It takes nanomsg's command lines and prints nanomsg's bytes, so scripts and
//! eyes that know the original need not learn anything.

// The tests use all of it; the program will once it opens sockets.
#[cfg_attr(not(test), expect(dead_code, reason = "no message is received yet"))]
mod format;
mod help;
mod input;
mod options;
mod parse;
#[cfg_attr(not(test), expect(dead_code, reason = "no plan is carried out yet"))]
mod plan;
mod report;
mod seconds;
mod spec;
mod stop;

use std::env;
use std::process::ExitCode;

use plan::Plan;

fn main() -> ExitCode {
    let mut words = env::args_os();
    let program = words.next().unwrap_or_default();
    let words: Vec<_> = words.collect();
    match parse::parse(&program, &words) {
        Ok(plan) => run(&plan),
        Err(stop) => stop.print(),
    }
}

/// Where the sockets come in; until then no plan can be carried out.
fn run(_plan: &Plan) -> ExitCode {
    eprintln!("Can't create socket: this build has no runtime");
    ExitCode::from(3)
}

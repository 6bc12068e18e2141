//! `spkit`: certifies and lists what is linked in, which is here the builtin protocols and transports.
//!
//! A program that links other plugins is these three lines with another `use`.

use std::process::ExitCode;

use spkit as _;

fn main() -> ExitCode {
    spkit_conformance::cli::main()
}

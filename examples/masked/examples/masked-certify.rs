//! The `spkit` program with `masked+tcp` in it: `list`, `certify --transport masked+tcp`.

use std::process::ExitCode;

use example_masked as _;
use spkit as _;

fn main() -> ExitCode {
    spkit_conformance::cli::main()
}

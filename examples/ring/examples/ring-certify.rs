//! The `spkit` program with `ring` in it: `list`, `certify --transport ring`.

use std::process::ExitCode;

use example_ring as _;
use spkit as _;

fn main() -> ExitCode {
    spkit_conformance::cli::main()
}

//! The `spkit` program with `latest-pub` and `latest-sub` in it: `list`, `certify --protocol latest-pub`.

use std::process::ExitCode;

use example_conflate as _;
use spkit as _;

fn main() -> ExitCode {
    spkit_conformance::cli::main()
}

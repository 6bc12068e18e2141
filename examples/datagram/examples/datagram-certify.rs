//! The `spkit` program with `dgram` in it: `list`, `certify --transport dgram`.

use std::process::ExitCode;

use example_datagram as _;
use spkit as _;

fn main() -> ExitCode {
    spkit_conformance::cli::main()
}

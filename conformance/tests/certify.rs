//! The kit on the builtin plugins, as a plugin's author would run it.

use std::process::ExitCode;

use spkit as _;

fn main() -> ExitCode {
    spkit_conformance::main()
}

//! The kit on these protocols, over spkit's transports.

use std::process::ExitCode;

use example_conflate as _;
use spkit as _;

fn main() -> ExitCode {
    spkit_conformance::main()
}

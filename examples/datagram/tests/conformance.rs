//! The kit on this transport, with spkit's protocols to carry.

use std::process::ExitCode;

use example_datagram as _;
use spkit as _;

fn main() -> ExitCode {
    spkit_conformance::main()
}

//! The command line of `spkit`, for any program: what is linked into it is what it lists and certifies.
//!
//! ```no_run
//! # mod my_plugin {}
//! # #[allow(unused_imports)]
//! use my_plugin as _;
//!
//! fn main() -> std::process::ExitCode {
//!     spkit_conformance::cli::main()
//! }
//! ```

mod certify;
mod device;
mod list;

use std::{env, ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand, error::ErrorKind};
use spkit_runtime::Registry;

/// Nothing is wrong.
const CONFORMANT: u8 = 0;
/// The command line was wrong.
const USAGE: u8 = 64;
/// Nothing ran.
const NOTHING: u8 = 3;
/// The kit itself failed.
const BROKEN: u8 = 4;

#[derive(Debug, Parser)]
#[command(
    version,
    about = "Certifies, lists and joins the scalability protocols and transports that are linked into this program.",
    after_help = EXAMPLES
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the conformance cases for what is linked in.
    Certify(certify::Arguments),
    /// Join the peers of two sockets, or of one.
    Device(device::Arguments),
    /// Show the linked protocols, transports and options.
    List(list::Arguments),
}

const EXAMPLES: &str = "\
Examples:
  spkit certify                        certify everything
  spkit certify --transport tcp        only cases about tcp
  spkit certify tcp.header SP-TCP-030  only these cases, by a part of the id or by requirement
  spkit certify --json report.json     and write a report
  spkit device --help                  a forwarder between sockets
  spkit list                           what is linked in";

/// Runs the program: reads the command line, prints, and says how it went.
///
/// 0: conformant, or nothing was to be certified. 1: a case failed. 3: nothing ran, with the reason. 4: the kit itself
/// failed, or a socket of the device. 64: the command line was wrong, or what it asks for.
pub fn main() -> ExitCode {
    ExitCode::from(run(env::args_os()))
}

/// The same with a command line of the caller's, the program's name in front; the exit status comes back.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return told(&error),
    };
    let registry = match Registry::linked() {
        Ok(registry) => registry,
        Err(error) => {
            eprintln!("spkit: the linked plugins do not go together: {error}");
            return BROKEN;
        }
    };
    match arguments.command {
        Command::Certify(arguments) => certify::run(arguments, registry),
        Command::Device(arguments) => device::run(&arguments, registry),
        Command::List(arguments) => list::run(&arguments, &registry),
    }
}

fn told(error: &clap::Error) -> u8 {
    // Nobody to tell if the terminal is gone.
    let _gone = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => CONFORMANT,
        _ => USAGE,
    }
}

/// Prints a line. A reader that has seen enough closes the pipe, which is no reason to complain.
fn line(text: &str) {
    use std::io::Write as _;
    let _closed = writeln!(std::io::stdout(), "{text}");
}

//! The ways a command line ends the program before any socket is opened.

use std::io::{self, Write};
use std::process::ExitCode;

#[cfg(unix)]
use crate::signals;

/// A command line that is not to be carried out, with all there is to print.
///
/// The texts are bytes because they repeat what was typed, which need not be
/// UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The help was asked for.
    Help(Vec<u8>),
    /// The command line is wrong.
    Usage(Vec<u8>),
    /// The file to send cannot be had.
    Input(Vec<u8>),
}

impl Stop {
    /// Prints the text where it belongs and gives the exit status.
    pub(crate) fn print(&self) -> ExitCode {
        let printed = match self {
            Self::Help(text) => {
                let mut out = io::stdout().lock();
                out.write_all(text).and_then(|()| out.flush())
            }
            Self::Usage(text) | Self::Input(text) => io::stderr().lock().write_all(text),
        };
        match printed {
            Ok(()) => ExitCode::from(self.code()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => unread(),
            // No success; and there is nobody to tell why.
            Err(_) => ExitCode::FAILURE,
        }
    }

    /// The exit status of the original for the same end.
    fn code(&self) -> u8 {
        match self {
            Self::Help(_) => 0,
            Self::Usage(_) => 1,
            Self::Input(_) => 2,
        }
    }
}

/// The end of a program whose output nobody reads: as that of the original and
/// of others in a pipeline, by a signal where there are signals, and silent.
pub(crate) fn unread() -> ExitCode {
    #[cfg(unix)]
    signals::die_of(signal_hook::consts::SIGPIPE);
    ExitCode::from(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_status_follows_the_kind_of_end() {
        let ends = [
            (Stop::Help(Vec::new()), 0),
            (Stop::Usage(Vec::new()), 1),
            (Stop::Input(Vec::new()), 2),
        ];
        for (stop, code) in ends {
            assert_eq!(stop.code(), code, "{stop:?}");
        }
    }
}

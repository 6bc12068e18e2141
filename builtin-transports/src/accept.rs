//! What listeners have in common.

use std::io;

use spkit_api::Options;

use crate::options::BACKLOG;

/// Connections that may wait to be accepted.
pub(crate) fn backlog(options: &Options) -> i32 {
    let backlog = options.get(BACKLOG).unwrap_or(4096);
    i32::try_from(backlog).unwrap_or(i32::MAX)
}

/// Connections that broke before they were accepted, skipped in one call.
pub(crate) const SKIPS: usize = 64;

/// What a failed accept means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nobody is waiting.
    Wait,
    /// This one connection is gone; the next may be well.
    Skip,
    /// The listener is in trouble: out of descriptors or memory, which passes, or worse.
    Report,
}

/// Reads the error of an accept: Linux hands on pending network errors of the new connection (accept(2)).
pub(crate) fn fate(error: &io::Error) -> Fate {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::WouldBlock => return Fate::Wait,
        Kind::Interrupted
        | Kind::ConnectionAborted
        | Kind::ConnectionReset
        | Kind::TimedOut
        | Kind::HostUnreachable
        | Kind::NetworkUnreachable
        | Kind::NetworkDown => return Fate::Skip,
        _ => {}
    }
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        // A firewall rule reports PERM.
        let passing = [
            Errno::PROTO,
            Errno::NOPROTOOPT,
            Errno::HOSTDOWN,
            Errno::OPNOTSUPP,
            Errno::PERM,
        ];
        if let Some(raw) = error.raw_os_error()
            && passing.iter().any(|errno| errno.raw_os_error() == raw)
        {
            return Fate::Skip;
        }
    }
    Fate::Report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn out_of_descriptors_is_reported_as_transient() {
        let error = io::Error::from_raw_os_error(24);
        assert_eq!(fate(&error), Fate::Report);
        assert!(spkit_api::Error::from(error).is_transient());
    }

    #[test]
    fn an_aborted_connection_is_skipped() {
        assert_eq!(fate(&io::ErrorKind::ConnectionAborted.into()), Fate::Skip);
        assert_eq!(fate(&io::ErrorKind::WouldBlock.into()), Fate::Wait);
    }
}

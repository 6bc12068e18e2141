//! Who may connect: owner, group and mode of a listener's file.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, lchown},
    path::Path,
};

use socket2::Socket;
use spkit_api::{Error, Options, Result};

use crate::options::{IPC_GROUP, IPC_OWNER, IPC_PERMISSIONS};

/// The greatest user or group number; one more means "none".
pub(super) const ID_MAX: i64 = u32::MAX as i64 - 1;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rights {
    mode: Option<u32>,
    owner: Option<u32>,
    group: Option<u32>,
}

/// Reads an octal mode.
pub(super) fn mode(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let mode = u32::from_str_radix(text, 8).ok()?;
    (digits && mode <= 0o777).then_some(mode)
}

impl Rights {
    pub(super) fn of(options: &Options) -> Self {
        let id = |key| options.get(key).and_then(|id| u32::try_from(id).ok());
        Self {
            mode: options.get(IPC_PERMISSIONS).and_then(|text| mode(&text)),
            owner: id(IPC_OWNER),
            group: id(IPC_GROUP),
        }
    }

    /// The option that was set, if one was.
    pub(super) fn asked(&self) -> Option<&'static str> {
        let asked = [
            self.mode.map(|_| IPC_PERMISSIONS.name()),
            self.owner.map(|_| IPC_OWNER.name()),
            self.group.map(|_| IPC_GROUP.name()),
        ];
        asked.into_iter().flatten().next()
    }

    /// Linux makes the file with the mode of the socket: nobody gets in before everything is as it should be, not even
    /// before it has its owner.
    #[cfg(target_os = "linux")]
    pub(super) fn narrow(&self, socket: &Socket) -> Result<()> {
        let Some(mode) = self.mode else {
            return Ok(());
        };
        let mine = match (self.owner, self.group) {
            (None, None) => mode,
            _ => mode & 0o700,
        };
        rustix::fs::fchmod(socket, rustix::fs::Mode::from_raw_mode(mine))
            .map_err(|error| refused(IPC_PERMISSIONS.name(), error.into()))
    }

    /// Elsewhere nobody can connect before `listen`, which comes last.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn narrow(&self, _: &Socket) -> Result<()> {
        Ok(())
    }

    /// Gives the file to its owner, then opens it to those who may connect.
    pub(super) fn grant(&self, path: &Path) -> Result<()> {
        if self.owner.is_some() || self.group.is_some() {
            let option = match self.owner {
                Some(_) => IPC_OWNER.name(),
                None => IPC_GROUP.name(),
            };
            lchown(path, self.owner, self.group).map_err(|error| refused(option, error))?;
        }
        if let Some(mode) = self.mode {
            fs::set_permissions(path, Permissions::from_mode(mode))
                .map_err(|error| refused(IPC_PERMISSIONS.name(), error))?;
        }
        Ok(())
    }
}

fn refused(option: &str, error: std::io::Error) -> Error {
    Error::from(error).within(format!("option `{option}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_octal_and_have_no_bits_but_the_rights() {
        let read = [
            "0", "600", "0660", "777", "00777", "", "778", "1000", "+7", "-1", "rw",
        ]
        .map(mode);
        let some = [0, 0o600, 0o660, 0o777, 0o777].map(Some);
        assert_eq!(read[..5], some);
        assert_eq!(read[5..], [None; 6]);
    }

    /// Between bind and grant others may try already.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_file_is_made_with_no_more_rights_than_it_shall_have() {
        use std::os::unix::fs::MetadataExt;

        use socket2::{Domain, SockAddr, Type};

        let directory = tempfile::tempdir().unwrap();
        let me = fs::metadata(&directory).unwrap().uid();
        for (owner, mode, at_first) in [
            (None, 0o600, 0o600),
            (None, 0o640, 0o640),
            (Some(me), 0o666, 0o600),
        ] {
            let rights = Rights {
                mode: Some(mode),
                owner,
                group: None,
            };
            let path = directory.path().join(format!("{mode:o}"));
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
            rights.narrow(&socket).unwrap();
            socket.bind(&SockAddr::unix(&path).unwrap()).unwrap();
            let now = || fs::metadata(&path).unwrap().mode() & 0o777;
            assert_eq!(now(), at_first);
            rights.grant(&path).unwrap();
            assert_eq!(now(), mode);
        }
    }
}

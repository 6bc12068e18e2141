//! The file of a listener: taken over from the dead, removed with its owner.

use std::{
    fs::{self, Metadata},
    io,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
};

use socket2::{Domain, SockAddr, Socket, Type};
use spkit_api::{Error, ErrorKind, Result};

/// A socket file that we made. Dropping it removes the file, if it still is ours and nothing else was asked for.
#[derive(Debug)]
pub(super) struct SocketFile {
    /// Absolute: the working directory may change.
    path: PathBuf,
    identity: (u64, u64),
    /// It goes with this.
    pub(super) removed: bool,
}

impl SocketFile {
    /// Remembers the file that a bind has just made.
    pub(super) fn made(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let identity = identity(&fs::symlink_metadata(&path)?);
        Ok(Self {
            path,
            identity,
            removed: true,
        })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // SP-IPC-017. Somebody may have removed it and made another since.
        if self.removed
            && fs::symlink_metadata(&self.path).is_ok_and(|now| identity(&now) == self.identity)
        {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Removes the socket file of a process that is gone (SP-IPC-013); an error names what is in the way instead.
///
/// Two listeners that start at the same moment over the same left-over file can both come here; the second to remove
/// then looks again first, which leaves a gap of one system call.
pub(super) fn remove_stale(path: &Path, address: &SockAddr) -> Result<()> {
    let in_use = |why: &str| Error::new(ErrorKind::AddressInUse, why);
    let found = fs::symlink_metadata(path)?;
    if !found.file_type().is_socket() {
        // SP-IPC-015: connecting to a regular file is refused as well, so its kind must be looked at.
        return Err(in_use(
            "there is a file that is no socket; it was left alone",
        ));
    }
    let probe = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    probe.set_nonblocking(true)?;
    match probe.connect(address) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
        // Its backlog may be full (would block), or it may not let us in: somebody is there (SP-IPC-014).
        Ok(()) | Err(_) => return Err(in_use("another process listens there")),
    }
    if identity(&fs::symlink_metadata(path)?) != identity(&found) {
        return Err(in_use("another process has just begun to listen there"));
    }
    fs::remove_file(path)?;
    Ok(())
}

fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

//! The file of a listener: taken over from the dead, removed with its owner.

use std::{
    fs, io,
    os::unix::{
        fs::{FileTypeExt, MetadataExt},
        net::UnixDatagram,
    },
    path::{Path, PathBuf},
};

use spkit_api::{Error, ErrorKind, Result};

/// A socket file that we made. Dropping it removes the file, if it still is ours.
#[derive(Debug)]
pub(crate) struct SocketFile {
    /// Absolute: the working directory may change.
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    /// Remembers the file that a bind has just made.
    pub(crate) fn made(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let identity = identity(&path)?;
        Ok(Self { path, identity })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|now| now == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Removes the socket file of a process that is gone; an error names what is in the way instead.
pub(crate) fn remove_stale(path: &Path) -> Result<()> {
    let in_use = |why: &str| Error::new(ErrorKind::AddressInUse, why);
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return Err(in_use(
            "there is a file that is no socket; it was left alone",
        ));
    }
    let before = identity(path)?;
    match UnixDatagram::unbound()?.connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
        // Also one of another kind, or one that does not let us in: somebody is there.
        Ok(()) | Err(_) => return Err(in_use("another process listens there")),
    }
    if identity(path)? != before {
        return Err(in_use("another process has just begun to listen there"));
    }
    fs::remove_file(path)?;
    Ok(())
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let file = fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}

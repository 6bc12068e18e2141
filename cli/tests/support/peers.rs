//! The programs of the other implementations, where they are installed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Finds a program that is linked with a library: ours may be installed under
/// the same name. Without one it says what to install.
pub(crate) fn find(program: &str, library: &str, package: &str) -> Result<PathBuf, String> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain([PathBuf::from("/usr/bin")])
        .map(|folder| folder.join(program))
        .find(|file| names(file, library.as_bytes()))
        .ok_or_else(|| format!("no `{program}` with {library} (Debian: {package})"))
}

/// Whether the peers are known to be installed, so that tests must not pass for
/// want of them.
pub(crate) fn required() -> bool {
    env::var_os("SPKIT_REQUIRE_PEERS").is_some_and(|value| value == "1")
}

/// nanomsg's `nanocat`.
pub(crate) fn nanocat() -> Result<PathBuf, String> {
    find("nanocat", "libnanomsg.so", "nanomsg-utils")
}

/// nng's `nngcat`.
pub(crate) fn nngcat() -> Result<PathBuf, String> {
    find("nngcat", "libnng.so", "nng-utils")
}

fn names(program: &Path, library: &[u8]) -> bool {
    fs::read(program).is_ok_and(|bytes| bytes.windows(library.len()).any(|part| part == library))
}

//! The programs of the other implementations, where they are installed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Finds a program that is linked with a library: ours may be installed under
/// the same name. Without one it says what to install.
///
/// # Panics
///
/// If there is none and `SPKIT_REQUIRE_PEERS` is 1: where the peers are known
/// to be installed, tests must not pass for want of them.
pub(crate) fn find(program: &str, library: &str, package: &str) -> Result<PathBuf, String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .chain([PathBuf::from("/usr/bin")])
        .map(|folder| folder.join(program))
        .find(|file| names(file, library.as_bytes()));
    found.ok_or_else(|| {
        let reason = format!("no `{program}` with {library} (Debian: {package})");
        let required = env::var_os("SPKIT_REQUIRE_PEERS").is_some_and(|value| value == "1");
        assert!(!required, "{reason}, and SPKIT_REQUIRE_PEERS=1");
        reason
    })
}

/// nanomsg's `nanocat`.
pub(crate) fn nanocat() -> Result<PathBuf, String> {
    find("nanocat", "libnanomsg.so", "nanomsg-utils")
}

fn names(program: &Path, library: &[u8]) -> bool {
    fs::read(program).is_ok_and(|bytes| bytes.windows(library.len()).any(|part| part == library))
}

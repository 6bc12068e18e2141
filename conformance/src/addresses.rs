//! Addresses for endpoints: a new one for each, in a directory of the run's own.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use spkit_api::transport::StreamKind;
use tempfile::TempDir;

use crate::verdict::{Outcome, Trouble};

/// Makes an address of a scheme; the number is another one each time.
pub type AddressTemplate = fn(scheme: &str, n: usize) -> String;

/// Hands out addresses that nobody uses yet.
pub(crate) struct Addresses {
    directory: TempDir,
    form: Form,
    next: AtomicUsize,
}

/// What addresses of the transport look like.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    /// `scheme://127.0.0.1:0`
    Port,
    /// `scheme://<directory>/s<n>`
    Path,
    /// `scheme://spkit-<process>-<n>`
    Name,
    /// As the plugin's author says.
    Template(AddressTemplate),
}

impl Form {
    /// The form that a standard carrier has.
    pub(crate) fn of(kind: StreamKind) -> Self {
        match kind {
            StreamKind::Ipc => Self::Path,
            _ => Self::Port,
        }
    }
}

impl Addresses {
    pub(crate) fn new(form: Form) -> Outcome<Self> {
        // Short names: a socket's path has some 100 bytes at most.
        let directory = tempfile::Builder::new()
            .prefix("spkit")
            .tempdir()
            .map_err(|error| Trouble::kit("a directory for sockets", error))?;
        Ok(Self {
            directory,
            form,
            next: AtomicUsize::new(0),
        })
    }

    /// An address of this scheme.
    pub(crate) fn next(&self, scheme: &str) -> String {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        match self.form {
            Form::Port => format!("{scheme}://127.0.0.1:0"),
            Form::Path => format!(
                "{scheme}://{}",
                self.directory.path().join(format!("s{n}")).display()
            ),
            // The directory's name is random, which makes the address so.
            Form::Name => format!("{scheme}://{}-{n}", self.unique_name()),
            Form::Template(template) => template(scheme, n),
        }
    }

    /// The directory that paths are in.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A path that nobody uses yet.
    pub(crate) fn path(&self) -> PathBuf {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        self.directory.path().join(format!("p{n}"))
    }

    fn unique_name(&self) -> String {
        let name = self.directory.path().file_name();
        name.map_or_else(String::new, |name| {
            name.to_string_lossy().trim_matches('.').to_owned()
        })
    }
}

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Addresses({:?} in {})",
            self.form,
            self.directory.path().display()
        )
    }
}

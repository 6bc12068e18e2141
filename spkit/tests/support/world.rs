//! Both backends, every transport.

use std::time::Duration;

use spkit::{Backend, Runtime};

/// Longer than anything takes that works.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// Runs a test with each backend over each transport.
pub(crate) fn everywhere(test: impl Fn(&Runtime, &str)) {
    for backend in [Backend::CallerRuns, Backend::Background] {
        let runtime = Runtime::builder().backend(backend).build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let ipc = format!("ipc://{}/socket", dir.path().display());
        for address in ["tcp://127.0.0.1:0", &ipc, "inproc://test"] {
            println!("{backend:?}, {address}");
            test(&runtime, address);
        }
        assert!(runtime.shutdown(SOON), "{backend:?} does not shut down");
    }
}

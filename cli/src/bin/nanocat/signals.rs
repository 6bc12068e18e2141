//! Signals: what is to be done before one of them ends the program.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// The end of the program, which comes once: by itself, or by a signal.
#[derive(Clone, Debug, Default)]
pub(crate) struct End {
    taken: Arc<AtomicBool>,
}

impl End {
    /// Has the program end by itself, unless a signal is about to end it; then
    /// does not return.
    pub(crate) fn by_itself(&self) {
        if !self.take() {
            loop {
                thread::park();
            }
        }
    }

    /// Has the program do something more when a signal asks it to end.
    #[cfg(unix)]
    pub(crate) fn by_signal(&self, last: impl FnOnce() + Send + 'static) -> io::Result<()> {
        use signal_hook::consts::{SIGINT, SIGTERM};
        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
        let end = self.clone();
        thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                // Coming to its end by itself it is in no hurry; the signal is.
                if end.take() {
                    last();
                }
                die_of(signal);
            }
        });
        Ok(())
    }

    #[cfg(not(unix))]
    pub(crate) fn by_signal(&self, _last: impl FnOnce() + Send + 'static) -> io::Result<()> {
        Ok(())
    }

    fn take(&self) -> bool {
        !self.taken.swap(true, Ordering::SeqCst)
    }
}

/// Ends the program as the signal does if it is not caught.
#[cfg(unix)]
pub(crate) fn die_of(signal: i32) {
    // Fails only for signals that do not exist.
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}

//! Programs under test: started, read from with a deadline, killed at the end.

use std::ffi::OsStr;
use std::fmt;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The time everything has that ought to happen at once.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// Our program.
pub(crate) const OURS: &str = env!("CARGO_BIN_EXE_nanocat");

/// A running program. Dropped, it is killed.
pub(crate) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    line: String,
    out: Receiver<Vec<u8>>,
    /// What was read and not yet asked for.
    ahead: Vec<u8>,
    errors: Option<JoinHandle<Vec<u8>>>,
}

/// How a program ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// Exit status; none if it was killed.
    pub(crate) code: Option<i32>,
    /// What nobody has read yet of its standard output.
    pub(crate) out: Vec<u8>,
    /// Its standard error.
    pub(crate) errors: String,
}

impl Program {
    /// Starts a program with the words of a line, and more words behind.
    pub(crate) fn start(path: impl AsRef<Path>, line: &str, more: &[&OsStr]) -> Self {
        Self::start_with(path.as_ref(), line, more, Stdio::null())
    }

    fn start_with(path: &Path, line: &str, more: &[&OsStr], stdin: Stdio) -> Self {
        let mut command = Command::new(path);
        command.args(line.split_whitespace()).args(more);
        command.stdin(stdin).env("LC_ALL", "C");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = {
            let _alone = starting();
            command.spawn().unwrap()
        };
        let stdout = child.stdout.take().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        Self {
            input: child.stdin.take(),
            child,
            line: format!("{command:?}"),
            out: pump(stdout),
            ahead: Vec::new(),
            errors: Some(thread::spawn(move || {
                let mut text = Vec::new();
                let _ = stderr.read_to_end(&mut text);
                text
            })),
        }
    }

    /// Our `nanocat` with the words of a line.
    pub(crate) fn ours(line: &str) -> Self {
        Self::start(OURS, line, &[])
    }

    /// Our `nanocat`, which reads what is [typed](Self::types).
    pub(crate) fn ours_reading(line: &str) -> Self {
        Self::start_with(OURS.as_ref(), line, &[], Stdio::piped())
    }

    /// Writes to its standard input.
    pub(crate) fn types(&mut self, text: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(text.as_bytes()).unwrap();
    }

    /// Ends its standard input.
    pub(crate) fn ends_input(&mut self) {
        self.input = None;
    }

    /// Its number as a process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line it prints, without its end.
    pub(crate) fn line(&mut self) -> String {
        let until = Instant::now() + SOON;
        let mut searched = 0;
        loop {
            if let Some(at) = self.ahead[searched..].iter().position(|&b| b == b'\n') {
                let rest = self.ahead.split_off(searched + at + 1);
                let mut line = std::mem::replace(&mut self.ahead, rest);
                line.pop();
                return String::from_utf8(line).unwrap();
            }
            searched = self.ahead.len();
            self.read_more(until, "a line");
        }
    }

    /// The next bytes it prints.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let until = Instant::now() + SOON;
        while self.ahead.len() < count {
            self.read_more(until, "more output");
        }
        let rest = self.ahead.split_off(count);
        std::mem::replace(&mut self.ahead, rest)
    }

    fn read_more(&mut self, until: Instant, what: &str) {
        match self
            .out
            .recv_timeout(until.saturating_duration_since(Instant::now()))
        {
            Ok(bytes) => self.ahead.extend(bytes),
            Err(RecvTimeoutError::Timeout) => panic!("{self} did not print {what} in time"),
            Err(RecvTimeoutError::Disconnected) => {
                let line = self.line.clone();
                panic!("{line} ended before it printed {what}: {:?}", self.ended());
            }
        }
    }

    /// Waits until it ends by itself.
    pub(crate) fn end(mut self) -> End {
        self.ended()
    }

    /// The same, with what the system says of its end.
    pub(crate) fn end_with_status(mut self) -> (ExitStatus, End) {
        let status = self.status();
        (status, self.ended())
    }

    /// Waits until it ends by itself, well and with nothing more to say.
    pub(crate) fn succeeds(self) {
        let line = self.line.clone();
        let silent = End {
            code: Some(0),
            out: Vec::new(),
            errors: String::new(),
        };
        assert_eq!(self.end(), silent, "{line}");
    }

    fn status(&mut self) -> ExitStatus {
        let until = Instant::now() + SOON;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "{self} does not end");
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn ended(&mut self) -> End {
        End {
            code: self.status().code(),
            out: self.rest(),
            errors: self.errors(),
        }
    }

    /// Kills it, and gives what it printed that nobody has read.
    pub(crate) fn kill(mut self) -> Vec<u8> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.rest()
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    fn rest(&mut self) -> Vec<u8> {
        self.ahead.extend(self.out.iter().flatten());
        std::mem::take(&mut self.ahead)
    }

    fn errors(&mut self) -> String {
        let errors = self.errors.take().map(|thread| thread.join().unwrap());
        String::from_utf8(errors.unwrap_or_default()).unwrap()
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.line)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let ended = self.child.try_wait();
        // Fails only if it ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Part of the story of a test that failed.
        if thread::panicking()
            && let Some(errors) = self.errors.take()
        {
            let errors = errors.join().unwrap_or_default();
            let errors = String::from_utf8_lossy(&errors);
            eprintln!("{self} was at {ended:?}, and had said: {errors}");
        }
    }
}

/// Held while a program is started, and by those whom that would disturb.
pub(crate) fn starting() -> MutexGuard<'static, ()> {
    static STARTING: Mutex<()> = Mutex::new(());
    STARTING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads as it comes, so that the program never waits for the test.
fn pump(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (to, out) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if to.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    out
}

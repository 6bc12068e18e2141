//! Running both programs, and what there is to compare.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Completion, Failed, Trial};

use crate::support::peers;
use crate::support::program::{OURS, SOON, starting};

/// What a program that ended has shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) status: ExitStatus,
    pub(crate) out: Vec<u8>,
    pub(crate) err: Vec<u8>,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, out, err } = self;
        write!(
            f,
            "{status}\n  standard output: \"{}\"\n  standard error: \"{}\"",
            out.escape_ascii(),
            err.escape_ascii()
        )
    }
}

/// A case that needs nanomsg's program, which it is given.
pub(crate) fn trial(name: impl Into<String>, run: impl FnOnce(&Path) + Send + 'static) -> Trial {
    Trial::ignorable_test(name, move || {
        match theirs() {
            Ok(theirs) => run(theirs),
            Err(reason) if peers::required() => return Err(Failed::from(reason)),
            Err(reason) => return Ok(Completion::ignored_with(reason)),
        }
        Ok(Completion::Completed)
    })
}

fn theirs() -> Result<&'static Path, &'static str> {
    static FOUND: LazyLock<Result<PathBuf, String>> = LazyLock::new(peers::nanocat);
    FOUND.as_deref().map_err(String::as_str)
}

/// Runs both under that name, and asserts that nothing differs.
#[track_caller]
pub(crate) fn same(theirs: &Path, program: &str, words: &[OsString]) {
    let [ours, theirs] = [Path::new(OURS), theirs].map(|path| seen(path, program, words, None));
    assert_same(&ours, &theirs, &format!("{program} {words:?}"));
}

/// Asserts that nothing differs. Behind their help, ours may have [more](more_help).
#[track_caller]
pub(crate) fn assert_same(ours: &Seen, theirs: &Seen, what: &str) {
    assert!(
        theirs.status.code().is_some(),
        "{what}: nanomsg's died: {theirs:?}"
    );
    let mut ours = ours.clone();
    if theirs.out.starts_with(b"Usage:\n")
        && let Some(head) = ours.out.strip_suffix(more_help())
    {
        ours.out.truncate(head.len());
    }
    assert!(
        ours == *theirs,
        "{what}\nours: {ours:?}\ntheirs: {theirs:?}"
    );
}

/// The end of our help, which lists what nanomsg's program has not.
fn more_help() -> &'static [u8] {
    static MORE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let help = seen(Path::new(OURS), "nanocat", &words("--help"), None).out;
        let head = b"\nExtra Options:\n";
        let at = help.windows(head.len()).position(|part| part == head);
        help[at.expect("our help has a group of its own")..].to_vec()
    });
    &MORE
}

/// Runs a program to its end, which must be near.
pub(crate) fn seen(path: &Path, program: &str, words: &[OsString], stdin: Option<&Path>) -> Seen {
    let mut command = Command::new(path);
    command.arg0(program).args(words);
    match stdin {
        Some(file) => command.stdin(File::open(file).unwrap()),
        None => command.stdin(Stdio::null()),
    };
    finish(command)
}

/// Runs a command to its end, which must be near.
pub(crate) fn finish(mut command: Command) -> Seen {
    // The texts of the system's errors.
    command.env("LC_ALL", "C");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = {
        let _alone = starting();
        command.spawn().unwrap()
    };
    let until = Instant::now() + SOON;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > until {
            child.kill().unwrap();
            panic!("does not end: {command:?}");
        }
        thread::sleep(Duration::from_micros(200));
    }
    let output = child.wait_with_output().unwrap();
    Seen {
        status: output.status,
        out: output.stdout,
        err: output.stderr,
    }
}

/// The words of a line.
pub(crate) fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

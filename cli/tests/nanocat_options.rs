//! Our `nanocat` beside nanomsg's: the same command lines, the same bytes on
//! both outputs, the same exit status.
//!
//! Only command lines that end before any socket is opened. Where nanomsg's
//! program is not installed (Debian: nanomsg-utils), what is compared is not
//! run, and says so; with `SPKIT_REQUIRE_PEERS=1` it fails.

#![cfg(unix)]

mod support;

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use support::peers;
use support::program::OURS;

const SOCKETS: &str = "push pull pub sub req rep surveyor respondent bus pair";

/// All other long names, and two that are none: both programs must say so.
const NAMES: &str = "verbose silent help bind connect bind-ipc connect-ipc bind-local \
    connect-local recv-timeout send-timeout socket-name subscribe format raw ascii quoted \
    msgpack hex interval delay data file version zzz";

/// Errors in every form, one command line each.
const LINES: &[&str] = &[
    "",
    "-",
    "--",
    "-- -",
    "x",
    "-v x",
    "-- x",
    "---",
    "--=",
    "--=x",
    "-Z",
    "-vqZ",
    "-v-",
    "-=",
    "--zzz=1",
    "--help",
    "-h",
    "-vqh",
    "-hZ",
    "-Zh",
    "--help x",
    "--help=x",
    "--hel=",
    "--he --bogus",
    "--push --pull --help",
    "--pull --help --push",
    "-D -h",
    "--pul=x",
    "--pull=",
    "--raw=x",
    "-A=",
    "-Ax",
    "--bind",
    "--bin",
    "--bind-=x",
    "--bind-i",
    "-X",
    "-vX",
    "-D",
    "--dat",
    "--format",
    "--format x",
    "--format=x",
    "--form x",
    "--format=",
    "--format RAW",
    "--format=raw",
    "--interval x",
    "--interval=x",
    "--int=x",
    "-i x",
    "-ix",
    "-i1x",
    "-i 1e",
    "-i 1,5",
    "-i .",
    "-i +-1",
    "-i 0x",
    "-i 0x1p",
    "-i 0xg",
    "-i nan(",
    "-i nan(-)",
    "-i infin",
    "--recv-timeout x",
    "--send-timeout=",
    "-d x",
    "--push --push",
    "--push --pull",
    "--pu --pull",
    "--pus --pull --sub",
    "--pull --pul",
    "--bus --pair=x",
    "-D x -D y",
    "-D x --data=y",
    "--data=y --dat x",
    "-Dx -F /missing/file",
    "--file /missing/file",
    "--file=/missing/file --bogus",
    "-F/missing/file",
    "-F /etc/hostname/x",
    "--bogus -F /missing/file",
    "--file=",
    "-L 1",
    "-l 1 -Dx",
    "--bind x --connect y",
    "--bind=",
    "--raw -L 1",
    "--pull",
    "--pull -A",
    "--push",
    "--push -D x",
    "--push -L 1",
    "--push -L 1 -D x -A",
    "--push -L 1 -D x --recv-timeout 1",
    "--pub -l1 -v",
    "--req -x /missing",
    "--req -x /missing --subscribe x -D y",
    "--surveyor --connect=x",
    "--pull -L 1 -D x",
    "--pull -L 1 -i 1",
    "--pull -L 1 --send-timeout 1",
    "--pull -L 1 --subscribe x",
    "--pull -L 1 --subscr=x",
    "--sub -L 1 --subscr=x -i1",
    "--sub -L 1 --dela 1 --dat 1",
    "--rep -L 1 --subscribe=x",
    "--pair -L 1 --subscribe --pair",
    "--socket-name --pull -L 1",
    // The order of the table decides which of two errors is told.
    "-D x --subscribe y --pull -L 1",
    "--subscribe y -i 1 --pull -L 1",
    "-i 1 --send-timeout 1 --pull -L 1",
];

/// Numbers C reads, so that the error is the one after.
const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "+1.5",
    ".5",
    "5.",
    "1e3",
    "1E-3",
    " 1",
    "\t1",
    "\x0b1",
    "1 ",
    "\u{a0}1",
    "inf",
    "-Infinity",
    "nan",
    "NAN()",
    "nan(a_1)",
    "nan(a-1)",
    "0x10",
    "0X1p-2",
    "0x.8",
    "0x8.",
    "0x.p1",
    "1e99999",
    "0x1p99999",
    "1_0",
    "1f",
    "infinit",
    "",
];

#[test]
fn errors_and_help() {
    let Some(theirs) = theirs() else { return };
    for line in LINES {
        compare(theirs, "nanocat", &words(line));
    }
}

#[test]
fn every_prefix_of_every_name() {
    let Some(theirs) = theirs() else { return };
    for name in SOCKETS.split(' ').chain(NAMES.split(' ')) {
        for end in 1..=name.len() {
            let word = format!("--{}", &name[..end]);
            compare(theirs, "nanocat", &words(&word));
            compare(theirs, "nanocat", &words(&format!("{word}=x")));
            compare(theirs, "nanocat", &words(&format!("{word}x")));
        }
    }
}

#[test]
fn every_letter() {
    let Some(theirs) = theirs() else { return };
    for letter in (b' '..=b'~').map(char::from) {
        for end in ["", "x"] {
            let word = OsString::from(format!("-{letter}{end}"));
            compare(theirs, "nanocat", &[word]);
        }
    }
}

#[test]
fn numbers() {
    let Some(theirs) = theirs() else { return };
    for number in NUMBERS {
        for option in ["-i", "-d", "--recv-timeout", "--send-timeo"] {
            compare(theirs, "nanocat", &[option.into(), number.into()]);
        }
    }
}

#[test]
fn bytes_that_are_no_text() {
    let Some(theirs) = theirs() else { return };
    let rows: [&[&[u8]]; 6] = [
        &[b"\xff"],
        &[b""],
        &[b"-\xc3\xa4"],
        &[b"--\xff=\xfe"],
        &[b"--format", b"\xff"],
        &[b"-F", b"/missing/\xff"],
    ];
    for row in rows {
        let line: Vec<_> = row
            .iter()
            .map(|word| OsString::from_vec(word.to_vec()))
            .collect();
        compare(theirs, "nanocat", &line);
    }
}

#[test]
fn program_names() {
    let Some(theirs) = theirs() else { return };
    // None with an address, so that none opens a socket.
    let lines = [
        "",
        "-h",
        "--bus",
        "-i 1",
        "-Dx",
        "--subscribe x --raw",
        "--send-timeout 1",
    ];
    for socket in SOCKETS.split(' ') {
        for program in ["nn_", "./nn_", "/a b/nn_", "nn_/", "nn__", "nn", "NN_"] {
            let program = format!("{program}{socket}");
            for line in lines {
                compare(theirs, &program, &words(line));
            }
            compare(theirs, &program, &words(&format!("--{socket}")));
        }
    }
}

/// Arbitrary mixtures, each with an end that opens no socket: no address, no
/// socket type, or an unknown option last.
#[test]
fn mixtures() {
    let Some(theirs) = theirs() else { return };
    let common = [
        "-v",
        "-q",
        "-A",
        "--quoted",
        "--raw",
        "--hex",
        "--form=ascii",
        "--format=no",
        "-Dx",
        "--data",
        "--dat=",
        "-i1",
        "--int=.5",
        "-d 0",
        "--recv-timeout=1",
        "--send-timeout 2",
        "--socket-name=n",
        "--subscribe=a",
        "--subscr b",
        "-vQ",
        "--",
        "-",
        "-vD",
    ];
    let addresses = ["--bind=x", "--connect y", "--conn=z", "-L1", "-xp"];
    let sockets: Vec<_> = SOCKETS.split(' ').collect();
    let mut dice = Dice(0x5eed);
    for _ in 0..600 {
        let ending = dice.below(3);
        let mut line = Vec::new();
        for _ in 0..=dice.below(5) {
            line.extend(words(dice.pick(&common)));
        }
        if ending != 0 {
            line.extend(words(dice.pick(&addresses)));
        }
        if ending != 1 {
            for _ in 0..1 + dice.below(6) / 5 {
                let at = dice.below(line.len() + 1);
                line.insert(at, format!("--{}", dice.pick(&sockets)).into());
            }
        }
        if ending == 2 {
            line.push("--bogus".into());
        }
        compare(theirs, "nanocat", &line);
    }
}

#[test]
fn standard_input_is_read_before_what_follows() {
    let Some(theirs) = theirs() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("message");
    fs::write(&file, "x\n").unwrap();
    for line in ["-F - --bogus", "--file=- --pull -L1", "-F- -D x"] {
        let outputs = [Path::new(OURS), theirs].map(|program| {
            let mut command = command(program, "nanocat", &words(line));
            command.stdin(fs::File::open(&file).unwrap());
            output(command)
        });
        assert_same(&outputs, line);
    }
}

#[test]
fn symlinks_are_aliases() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = theirs();
    for socket in SOCKETS.split(' ') {
        let link = folder.path().join(format!("nn_{socket}"));
        symlink(OURS, &link).unwrap();
        let other = if socket == "bus" { "--pair" } else { "--bus" };
        let ours = Command::new(&link).arg(other).output().unwrap();
        let link = link.to_str().unwrap();
        let expected = format!(
            "{link}: Option {other} conflicts with the following options:\n    \
             {link} (executable) \n"
        );
        assert_eq!(String::from_utf8_lossy(&ours.stderr), expected);
        assert_eq!(ours.status.code(), Some(1));

        let Some(theirs) = theirs else { continue };
        fs::remove_file(link).unwrap();
        symlink(theirs, link).unwrap();
        let theirs = Command::new(link).arg(other).output().unwrap();
        assert_same(&[ours, theirs], link);
    }
}

/// Where the original hangs or aborts, ours tells what is wrong or goes on.
#[test]
fn bugs_of_the_original_are_no_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let ours = |line: &[OsString]| output(command(Path::new(OURS), "nanocat", line));

    let directory = ours(&["-F".into(), folder.into()]);
    let expected = format!("Error reading file ``{folder}'': Is a directory\n");
    assert_eq!(String::from_utf8_lossy(&directory.stderr), expected);
    assert_eq!(directory.status.code(), Some(2));
    assert!(directory.stdout.is_empty());

    let empty = ours(&words("-F - --bogus"));
    let expected = "nanocat: Unknown option ``--bogus''\n";
    assert_eq!(String::from_utf8_lossy(&empty.stderr), expected);
    assert_eq!(empty.status.code(), Some(1));
}

/// Runs both programs under that name and compares all there is to see.
fn compare(theirs: &Path, program: &str, line: &[OsString]) {
    let outputs = [Path::new(OURS), theirs].map(|path| output(command(path, program, line)));
    assert_same(&outputs, &format!("{program} {line:?}"));
}

fn command(path: &Path, program: &str, line: &[OsString]) -> Command {
    let mut command = Command::new(path);
    command.arg0(program).args(line).stdin(Stdio::null());
    // The texts of the system's errors.
    command.env("LC_ALL", "C");
    command
}

/// Runs to the end, which is near: a program that opens a socket instead must
/// not hold up the tests.
fn output(mut command: Command) -> Output {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("does not end: {command:?}");
        }
        thread::sleep(Duration::from_micros(200));
    }
    child.wait_with_output().unwrap()
}

fn assert_same([ours, theirs]: &[Output; 2], line: &str) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        theirs.status.code().is_some(),
        "{line}: the original died of {}",
        theirs.status
    );
    assert_eq!(
        (text(&ours.stderr), text(&ours.stdout), ours.status),
        (text(&theirs.stderr), text(&theirs.stdout), theirs.status),
        "{line}"
    );
    // As bytes too: lossy text hides differences.
    assert!(
        ours.stderr == theirs.stderr && ours.stdout == theirs.stdout,
        "{line}"
    );
}

/// nanomsg's program, if it is installed.
fn theirs() -> Option<&'static Path> {
    static FOUND: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
        let found = peers::nanocat();
        if let Err(reason) = &found {
            assert!(!peers::required(), "{reason}, and SPKIT_REQUIRE_PEERS=1");
            // Not `eprintln!`, which the test runner keeps to itself.
            let told = format!("lane not run: {reason}\n");
            io::stderr().write_all(told.as_bytes()).unwrap();
        }
        found.ok()
    });
    FOUND.as_deref()
}

fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

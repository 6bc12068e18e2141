//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::plan::{MODES, Regime, TRANSPORTS};

pub(crate) const HELP: &str = "\
spkit-compare: spkit next to other libraries, interleaved in rounds

usage: bench/compare [OPTIONS]              builds everything, then runs this program
       spkit-compare --lib NAME=PROGRAM ... [OPTIONS]

  --rounds N        how often each combination runs (default 5)
  --quick           64 bytes only, quarter counts, 3 rounds
  --only WORDS      comma-separated modes (lat reqrep thr), transports (tcp ipc
                    inproc) and sizes in bytes; a kind not named is not restricted
  --regime R        pinned (taskset -c 0), free, or both (default)
  --timeout SECONDS after which a run is killed and counts as failed (default 20)
  --json FILE       every run, failure and gate, for machines
  --lib NAME=PROGRAM  a program with the command line of spkit-bench; `spkit` is ours,
                    `raw`, `zmq` and any other name is compared against it
  --help            this text

examples:
  bench/compare --quick --regime pinned      the gates, in about a minute
  bench/compare --only lat,tcp,ipc           ping-pong over tcp and ipc
  bench/compare --only thr,64,1024 --rounds 9
  bench/compare --lib before=/tmp/spkit-bench-old --only lat,64
                                             against another build of spkit too

Ratios are ours/theirs within one round: median [min..max]. The exit status is 0
whatever the figures, 2 if something could not be run.
";

/// The library whose ratios and gates are reported.
pub(crate) const OURS: &str = "spkit";

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lib {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Args {
    pub(crate) libs: Vec<Lib>,
    pub(crate) rounds: usize,
    pub(crate) quick: bool,
    pub(crate) only: Only,
    pub(crate) regimes: Vec<Regime>,
    pub(crate) timeout: Duration,
    pub(crate) json: Option<PathBuf>,
}

/// What `--only` leaves; an empty list is no restriction.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Only {
    pub(crate) modes: Vec<String>,
    pub(crate) transports: Vec<String>,
    pub(crate) sizes: Vec<usize>,
}

pub(crate) enum Parsed {
    Run(Args),
    Help,
}

pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Parsed> {
    let mut words = words.into_iter();
    let mut rounds = None;
    let mut args = Args {
        libs: Vec::new(),
        rounds: 0,
        quick: false,
        only: Only::default(),
        regimes: vec![Regime::Pinned, Regime::Free],
        timeout: Duration::from_secs(20),
        json: None,
    };
    while let Some(option) = words.next() {
        let mut value = || {
            words
                .next()
                .with_context(|| format!("{option} needs a value"))
        };
        match option.as_str() {
            "--help" | "-h" => return Ok(Parsed::Help),
            "--quick" => args.quick = true,
            "--rounds" => rounds = Some(positive(&value()?)?),
            "--timeout" => args.timeout = Duration::from_secs(positive(&value()?)? as u64),
            "--json" => args.json = Some(value()?.into()),
            "--only" => args.only = only(&value()?)?,
            "--regime" => args.regimes = regimes(&value()?)?,
            "--lib" => {
                let lib = lib(&value()?)?;
                let twice = args.libs.iter().any(|other| other.name == lib.name);
                ensure!(!twice, "--lib {} is given twice", lib.name);
                args.libs.push(lib);
            }
            _ => bail!("unknown option {option}; see --help"),
        }
    }
    ensure!(
        !args.libs.is_empty(),
        "nothing to run: no --lib; start it through bench/compare"
    );
    args.rounds = rounds.unwrap_or(if args.quick { 3 } else { 5 });
    Ok(Parsed::Run(args))
}

fn positive(text: &str) -> Result<usize> {
    let number = text.parse().with_context(|| format!("number: {text:?}"))?;
    ensure!(number > 0, "must be positive: {text}");
    Ok(number)
}

fn only(text: &str) -> Result<Only> {
    let mut only = Only::default();
    for word in text.split(',') {
        if MODES.contains(&word) {
            only.modes.push(word.to_owned());
        } else if TRANSPORTS.contains(&word) {
            only.transports.push(word.to_owned());
        } else if let Ok(size) = positive(word) {
            only.sizes.push(size);
        } else {
            bail!("--only {word:?}: neither of {MODES:?}, of {TRANSPORTS:?}, nor a size");
        }
    }
    Ok(only)
}

fn regimes(text: &str) -> Result<Vec<Regime>> {
    Ok(match text {
        "pinned" => vec![Regime::Pinned],
        "free" => vec![Regime::Free],
        "both" => vec![Regime::Pinned, Regime::Free],
        _ => bail!("--regime {text:?}: pinned, free or both"),
    })
}

fn lib(text: &str) -> Result<Lib> {
    let (name, path) = text
        .split_once('=')
        .with_context(|| format!("--lib {text:?}: NAME=PROGRAM"))?;
    Ok(Lib {
        name: name.to_owned(),
        path: path.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> Result<Args> {
        match parse(line.split_whitespace().map(str::to_owned))? {
            Parsed::Run(args) => Ok(args),
            Parsed::Help => bail!("help"),
        }
    }

    #[test]
    fn rounds_given_beat_quick_in_any_order() {
        assert_eq!(run("--lib a=b --quick").unwrap().rounds, 3);
        assert_eq!(run("--lib a=b --rounds 7 --quick").unwrap().rounds, 7);
    }

    #[test]
    fn only_sorts_its_words_by_kind() {
        let only = run("--lib a=b --only thr,64,tcp,ipc").unwrap().only;
        assert_eq!(only.modes, ["thr"]);
        assert_eq!(only.transports, ["tcp", "ipc"]);
        assert_eq!(only.sizes, [64]);
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "",
            "--lib a",
            "--lib a=b --lib a=c",
            "--lib a=b --only udp",
            "--lib a=b --rounds 0",
            "--lib a=b --regime x",
            "--lib a=b --json",
            "--lib a=b extra",
        ] {
            assert!(run(line).is_err(), "{line}");
        }
    }
}

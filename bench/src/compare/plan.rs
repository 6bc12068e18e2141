//! What is run: every mode, transport and size in every regime.

use std::fmt;

use crate::args::{Args, Only};

pub(crate) const MODES: [&str; 3] = ["lat", "reqrep", "thr"];
pub(crate) const TRANSPORTS: [&str; 3] = ["tcp", "ipc", "inproc"];
const SIZES: [usize; 3] = [64, 1024, 65536];

/// Which CPUs the two ends may use; it decides every absolute figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Regime {
    Pinned,
    Free,
}

#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) regime: Regime,
    pub(crate) mode: &'static str,
    pub(crate) transport: &'static str,
    pub(crate) size: usize,
    pub(crate) count: usize,
}

impl Row {
    pub(crate) fn is_stream(&self) -> bool {
        self.mode == "thr"
    }
}

impl fmt::Display for Regime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pinned => "pinned",
            Self::Free => "free",
        })
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (regime, mode, transport, size) = (self.regime, self.mode, self.transport, self.size);
        write!(f, "{regime} {mode} {transport} {size} B")
    }
}

pub(crate) fn rows(args: &Args) -> Vec<Row> {
    let mut rows = Vec::new();
    for &regime in &args.regimes {
        for mode in wanted(&MODES, &args.only.modes) {
            for transport in wanted(&TRANSPORTS, &args.only.transports) {
                for size in sizes(mode, args.quick, &args.only) {
                    let count =
                        count(regime, mode, transport, size) / if args.quick { 4 } else { 1 };
                    rows.push(Row {
                        regime,
                        mode,
                        transport,
                        size,
                        count: (count / 100 * 100).max(100),
                    });
                }
            }
        }
    }
    rows
}

fn wanted(all: &[&'static str], only: &[String]) -> Vec<&'static str> {
    let keep = |word: &&'static str| only.is_empty() || only.iter().any(|o| o == word);
    all.iter().copied().filter(keep).collect()
}

fn sizes(mode: &str, quick: bool, only: &Only) -> Vec<usize> {
    if !only.sizes.is_empty() {
        return only.sizes.clone();
    }
    if quick || mode == "reqrep" {
        return vec![64];
    }
    SIZES.to_vec()
}

/// As many as the slower library does in 0.5 to 1.5 s.
fn count(regime: Regime, mode: &str, transport: &str, size: usize) -> usize {
    let inproc = transport == "inproc";
    if mode == "thr" {
        // a message costs about so many ns plus its copies
        let (fixed, per_kib) = if inproc { (150, 150) } else { (300, 1200) };
        return 1_000_000_000 / (fixed + per_kib * size / 1024);
    }
    let fixed = match (regime, inproc) {
        (Regime::Pinned, false) => 40_000,
        (Regime::Pinned, true) => 8_000,
        (Regime::Free, false) => 100_000,
        (Regime::Free, true) => 40_000,
    };
    1_000_000_000 / (fixed + 1_000 * size / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn args(quick: bool, only: Only) -> Args {
        Args {
            libs: Vec::new(),
            rounds: 1,
            quick,
            only,
            regimes: vec![Regime::Pinned],
            timeout: Duration::from_secs(1),
            json: None,
        }
    }

    #[test]
    fn everything_unless_restricted() {
        assert_eq!(rows(&args(false, Only::default())).len(), 9 + 3 + 9);
        assert_eq!(rows(&args(true, Only::default())).len(), 9);
    }

    #[test]
    fn a_restriction_binds_its_own_kind_only() {
        let only = Only {
            modes: vec!["thr".to_owned()],
            sizes: vec![7],
            ..Only::default()
        };
        let rows = rows(&args(false, only));
        assert_eq!(rows.len(), 3);
        assert!(rows.iter().all(|row| row.mode == "thr" && row.size == 7));
    }
}

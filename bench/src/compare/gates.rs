//! The goals of spkit, all at 64 bytes and pinned to one CPU.

use std::fmt::Write as _;

use crate::args::OURS;
use crate::figures::Metric;
use crate::plan::Regime;
use crate::report::ratio;
use crate::results::{Results, Spread};

const SIZE: usize = 64;
/// A miss by less than this share is near.
const NEAR: f64 = 0.10;

enum Limit {
    AtMost(f64),
    AtLeast(f64),
}
use Limit::{AtLeast, AtMost};

/// mode, transport, metric, over whom (ourselves: no ratio), limit
type Goal = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Limit,
);

const GOALS: [Goal; 8] = [
    ("lat", "tcp", "p50", "raw", AtMost(1.3)),
    ("lat", "tcp", "p50", "zmq", AtMost(0.5)),
    ("lat", "tcp", "switches", OURS, AtMost(2.2)),
    ("lat", "ipc", "p50", "zmq", AtMost(0.333)),
    ("lat", "inproc", "p50", "zmq", AtMost(0.6)),
    ("thr", "tcp", "mps", "zmq", AtLeast(2.0)),
    ("thr", "ipc", "mps", "zmq", AtLeast(1.0)),
    ("thr", "inproc", "mps", "zmq", AtLeast(1.0)),
];

pub(crate) struct Gate {
    pub(crate) name: String,
    pub(crate) limit: String,
    pub(crate) figure: Option<Spread>,
    pub(crate) verdict: &'static str,
}

/// The goals whose row was planned; a figure is missing where a run failed.
pub(crate) fn judge(results: &Results) -> Vec<Gate> {
    let mut gates = Vec::new();
    for (mode, transport, metric, over, limit) in &GOALS {
        let row = results.rows.iter().position(|row| {
            row.regime == Regime::Pinned
                && row.size == SIZE
                && (row.mode, row.transport) == (*mode, *transport)
        });
        let Some(row) = row else { continue };
        let value: Metric = match *metric {
            "p50" => |f| f.p50,
            "mps" => |f| f.mps,
            _ => |f| f.switches,
        };
        let (suffix, figure) = if *over == OURS {
            (" per trip".to_owned(), results.spread(row, OURS, value))
        } else {
            (format!(" / {over}"), results.ratio(row, over, value))
        };
        gates.push(Gate {
            name: format!("{mode} {transport} {metric}{suffix}"),
            limit: match limit {
                AtMost(most) => format!("<= {most}"),
                AtLeast(least) => format!(">= {least}"),
            },
            figure,
            verdict: figure.map_or("not run", |figure| verdict(figure.median, limit)),
        });
    }
    gates
}

fn verdict(figure: f64, limit: &Limit) -> &'static str {
    let (met, near) = match *limit {
        AtMost(most) => (figure <= most, figure < most * (1.0 + NEAR)),
        AtLeast(least) => (figure >= least, figure > least * (1.0 - NEAR)),
    };
    match (met, near) {
        (true, _) => "met",
        (false, true) => "near",
        (false, false) => "missed",
    }
}

pub(crate) fn table(gates: &[Gate]) -> String {
    let mut out = format!(
        "\ngates: pinned, {SIZE} B ({} of {})\n",
        gates.len(),
        GOALS.len()
    );
    for gate in gates {
        let figure = gate.figure.as_ref().map_or_else(|| "-".to_owned(), ratio);
        let Gate {
            name,
            limit,
            verdict,
            ..
        } = gate;
        let _ = writeln!(out, "  {name:<26}{limit:>9}   {figure:<22}{verdict}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        for (figure, limit, expected) in [
            (0.5, AtMost(0.5), "met"),
            (0.54, AtMost(0.5), "near"),
            (0.56, AtMost(0.5), "missed"),
            (2.0, AtLeast(2.0), "met"),
            (1.81, AtLeast(2.0), "near"),
            (1.79, AtLeast(2.0), "missed"),
        ] {
            assert_eq!(verdict(figure, &limit), expected, "{figure}");
        }
    }
}

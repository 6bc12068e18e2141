//! The tables for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use crate::args::{Args, OURS};
use crate::figures::Metric;
use crate::results::{Results, Spread};

pub(crate) fn header(args: &Args) -> String {
    let line = |path| fs::read_to_string(path).unwrap_or_default();
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{cpus} CPUs, Linux {}, load {}, {} rounds; medians; ratios are {OURS}/other: median [min..max]",
        line("/proc/sys/kernel/osrelease").trim(),
        line("/proc/loadavg").split(' ').next().unwrap_or_default(),
        args.rounds,
    )
}

pub(crate) fn row(results: &Results, row: usize) -> String {
    let what = &results.rows[row];
    let unit = if what.is_stream() { "message" } else { "trip" };
    let mut out = format!(
        "\n{what}, {} {unit}s\n  {:<12}{:>9}{:>9}{:>14}{:>9}{:>9}\n",
        what.count,
        "",
        "p50 us",
        "p99 us",
        format!("{unit}s/s"),
        "CPU us",
        "switches",
    );
    for lib in &results.libs {
        if results.measured(row, lib).is_empty() {
            let _ = writeln!(out, "  {lib:<12}{:>9}", "none");
            continue;
        }
        let cell = |metric: Metric| match results.spread(row, lib, metric) {
            Some(spread) => significant(spread.median),
            None => "-".to_owned(),
        };
        let _ = writeln!(
            out,
            "  {lib:<12}{:>9}{:>9}{:>14}{:>9}{:>9}",
            cell(|f| f.p50),
            cell(|f| f.p99),
            cell(|f| f.mps),
            cell(|f| f.cpu),
            cell(|f| f.switches),
        );
    }
    for lib in results.libs.iter().filter(|lib| *lib != OURS) {
        let metrics: [(&str, Metric); 3] =
            [("p50", |f| f.p50), ("mps", |f| f.mps), ("cpu", |f| f.cpu)];
        let ratios: String = metrics
            .into_iter()
            .filter_map(|(name, metric)| Some((name, results.ratio(row, lib, metric)?)))
            .map(|(name, spread)| format!("  {name} {}", ratio(&spread)))
            .collect();
        if !ratios.is_empty() {
            let _ = writeln!(out, "  / {lib:<10}{ratios}");
        }
    }
    out
}

pub(crate) fn ratio(spread: &Spread) -> String {
    let Spread { median, min, max } = *spread;
    format!("{median:.2} [{min:.2}..{max:.2}]")
}

/// Three or more significant digits, no exponent.
fn significant(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 1.0 => format!("{v:.2}"),
        v => format!("{v:.4}"),
    }
}

/// Equal failures once, with how often and where first.
pub(crate) fn failures(results: &Results) -> String {
    let mut grouped = BTreeMap::new();
    for failure in &results.failures {
        grouped
            .entry((&failure.lib, &failure.why))
            .or_insert((failure.row, 0))
            .1 += 1;
    }
    let mut out = String::new();
    for ((lib, why), (row, times)) in grouped {
        let place = match row {
            Some(row) => format!("{times} x, first in {}", results.rows[row]),
            None => "lane not run".to_owned(),
        };
        let _ = writeln!(out, "!! FAILED: {lib}: {why} ({place})");
    }
    out
}

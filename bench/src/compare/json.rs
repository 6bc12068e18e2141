//! `--json`: every run, so that later tools need not read tables.

use std::fmt::Write as _;

use crate::args::Args;
use crate::gates::Gate;
use crate::results::Results;

pub(crate) fn render(args: &Args, results: &Results, gates: &[Gate]) -> String {
    format!(
        "{{\"rounds\":{},\n\"runs\":[\n{}\n],\n\"failures\":[\n{}\n],\n\"gates\":[\n{}\n]}}\n",
        args.rounds,
        runs(results).join(",\n"),
        failures(results).join(",\n"),
        gates.iter().map(gate).collect::<Vec<_>>().join(",\n"),
    )
}

fn runs(results: &Results) -> Vec<String> {
    let mut out = Vec::new();
    for (index, row) in results.rows.iter().enumerate() {
        for lib in &results.libs {
            for (round, f) in results.measured(index, lib) {
                out.push(format!(
                    "{{\"round\":{round},\"lib\":{},\"regime\":\"{}\",\"mode\":\"{}\",\"transport\":\"{}\",\
                     \"size\":{},\"n\":{},\"us\":{},\"p50\":{},\"p99\":{},\"mps\":{},\"cpuM\":{},\"cswM\":{}}}",
                    string(lib),
                    row.regime,
                    row.mode,
                    row.transport,
                    row.size,
                    row.count,
                    number(f.us),
                    number(f.p50),
                    number(f.p99),
                    number(f.mps),
                    number(f.cpu),
                    number(f.switches),
                ));
            }
        }
    }
    out
}

fn failures(results: &Results) -> Vec<String> {
    let one = |failure: &crate::results::Failure| {
        let row = failure.row.map(|row| results.rows[row].to_string());
        format!(
            "{{\"lib\":{},\"row\":{},\"why\":{}}}",
            string(&failure.lib),
            row.map_or_else(|| "null".to_owned(), |row| string(&row)),
            string(&failure.why),
        )
    };
    results.failures.iter().map(one).collect()
}

fn gate(gate: &Gate) -> String {
    format!(
        "{{\"gate\":{},\"limit\":{},\"median\":{},\"min\":{},\"max\":{},\"verdict\":{}}}",
        string(&gate.name),
        string(&gate.limit),
        number(gate.figure.map(|figure| figure.median)),
        number(gate.figure.map(|figure| figure.min)),
        number(gate.figure.map(|figure| figure.max)),
        string(gate.verdict),
    )
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| value.to_string())
}

fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        assert_eq!(string("a\"b\\c\n"), r#""a\"b\\c\u000a""#);
    }
}

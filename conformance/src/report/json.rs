//! The report as JSON. What differs from run to run is under `volatile`; the rest is the same for the same verdicts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Record, Report, Status};
use crate::requirement::{Level, Register, Requirement};

#[derive(Serialize)]
struct Document<'a> {
    kit: Kit,
    plugins: &'a [String],
    time_scale: f64,
    summary: Summary,
    cases: Vec<CaseEntry<'a>>,
    /// What the ids under `cases` stand for.
    requirements: BTreeMap<&'a str, RequirementEntry<'a>>,
    volatile: Volatile<'a>,
}

#[derive(Serialize)]
struct Kit {
    name: &'static str,
    version: &'static str,
    format: u32,
}

#[derive(Serialize)]
struct Summary {
    passed: usize,
    failed: usize,
    skipped: usize,
    harness_errors: usize,
    exit_code: u8,
}

#[derive(Serialize)]
struct CaseEntry<'a> {
    id: &'a str,
    status: Status,
    level: Level,
    requirements: &'a [&'static str],
    driver: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    note: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
}

#[derive(Serialize)]
struct RequirementEntry<'a> {
    level: Level,
    text: &'a str,
    source: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    tolerate: &'a str,
}

#[derive(Serialize)]
struct Volatile<'a> {
    duration_ms: u128,
    case_ms: BTreeMap<&'a str, u128>,
    /// The recordings of cases that did not pass: they hold times and ports.
    wire: BTreeMap<&'a str, &'a [String]>,
}

impl Report {
    /// The report as JSON text.
    pub fn to_json(&self) -> String {
        let records = || self.records.iter();
        let document = Document {
            kit: Kit {
                name: env!("CARGO_PKG_NAME"),
                version: env!("CARGO_PKG_VERSION"),
                format: 1,
            },
            plugins: &self.plugins,
            time_scale: self.scale,
            summary: Summary {
                passed: self.passed(),
                failed: self.failed(),
                skipped: self.skipped(),
                harness_errors: self.harness_errors(),
                exit_code: self.exit_code(),
            },
            cases: records().map(entry).collect(),
            requirements: Register::get()
                .among(records().flat_map(|record| &record.requirements))
                .map(requirement)
                .collect(),
            volatile: Volatile {
                duration_ms: self.duration.as_millis(),
                case_ms: records()
                    .map(|r| (r.id.as_str(), r.duration.as_millis()))
                    .collect(),
                wire: records()
                    .filter(|record| !record.wire.is_empty())
                    .map(|record| (record.id.as_str(), record.wire.as_slice()))
                    .collect(),
            },
        };
        // Maps with text keys and plain fields: there is nothing in it that could not be written.
        let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn entry(record: &Record) -> CaseEntry<'_> {
    CaseEntry {
        id: &record.id,
        status: record.status,
        level: record.level,
        requirements: &record.requirements,
        driver: record.driver,
        note: record.note,
        message: &record.message,
    }
}

fn requirement(known: &Requirement) -> (&str, RequirementEntry<'_>) {
    let entry = RequirementEntry {
        level: known.level,
        text: &known.text,
        source: &known.source,
        tolerate: &known.tolerate,
    };
    (&known.id, entry)
}

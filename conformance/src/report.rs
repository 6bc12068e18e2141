//! What came of a run.

mod console;
mod json;

use std::time::Duration;

use serde::Serialize;

pub(crate) use self::console::Console;
use crate::{
    case::Case,
    config::Config,
    requirement::{Level, Register},
    verdict::Failure,
};

/// What came of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// As required.
    Pass,
    /// Not as required.
    Fail,
    /// It could not run here.
    Skip,
    /// It did not end.
    Timeout,
    /// The kit could not go on: no verdict on what was tested.
    HarnessError,
}

/// A case and what came of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Record {
    /// The case's id.
    pub id: String,
    /// What came of it.
    pub status: Status,
    /// The strongest level of its requirements.
    pub level: Level,
    /// Its requirements.
    pub requirements: Vec<&'static str>,
    /// Which driver ran it.
    pub driver: &'static str,
    /// Why it did not pass; empty if it did.
    pub message: String,
    /// How the case falls short of its requirements' tests; empty if it does not.
    pub note: &'static str,
    /// What was expected and what was seen, where it failed.
    pub failure: Option<Failure>,
    /// The end of what went over the wire, where it did not pass.
    pub wire: Vec<String>,
    /// How long it took.
    pub duration: Duration,
}

/// What came of a run: its cases in the order of the catalogue.
#[derive(Clone, Debug)]
pub struct Report {
    records: Vec<Record>,
    duration: Duration,
    scale: f64,
    plugins: Vec<String>,
}

impl Record {
    pub(crate) fn new(
        case: &Case,
        driver: &'static str,
        status: Status,
        message: impl Into<String>,
    ) -> Self {
        Self {
            id: case.id().to_owned(),
            status,
            level: case.level(),
            requirements: case.requirements().to_vec(),
            driver,
            message: message.into(),
            note: case.note(),
            failure: None,
            wire: Vec::new(),
            duration: Duration::ZERO,
        }
    }

    pub(crate) fn with_failure(mut self, failure: Failure) -> Self {
        self.failure = Some(failure);
        self
    }

    pub(crate) fn with_wire(mut self, lines: Vec<String>) -> Self {
        self.wire = lines;
        self
    }

    /// What a failed test prints below its name.
    pub(crate) fn details(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match &self.failure {
            Some(failure) => {
                lines.push(format!("expected: {}", failure.expected));
                lines.push(format!("seen:     {}", failure.seen));
            }
            None => lines.push(self.message.clone()),
        }
        for requirement in Register::get().among(&self.requirements) {
            lines.push(format!("{}: {}", requirement.id, requirement.text));
        }
        if !self.wire.is_empty() {
            lines.push("wire (T is the tester, S the endpoint):".to_owned());
            lines.extend(self.wire.iter().map(|line| format!("  {line}")));
        }
        lines
    }
}

impl Report {
    pub(crate) fn new(config: &Config, records: Vec<Record>, duration: Duration) -> Self {
        let registry = &config.registry;
        let protocols = registry
            .protocols()
            .map(|plugin| plugin.origin().to_string());
        let transports = registry
            .transports()
            .map(|plugin| plugin.origin().to_string());
        let mut plugins: Vec<String> = protocols.chain(transports).collect();
        plugins.sort_unstable();
        plugins.dedup();
        Self {
            records,
            duration,
            scale: config.pace.scale(),
            plugins,
        }
    }

    /// Every case, in the order of the catalogue.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// How many passed.
    pub fn passed(&self) -> usize {
        self.count(|status| status == Status::Pass)
    }

    /// How many failed or did not end.
    pub fn failed(&self) -> usize {
        self.count(|status| matches!(status, Status::Fail | Status::Timeout))
    }

    /// How many the kit itself could not carry out.
    pub fn harness_errors(&self) -> usize {
        self.count(|status| status == Status::HarnessError)
    }

    /// How many could not run here.
    pub fn skipped(&self) -> usize {
        self.count(|status| status == Status::Skip)
    }

    /// 0: conformant. 1: something failed. 3: nothing ran. 4: the kit itself failed.
    pub fn exit_code(&self) -> u8 {
        match () {
            () if self.failed() > 0 => 1,
            () if self.harness_errors() > 0 => 4,
            () if self.passed() == 0 => 3,
            () => 0,
        }
    }

    /// How long it all took.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    fn count(&self, wanted: impl Fn(Status) -> bool) -> usize {
        self.records
            .iter()
            .filter(|record| wanted(record.status))
            .count()
    }
}

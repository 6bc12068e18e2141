//! `spkit certify`.

use std::{fs, io::Write as _, path::PathBuf};

use clap::Args;
use spkit_runtime::{Backend, Registry};

use super::{BROKEN, CONFORMANT, NOTHING, USAGE, line};
use crate::{
    case::Case,
    config::{Config, DEFAULT_JOBS},
    harness::nothing_linked,
    pace::Pace,
    report::Console,
    requirement::{Register, Requirement},
    runner,
};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Only cases whose id contains FILTER, or that check the requirement FILTER; a whole id means that case alone.
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,

    /// List the cases and what their requirements say instead of running them.
    #[arg(long)]
    list: bool,

    /// Write the report as JSON; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Multiply every time limit by X, for slow machines.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = scale)]
    time_scale: f64,

    /// Run N cases side by side.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_JOBS, value_parser = jobs)]
    jobs: usize,

    /// How sockets are driven: by their callers, or all by one background thread.
    #[arg(long, value_name = "B", default_value = "caller-runs", value_parser = backend)]
    backend: Backend,

    /// Only cases about this transport, by its first scheme.
    #[arg(long, value_name = "S")]
    transport: Option<String>,

    /// Only cases that use this protocol, by name.
    #[arg(long, value_name = "P")]
    protocol: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  spkit certify
  spkit certify --transport ipc --json report.json
  spkit certify --protocol rep
  spkit certify tcp.limits.one-too-many
  spkit certify SP-TCP-012
  spkit certify --list

Exit status: 0 conformant, 1 something failed, 3 nothing ran, 4 the kit itself failed, 64 wrong command line.";

fn scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if (0.01..=1000.0).contains(&scale) => Ok(scale),
        _ => Err("expected a number from 0.01 to 1000".to_owned()),
    }
}

fn backend(text: &str) -> Result<Backend, String> {
    match text {
        "caller-runs" => Ok(Backend::CallerRuns),
        "background" => Ok(Backend::Background),
        _ => Err("expected caller-runs or background".to_owned()),
    }
}

fn jobs(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(jobs) if (1..=256).contains(&jobs) => Ok(jobs),
        _ => Err("expected a number from 1 to 256".to_owned()),
    }
}

pub(super) fn run(arguments: Arguments, registry: Registry) -> u8 {
    if registry.is_empty() {
        eprintln!("spkit: {}", nothing_linked());
        return NOTHING;
    }
    if let Err(unknown) = known(&arguments, &registry) {
        eprintln!("spkit: {unknown}");
        return USAGE;
    }
    let config = Config::new(registry)
        .filters(arguments.filters)
        .transport(arguments.transport)
        .protocol(arguments.protocol)
        .backend(arguments.backend)
        .pace(Pace::scaled(arguments.time_scale))
        .jobs(arguments.jobs);
    let cases = config.selected();
    if cases.is_empty() {
        eprintln!("spkit: nothing ran: no case matches; `spkit certify --list` shows the cases");
        return NOTHING;
    }
    if arguments.list {
        list(&cases);
        return CONFORMANT;
    }
    let mut console = Console::new(
        cases.len(),
        &config.rerun,
        is_stdout(arguments.json.as_ref()),
    );
    let report = runner::run(&config, &cases, |record| console.record(record));
    console.summary(&report);
    if let Some(path) = arguments.json
        && let Err(error) = write(&path, &report.to_json())
    {
        eprintln!(
            "spkit: the report was not written to {}: {error}",
            path.display()
        );
        return if report.failed() > 0 {
            report.exit_code()
        } else {
            BROKEN
        };
    }
    if report.passed() == 0 && report.exit_code() == NOTHING {
        eprintln!("spkit: nothing ran: every case was skipped, for the reasons above");
    }
    report.exit_code()
}

/// A transport or protocol that is not there is a mistake, not an empty selection.
fn known(arguments: &Arguments, registry: &Registry) -> Result<(), String> {
    let schemes: Vec<&str> = registry
        .transports()
        .filter_map(|plugin| plugin.transport().info().schemes().first().copied())
        .collect();
    let names: Vec<&str> = registry
        .protocols()
        .map(|plugin| plugin.info().name())
        .collect();
    let check = |what: &str, wanted: &Option<String>, have: &[&str]| match wanted {
        Some(wanted) if !have.contains(&wanted.as_str()) => Err(format!(
            "no {what} `{wanted}`; there are: {}",
            have.join(", ")
        )),
        _ => Ok(()),
    };
    check("transport", &arguments.transport, &schemes)?;
    check("protocol", &arguments.protocol, &names)
}

fn list(cases: &[Case]) {
    for case in cases {
        let requirements = case.requirements().join(", ");
        let note = match (case.missing(), case.note()) {
            (Some(missing), _) => format!("  [skipped: {missing}]"),
            (None, "") => String::new(),
            (None, note) => format!("  [{note}]"),
        };
        line(&format!(
            "{} ({}: {requirements}){note}",
            case.id(),
            case.level()
        ));
    }
    line("\nRequirements");
    let ids = cases.iter().flat_map(Case::requirements);
    for Requirement {
        id, level, text, ..
    } in Register::get().among(ids)
    {
        line(&format!("  {id:<11} {level:<8} {text}"));
    }
}

fn is_stdout(path: Option<&PathBuf>) -> bool {
    path.is_some_and(|path| path.as_os_str() == "-")
}

fn write(path: &PathBuf, text: &str) -> std::io::Result<()> {
    if is_stdout(Some(path)) {
        return std::io::stdout().write_all(text.as_bytes());
    }
    fs::write(path, text)
}

//! The cases as tests of a `harness = false` target, for `cargo test` and `cargo nextest`.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use spkit_runtime::Registry;

use crate::{
    case::Case,
    config::Config,
    report::{Record, Status},
    runner,
};

/// Nothing ran.
const NOTHING: u8 = 3;
/// The kit could not begin.
const BROKEN: u8 = 4;

/// Certifies every plugin that is linked in. Takes the arguments of a test program.
pub fn main() -> ExitCode {
    match Registry::linked() {
        Ok(registry) => main_with(Config::new(registry)),
        Err(error) => {
            eprintln!("the linked plugins do not go together: {error}");
            ExitCode::from(BROKEN)
        }
    }
}

/// The same with a configuration, for instance one that says what addresses look like.
pub fn main_with(config: Config) -> ExitCode {
    // Before anything else is printed: test runners read the list of tests from standard output.
    let mut arguments = Arguments::from_args();
    // Most of their time is waiting: a thread for each CPU would be too few.
    arguments.test_threads.get_or_insert(config.jobs);
    if config.registry.is_empty() {
        eprintln!("{}", nothing_linked());
        return ExitCode::from(NOTHING);
    }
    let config = config.rerun("cargo test -- --exact");
    let trials = config
        .selected()
        .into_iter()
        .map(|case| trial(&config, case))
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// What to tell a program that certifies nothing.
pub(crate) fn nothing_linked() -> &'static str {
    "nothing ran: no protocol and no transport is linked into this program. The linker drops crates that nothing \
     names: say `use my_plugin as _;` for each plugin, and `use spkit as _;` for the builtin ones."
}

fn trial(config: &Config, case: Case) -> Trial {
    let config = config.clone();
    let missing = case.missing().is_some();
    let kind = case.level().to_string();
    Trial::test(case.id().to_owned(), move || outcome(&config, &case))
        .with_kind(kind)
        .with_ignored_flag(missing)
}

fn outcome(config: &Config, case: &Case) -> Result<(), Failed> {
    let record = runner::run_case(config, case);
    match record.status {
        // A case that turns out not to fit has been told of; a test program has no better word for it.
        Status::Pass => Ok(()),
        Status::Skip => {
            eprintln!("{}: skipped: {}", record.id, record.message);
            Ok(())
        }
        _ => Err(Failed::from(text(config, &record))),
    }
}

fn text(config: &Config, record: &Record) -> String {
    let requirements = record.requirements.join(", ");
    let again = format!("again: {} {}", config.rerun, record.id);
    let mut lines = vec![format!("{:?} ({requirements})", record.status)];
    lines.extend(record.details());
    lines.push(again);
    lines.join("\n")
}

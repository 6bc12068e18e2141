//! `spkit-compare`: spkit next to other libraries, one after the other in rounds.
//!
//! Numbers of two moments cannot be compared on a machine that others use; the
//! ratios of runs that followed each other within seconds can. `bench/compare`
//! builds all that is needed and starts this program.

#[path = "../compare/args.rs"]
mod args;
#[path = "../compare/figures.rs"]
mod figures;
#[path = "../compare/gates.rs"]
mod gates;
#[path = "../compare/json.rs"]
mod json;
#[path = "../compare/plan.rs"]
mod plan;
#[path = "../compare/report.rs"]
mod report;
#[path = "../compare/results.rs"]
mod results;
#[path = "../compare/run.rs"]
mod run;

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use args::{Args, Parsed};
use results::Results;
use run::{Outcome, Runner};

fn main() -> Result<ExitCode> {
    let args = match args::parse(std::env::args().skip(1))? {
        Parsed::Run(args) => args,
        Parsed::Help => {
            print!("{}", args::HELP);
            return Ok(ExitCode::SUCCESS);
        }
    };
    let header = report::header(&args);
    let results = measure(&args)?;

    println!("{header}");
    for row in 0..results.rows.len() {
        print!("{}", report::row(&results, row));
    }
    let gates = gates::judge(&results);
    print!("{}{}", gates::table(&gates), report::failures(&results));
    if let Some(path) = &args.json {
        std::fs::write(path, json::render(&args, &results, &gates))
            .with_context(|| format!("write {}", path.display()))?;
    }
    let complete = results.failures.is_empty() && gates.iter().all(|gate| gate.figure.is_some());
    Ok(if complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

fn measure(args: &Args) -> Result<Results> {
    let rows = plan::rows(args);
    let runner = Runner::new(args.timeout)?;
    let mut results = Results::new(rows, &args.libs);
    for lib in args.libs.iter().filter(|lib| !lib.path.exists()) {
        let why = format!("{} does not exist", lib.path.display());
        eprintln!("!! lane not run: {}: {why}", lib.name);
        results.lane_missing(&lib.name, why);
    }

    let total = args.rounds * results.rows.len();
    for step in 0..total {
        let (round, row) = (step / results.rows.len(), step % results.rows.len());
        let mut line = format!(
            "[{}/{total}] round {} {}:",
            step + 1,
            round + 1,
            results.rows[row]
        );
        // whoever runs first is another one in each round
        for turn in 0..args.libs.len() {
            let lib = (turn + round) % args.libs.len();
            if results.given_up(row, lib) {
                continue;
            }
            let outcome = runner.run(&args.libs[lib], &results.rows[row]);
            let name = &args.libs[lib].name;
            match &outcome {
                Outcome::Measured(figures) => line += &format!("  {name} {}", figures.brief()),
                Outcome::Unsupported => {}
                Outcome::Failed(why) => {
                    eprintln!("!! FAILED: {name}: {}: {why}", results.rows[row]);
                }
            }
            results.add(round, row, lib, outcome);
        }
        eprintln!("{line}");
    }
    Ok(results)
}

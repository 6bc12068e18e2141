//! Runs the simulator's suites over many seeds, or one again: `simulate all --seeds 10000`, `simulate reqrep --seed 7`.

#[path = "../tests/sim_suites/mod.rs"]
mod sim_suites;

use std::{
    io::IsTerminal,
    process::ExitCode,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use sim_suites::{SUITES, Suite};

const USAGE: &str = "usage: simulate all|SUITE... [--seeds N] [--first K] [--jobs N] [--keep-going]
       simulate SUITE --seed K [--quiet] [--world]";

/// How often a long run says how far it is, where nobody watches.
const PROGRESS: Duration = Duration::from_secs(30);

struct Args {
    suites: Vec<Suite>,
    first: u64,
    seeds: u64,
    jobs: usize,
    keep_going: bool,
    /// One seed alone, with its transcript.
    seed: Option<u64>,
    quiet: bool,
    /// With the state of everything at its end.
    world: bool,
}

/// What came of a suite.
struct Row {
    suite: Suite,
    seeds: u64,
    steps: u64,
    /// How many seeds are bad, and the first of them with its first fault.
    bad: usize,
    first: Option<(u64, String)>,
    took: Duration,
}

fn main() -> ExitCode {
    let args = match parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(why) => {
            let names: Vec<_> = SUITES.iter().map(|suite| suite.name).collect();
            eprintln!("{why}\n{USAGE}\nsuites: {}", names.join(", "));
            return ExitCode::from(2);
        }
    };
    if let Some(seed) = args.seed {
        return replay(&args, seed);
    }
    let rows: Vec<_> = args
        .suites
        .iter()
        .map(|suite| sweep(&args, *suite))
        .collect();
    table(&rows);
    ExitCode::from(u8::from(rows.iter().any(|row| row.bad > 0)))
}

/// Runs one seed and shows everything.
fn replay(args: &Args, seed: u64) -> ExitCode {
    let mut bad = false;
    for suite in &args.suites {
        let run = (suite.run)(seed);
        if args.world {
            println!("{:#?}", run.world);
        }
        if !args.quiet {
            print!("{}", run.world.transcript());
        }
        println!("{}: seed {seed}: {} steps", suite.name, run.world.steps());
        for fault in &run.faults {
            println!("  FAULT {fault}");
        }
        bad |= !run.faults.is_empty();
    }
    ExitCode::from(u8::from(bad))
}

/// Runs many seeds and counts.
fn sweep(args: &Args, suite: Suite) -> Row {
    let start = Instant::now();
    let next = AtomicU64::new(args.first);
    let (bad, done, steps) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let first = Mutex::new(None::<(u64, String)>);
    let said = Mutex::new(start);
    let end = args.first + args.seeds;
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let stop = bad.load(Ordering::Relaxed) > 0 && !args.keep_going;
            if seed >= end || stop {
                return;
            }
            let run = (suite.run)(seed);
            steps.fetch_add(run.world.steps(), Ordering::Relaxed);
            let done = 1 + done.fetch_add(1, Ordering::Relaxed);
            if let Some(fault) = run.faults.first() {
                bad.fetch_add(1, Ordering::Relaxed);
                let more = run.faults.len() - 1;
                println!("{}: seed {seed}: {fault} (and {more} more)", suite.name);
                let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
                if first.as_ref().is_none_or(|(before, _)| seed < *before) {
                    *first = Some((seed, fault.clone()));
                }
            }
            progress(&said, suite, done, args.seeds);
        }
    };
    thread::scope(|scope| {
        for _ in 0..args.jobs {
            scope.spawn(work);
        }
    });
    let row = Row {
        suite,
        seeds: done.into_inner(),
        steps: steps.into_inner(),
        bad: bad.into_inner(),
        first: first.into_inner().unwrap_or_else(PoisonError::into_inner),
        took: start.elapsed(),
    };
    eprintln!("{}: {} seeds in {:.1?}", suite.name, row.seeds, row.took);
    row
}

/// Says now and then how far it is.
fn progress(said: &Mutex<Instant>, suite: Suite, done: u64, all: u64) {
    let pause = match std::io::stderr().is_terminal() {
        true => Duration::from_millis(200),
        false => PROGRESS,
    };
    if let Ok(mut said) = said.try_lock()
        && said.elapsed() > pause
    {
        *said = Instant::now();
        let end = if std::io::stderr().is_terminal() {
            '\r'
        } else {
            '\n'
        };
        eprint!("{}: {done} of {all} seeds{end}", suite.name);
    }
}

fn table(rows: &[Row]) {
    println!(
        "{:20} {:>8} {:>12} {:>8}  {:>6}",
        "suite", "seeds", "steps", "time", "bad"
    );
    for row in rows {
        let seconds = row.took.as_secs_f64();
        let Row {
            suite,
            seeds,
            steps,
            bad,
            ..
        } = row;
        println!(
            "{:20} {seeds:>8} {steps:>12} {seconds:>7.1}s  {bad:>6}",
            suite.name
        );
    }
    for row in rows {
        if let Some((seed, fault)) = &row.first {
            println!("\n{}: seed {seed}: {fault}", row.suite.name);
            println!("  replay: {}", row.suite.replay(*seed));
        }
    }
}

fn parse(args: impl Iterator<Item = String>) -> Result<Args, String> {
    let mut args = args.peekable();
    let mut parsed = Args {
        suites: Vec::new(),
        first: 0,
        seeds: 1000,
        jobs: 1,
        keep_going: false,
        seed: None,
        quiet: false,
        world: false,
    };
    while let Some(name) = args.next_if(|arg| !arg.starts_with("--")) {
        match name.as_str() {
            "all" => parsed.suites.extend(SUITES),
            name => {
                let suite = sim_suites::suite(name);
                parsed
                    .suites
                    .push(suite.ok_or_else(|| format!("no suite `{name}`"))?);
            }
        }
    }
    if parsed.suites.is_empty() {
        return Err("no suite given".to_owned());
    }
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--keep-going" => parsed.keep_going = true,
            "--quiet" => parsed.quiet = true,
            "--world" => parsed.world = true,
            _ => {
                let value = args.next().and_then(|value| value.parse::<u64>().ok());
                let value = value.ok_or_else(|| format!("{arg} takes a number"))?;
                match arg.as_str() {
                    "--seeds" => parsed.seeds = value,
                    "--first" => parsed.first = value,
                    "--seed" => parsed.seed = Some(value),
                    "--jobs" => parsed.jobs = usize::try_from(value).unwrap_or(1).max(1),
                    _ => return Err(format!("unknown: {arg}")),
                }
            }
        }
    }
    Ok(parsed)
}

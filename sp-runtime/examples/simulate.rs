//! Runs the simulator's suites over many seeds, or one again: `simulate reqrep --seeds 10000`, `simulate reqrep --seed 7`.

#[path = "../tests/sim_suites/mod.rs"]
mod sim_suites;

use std::{
    process::ExitCode,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use sim_suites::{SUITES, Suite};

const USAGE: &str = "usage: simulate SUITE [--seeds N] [--first K] [--jobs N] [--keep-going]
       simulate SUITE --seed K [--quiet] [--world]";

struct Args {
    suite: Suite,
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

fn main() -> ExitCode {
    let args = match parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(why) => {
            let names: Vec<_> = SUITES.iter().map(|suite| suite.name).collect();
            eprintln!("{why}\n{USAGE}\nsuites: {}", names.join(", "));
            return ExitCode::from(2);
        }
    };
    match args.seed {
        Some(seed) => replay(&args, seed),
        None => sweep(&args),
    }
}

/// Runs one seed and shows everything.
fn replay(args: &Args, seed: u64) -> ExitCode {
    let run = (args.suite.run)(seed);
    if args.world {
        println!("{:#?}", run.world);
    }
    if !args.quiet {
        print!("{}", run.world.transcript());
    }
    println!(
        "{}: seed {seed}: {} steps",
        args.suite.name,
        run.world.steps()
    );
    for fault in &run.faults {
        println!("  FAULT {fault}");
    }
    ExitCode::from(u8::from(!run.faults.is_empty()))
}

/// Runs many seeds and counts.
fn sweep(args: &Args) -> ExitCode {
    let start = Instant::now();
    let next = AtomicU64::new(args.first);
    let (bad, steps) = (AtomicUsize::new(0), AtomicU64::new(0));
    let end = args.first + args.seeds;
    thread::scope(|scope| {
        for _ in 0..args.jobs {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let stop = bad.load(Ordering::Relaxed) > 0 && !args.keep_going;
                    if seed >= end || stop {
                        return;
                    }
                    let run = (args.suite.run)(seed);
                    steps.fetch_add(run.world.steps(), Ordering::Relaxed);
                    if let Some(fault) = run.faults.first() {
                        bad.fetch_add(1, Ordering::Relaxed);
                        let more = run.faults.len() - 1;
                        println!("seed {seed}: {fault} (and {more} more)");
                        println!("  replay: {}", args.suite.replay(seed));
                    }
                }
            });
        }
    });
    let (bad, steps) = (bad.into_inner(), steps.into_inner());
    println!(
        "{}: seeds {} to {}: {bad} bad, {steps} steps, {:.1?}",
        args.suite.name,
        args.first,
        end - 1,
        start.elapsed()
    );
    ExitCode::from(u8::from(bad > 0))
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Args, String> {
    let name = args.next().ok_or("no suite given")?;
    let suite = sim_suites::suite(&name).ok_or_else(|| format!("no suite `{name}`"))?;
    let mut parsed = Args {
        suite,
        first: 0,
        seeds: 1000,
        jobs: 1,
        keep_going: false,
        seed: None,
        quiet: false,
        world: false,
    };
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

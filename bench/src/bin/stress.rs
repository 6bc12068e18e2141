//! `spkit-stress`: streams messages until a wake-up is lost, or none is.

#[path = "../stress/mod.rs"]
mod stress;

use std::{
    env,
    process::{Command, ExitCode},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, bail};
use spkit::Backend;

use stress::{Carrier, Done, Plan};

const HELP: &str = "\
spkit-stress: hunts lost wake-ups

usage: spkit-stress [OPTIONS]

  --url tcp|ipc|inproc|all                  what to run over (default all)
  --backend caller-runs|background|both     (default both)
  --messages N      for each url and backend (default 50000000)
  --round N         messages between new sockets (default 500000)
  --pipes P         pipes of each sort of traffic (default 2)
  --seed S          of the dice (default: the time)
  --stall SECONDS   how long anything may stand still (default 10)
  --pinned          all on one CPU
  --help            this text

PAIR both ways, PUSH to PULL and REQ to REP run side by side; blocking, timeout,
try, async and polled calls mix on the same sockets, by dice. Every message is accounted
for. The last line is `ok: ...`, or the status is 1 and the state of all sockets
is on stderr.
";

const CARRIERS: [Carrier; 3] = [Carrier::Tcp, Carrier::Ipc, Carrier::Inproc];

#[derive(Debug)]
struct Args {
    carriers: Vec<Carrier>,
    backends: Vec<Backend>,
    plan: Plan,
    pinned: bool,
}

fn main() -> Result<ExitCode> {
    let Some(args) = parse(env::args().skip(1))? else {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    };
    if args.pinned {
        return pinned(&args);
    }
    let start = Instant::now();
    let mut total = 0;
    for carrier in &args.carriers {
        for backend in &args.backends {
            let plan = Plan {
                carrier: *carrier,
                backend: *backend,
                ..args.plan.clone()
            };
            match hunt(&plan) {
                Ok(done) => {
                    println!("  done, slowest drain {} ms", done.slowest / 1000);
                    total += done.messages;
                }
                Err(failure) => {
                    eprintln!("{failure}");
                    return Ok(ExitCode::FAILURE);
                }
            }
        }
    }
    println!(
        "ok: {total} messages, seed {}, {:.0} s",
        args.plan.seed,
        start.elapsed().as_secs_f64()
    );
    Ok(ExitCode::SUCCESS)
}

fn hunt(plan: &Plan) -> Result<Done, String> {
    println!(
        "{} {:?}: {} messages, seed {}",
        plan.carrier, plan.backend, plan.messages, plan.seed
    );
    let mut then = (Instant::now(), 0);
    stress::run(plan, |Done { messages, slowest }| {
        let passed = then.0.elapsed();
        if passed >= Duration::from_secs(5) {
            let rate = messages.saturating_sub(then.1) as f64 / passed.as_secs_f64();
            let slowest = slowest / 1000;
            println!("  {messages} delivered, {rate:.0}/s, slowest drain {slowest} ms");
            then = (Instant::now(), messages);
        }
    })
}

/// The same on one CPU.
fn pinned(args: &Args) -> Result<ExitCode> {
    let program = env::current_exe()?;
    let own = env::args().skip(1).filter(|arg| arg != "--pinned");
    let status = Command::new("taskset")
        .args(["-c", "0"])
        .arg(program)
        .args(own)
        .args(["--seed", &args.plan.seed.to_string()])
        .status()
        .context("taskset")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Args>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let mut parsed = Args {
        carriers: CARRIERS.to_vec(),
        backends: vec![Backend::CallerRuns, Backend::Background],
        plan: Plan {
            carrier: Carrier::Tcp,
            backend: Backend::CallerRuns,
            messages: 50_000_000,
            round: 500_000,
            pipes: 2,
            seed: now.as_secs(),
            stall: Duration::from_secs(10),
        },
        pinned: false,
    };
    while let Some(name) = args.next() {
        if name == "--help" {
            return Ok(None);
        }
        if name == "--pinned" {
            parsed.pinned = true;
            continue;
        }
        let value = args
            .next()
            .with_context(|| format!("{name} WHAT? (try --help)"))?;
        let number = || {
            value
                .parse::<u64>()
                .with_context(|| format!("{name} {value}"))
        };
        match name.as_str() {
            "--url" => parsed.carriers = carriers(&value)?,
            "--backend" => parsed.backends = backends(&value)?,
            "--messages" => parsed.plan.messages = number()?,
            "--round" => parsed.plan.round = number()?.max(1),
            "--pipes" => parsed.plan.pipes = number()?.max(1) as usize,
            "--seed" => parsed.plan.seed = number()?,
            "--stall" => parsed.plan.stall = Duration::from_secs(number()?),
            _ => bail!("unknown option {name} (try --help)"),
        }
    }
    Ok(Some(parsed))
}

fn carriers(name: &str) -> Result<Vec<Carrier>> {
    let matching = |carrier: &Carrier| name == "all" || carrier.to_string() == name;
    let found: Vec<_> = CARRIERS.into_iter().filter(matching).collect();
    if found.is_empty() {
        bail!("--url {name}: tcp, ipc, inproc or all");
    }
    Ok(found)
}

fn backends(name: &str) -> Result<Vec<Backend>> {
    Ok(match name {
        "caller-runs" => vec![Backend::CallerRuns],
        "background" => vec![Backend::Background],
        "both" => vec![Backend::CallerRuns, Backend::Background],
        _ => bail!("--backend {name}: caller-runs, background or both"),
    })
}

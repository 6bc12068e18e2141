//! The benchmark driver: `spkit-bench MODE ROLE URL SIZE COUNT [PEERS]`, one line of figures.
//!
//! The peers' drivers in `peers/` take the same command line and print the same line; `compare` runs them side by side.

mod modes;
mod report;
mod usage;

use std::{
    env,
    process::{Command, ExitCode, Stdio},
    thread,
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    modes::{Job, Mode},
    report::Figures,
};

const USAGE: &str = "\
Usage: spkit-bench MODE ROLE URL SIZE COUNT [PEERS]

  MODE   lat     PAIR ping-pong, COUNT round trips
         reqrep  REQ/REP ping-pong, COUNT round trips
         thr     PUSH to PULL, COUNT messages in all, from PEERS pushers
  ROLE   both    both ends: two processes for tcp and ipc, two threads for inproc
         server  the end that listens (thr: the one that receives)
         client  the end that dials
  URL    tcp://127.0.0.1:5555, ipc:///tmp/x, inproc://x
  SIZE   bytes of a message

Prints one line: us, p50, p99 in microseconds a round trip (us: a message, for thr), mps messages or round trips a
second, cpuM CPU microseconds and cswM context switches a message or trip, of both ends.

Examples:
  spkit-bench lat both tcp://127.0.0.1:5555 64 50000
  taskset -c 0 spkit-bench thr both ipc:///tmp/x 64 2000000
";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        print!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let job = match parse(&args) {
        Ok(job) => job,
        Err(error) => {
            eprintln!("spkit-bench: {error:#}\n\n{USAGE}");
            return ExitCode::from(64);
        }
    };
    match run(&job, &args) {
        Ok(figures) => {
            println!("{}", figures.line(&job));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("spkit-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn parse(args: &[String]) -> Result<Job> {
    ensure!(
        (5..=6).contains(&args.len()),
        "expected 5 or 6 arguments, found {}",
        args.len()
    );
    let number = |name: &str, text: &str| {
        text.parse::<usize>()
            .with_context(|| format!("{name} is a number, found `{text}`"))
    };
    let role = args[1].as_str();
    ensure!(
        ["both", "server", "client"].contains(&role),
        "unknown role `{role}`"
    );
    Ok(Job {
        mode: Mode::parse(&args[0])?,
        role: role.to_owned(),
        url: args[2].clone(),
        size: number("SIZE", &args[3])?,
        count: number("COUNT", &args[4])?.max(1),
        peers: args
            .get(5)
            .map_or(Ok(1), |text| number("PEERS", text))?
            .max(1),
    })
}

fn run(job: &Job, args: &[String]) -> Result<Figures> {
    match job.role.as_str() {
        "server" => job.serve(),
        "client" => job.drive(),
        _ if job.url.starts_with("inproc:") => {
            let server = job.clone();
            let server = thread::spawn(move || server.serve());
            let client = job.drive()?;
            match server.join() {
                // One process: each end counted the whole of it.
                Ok(served) => Ok(Figures::of_process(client, served?)),
                Err(_) => bail!("the server thread panicked"),
            }
        }
        _ => both_processes(job, args),
    }
}

/// The server in a process of its own; its figures come back as its line.
fn both_processes(job: &Job, args: &[String]) -> Result<Figures> {
    let mut args = args.to_vec();
    args[1] = "server".to_owned();
    let mut child = Command::new(env::current_exe()?)
        .args(&args)
        .stdout(Stdio::piped())
        .spawn()
        .context("starting the server")?;
    let client = job.drive();
    if client.is_err() {
        let _ = child.kill();
    }
    let output = child.wait_with_output()?;
    let client = client?;
    ensure!(
        output.status.success(),
        "the server failed: {}",
        output.status
    );
    let server = Figures::parse(&String::from_utf8_lossy(&output.stdout), job)?;
    Ok(Figures::of_both(client, server))
}

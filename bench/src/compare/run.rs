//! One run of one program.

use std::cell::Cell;
use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::args::Lib;
use crate::figures::{self, Figures};
use crate::plan::{Regime, Row};

pub(crate) enum Outcome {
    Measured(Figures),
    /// The program says that it cannot do this combination at all.
    Unsupported,
    Failed(String),
}

/// Gives every run its own address and a time limit.
pub(crate) struct Runner {
    folder: PathBuf,
    runs: Cell<usize>,
    timeout: Duration,
}

impl Runner {
    pub(crate) fn new(timeout: Duration) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("spkit-compare-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        Ok(Self {
            folder,
            runs: Cell::new(0),
            timeout,
        })
    }

    pub(crate) fn run(&self, lib: &Lib, row: &Row) -> Outcome {
        self.try_run(lib, row)
            .unwrap_or_else(|e| Outcome::Failed(format!("{e:#}")))
    }

    fn try_run(&self, lib: &Lib, row: &Row) -> Result<Outcome> {
        let started = Instant::now();
        let output = self
            .command(lib, row)?
            .output()
            .map_err(|e| match e.kind() {
                ErrorKind::NotFound => anyhow::anyhow!("`timeout` (coreutils) is not installed"),
                _ => e.into(),
            })?;
        if output.status.success() {
            let text = String::from_utf8_lossy(&output.stdout);
            return Ok(Outcome::Measured(figures::parse(&text, row)?));
        }
        if started.elapsed() >= self.timeout {
            return Ok(Outcome::Failed(format!(
                "hung, killed after {:?}",
                self.timeout
            )));
        }
        if output.status.code() == Some(2) && last_line(&output).contains("not supported") {
            return Ok(Outcome::Unsupported);
        }
        Ok(Outcome::Failed(format!(
            "{}: {}",
            output.status,
            last_line(&output)
        )))
    }

    /// `timeout` kills the whole process group, also when we are gone.
    fn command(&self, lib: &Lib, row: &Row) -> Result<Command> {
        let mut command = Command::new("timeout");
        command.arg("--signal=KILL");
        command.arg(self.timeout.as_secs().to_string());
        if row.regime == Regime::Pinned {
            command.args(["taskset", "-c", "0"]);
        }
        command.arg(&lib.path).args([row.mode, "both"]);
        command.arg(self.fresh_url(row)?);
        command.args([row.size.to_string(), row.count.to_string()]);
        Ok(command)
    }

    fn fresh_url(&self, row: &Row) -> Result<String> {
        let run = self.runs.replace(self.runs.get() + 1);
        Ok(match row.transport {
            "tcp" => {
                // free a moment ago, and never used by a connection
                let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
                format!("tcp://127.0.0.1:{port}")
            }
            "ipc" => format!("ipc://{}/{run}", self.folder.display()),
            other => format!("{other}://compare-{run}"),
        })
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn last_line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().last().unwrap_or("no message").to_owned()
}

//! The report as lines, while it comes into being.

use std::io::{self, IsTerminal as _, Write};

use super::{Record, Report, Status};

/// Prints a line per case as they end; on a terminal, with colours and a line that tells how far it is.
pub(crate) struct Console {
    out: Box<dyn Write>,
    colours: bool,
    progress: bool,
    rerun: String,
    ended: usize,
    total: usize,
}

impl Console {
    /// Prints to standard output, or to standard error where the former is for the report.
    pub(crate) fn new(total: usize, rerun: &str, stdout_is_taken: bool) -> Self {
        let (out, is_terminal): (Box<dyn Write>, bool) = match stdout_is_taken {
            false => (Box::new(io::stdout()), io::stdout().is_terminal()),
            true => (Box::new(io::stderr()), io::stderr().is_terminal()),
        };
        let colours = is_terminal && std::env::var_os("NO_COLOR").is_none();
        let progress = io::stderr().is_terminal();
        Self {
            out,
            colours,
            progress,
            rerun: rerun.to_owned(),
            ended: 0,
            total,
        }
    }

    /// Tells of a case that ended.
    pub(crate) fn record(&mut self, record: &Record) {
        self.ended += 1;
        self.clear_progress();
        self.print(record);
        self.show_progress();
    }

    /// Tells of the whole. The last line is the sum.
    pub(crate) fn summary(&mut self, report: &Report) {
        self.clear_progress();
        let mut rest = Vec::new();
        if report.skipped() > 0 {
            rest.push(format!("{} skipped", report.skipped()));
        }
        if report.harness_errors() > 0 {
            rest.push(format!(
                "{} the kit could not carry out",
                report.harness_errors()
            ));
        }
        rest.push(format!("{:.1} s", report.duration().as_secs_f64()));
        self.line(&rest.join(", "));
        self.line(&format!(
            "{} passed, {} failed",
            report.passed(),
            report.failed()
        ));
    }

    fn print(&mut self, record: &Record) {
        let word = self.word(record.status);
        let requirements = record.requirements.join(", ");
        let name = format!("{word}   {} ({requirements})", record.id);
        if record.status == Status::Skip {
            return self.line(&format!("{name}: {}", record.message));
        }
        self.line(&format!("{name} {} ms", record.duration.as_millis()));
        if record.status != Status::Pass {
            for line in record.details() {
                self.line(&format!("       {line}"));
            }
            self.line(&format!("       again: {} {}", self.rerun, record.id));
        }
    }

    fn word(&self, status: Status) -> String {
        let (word, colour) = match status {
            Status::Pass => ("ok  ", "32"),
            Status::Fail => ("FAIL", "31;1"),
            Status::Timeout => ("HANG", "31;1"),
            Status::HarnessError => ("KIT ", "35;1"),
            Status::Skip => ("skip", "33"),
        };
        match self.colours {
            true => format!("\x1b[{colour}m{word}\x1b[0m"),
            false => word.to_owned(),
        }
    }

    fn line(&mut self, text: &str) {
        // A reader that has seen enough closes the pipe; the verdict is in the exit status all the same.
        let _closed = writeln!(self.out, "{text}");
    }

    fn show_progress(&self) {
        if self.progress && self.ended < self.total {
            progress(&format!("{} of {} cases", self.ended, self.total));
        }
    }

    fn clear_progress(&self) {
        if self.progress {
            progress("\r\x1b[K");
        }
    }
}

fn progress(text: &str) {
    // A terminal that is gone needs no progress.
    let _gone = write!(io::stderr(), "{text}").and_then(|()| io::stderr().flush());
}

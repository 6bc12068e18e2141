//! The line of figures.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::{modes::Job, usage::Usage};

/// What was measured; the missing parts are known to the other end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    /// Microseconds for all of it.
    took: Option<f64>,
    /// Median and 99th percentile of a round trip, in microseconds.
    percentiles: Option<(f64, f64)>,
    used: Usage,
}

impl Figures {
    pub(crate) fn of_trips(trips: &mut [Duration], took: Duration, used: Usage) -> Self {
        trips.sort_unstable();
        let at = |share: f64| {
            let index = ((trips.len() as f64 * share) as usize).min(trips.len() - 1);
            trips[index].as_secs_f64() * 1e6
        };
        Self {
            took: Some(took.as_secs_f64() * 1e6),
            percentiles: Some((at(0.5), at(0.99))),
            used,
        }
    }

    pub(crate) fn of_stream(took: Duration, used: Usage) -> Self {
        Self {
            took: Some(took.as_secs_f64() * 1e6),
            percentiles: None,
            used,
        }
    }

    /// The end that only knows what it used.
    pub(crate) fn of_other_end(used: Usage) -> Self {
        Self {
            used,
            ..Self::default()
        }
    }

    /// Two ends in two processes.
    pub(crate) fn of_both(client: Self, server: Self) -> Self {
        Self {
            used: Usage {
                cpu: client.used.cpu + server.used.cpu,
                switches: client.used.switches + server.used.switches,
            },
            ..Self::of_process(client, server)
        }
    }

    /// Two ends in one process: what the one that kept the time counted is the whole.
    pub(crate) fn of_process(client: Self, server: Self) -> Self {
        let timed = if client.took.is_some() {
            client
        } else {
            server
        };
        Self {
            took: timed.took,
            percentiles: timed.percentiles,
            used: timed.used,
        }
    }

    pub(crate) fn line(&self, job: &Job) -> String {
        let count = job.count as f64;
        let number = |value: Option<f64>| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"))
        };
        let scheme = job.url.split(':').next().unwrap_or_default();
        format!(
            "lib=spkit mode={} url={scheme} size={} n={} us={} p50={} p99={} mps={} cpuM={:.4} cswM={:.5}",
            job.mode.name(),
            job.size,
            job.count,
            number(self.took.map(|took| took / count)),
            number(self.percentiles.map(|(p50, _)| p50)),
            number(self.percentiles.map(|(_, p99)| p99)),
            number(self.took.map(|took| count / took * 1e6)),
            self.used.cpu / count,
            self.used.switches / count,
        )
    }

    /// Reads back the line of the other end.
    pub(crate) fn parse(line: &str, job: &Job) -> Result<Self> {
        let count = job.count as f64;
        let field = |name: &str| -> Option<f64> {
            line.split_whitespace()
                .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))?
                .parse()
                .ok()
        };
        let needed = |name: &str| field(name).with_context(|| format!("no {name}= in `{line}`"));
        Ok(Self {
            took: field("us").map(|us| us * count),
            percentiles: field("p50").zip(field("p99")),
            used: Usage {
                cpu: needed("cpuM")? * count,
                switches: needed("cswM")? * count,
            },
        })
    }
}

//! Looks whether every group gets on, and says all that is known if one does not.

use std::{
    fmt::Write as _,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use spkit::Socket;

use super::{
    Done,
    groups::{Group, Job},
    ledger::Stream,
    traffic::Field,
};

#[derive(Debug)]
pub(crate) struct Watchdog {
    field: Arc<Field>,
    watched: Vec<Watched>,
    /// Sockets that are being closed.
    pub(crate) closes: usize,
    ended: Vec<usize>,
    stall: Duration,
}

#[derive(Debug)]
struct Watched {
    group: Group,
    /// Numbers of its threads, from the first.
    first: usize,
    progress: u64,
    since: Instant,
}

impl Watchdog {
    pub(crate) fn new(field: Arc<Field>, groups: Vec<Group>, stall: Duration) -> Self {
        let mut first = 0;
        let watch = |group: Group| {
            let threads = group.jobs.len();
            let watched = Watched {
                group,
                first,
                progress: 0,
                since: Instant::now(),
            };
            first += threads;
            watched
        };
        Self {
            field,
            watched: groups.into_iter().map(watch).collect(),
            closes: 0,
            ended: Vec::new(),
            stall,
        }
    }

    pub(crate) fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.watched.iter().flat_map(|watched| &watched.group.jobs)
    }

    pub(crate) fn sockets(&self) -> impl Iterator<Item = (String, Socket)> {
        let sockets = self
            .watched
            .iter()
            .flat_map(|watched| &watched.group.sockets);
        sockets.cloned()
    }

    pub(crate) fn done(&self) -> Done {
        self.field.done()
    }

    pub(crate) fn ended(&mut self, number: usize) {
        self.ended.push(number);
    }

    /// Whether all that will be sent was sent, and came.
    pub(crate) fn has_delivered(&self) -> bool {
        self.watched.iter().all(|watched| self.is_done(watched))
    }

    /// Whether every thread has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.len() == self.jobs().count() + self.closes
    }

    fn is_done(&self, watched: &Watched) -> bool {
        let sent = (watched.first..)
            .zip(&watched.group.jobs)
            .filter(|(_, job)| job.is_sender())
            .all(|(number, _)| self.ended.contains(&number));
        sent && self.streams(watched).all(Stream::is_drained)
    }

    fn streams<'a>(&'a self, watched: &'a Watched) -> impl Iterator<Item = &'a Stream> {
        let streams = watched.group.streams.iter();
        streams.map(|stream| &self.field.streams[*stream])
    }

    /// An error if something stands still.
    pub(crate) fn look(&mut self) -> Result<(), String> {
        let closing = self.closes > 0;
        for at in 0..self.watched.len() {
            let watched = &self.watched[at];
            let traffic: u64 = self
                .streams(watched)
                .map(|stream| stream.sent() + stream.received())
                .sum();
            let progress = traffic + self.ended.len() as u64;
            let idle = self.is_done(watched) && !closing;
            let watched = &mut self.watched[at];
            if idle || progress != watched.progress {
                watched.progress = progress;
                watched.since = Instant::now();
            } else if watched.since.elapsed() > self.stall {
                let what = format!("{} stands still", watched.group.name);
                return Err(self.obituary(&what));
            }
        }
        Ok(())
    }

    /// What went wrong, and the state of everything.
    pub(crate) fn obituary(&self, what: &str) -> String {
        let mut text = format!(
            "FAILED: {what}\nslowest drain so far: {} us{}\n",
            self.field.slowest.load(Ordering::Relaxed),
            if self.closes > 0 { ", closing" } else { "" }
        );
        for watched in &self.watched {
            let state = if self.is_done(watched) {
                "done"
            } else {
                "open"
            };
            let _ = writeln!(text, "\n== {} ({state})", watched.group.name);
            for stream in self.streams(watched) {
                let _ = writeln!(text, "{}", stream.line());
            }
            for (number, job) in (watched.first..).zip(&watched.group.jobs) {
                let ended = if self.ended.contains(&number) {
                    ", ended"
                } else {
                    ""
                };
                let _ = writeln!(
                    text,
                    "thread {number}, {}: {}{ended}",
                    job.name,
                    job.doing.line()
                );
            }
        }
        for watched in self.watched.iter().filter(|watched| !self.is_done(watched)) {
            for (name, socket) in &watched.group.sockets {
                let _ = writeln!(text, "\n== {}, {name}:\n{socket:#?}", watched.group.name);
            }
        }
        text
    }
}

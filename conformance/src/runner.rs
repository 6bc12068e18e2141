//! Runs cases: some side by side, each under a watchdog.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    case::{Case, Class, Stage},
    config::Config,
    report::{Record, Report, Status},
    transcript::Transcript,
    verdict::{Outcome, Trouble},
};

/// Heavy cases run one at a time, whoever runs them.
static HEAVY: Mutex<()> = Mutex::new(());

/// Runs the cases that the configuration asks for, and tells of each as it ends.
pub(crate) fn run(config: &Config, cases: &[Case], mut told: impl FnMut(&Record)) -> Report {
    let start = Instant::now();
    let next = AtomicUsize::new(0);
    let (send, ended) = mpsc::channel();
    let mut records: Vec<Option<Record>> = cases.iter().map(|_| None).collect();
    thread::scope(|threads| {
        for _ in 0..config.jobs.min(cases.len()) {
            let (send, next) = (send.clone(), &next);
            threads.spawn(move || {
                while let Some((at, case)) = take(next, cases) {
                    // The receiver lives as long as this scope.
                    let _sent = send.send((at, run_case(config, case)));
                }
            });
        }
        drop(send);
        for (at, record) in ended {
            told(&record);
            records[at] = Some(record);
        }
    });
    Report::new(
        config,
        records.into_iter().flatten().collect(),
        start.elapsed(),
    )
}

fn take<'a>(next: &AtomicUsize, cases: &'a [Case]) -> Option<(usize, &'a Case)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    cases.get(at).map(|case| (at, case))
}

/// Runs one case to its end, or to the end of its time.
pub(crate) fn run_case(config: &Config, case: &Case) -> Record {
    if let Some(missing) = case.missing() {
        return Record::new(case, config.drivers.name, Status::Skip, missing);
    }
    let _alone = match case.class {
        Class::Heavy => Some(HEAVY.lock().unwrap_or_else(PoisonError::into_inner)),
        _ => None,
    };
    let start = Instant::now();
    let log = Transcript::default();
    let stage = Stage {
        registry: Arc::clone(&config.registry),
        backend: config.backend,
        drivers: config.drivers.clone(),
        pace: config.pace,
        log: log.clone(),
        template: config.template,
    };
    let limit = case.class.limit(config.pace);
    let driver = config.drivers.name;
    let mut record = match watched(case, stage, limit) {
        Some(outcome) => judge(case, driver, outcome, &log),
        None => {
            let message = format!("no end within {limit:?}; it was at: {}", log.current_step());
            Record::new(case, driver, Status::Timeout, message).with_wire(log.lines())
        }
    };
    record.duration = start.elapsed();
    record
}

/// Runs the body on a thread of its own; none if it does not end in time. A body that hangs keeps its thread: nothing
/// can end it from outside, and the other cases go on.
fn watched(case: &Case, stage: Stage, limit: Duration) -> Option<Outcome> {
    let (send, ended) = mpsc::channel();
    let body = Arc::clone(&case.body);
    let spawned = thread::Builder::new().name(case.id.clone()).spawn(move || {
        let outcome = catch_unwind(AssertUnwindSafe(|| body(&stage)));
        // Nobody waits for it any more if the time was over.
        let _sent = send.send(outcome.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(Trouble::kit(
                "the case panicked",
                text.unwrap_or("without a text"),
            ))
        }));
    });
    match spawned {
        Ok(_) => ended.recv_timeout(limit).ok(),
        Err(error) => Some(Err(Trouble::kit("a thread for the case", error))),
    }
}

fn judge(case: &Case, driver: &'static str, outcome: Outcome, log: &Transcript) -> Record {
    match outcome {
        Ok(()) => Record::new(case, driver, Status::Pass, ""),
        Err(Trouble::Skipped(why)) => Record::new(case, driver, Status::Skip, why),
        Err(Trouble::Failed(failure)) => Record::new(
            case,
            driver,
            Status::Fail,
            format!("expected {}; seen: {}", failure.expected, failure.seen),
        )
        .with_failure(failure)
        .with_wire(log.lines()),
        Err(Trouble::Kit(why)) => {
            Record::new(case, driver, Status::HarnessError, why).with_wire(log.lines())
        }
    }
}

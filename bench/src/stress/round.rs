//! One round: open, connect, stream, see that all of it came, close.

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

use spkit::{
    Result, Runtime,
    api::Options,
    options::{RECV_BUFFER, RECV_BUFFER_MESSAGES, SEND_BUFFER, YIELDS},
};

use super::{
    Carrier, Done, Plan,
    dice::Dice,
    groups::{Builder, Group},
    ledger::Stream,
    traffic::Field,
    watchdog::Watchdog,
};

/// What the dice choose for a round.
#[derive(Debug)]
pub(crate) struct Setup {
    carrier: Carrier,
    /// One runtime for all sockets, or one for each side.
    runtimes: usize,
    recv_messages: i64,
    recv_bytes: usize,
    send_bytes: usize,
    yields: i64,
    pub(crate) stall: Duration,
    number: u64,
}

/// What a finished thread says.
type Verdict = (usize, Result<(), String>);

impl Setup {
    pub(crate) fn roll(plan: &Plan, dice: &mut Dice) -> Self {
        let mut setup = Self {
            carrier: plan.carrier,
            runtimes: 1,
            recv_messages: 1024,
            recv_bytes: 128 << 10,
            send_bytes: 256 << 10,
            yields: dice.pick(&[30, 30, 1, 0]),
            stall: plan.stall,
            number: dice.next(),
        };
        if plan.carrier != Carrier::Inproc {
            setup.runtimes = dice.pick(&[1, 2]);
        }
        if dice.one_in(2) {
            setup.recv_messages = dice.pick(&[1, 2, 8, 64]);
            setup.recv_bytes = dice.pick(&[1, 1_000, 64_000]);
            setup.send_bytes = dice.pick(&[1, 1_000, 64_000]);
        }
        setup
    }

    pub(crate) fn apply(&self, options: &mut Options) -> Result<()> {
        options.set(RECV_BUFFER_MESSAGES, self.recv_messages)?;
        options.set(RECV_BUFFER, self.recv_bytes)?;
        options.set(SEND_BUFFER, self.send_bytes)?;
        options.set(YIELDS, self.yields)
    }

    pub(crate) fn address(&self, group: usize) -> String {
        match self.carrier {
            Carrier::Tcp => "tcp://127.0.0.1:0".to_owned(),
            Carrier::Inproc => format!("inproc://stress-{:x}-{group}", self.number),
            Carrier::Ipc => {
                let (dir, pid) = (env::temp_dir(), process::id());
                let dir = dir.display();
                format!(
                    "ipc://{dir}/spkit-stress-{pid}-{:x}-{group}",
                    self.number as u32
                )
            }
        }
    }
}

/// Runs a round of about so many messages. Its result is how many it were.
pub(crate) fn run(
    plan: &Plan,
    setup: &Setup,
    messages: u64,
    mut dice: Dice,
    report: &mut dyn FnMut(Done),
) -> Result<Done, String> {
    let opened = open(plan, setup, dice.fork());
    let (runtimes, names, groups) = opened.map_err(|error| error.to_string())?;
    let streams = (0..).zip(names).map(|(id, name)| Stream::new(id, name));
    let field = Arc::new(Field {
        budget: AtomicU64::new(messages),
        streams: streams.collect(),
        slowest: AtomicU64::new(0),
        over: AtomicBool::new(false),
    });
    let result = race(&field, groups, &mut dice, setup, report);
    if result.is_err() {
        field.over.store(true, Ordering::Relaxed);
    }
    result?;
    for runtime in &runtimes {
        if !runtime.shutdown(setup.stall) {
            return Err("the runtime did not shut down".to_owned());
        }
    }
    Ok(field.done())
}

/// Runtimes, names of the streams, and connected sockets.
type Opened = ([Runtime; 2], Vec<String>, Vec<Group>);

fn open(plan: &Plan, setup: &Setup, dice: Dice) -> Result<Opened> {
    let first = Runtime::builder().backend(plan.backend).build()?;
    let second = match setup.runtimes {
        1 => first.clone(),
        _ => Runtime::builder().backend(plan.backend).build()?,
    };
    let runtimes = [first, second];
    let mut builder = Builder {
        setup,
        runtimes: runtimes.clone(),
        dice,
        streams: Vec::new(),
        groups: Vec::new(),
    };
    for _ in 0..plan.pipes {
        builder.pair()?;
    }
    builder.pipeline(plan.pipes)?;
    builder.questions(plan.pipes)?;
    Ok((runtimes, builder.streams, builder.groups))
}

fn race(
    field: &Arc<Field>,
    groups: Vec<Group>,
    dice: &mut Dice,
    setup: &Setup,
    report: &mut dyn FnMut(Done),
) -> Result<(), String> {
    let (done, verdicts) = mpsc::channel();
    let mut watchdog = Watchdog::new(Arc::clone(field), groups, setup.stall);
    for (number, job) in (0..).zip(watchdog.jobs()) {
        let work = job.work(Arc::clone(field), dice.fork());
        start(&done, number, job.name.clone(), work);
    }
    watch(&mut watchdog, &verdicts, report, Watchdog::has_delivered)?;
    // Whoever receives is woken by the end of its socket.
    let threads = watchdog.jobs().count();
    let sockets: Vec<_> = watchdog.sockets().collect();
    for (number, (name, socket)) in (threads..).zip(sockets) {
        let patience = setup.stall;
        let waits = dice.one_in(2);
        start(&done, number, format!("close of {name}"), move || {
            if !waits {
                socket.close();
                return Ok(());
            }
            let report = socket.close_with(patience);
            if report.complete && report.unsent.total() == 0 {
                return Ok(());
            }
            Err(format!("not closed in order: {report:?}"))
        });
        watchdog.closes += 1;
    }
    watch(&mut watchdog, &verdicts, report, Watchdog::has_ended)
}

fn watch(
    watchdog: &mut Watchdog,
    verdicts: &Receiver<Verdict>,
    report: &mut dyn FnMut(Done),
    goal: fn(&Watchdog) -> bool,
) -> Result<(), String> {
    while !goal(watchdog) {
        match verdicts.recv_timeout(Duration::from_millis(50)) {
            Ok((number, verdict)) => {
                watchdog.ended(number);
                verdict.map_err(|failure| watchdog.obituary(&failure))?;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err("no thread is left".to_owned()),
        }
        watchdog.look()?;
        report(watchdog.done());
    }
    Ok(())
}

fn start(
    done: &Sender<Verdict>,
    number: usize,
    name: String,
    work: impl FnOnce() -> Result<(), String> + Send + 'static,
) {
    let done = done.clone();
    thread::spawn(move || {
        let verdict = catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|_| Err("panicked (see above)".to_owned()))
            .map_err(|failure| format!("{name}: {failure}"));
        // Nobody listens any more once the round has failed.
        let _ = done.send((number, verdict));
    });
}

//! Carrying out a plan: from the socket's opening to its close.

use std::io;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use spkit::api::DropReason;
use spkit::option::Opt;
use spkit::options::{RECV_TIMEOUT, SEND_TIMEOUT};
use spkit::{Error, ErrorKind, Runtime, Socket};

use crate::exchange::Exchange;
use crate::failure::Failure;
use crate::plan::{Plan, Settings, SocketType, Work};
use crate::print::Printer;
use crate::seconds::FOREVER;
use crate::signals::End;
use crate::stats;

/// How long the last messages may take to reach a peer that is slow.
///
/// A peer that reads needs no time worth mentioning; this is the bound for one
/// that does not.
const DRAIN: Duration = Duration::from_secs(60);

/// The same where somebody is in a hurry: by a `--send-timeout` that is shorter,
/// or by a signal that asks the program to end.
const HURRY: Duration = Duration::from_secs(1);

/// How often it looks whether everything is out.
const LOOK: Duration = Duration::from_millis(10);

/// From the last byte to the end of the connection. nanomsg forgets a message
/// that its user has not fetched when the connection ends, on a busy machine well
/// after it came; nngcat waits twice as long.
const GRACE: Duration = Duration::from_millis(100);

/// The longest name nanomsg gives a socket.
const MAX_NAME: usize = 63;

/// Prefixes that SUB listens to.
const SUBSCRIBE: Opt<Vec<u8>> = Opt::new("subscribe");

/// Does what the plan says, and gives the exit status of the original.
pub(crate) fn run(plan: &Plan) -> ExitCode {
    match carry_out(plan) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.exit(),
    }
}

fn carry_out(plan: &Plan) -> Result<(), Failure> {
    let runtime = Runtime::new().map_err(Failure::to("create socket"))?;
    let socket = runtime
        .open(plan.socket.name())
        .map_err(Failure::to("create socket"))?;
    let start = Instant::now();
    let end = End::default();
    if plan.settings.stats {
        let (socket, json) = (socket.clone(), plan.settings.json);
        let last = move || {
            socket.close_with(HURRY);
            stats::print(&socket.stats(), start.elapsed(), json);
        };
        let caught = end.by_signal(last);
        caught.map_err(|error| Failure::new("wait for signals", error))?;
    }
    let worked = work(&socket, plan);
    end.by_itself();
    // Also after a failure: what was sent before it is to arrive.
    let closed = close(&socket, plan);
    if plan.settings.stats {
        stats::print(&socket.stats(), start.elapsed(), plan.settings.json);
    }
    if let (Err(_), Err(also)) = (&worked, &closed) {
        also.exit();
    }
    worked.and(closed)
}

fn work(socket: &Socket, plan: &Plan) -> Result<(), Failure> {
    let settings = &plan.settings;
    set_options(socket, settings, plan.socket)?;
    let mut printer = Printer::new(socket, settings, io::stdout().lock());
    for address in &settings.binds {
        let listener = socket.listen(address).map_err(Failure::to("bind"))?;
        if settings.print_address {
            let printed = printer.address(listener.local_addr());
            printed.map_err(Failure::print)?;
        }
    }
    for address in &settings.connects {
        let dialer = socket.dial(address).map_err(Failure::to("connect"))?;
        if settings.binds.contains(address) && address.starts_with("inproc://") {
            // In the original it is connected at once. Not all protocols can be with themselves.
            let _ = dialer.connected(HURRY);
        }
    }
    if settings.wait > 0 {
        let patience = settings.send_timeout.unwrap_or(FOREVER);
        let there = socket.wait_for_peers(settings.wait, patience);
        there.map_err(Failure::to("wait"))?;
    }
    thread::sleep(settings.delay);
    Exchange::new(socket, plan, printer).work()
}

fn set_options(socket: &Socket, settings: &Settings, kind: SocketType) -> Result<(), Failure> {
    if let Some(timeout) = settings.send_timeout {
        let set = socket.set(SEND_TIMEOUT, Some(timeout));
        set.map_err(Failure::to("set send timeout"))?;
    }
    if let Some(timeout) = settings.recv_timeout {
        let set = socket.set(RECV_TIMEOUT, Some(timeout));
        set.map_err(Failure::to("set recv timeout"))?;
    }
    // Nothing shows the name, in the original neither; but it has a limit.
    if settings.socket_name.as_deref().unwrap_or_default().len() > MAX_NAME {
        let why = format!("a name has at most {MAX_NAME} bytes");
        let error = Error::new(ErrorKind::OptionInvalid, why);
        return Err(Failure::new("set socket name", error));
    }
    if kind == SocketType::Sub {
        for prefix in &settings.subscriptions {
            let set = socket.set(SUBSCRIBE, prefix.clone());
            set.map_err(Failure::to("subscribe"))?;
        }
    }
    Ok(())
}

/// Closes, and waits until all that was sent is out. The original does not
/// wait, and loses it.
fn close(socket: &Socket, plan: &Plan) -> Result<(), Failure> {
    if plan.work() == Work::Receive {
        // Nothing was sent: a peer that hangs is no reason to hang as well.
        socket.close_with(Duration::ZERO);
        return Ok(());
    }
    let patience = plan.settings.send_timeout;
    let until = Instant::now() + patience.map_or(DRAIN, |time| time.clamp(HURRY, DRAIN));
    if socket.stats().copies > 0 {
        while socket.stats().waiting > 0 && socket.peers() > 0 && Instant::now() < until {
            thread::sleep(LOOK);
        }
        thread::sleep(GRACE);
    }
    let report = socket.close_with(until.saturating_duration_since(Instant::now()));
    let unsent = match plan.socket {
        // Others send to those who are there, or send again.
        SocketType::Push | SocketType::Pair => report.unsent.of(DropReason::PipeGone),
        _ => 0,
    };
    let how_many = match (unsent, report.complete) {
        (0, true) => return Ok(()),
        (0, false) => "some".to_owned(),
        _ => unsent.to_string(),
    };
    let why = format!(
        "{how_many} of {} messages were not handed over before the peer went or the time was over",
        report.accepted
    );
    Err(Failure::new("send", why))
}

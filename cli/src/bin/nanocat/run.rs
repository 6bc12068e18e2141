//! Carrying out a plan: from the socket's opening to its close.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use spkit::api::DropReason;
use spkit::option::Opt;
use spkit::options::{RECV_TIMEOUT, SEND_TIMEOUT};
use spkit::{Error, ErrorKind, Runtime, Socket};

use crate::exchange::Exchange;
use crate::plan::{Plan, Settings, SocketType, Work};

/// How long the last messages may take to reach a peer that is slow.
///
/// A peer that reads needs no time worth mentioning; this is the bound for one
/// that does not.
const DRAIN: Duration = Duration::from_secs(60);

/// The longest name nanomsg gives a socket.
const MAX_NAME: usize = 63;

/// Prefixes that SUB listens to.
const SUBSCRIBE: Opt<Vec<u8>> = Opt::new("subscribe");

/// Why a plan was not carried out.
#[derive(Debug)]
pub(crate) struct Failure {
    text: String,
}

impl Failure {
    /// What could not be done, and why.
    pub(crate) fn new(doing: &str, why: impl Display) -> Self {
        Self {
            text: format!("Can't {doing}: {why}\n"),
        }
    }

    /// For `map_err`.
    fn to(doing: &'static str) -> impl Fn(Error) -> Self {
        move |error| Self::new(doing, error)
    }
}

/// Does what the plan says, and gives the exit status of the original.
pub(crate) fn run(plan: &Plan) -> ExitCode {
    match carry_out(plan) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where standard error is gone there is nobody to tell.
            let _ = io::stderr().lock().write_all(failure.text.as_bytes());
            ExitCode::from(3)
        }
    }
}

fn carry_out(plan: &Plan) -> Result<(), Failure> {
    let runtime = Runtime::new().map_err(Failure::to("create socket"))?;
    let socket = runtime
        .open(plan.socket.name())
        .map_err(Failure::to("create socket"))?;
    let worked = work(&socket, plan);
    // Also after a failure: what was sent before it is to arrive.
    let closed = close(&socket, plan);
    worked.and(closed)
}

fn work(socket: &Socket, plan: &Plan) -> Result<(), Failure> {
    let settings = &plan.settings;
    set_options(socket, settings, plan.socket)?;
    for address in &settings.binds {
        socket.listen(address).map_err(Failure::to("bind"))?;
    }
    for address in &settings.connects {
        socket.dial(address).map_err(Failure::to("connect"))?;
    }
    thread::sleep(settings.delay);
    Exchange::new(socket, settings, io::stdout().lock()).work(plan.work())
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
    if matches!(plan.work(), Work::Receive) {
        // Nothing was sent: a peer that hangs is no reason to hang as well.
        socket.close_with(Duration::ZERO);
        return Ok(());
    }
    let report = socket.close_with(DRAIN);
    // On other sockets this counts what was received and not asked for, too.
    let lost = match plan.socket {
        SocketType::Push => report.unsent.of(DropReason::PipeGone),
        _ => 0,
    };
    if report.complete && lost == 0 {
        return Ok(());
    }
    let why = "the peer did not take all of it before it went or the time was over";
    Err(Failure::new("send", why))
}

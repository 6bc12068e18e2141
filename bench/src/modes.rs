//! The work that is measured.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use spkit::{Message, Runtime, Socket};

use crate::{report::Figures, usage::Usage};

const CONNECT: Duration = Duration::from_secs(10);
const STALL: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Lat,
    ReqRep,
    Thr,
}

impl Mode {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        match text {
            "lat" => Ok(Self::Lat),
            "reqrep" => Ok(Self::ReqRep),
            "thr" => Ok(Self::Thr),
            _ => bail!("unknown mode `{text}`"),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lat => "lat",
            Self::ReqRep => "reqrep",
            Self::Thr => "thr",
        }
    }

    /// Protocols of the server and of the client.
    fn protocols(self) -> (&'static str, &'static str) {
        match self {
            Self::Lat => ("pair", "pair"),
            Self::ReqRep => ("rep", "req"),
            Self::Thr => ("pull", "push"),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) mode: Mode,
    pub(crate) role: String,
    pub(crate) url: String,
    pub(crate) size: usize,
    pub(crate) count: usize,
    pub(crate) peers: usize,
}

impl Job {
    /// The listening end.
    pub(crate) fn serve(&self) -> Result<Figures> {
        let runtime = Runtime::shared()?;
        let socket = open(&runtime, self.mode.protocols().0, self.size)?;
        socket.listen(&self.url)?;
        let figures = match self.mode {
            Mode::Lat | Mode::ReqRep => self.echo(&socket)?,
            Mode::Thr => self.sink(&socket)?,
        };
        socket.close_with(CONNECT);
        Ok(figures)
    }

    /// The dialing end.
    pub(crate) fn drive(&self) -> Result<Figures> {
        let runtime = Runtime::shared()?;
        match self.mode {
            Mode::Lat | Mode::ReqRep => {
                let socket = dialed(&runtime, self)?;
                let figures = self.ping(&socket)?;
                socket.close_with(CONNECT);
                Ok(figures)
            }
            Mode::Thr => self.push(&runtime),
        }
    }

    fn warm_up(&self) -> usize {
        self.count / 10 + 1
    }

    fn ping(&self, socket: &Socket) -> Result<Figures> {
        let mut message = Message::from(vec![0x55_u8; self.size]);
        let mut trips = Vec::with_capacity(self.count);
        let mut started = (Instant::now(), Usage::now());
        for n in 0..self.warm_up() + self.count {
            if n == self.warm_up() {
                started = (Instant::now(), Usage::now());
            }
            let before = Instant::now();
            socket.send(message)?;
            message = socket.recv()?;
            if n >= self.warm_up() {
                trips.push(before.elapsed());
            }
        }
        let took = started.0.elapsed();
        let used = Usage::now() - started.1;
        ensure!(
            message.len() == self.size,
            "an echo has {} bytes",
            message.len()
        );
        Ok(Figures::of_trips(&mut trips, took, used))
    }

    fn echo(&self, socket: &Socket) -> Result<Figures> {
        let mut before = Usage::now();
        for n in 0..self.warm_up() + self.count {
            if n == self.warm_up() {
                before = Usage::now();
            }
            let message = socket.recv()?;
            socket.send(message)?;
        }
        Ok(Figures::of_other_end(Usage::now() - before))
    }

    fn push(&self, runtime: &Runtime) -> Result<Figures> {
        let sockets: Vec<_> = (0..self.peers)
            .map(|_| dialed(runtime, self))
            .collect::<Result<_>>()?;
        let before = Usage::now();
        std::thread::scope(|scope| {
            let pushers: Vec<_> = sockets
                .iter()
                .enumerate()
                .map(|(n, socket)| scope.spawn(move || self.push_share(n, socket)))
                .collect();
            for pusher in pushers {
                match pusher.join() {
                    Ok(done) => done?,
                    Err(_) => bail!("a pusher panicked"),
                }
            }
            Ok(())
        })?;
        // The rest goes out while the sockets close: it counts.
        for socket in sockets {
            let report = socket.close_with(Duration::from_secs(30));
            ensure!(report.complete, "messages are left over: {report:?}");
        }
        Ok(Figures::of_other_end(Usage::now() - before))
    }

    fn push_share(&self, n: usize, socket: &Socket) -> Result<()> {
        let body = Message::from(vec![0x55_u8; self.size]);
        let share = self.count / self.peers + usize::from(n < self.count % self.peers);
        for _ in 0..share {
            // Each message is made anew, as an application would.
            socket.send(body.body().to_vec())?;
        }
        Ok(())
    }

    fn sink(&self, socket: &Socket) -> Result<Figures> {
        let first = socket.recv()?;
        let started = (Instant::now(), Usage::now());
        let mut bytes = first.len();
        for n in 1..self.count {
            let message = socket.recv_timeout(STALL).with_context(|| {
                format!("stalled after {n} of {} messages: {socket:#?}", self.count)
            })?;
            bytes += message.len();
        }
        let took = started.0.elapsed();
        ensure!(bytes == self.count * self.size, "{bytes} bytes came");
        Ok(Figures::of_stream(took, Usage::now() - started.1))
    }
}

fn open(runtime: &Runtime, protocol: &str, size: usize) -> Result<Socket> {
    let socket = runtime.open(protocol)?;
    if size > 1 << 20 {
        socket.set(spkit::options::RECV_MAX, 0)?;
    }
    Ok(socket)
}

fn dialed(runtime: &Runtime, job: &Job) -> Result<Socket> {
    let socket = open(runtime, job.mode.protocols().1, job.size)?;
    socket
        .dial_with(&job.url, |options| {
            options.set(spkit::options::RECONNECT_MIN, Duration::from_millis(5))
        })?
        .connected(CONNECT)?;
    Ok(socket)
}

//! A world: sockets, the network between them, their users, and time.

use std::{fmt, sync::Arc, time::Duration};

use spkit_api::{
    Address, ContextId, EndpointId, Error, Inbox, Options, PipeId, ProtocolPlugin, Result, Time,
    option::{Opt, OptionType},
    options::{COMMON, RECONNECT_MAX, RECONNECT_MIN},
};

use super::{
    At, Dice, Entry, SocketId, Transcript, UserId, What,
    clock::SimClock,
    host::{Env, Host},
    net::{Hub, PACE},
    operations::Ops,
    reactor::Scratch,
    users::Listener,
};
use crate::stats::Stats;

/// A piece of the script.
pub(super) type Line = Box<dyn FnOnce(&mut World)>;

/// An invariant.
type Check = Box<dyn FnMut(&World) -> Result<(), String>>;

/// Sockets, the network between them, their users, and time.
///
/// A run is a pure function of the seed and of what is done to the world.
pub struct World {
    pub(super) seed: u64,
    pub(super) env: Env,
    pub(super) hosts: Vec<Host>,
    pub(super) ops: Ops,
    pub(super) users: Vec<Listener>,
    /// Whose turn it is.
    pub(super) current: Option<UserId>,
    pub(super) script: Vec<Option<Line>>,
    pub(super) checks: Vec<Check>,
    pub(super) violations: Vec<String>,
    pub(super) steps: u64,
}

impl World {
    /// An empty world, with the usual [`Link`](super::Link) between any two sockets.
    pub fn new(seed: u64) -> Self {
        let clock = Arc::new(SimClock::new());
        // Three sets of dice, so that what one is thrown for does not change what another shows.
        let mut dice = Dice::new(seed);
        let hub = Hub::new(Arc::clone(&clock), Dice::new(dice.throw()));
        Self {
            seed,
            env: Env {
                hub,
                clock,
                dice: Dice::new(dice.throw()),
                transcript: Transcript::default(),
                scratch: Scratch::default(),
                inbox: Inbox::default(),
            },
            hosts: Vec::new(),
            ops: Ops::default(),
            users: Vec::new(),
            current: None,
            script: Vec::new(),
            checks: Vec::new(),
            violations: Vec::new(),
            steps: 0,
        }
    }

    /// The seed it was made with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The time.
    pub fn now(&self) -> Time {
        self.env.now()
    }

    // ---- sockets

    /// Opens a socket. Its name is for the transcript.
    pub fn open(&mut self, name: &str, plugin: &ProtocolPlugin) -> SocketId {
        let defaults = Options::over(&tables(plugin));
        let opened = self.open_options(name, plugin, defaults);
        opened.expect("a protocol takes its own defaults")
    }

    /// As [`open`](Self::open), with some of its options set.
    pub fn open_with(
        &mut self,
        name: &str,
        plugin: &ProtocolPlugin,
        set: impl FnOnce(&mut Options) -> Result<()>,
    ) -> Result<SocketId> {
        let mut options = Options::over(&tables(plugin));
        set(&mut options)?;
        self.open_options(name, plugin, options)
    }

    fn open_options(
        &mut self,
        name: &str,
        plugin: &ProtocolPlugin,
        options: Options,
    ) -> Result<SocketId> {
        let index = self.hosts.len();
        let host = Host::new(index, plugin, options, &mut self.env)?;
        self.env.hub.net().paces.push(PACE);
        self.env.transcript.add_name(name.to_owned());
        let protocol = plugin.info().name();
        self.env.note(index, What::Opened { protocol });
        for row in host.options.is_set() {
            if let Some(value) = host.options.value(row.name()) {
                let (context, option) = (ContextId::SOCKET, row.name());
                let refused = None;
                let set = What::Set {
                    context,
                    option,
                    value,
                    refused,
                };
                self.env.note(index, set);
            }
        }
        self.hosts.push(host);
        self.settle(SocketId(index));
        Ok(SocketId(index))
    }

    /// Closes a socket; what it accepted goes on being sent for at most `drain`.
    pub fn close(&mut self, socket: SocketId, drain: Duration) {
        self.hosts[socket.0].close(drain, &mut self.env);
    }

    /// Ends a socket as if its process was killed: all its connections break.
    pub fn kill(&mut self, socket: SocketId) {
        self.hosts[socket.0].kill(&mut self.env);
    }

    /// Opens a context.
    pub fn open_context(&mut self, socket: SocketId) -> Result<At> {
        let opened = self.host_mut(socket).core.open_context();
        if let Ok(context) = &opened {
            let context = *context;
            self.note_of(socket, What::ContextOpened { context });
        }
        self.settle(socket);
        Ok(socket.context(opened?))
    }

    /// Closes a context.
    pub fn close_context(&mut self, at: At) {
        self.host_mut(at.socket).core.close_context(at.context);
        let context = at.context;
        self.note_of(at.socket, What::ContextClosed { context });
        self.settle(at.socket);
    }

    /// Sets an option of the socket, or of one of its contexts.
    pub fn set<T: OptionType>(
        &mut self,
        at: impl Into<At>,
        option: Opt<T>,
        value: T,
    ) -> Result<()> {
        let at = at.into();
        let value = value.into_value();
        let host = self.host_mut(at.socket);
        let row = host.options.row(option.name())?;
        row.check(&value)?;
        let set = host.core.set_option(at.context, row.name(), &value);
        if set.is_ok() && at.context == ContextId::SOCKET && !row.is_act() {
            host.options.set_value(row.name(), value.clone())?;
        }
        let noted = What::Set {
            context: at.context,
            option: row.name(),
            value,
            refused: set.as_ref().err().map(Error::kind),
        };
        self.note_of(at.socket, noted);
        self.settle(at.socket);
        set
    }

    // ---- endpoints

    /// Listens at an address: any text.
    pub fn listen(&mut self, socket: SocketId, address: &str) -> Result<EndpointId> {
        let address = Address::new("sim", address)?;
        let host = &mut self.hosts[socket.0];
        let options = host.endpoint_options();
        host.listen(address, options, &mut self.env)
    }

    /// Dials an address, now and again whenever the connection is lost.
    pub fn dial(&mut self, socket: SocketId, address: &str) -> Result<EndpointId> {
        let address = Address::new("sim", address)?;
        let host = &mut self.hosts[socket.0];
        let options = host.endpoint_options();
        let pauses = (
            options.get(RECONNECT_MIN).unwrap_or_default(),
            options.get(RECONNECT_MAX).unwrap_or_default(),
        );
        host.dial(address, options, pauses, &mut self.env)
    }

    /// Ends a listener or dialer. Its pipes live on.
    pub fn close_endpoint(&mut self, socket: SocketId, endpoint: EndpointId) {
        self.hosts[socket.0].close_endpoint(endpoint, &mut self.env);
    }

    // ---- what can be seen

    /// A socket's pipes.
    pub fn peers(&self, socket: SocketId) -> usize {
        self.hosts[socket.0].core.pipe_count()
    }

    /// The ids of a socket's pipes.
    pub fn pipes(&self, socket: SocketId) -> Vec<PipeId> {
        self.hosts[socket.0].core.pipe_ids()
    }

    /// A socket's counters.
    pub fn stats(&self, socket: SocketId) -> Stats {
        self.hosts[socket.0].core.stats()
    }

    /// What happened so far.
    pub fn transcript(&self) -> &Transcript {
        &self.env.transcript
    }

    /// Writes something into the transcript.
    pub fn note(&mut self, text: impl Into<String>) {
        let (now, what) = (self.now(), What::Note(text.into()));
        self.env.transcript.add(now, None, what);
    }

    // ---- invariants

    /// Checks this after every step. The first error ends the run.
    pub fn check_always(&mut self, check: impl FnMut(&Self) -> Result<(), String> + 'static) {
        self.checks.push(Box::new(check));
    }

    /// What was found to be wrong.
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// Looks whether anything is stuck: operations that could be served and were not told, dialers that do not dial.
    /// To be asked when nothing is going to happen any more, or nothing for a while.
    pub fn stuck(&mut self) -> Vec<String> {
        let mut stuck = Vec::new();
        for index in 0..self.hosts.len() {
            let socket = SocketId(index);
            let name = self.transcript().name(socket).to_owned();
            for endpoint in self.hosts[index].idle_dialers() {
                stuck.push(format!(
                    "{name}: {endpoint:?} has no connection and does not dial"
                ));
            }
            for pipe in self.hosts[index].idle_writers() {
                stuck.push(format!("{name}: {pipe:?} has messages that nobody writes"));
            }
            for op in self.overlooked(socket) {
                stuck.push(format!("{name}: {op} could be served and was not told"));
            }
        }
        stuck
    }

    // ---- for the other parts

    pub(super) fn violate(&mut self, what: String) {
        let seconds = self.now().as_nanos() as f64 / 1e9;
        self.violations.push(format!("at {seconds:.9}: {what}"));
    }

    pub(super) fn host_mut(&mut self, socket: SocketId) -> &mut Host {
        &mut self.hosts[socket.0]
    }

    pub(super) fn settle(&mut self, socket: SocketId) {
        self.hosts[socket.0].settle(&mut self.env);
    }

    pub(super) fn note_of(&mut self, socket: SocketId, what: What) {
        self.env.note(socket.0, what);
    }
}

fn tables(plugin: &ProtocolPlugin) -> [&'static [spkit_api::OptSpec]; 2] {
    [plugin.info().options(), COMMON]
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.transcript().entries().last();
        f.debug_struct("World")
            .field("seed", &self.seed)
            .field("now", &self.now())
            .field("steps", &self.steps)
            .field("hosts", &self.hosts)
            .field("ops", &self.ops)
            .field("network", &self.env.hub)
            .field("last", &last.map(|Entry { what, .. }| what))
            .finish_non_exhaustive()
    }
}

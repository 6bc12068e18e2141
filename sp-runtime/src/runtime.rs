//! Runtimes: what sockets share.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    sync::{Arc, Condvar, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use spkit_api::{Memory, Options, Result, SharedState, option::OptSpec, options::COMMON};

use crate::{
    core::{queue::QueueLimit, random::Random},
    driver::{Shared, background::Background, resolver::Resolver},
    registry::Registry,
    socket::Socket,
    stats::Snapshot,
    sync::lock,
};

/// Receive memory of a runtime, unless its builder says otherwise.
const MEMORY: usize = 256 << 20;

/// What sockets share: plugins, the background thread, the resolver, inproc names, receive memory. A cheap handle.
#[derive(Clone, Debug)]
pub struct Runtime {
    inner: Arc<RuntimeInner>,
}

/// How sockets are driven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// Blocked callers drive their own sockets; the background thread drives the rest. The fast one.
    #[default]
    CallerRuns,
    /// The background thread drives all sockets through one poller, and callers park. The plain one, to compare with.
    Background,
}

/// Builds a [`Runtime`].
#[derive(Debug)]
pub struct Builder {
    registry: Option<Registry>,
    backend: Backend,
    memory: usize,
}

#[derive(Debug)]
pub(crate) struct RuntimeInner {
    pub(crate) registry: Registry,
    pub(crate) plain: bool,
    pub(crate) memory: Arc<Memory>,
    memory_total: usize,
    pub(crate) resolver: Resolver,
    pub(crate) state: SharedState,
    random: Mutex<Random>,
    background: Mutex<Option<Arc<Background>>>,
    /// Sockets that are not closed yet.
    sockets: Mutex<Sockets>,
    all_closed: Condvar,
}

#[derive(Debug, Default)]
struct Sockets {
    open: usize,
    list: Vec<Weak<Shared>>,
}

/// What [`Socket::open`] uses: made when there is none, gone with its last socket.
static DEFAULT: Mutex<Weak<RuntimeInner>> = Mutex::new(Weak::new());

impl Runtime {
    /// A runtime with every linked plugin.
    pub fn new() -> Result<Self> {
        Self::builder().build()
    }

    /// A runtime built to order.
    pub fn builder() -> Builder {
        Builder {
            registry: None,
            backend: Backend::default(),
            memory: MEMORY,
        }
    }

    /// The runtime that [`Socket::open`] uses.
    pub fn shared() -> Result<Self> {
        let mut default = lock(&DEFAULT);
        if let Some(inner) = default.upgrade() {
            return Ok(Self { inner });
        }
        let runtime = Self::new()?;
        *default = Arc::downgrade(&runtime.inner);
        Ok(runtime)
    }

    /// Its plugins.
    pub fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    /// Bytes of receive memory in use, and how many there are.
    pub fn memory(&self) -> (usize, usize) {
        (self.inner.memory.used(), self.inner.memory_total)
    }

    /// Opens a socket of a protocol, by name.
    pub fn open(&self, protocol: &str) -> Result<Socket> {
        self.open_with(protocol, |_| Ok(()))
    }

    /// Opens a socket after setting options, those included that can only be set before the socket starts.
    pub fn open_with(
        &self,
        protocol: &str,
        set: impl FnOnce(&mut Options) -> Result<()>,
    ) -> Result<Socket> {
        let plugin = self.inner.registry.protocol(protocol)?;
        let mut tables: Vec<&'static [OptSpec]> = vec![plugin.info().options(), COMMON];
        tables.extend(
            self.registry()
                .transports()
                .map(|plugin| plugin.transport().info().options()),
        );
        let mut options = Options::over(&tables);
        set(&mut options)?;
        Socket::start(&self.inner, plugin, options)
    }

    /// What its sockets, those that are not closed, did so far.
    pub fn snapshots(&self) -> Vec<Snapshot> {
        let sockets = self.sockets();
        sockets.iter().map(|socket| socket.snapshot()).collect()
    }

    fn sockets(&self) -> Vec<Arc<Shared>> {
        let sockets = lock(&self.inner.sockets);
        sockets.list.iter().filter_map(Weak::upgrade).collect()
    }

    /// Closes every socket, lets them finish for at most `drain`, and waits for that. True: all finished in time.
    pub fn shutdown(&self, drain: Duration) -> bool {
        for socket in self.sockets() {
            socket.close(drain);
        }
        // Those that closed earlier may have more time of their own.
        let until = Instant::now() + drain + Duration::from_millis(500);
        let mut state = lock(&self.inner.sockets);
        while state.open > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self
                .inner
                .all_closed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }
}

impl Builder {
    /// The plugins (default: all that are linked).
    #[must_use]
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// How sockets are driven.
    #[must_use]
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// Receive memory of all sockets together, in bytes (default 256 MiB).
    #[must_use]
    pub fn memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// The runtime. Starts nothing yet.
    pub fn build(self) -> Result<Runtime> {
        let registry = match self.registry {
            Some(registry) => registry,
            None => Registry::linked()?,
        };
        let inner = RuntimeInner {
            registry,
            plain: self.backend == Backend::Background || cfg!(not(unix)),
            // The accounts may run over by an eighth, for what cannot be refused any more.
            memory: Memory::new(self.memory / 9 * 8),
            memory_total: self.memory,
            resolver: Resolver::default(),
            state: SharedState::new(),
            random: Mutex::new(Random::new(RandomState::new().build_hasher().finish())),
            background: Mutex::new(None),
            sockets: Mutex::new(Sockets::default()),
            all_closed: Condvar::new(),
        };
        Ok(Runtime {
            inner: Arc::new(inner),
        })
    }
}

impl RuntimeInner {
    pub(crate) fn random(&self) -> u32 {
        lock(&self.random).next_u32()
    }

    /// The background thread, started with the first socket.
    pub(crate) fn background(&self) -> std::io::Result<Arc<Background>> {
        let mut background = lock(&self.background);
        if let Some(running) = &*background {
            return Ok(Arc::clone(running));
        }
        let started = Background::start()?;
        *background = Some(Arc::clone(&started));
        Ok(started)
    }

    pub(crate) fn socket_opened(&self, socket: &Arc<Shared>) {
        let mut sockets = lock(&self.sockets);
        sockets.open += 1;
        sockets.list.retain(|known| known.strong_count() > 0);
        sockets.list.push(Arc::downgrade(socket));
    }

    pub(crate) fn socket_closed(&self) {
        lock(&self.sockets).open -= 1;
        self.all_closed.notify_all();
    }
}

impl Drop for RuntimeInner {
    fn drop(&mut self) {
        if let Some(background) = lock(&self.background).take() {
            background.stop();
        }
    }
}

/// The queue limits among a socket's options.
pub(crate) fn queue_limit(options: &Options) -> QueueLimit {
    use spkit_api::options::{RECV_BUFFER, RECV_BUFFER_MESSAGES};
    let messages = options.get(RECV_BUFFER_MESSAGES).unwrap_or(1024);
    QueueLimit {
        messages: usize::try_from(messages).unwrap_or(usize::MAX),
        bytes: options.get(RECV_BUFFER).unwrap_or(128 << 10),
    }
}

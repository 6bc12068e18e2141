//! A reactor over a real poller, for one socket's worth of objects.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    net::{SocketAddr, ToSocketAddrs},
    sync::{Arc, Mutex},
    task::Poll,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Registry, Token, Waker, event::Source};
use spkit_api::{
    __private::{Notify, Reactor},
    Address, Chunk, Connecting, EndpointConfig, Error, ErrorKind, Inbox, IoCx, Listener, Lookup,
    Memory, Message, Notifier, Options, Pipe, Progress, Ready, Result, SharedState, Time, TimerId,
    Transport,
    bytes::BytesMut,
    options,
};

const WAKE: Token = Token(usize::MAX);

/// How long anything in these tests may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Polls objects when the system says so, and only then: a lost edge hangs the test.
pub(crate) struct World {
    poll: mio::Poll,
    events: Events,
    bells: Arc<Bells>,
    objects: HashMap<u64, Object>,
    due: HashMap<u64, Ready>,
    timers: BTreeMap<(Instant, u64, TimerId), ()>,
    next: u64,
    deadline: Instant,
    chunk: Chunk,
    memory: Arc<Memory>,
    pub(crate) state: SharedState,
    /// Pipes made of accepted connections, in order.
    pub(crate) accepted: Vec<u64>,
    pub(crate) failed: Vec<Error>,
    fired: usize,
}

struct Bells {
    waker: Waker,
    rung: Mutex<Vec<u64>>,
}

impl Notify for Bells {
    fn notify(&self, object: u64) {
        self.rung.lock().unwrap().push(object);
        self.waker.wake().unwrap();
    }
}

enum Object {
    Listener(Box<dyn Listener>),
    Connecting(Box<dyn Connecting>, bool),
    Pipe(PipeState),
}

struct PipeState {
    pipe: Box<dyn Pipe>,
    received: Vec<Message>,
    ended: Option<Error>,
    closing: bool,
    closed: bool,
}

#[derive(Debug)]
struct Cx<'a> {
    registry: &'a Registry,
    bells: &'a Arc<Bells>,
    timers: &'a mut BTreeMap<(Instant, u64, TimerId), ()>,
    chunk: &'a mut Chunk,
    memory: &'a Arc<Memory>,
    object: u64,
}

impl std::fmt::Debug for Bells {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bells")
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let poll = mio::Poll::new().unwrap();
        let bells = Arc::new(Bells {
            waker: Waker::new(poll.registry(), WAKE).unwrap(),
            rung: Mutex::new(Vec::new()),
        });
        Self {
            poll,
            events: Events::with_capacity(64),
            bells,
            objects: HashMap::new(),
            due: HashMap::new(),
            timers: BTreeMap::new(),
            next: 0,
            deadline: Instant::now() + PATIENCE,
            chunk: Chunk::new(),
            memory: Memory::new(256 << 20),
            state: SharedState::new(),
            accepted: Vec::new(),
            failed: Vec::new(),
            fired: 0,
        }
    }

    pub(crate) fn listen(
        &mut self,
        transport: &dyn Transport,
        address: &str,
        protocol: u16,
    ) -> Result<(u64, Address)> {
        self.listen_with(transport, address, protocol, |options| options)
    }

    pub(crate) fn listen_with(
        &mut self,
        transport: &dyn Transport,
        address: &str,
        protocol: u16,
        change: impl FnOnce(Options) -> Options,
    ) -> Result<(u64, Address)> {
        let options = change(Options::over(&[
            options::COMMON,
            transport.info().options(),
        ]));
        let address = Address::parse(address)?;
        let at = EndpointConfig::new(&address, &options, protocol, &self.state);
        let listener = transport.listen(&at)?;
        let local = listener.local_address();
        Ok((self.add(Object::Listener(listener)), local))
    }

    /// Dials; the object becomes a pipe under the same number.
    pub(crate) fn dial(
        &mut self,
        transport: &dyn Transport,
        address: &str,
        protocol: u16,
    ) -> Result<u64> {
        let options = Options::over(&[options::COMMON, transport.info().options()]);
        let address = Address::parse(address)?;
        let at = EndpointConfig::new(&address, &options, protocol, &self.state);
        let connecting = transport.dial(&at)?;
        Ok(self.add(Object::Connecting(connecting, false)))
    }

    fn add(&mut self, object: Object) -> u64 {
        self.next += 1;
        self.objects.insert(self.next, object);
        self.due.insert(self.next, Ready::NONE);
        self.next
    }

    pub(crate) fn drop_object(&mut self, object: u64) {
        self.objects.remove(&object);
    }

    /// Turns until `done` says so.
    pub(crate) fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        while !done(self) {
            assert!(Instant::now() < self.deadline, "waited in vain: {what}");
            self.turn(Duration::from_millis(100));
        }
    }

    /// Waits until nothing happens any more.
    pub(crate) fn settle(&mut self) {
        while self.turn(Duration::from_millis(50)) {}
    }

    /// Timers that came due so far.
    pub(crate) fn fired(&self) -> usize {
        self.fired
    }

    pub(crate) fn is_pipe(&self, object: u64) -> bool {
        matches!(self.objects.get(&object), Some(Object::Pipe(_)))
    }

    fn state(&mut self, object: u64) -> &mut PipeState {
        match self.objects.get_mut(&object) {
            Some(Object::Pipe(state)) => state,
            _ => panic!("object {object} is no pipe; failed: {:?}", self.failed),
        }
    }

    pub(crate) fn pipe(&mut self, object: u64) -> &mut dyn Pipe {
        &mut *self.state(object).pipe
    }

    /// Takes what a pipe received so far.
    pub(crate) fn received(&mut self, object: u64) -> Vec<Message> {
        std::mem::take(&mut self.state(object).received)
    }

    pub(crate) fn count(&mut self, object: u64) -> usize {
        self.state(object).received.len()
    }

    pub(crate) fn ended(&mut self, object: u64) -> Option<Error> {
        self.state(object).ended.clone()
    }

    pub(crate) fn closed(&mut self, object: u64) -> bool {
        self.state(object).closed
    }

    pub(crate) fn close(&mut self, object: u64) {
        self.state(object).closing = true;
        self.due.insert(object, Ready::NONE);
    }

    /// Hands a message to a pipe; waits for room.
    pub(crate) fn send(&mut self, object: u64, message: impl Into<Message>) {
        let mut slot = Some(message.into());
        self.until("room to send", |world| {
            world.with(object, Ready::NONE, |object, io| {
                let Object::Pipe(state) = object else {
                    panic!("sending over what is no pipe");
                };
                if let Poll::Ready(sent) = state.pipe.poll_send(io, &mut slot) {
                    sent.unwrap();
                }
                let _ = state.pipe.poll_flush(io).map(Result::unwrap);
            });
            slot.is_none()
        });
    }

    /// Polls an object directly.
    fn with<T>(
        &mut self,
        object: u64,
        ready: Ready,
        call: impl FnOnce(&mut Object, &mut IoCx<'_>) -> T,
    ) -> T {
        let mut cx = Cx {
            registry: self.poll.registry(),
            bells: &self.bells,
            timers: &mut self.timers,
            chunk: &mut self.chunk,
            memory: &self.memory,
            object,
        };
        let target = self.objects.get_mut(&object).expect("the object lives");
        call(target, &mut IoCx::new(&mut cx, ready))
    }

    /// One look at the system; whether anything was polled.
    fn turn(&mut self, wait: Duration) -> bool {
        let wait = if self.due.is_empty() {
            wait
        } else {
            Duration::ZERO
        };
        let wait = match self.timers.first_key_value() {
            Some(((at, ..), ())) => wait.min(at.saturating_duration_since(Instant::now())),
            None => wait,
        };
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => result.unwrap(),
        }
        for event in &self.events {
            if event.token() == WAKE {
                continue;
            }
            let mut ready = Ready::NONE;
            if event.is_readable() {
                ready |= Ready::READABLE;
            }
            if event.is_writable() {
                ready |= Ready::WRITABLE;
            }
            if event.is_read_closed() || event.is_error() {
                ready |= Ready::CLOSED;
            }
            *self.due.entry(event.token().0 as u64).or_default() |= ready;
        }
        for object in std::mem::take(&mut *self.bells.rung.lock().unwrap()) {
            *self.due.entry(object).or_default() |= Ready::NOTIFIED;
        }
        let now = Instant::now();
        while let Some(entry) = self.timers.first_entry()
            && entry.key().0 <= now
        {
            *self.due.entry(entry.key().1).or_default() |= Ready::TIMER;
            entry.remove();
            self.fired += 1;
        }
        let due = std::mem::take(&mut self.due);
        let any = !due.is_empty();
        for (object, ready) in due {
            self.poll_object(object, ready);
        }
        any
    }

    fn poll_object(&mut self, id: u64, ready: Ready) {
        match self.objects.get(&id) {
            None => {}
            Some(Object::Listener(_)) => self.poll_listener(id, ready),
            Some(Object::Connecting(..)) => self.poll_connecting(id, ready),
            Some(Object::Pipe(_)) => self.poll_pipe(id, ready),
        }
    }

    fn poll_listener(&mut self, id: u64, ready: Ready) {
        loop {
            let polled = self.with(id, ready, |object, io| match object {
                Object::Listener(listener) => listener.poll_accept(io),
                _ => Poll::Pending,
            });
            match polled {
                Poll::Pending => return,
                Poll::Ready(Ok(connecting)) => {
                    self.add(Object::Connecting(connecting, true));
                }
                Poll::Ready(Err(error)) => {
                    self.failed.push(error);
                    return;
                }
            }
        }
    }

    fn poll_connecting(&mut self, id: u64, ready: Ready) {
        let polled = self.with(id, ready, |object, io| match object {
            Object::Connecting(connecting, accepted) => {
                connecting.poll_pipe(io).map(|pipe| (pipe, *accepted))
            }
            _ => Poll::Pending,
        });
        match polled {
            Poll::Pending => {}
            Poll::Ready((Ok(pipe), accepted)) => {
                self.objects.insert(
                    id,
                    Object::Pipe(PipeState {
                        pipe,
                        received: Vec::new(),
                        ended: None,
                        closing: false,
                        closed: false,
                    }),
                );
                if accepted {
                    self.accepted.push(id);
                }
            }
            Poll::Ready((Err(error), _)) => {
                self.failed.push(error);
                self.objects.remove(&id);
            }
        }
    }

    fn poll_pipe(&mut self, id: u64, ready: Ready) {
        let mut again = false;
        self.with(id, ready, |object, io| {
            let Object::Pipe(state) = object else { return };
            if state.closing {
                if !state.closed && state.pipe.poll_close(io).is_ready() {
                    state.closed = true;
                }
                return;
            }
            if state.ended.is_some() {
                return;
            }
            let mut inbox = Inbox::default();
            let progress = state.pipe.poll_recv(io, &mut inbox);
            while let Some(message) = inbox.pop() {
                state.received.push(message);
            }
            match progress {
                Ok(Progress::Drained) => {}
                Ok(Progress::More) => again = true,
                Err(error) => state.ended = Some(error),
            }
            if state.ended.is_none() {
                let _ = state.pipe.poll_flush(io).map(Result::unwrap);
            }
        });
        if again {
            self.due.insert(id, Ready::NONE);
        }
    }
}

impl Cx<'_> {
    fn token(&self) -> Token {
        Token(usize::try_from(self.object).unwrap())
    }
}

impl Reactor for Cx<'_> {
    fn register(&mut self, source: &mut dyn Source, interest: Interest) -> io::Result<()> {
        self.registry.register(source, self.token(), interest)
    }

    fn reregister(&mut self, source: &mut dyn Source, interest: Interest) -> io::Result<()> {
        self.registry.reregister(source, self.token(), interest)
    }

    fn deregister(&mut self, source: &mut dyn Source) -> io::Result<()> {
        self.registry.deregister(source)
    }

    fn notifier(&mut self) -> Notifier {
        let bells: Arc<dyn Notify> = Arc::clone(self.bells) as _;
        Notifier::new(Arc::downgrade(&bells), self.object)
    }

    fn set_timer(&mut self, timer: TimerId, after: Duration) {
        self.clear_timer(timer);
        self.timers
            .insert((Instant::now() + after, self.object, timer), ());
    }

    fn clear_timer(&mut self, timer: TimerId) {
        let object = self.object;
        self.timers
            .retain(|(_, owner, id), ()| (*owner, *id) != (object, timer));
    }

    fn resolve(&mut self, host: &str, port: u16) -> Lookup {
        let lookup = Lookup::pending();
        let answer = match host {
            // A name with a dead address in front of the live one.
            "two-addresses.test" => Ok(vec![
                SocketAddr::from(([127, 0, 0, 1], 1)),
                SocketAddr::from(([127, 0, 0, 1], port)),
            ]),
            _ => (host, port)
                .to_socket_addrs()
                .map(Iterator::collect)
                .map_err(|error| Error::new(ErrorKind::Resolve, error.to_string())),
        };
        lookup.answer(answer, &self.notifier());
        lookup
    }

    fn now(&mut self) -> Time {
        Time::from_nanos(0)
    }

    fn random(&mut self) -> u32 {
        4
    }

    fn chunk(&mut self) -> &mut Chunk {
        self.chunk
    }

    fn take_buffer(&mut self) -> BytesMut {
        BytesMut::with_capacity(4096)
    }

    fn give_buffer(&mut self, _buffer: BytesMut) {}

    fn memory(&mut self) -> &Arc<Memory> {
        self.memory
    }
}

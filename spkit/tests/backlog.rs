//! A carrier that is full: it holds up as much as there is room for and no more, and once it takes something all the rest
//! follows, although nothing else happens.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    task::Poll,
    thread,
    time::{Duration, Instant},
};

use spkit::{
    Backend, Message, Result, Runtime,
    api::{
        Connecting, EndpointConfig, Error, ErrorKind, Inbox, IoCx, Listener, Notifier, PendingOut,
        Pipe, PipeFacts, Progress, Transport, TransportInfo, register_transport,
    },
    options::SEND_BUFFER_MESSAGES,
};

const SOON: Duration = Duration::from_secs(10);
const PAIR: u16 = 0x10;
const PULL: u16 = 0x51;
const MESSAGES: usize = 10;

static INFO: TransportInfo = TransportInfo::new(&["gate"]).doc("To nobody, once a gate is open.");

register_transport!(
    /// Dials only.
    pub GATE, &Gates
);

/// The gate that an attempt to dial leads to.
static NEXT: Mutex<Option<Arc<Gate>>> = Mutex::new(None);

#[derive(Debug)]
struct Gates;

impl Transport for Gates {
    fn info(&self) -> &'static TransportInfo {
        &INFO
    }

    fn dial(&self, _: &EndpointConfig<'_>) -> Result<Box<dyn Connecting>> {
        let gate = NEXT.lock().unwrap().clone();
        Ok(Box::new(Dialing(gate.unwrap())))
    }

    fn listen(&self, _: &EndpointConfig<'_>) -> Result<Box<dyn Listener>> {
        Err(Error::new(ErrorKind::NotSupported, "a gate is dialed"))
    }
}

#[derive(Debug)]
struct Gate {
    /// What the other side announces.
    protocol: u16,
    /// What to ring when it opens; none once it is open.
    bell: Mutex<Option<Notifier>>,
    /// How often somebody came before it was open.
    knocks: AtomicUsize,
    passed: Sender<()>,
}

impl Gate {
    /// The gate that is dialed next, and what tells of each message that passes it.
    fn set_up(protocol: u16) -> (Arc<Self>, Receiver<()>) {
        let (passed, passing) = channel();
        let bell = Mutex::default();
        let gate = Arc::new(Self {
            protocol,
            bell,
            knocks: AtomicUsize::new(0),
            passed,
        });
        *NEXT.lock().unwrap() = Some(Arc::clone(&gate));
        (gate, passing)
    }

    fn is_open(&self) -> bool {
        self.bell.lock().unwrap().is_none()
    }

    /// Calls for more although it stays closed, and waits until somebody came.
    fn ring(&self) {
        let knocks = self.knocks.load(Ordering::SeqCst);
        let bell = self.bell.lock().unwrap().clone();
        bell.unwrap().notify();
        let start = Instant::now();
        while self.knocks.load(Ordering::SeqCst) == knocks {
            assert!(start.elapsed() < SOON, "nobody came");
            thread::yield_now();
        }
    }

    fn open(&self) {
        let bell = self.bell.lock().unwrap().take();
        bell.unwrap().notify();
    }
}

#[derive(Debug)]
struct Dialing(Arc<Gate>);

impl Connecting for Dialing {
    fn poll_pipe(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Pipe>>> {
        *self.0.bell.lock().unwrap() = Some(io.notifier());
        let gate = Arc::clone(&self.0);
        Poll::Ready(Ok(Box::new(Gated { gate, waits: false })))
    }
}

/// Has room for one message, which a flush hands over if the gate is open.
#[derive(Debug)]
struct Gated {
    gate: Arc<Gate>,
    waits: bool,
}

impl Pipe for Gated {
    fn facts(&self) -> PipeFacts {
        PipeFacts::new(self.gate.protocol)
    }

    fn poll_recv(&mut self, _: &mut IoCx<'_>, _: &mut Inbox) -> Result<Progress> {
        Ok(Progress::Drained)
    }

    fn poll_send(&mut self, _: &mut IoCx<'_>, message: &mut Option<Message>) -> Poll<Result<()>> {
        if self.waits {
            return Poll::Pending;
        }
        self.waits = message.take().is_some();
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, _: &mut IoCx<'_>) -> Poll<Result<()>> {
        if !self.gate.is_open() {
            self.gate.knocks.fetch_add(1, Ordering::SeqCst);
            return Poll::Pending;
        }
        if std::mem::take(&mut self.waits) {
            // Who counts may be gone.
            let _ = self.gate.passed.send(());
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>> {
        self.poll_flush(io)
    }

    fn pending(&self) -> PendingOut {
        PendingOut {
            messages: usize::from(self.waits),
            bytes: 0,
        }
    }
}

/// One gate at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn a_carrier_that_calls_and_takes_nothing_holds_up_no_more_than_there_is_room_for() {
    let _alone = alone();
    const ROOM: i64 = 10;
    for backend in [Backend::CallerRuns, Backend::Background] {
        let runtime = Runtime::builder().backend(backend).build().unwrap();
        let pair = runtime
            .open_with("pair", |options| options.set(SEND_BUFFER_MESSAGES, ROOM))
            .unwrap();
        let (gate, _passing) = Gate::set_up(PAIR);
        pair.dial("gate://it").unwrap();
        pair.wait_for_peers(1, SOON).unwrap();
        let mut accepted = 0;
        for _ in 0..200 {
            while pair.try_send("one more").is_ok() {
                accepted += 1;
            }
            gate.ring();
        }
        // In the carrier, taken for it, and in the outbox; more while it was not yet known to be full.
        assert!(accepted < 50 * ROOM, "{backend:?}: {accepted} accepted");
        assert_eq!(pair.stats().waiting, accepted as u64);
    }
}

#[test]
fn what_waits_behind_a_backlog_follows_it() {
    let _alone = alone();
    for backend in [Backend::CallerRuns, Backend::Background] {
        let runtime = Runtime::builder().backend(backend).build().unwrap();
        let push = runtime.open("push").unwrap();
        let (gate, passing) = Gate::set_up(PULL);
        push.dial("gate://it").unwrap();
        push.wait_for_peers(1, SOON).unwrap();
        for n in 0..MESSAGES {
            push.send_timeout(n.to_string(), SOON).unwrap();
        }
        assert!(passing.try_recv().is_err());
        gate.open();
        for n in 0..MESSAGES {
            let passed = passing.recv_timeout(SOON);
            assert!(passed.is_ok(), "{backend:?}: {n} passed; {push:#?}");
        }
    }
}

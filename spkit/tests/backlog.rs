//! A carrier that takes all of a pipe's backlog at once, after it took nothing: what waited behind the backlog follows,
//! although nothing else happens any more.

use std::{
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    task::Poll,
    time::Duration,
};

use spkit::{
    Backend, Message, Result, Runtime,
    api::{
        Connecting, EndpointConfig, Error, ErrorKind, Inbox, IoCx, Listener, Notifier, PendingOut,
        Pipe, PipeFacts, Progress, Transport, TransportInfo, register_transport,
    },
};

const SOON: Duration = Duration::from_secs(10);
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
    /// What to ring when it opens; none once it is open.
    bell: Mutex<Option<Notifier>>,
    passed: Sender<()>,
}

impl Gate {
    /// The gate that is dialed next, and what tells of each message that passes it.
    fn set_up() -> (Arc<Self>, Receiver<()>) {
        let (passed, passing) = channel();
        let bell = Mutex::default();
        let gate = Arc::new(Self { bell, passed });
        *NEXT.lock().unwrap() = Some(Arc::clone(&gate));
        (gate, passing)
    }

    fn is_open(&self) -> bool {
        self.bell.lock().unwrap().is_none()
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
        PipeFacts::new(PULL)
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

#[test]
fn what_waits_behind_a_backlog_follows_it() {
    for backend in [Backend::CallerRuns, Backend::Background] {
        let runtime = Runtime::builder().backend(backend).build().unwrap();
        let push = runtime.open("push").unwrap();
        let (gate, passing) = Gate::set_up();
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

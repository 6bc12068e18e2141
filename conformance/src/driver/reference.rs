//! An endpoint of the kit's own: blocking std sockets and threads, nothing of the runtime.
//!
//! Without faults it shows that the wire cases can be passed by an independent implementation. With one of its
//! [`Fault`]s, that they can be failed.

mod asking;
mod connection;
mod device;
mod fault;
mod groups;
mod hub;
mod null;
mod sending;

use std::{
    fs, io,
    os::unix::fs::FileTypeExt,
    path::Path,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use spkit_api::{Value, options, transport::StreamKind};

use self::hub::Hub;
pub(crate) use self::{
    fault::Fault,
    null::{Null, NullKind},
};
use super::{Application, At, Driver, Losses, Plan, Refused, Subject};
use crate::{
    endpoints,
    tester::{Carrier, Door},
};

/// The driver of reference endpoints.
#[derive(Debug)]
pub(crate) struct Reference {
    kind: StreamKind,
    faults: Vec<Fault>,
}

impl Reference {
    /// An endpoint with these faults.
    pub(crate) fn new(kind: StreamKind, faults: &[Fault]) -> Self {
        Self {
            kind,
            faults: faults.to_vec(),
        }
    }
}

impl Driver for Reference {
    fn start(&self, plan: &Plan) -> Result<Box<dyn Subject>, Refused> {
        Ok(Box::new(self.open(plan)?))
    }

    fn join(&self, plans: [&Plan; 2]) -> Result<[Box<dyn Subject>; 2], Refused> {
        let [near, far] = [self.open(plans[0])?, self.open(plans[1])?];
        for (one, other) in [(&near, &far), (&far, &near)] {
            // Nobody else joins them.
            let _new = one.hub.onwards.set(Arc::downgrade(&other.hub));
        }
        Ok([Box::new(near), Box::new(far)])
    }
}

impl Reference {
    fn open(&self, plan: &Plan) -> Result<Endpoint, Refused> {
        let setup = Setup::new(self.kind, self.faults.clone(), plan);
        let hub = Arc::new(Hub::new(setup));
        let (At::Listen(address) | At::Dial(address)) = &plan.at;
        let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
        let (thread, address) = match &plan.at {
            At::Listen(_) => {
                let door = bind(&hub.setup, rest).map_err(|error| Refused {
                    in_use: error.kind() == io::ErrorKind::AddrInUse,
                    why: error.to_string(),
                })?;
                let address = format!("{scheme}://{}", door.address());
                let hub = Arc::clone(&hub);
                (thread::spawn(move || serve(&hub, door)), address)
            }
            At::Dial(_) => {
                let (hub, target) = (Arc::clone(&hub), rest.to_owned());
                (thread::spawn(move || dial(&hub, &target)), address.clone())
            }
        };
        asking::keep_asking(&hub);
        Ok(Endpoint {
            hub,
            address,
            thread: Some(thread),
        })
    }
}

/// What one endpoint is like.
#[derive(Debug)]
struct Setup {
    kind: StreamKind,
    faults: Vec<Fault>,
    protocol: u16,
    registered: Option<&'static str>,
    peer: u16,
    application: Application,
    recv_max: u64,
    handshake: Duration,
    redial: Duration,
    survey: Duration,
    resend: Duration,
    ttl: usize,
}

impl Setup {
    fn new(kind: StreamKind, faults: Vec<Fault>, plan: &Plan) -> Self {
        let option = |name: &str| plan.options.iter().find(|(known, _)| *known == name);
        let span = |name: &str, default: u64| match option(name) {
            Some((_, Value::Duration(Some(span)))) => *span,
            _ => Duration::from_millis(default),
        };
        Self {
            kind,
            faults,
            protocol: plan.protocol,
            registered: plan.registered,
            peer: endpoints::by_id(plan.protocol).map_or(plan.protocol, |known| known.peer),
            application: plan.application,
            recv_max: match option(options::RECV_MAX.name()) {
                Some((_, Value::Size(0))) => 1 << 60,
                Some((_, Value::Size(limit))) => *limit as u64,
                _ => 1 << 20,
            },
            handshake: span(options::HANDSHAKE_TIMEOUT.name(), 10_000),
            redial: span(options::RECONNECT_MIN.name(), 100),
            survey: span("survey-time", 1_000),
            resend: span("resend-time", 60_000),
            ttl: match option(options::TTL.name()) {
                Some((_, Value::Int(ttl))) => usize::try_from(*ttl).unwrap_or(1),
                _ => 8,
            },
        }
    }

    /// Whether it takes one peer at a time.
    fn is_single(&self) -> bool {
        match self.protocol {
            endpoints::PAIR => true,
            endpoints::PAIR1 => self.registered != Some("pair1-poly"),
            _ => false,
        }
    }

    /// Whether it is one side of a device of two.
    fn is_raw(&self) -> bool {
        self.application == Application::Manual
            && self.registered.is_some_and(|name| name.starts_with('x'))
    }

    /// Messages that may wait for a connection.
    fn room(&self) -> usize {
        match self.protocol {
            endpoints::PUSH => 4,
            endpoints::PUB | endpoints::SURVEYOR => 16,
            protocol if groups::drops(protocol) => 16,
            _ => 1024,
        }
    }

    /// Messages that may wait for the application.
    fn inbox(&self) -> usize {
        match self.protocol {
            endpoints::PULL if !self.has(Fault::ReadsAhead) => 16,
            _ => usize::MAX,
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }
}

/// Binds; a socket file that nobody listens on any more is removed first.
fn bind(setup: &Setup, address: &str) -> io::Result<Door> {
    let bound = Door::open(setup.kind, address);
    match bound {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && setup.kind == StreamKind::Ipc => {
            if !is_stale(setup, Path::new(address)) {
                return Err(error);
            }
            fs::remove_file(address)?;
            Door::open(setup.kind, address)
        }
        other => other,
    }
}

fn is_stale(setup: &Setup, path: &Path) -> bool {
    if setup.has(Fault::RemovesAnyFile) {
        return true;
    }
    let is_socket = fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    let address = path.to_string_lossy();
    is_socket && Carrier::connect(setup.kind, &address, Duration::from_secs(1)).is_err()
}

fn serve(hub: &Arc<Hub>, mut door: Door) {
    if hub.setup.has(Fault::KeepsFile) {
        door.keep_file();
    }
    while !hub.is_closed() {
        match door.accept(Duration::from_millis(20)) {
            Ok(Some(carrier)) if hub.setup.has(Fault::OneAtATime) => connection::run(hub, carrier),
            Ok(Some(carrier)) => {
                let hub = Arc::clone(hub);
                thread::spawn(move || connection::run(&hub, carrier));
            }
            Ok(None) => {}
            Err(_) => return,
        }
        if hub.has_failed() && hub.setup.has(Fault::DeafAfterBadHeader) {
            return;
        }
    }
}

fn dial(hub: &Arc<Hub>, address: &str) {
    while !hub.is_closed() {
        if let Ok(carrier) = Carrier::connect(hub.setup.kind, address, Duration::from_secs(1)) {
            connection::run(hub, carrier);
            if hub.setup.has(Fault::NoRedial) {
                return;
            }
        }
        if !hub.setup.has(Fault::RedialsAtOnce) {
            thread::park_timeout(hub.setup.redial);
        }
    }
}

/// A running reference endpoint.
struct Endpoint {
    hub: Arc<Hub>,
    address: String,
    thread: Option<JoinHandle<()>>,
}

impl Subject for Endpoint {
    fn address(&self) -> &str {
        &self.address
    }

    fn send(&self, body: &[u8], within: Duration) -> bool {
        self.hub.send(body, within)
    }

    fn recv(&self, within: Duration) -> Option<Vec<u8>> {
        self.hub.recv(within)
    }

    fn losses(&self) -> Option<Losses> {
        Some(self.hub.losses())
    }

    fn stop(self: Box<Self>) {}
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.hub.close();
        if let Some(thread) = self.thread.take() {
            // A panic there has shown itself as a failed case already.
            let _panicked = thread.join();
        }
    }
}

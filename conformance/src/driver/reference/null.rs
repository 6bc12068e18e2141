//! Endpoints that do next to nothing. A case that passes against one of them proves nothing.

use std::{
    io::Write,
    sync::Arc,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use spkit_api::transport::StreamKind;

use crate::{
    driver::{At, Driver, Losses, Plan, Refused, Subject},
    tester::{Carrier, Door, codec},
};

/// What a null endpoint does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NullKind {
    /// Is not there: nobody listens, nobody dials.
    Absent,
    /// Accepts or connects, and says nothing for ever.
    Silent,
    /// Accepts or connects, and closes at once.
    Closing,
    /// Sends its header and nothing more.
    HeaderOnly,
}

/// The driver of null endpoints.
#[derive(Debug)]
pub(crate) struct Null {
    pub(crate) kind: StreamKind,
    pub(crate) what: NullKind,
}

struct Running {
    address: String,
    over: Arc<AtomicBool>,
}

impl Driver for Null {
    fn start(&self, plan: &Plan) -> Result<Box<dyn Subject>, Refused> {
        let over = Arc::new(AtomicBool::new(false));
        let refused = |why: std::io::Error| Refused {
            why: why.to_string(),
            in_use: false,
        };
        let address = match &plan.at {
            At::Listen(address) => {
                let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
                let door = Door::open(self.kind, rest).map_err(refused)?;
                let address = format!("{scheme}://{}", door.address());
                // Absent: the address was good, and nobody is there any more.
                if self.what != NullKind::Absent {
                    let (over, what, id) = (Arc::clone(&over), self.what, plan.protocol);
                    thread::spawn(move || serve(&door, what, id, &over));
                }
                address
            }
            At::Dial(address) => {
                let rest = address
                    .split_once("://")
                    .map_or("", |(_, rest)| rest)
                    .to_owned();
                let (over, what, kind, id) =
                    (Arc::clone(&over), self.what, self.kind, plan.protocol);
                if what != NullKind::Absent {
                    thread::spawn(move || dial(kind, &rest, what, id, &over));
                }
                address.clone()
            }
        };
        Ok(Box::new(Running { address, over }))
    }

    fn join(&self, plans: [&Plan; 2]) -> Result<[Box<dyn Subject>; 2], Refused> {
        Ok([self.start(plans[0])?, self.start(plans[1])?])
    }
}

fn serve(door: &Door, what: NullKind, id: u16, over: &AtomicBool) {
    let mut held = Vec::new();
    while !over.load(Ordering::Relaxed) {
        if let Ok(Some(carrier)) = door.accept(Duration::from_millis(20)) {
            hold(carrier, what, id, &mut held);
        }
    }
}

fn dial(kind: StreamKind, address: &str, what: NullKind, id: u16, over: &AtomicBool) {
    let mut held = Vec::new();
    while !over.load(Ordering::Relaxed) {
        if held.is_empty()
            && let Ok(carrier) = Carrier::connect(kind, address, Duration::from_secs(1))
        {
            hold(carrier, what, id, &mut held);
        }
        thread::park_timeout(Duration::from_millis(20));
    }
}

fn hold(mut carrier: Carrier, what: NullKind, id: u16, held: &mut Vec<Carrier>) {
    if what == NullKind::HeaderOnly {
        let _gone = carrier.write_all(&codec::header(id));
    }
    if what != NullKind::Closing {
        held.push(carrier);
    }
}

impl Subject for Running {
    fn address(&self) -> &str {
        &self.address
    }

    fn send(&self, _body: &[u8], within: Duration) -> bool {
        thread::park_timeout(within);
        false
    }

    fn recv(&self, within: Duration) -> Option<Vec<u8>> {
        thread::park_timeout(within);
        None
    }

    fn losses(&self) -> Option<Losses> {
        None
    }

    fn stop(self: Box<Self>) {}
}

impl Drop for Running {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

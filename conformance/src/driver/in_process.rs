//! The driver for what is linked in: sockets of this process, on real connections.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use spkit_api::{Error, ErrorKind, Message, Options, ProtocolInfo, Result};
use spkit_runtime::{Device, DeviceHandle, Runtime, Socket, SocketEvent};

use super::{Application, At, Driver, Losses, Plan, Refused, Subject};
use crate::{case::Stage, verdict::Outcome};

/// How long a runtime may take to end.
const SHUTDOWN: Duration = Duration::from_secs(2);

/// How long a socket may go on sending when its endpoint ends.
const DRAIN: Duration = Duration::from_millis(200);

/// Starts sockets, all on one runtime of its own.
#[derive(Debug)]
pub(crate) struct InProcess {
    runtime: Runtime,
    protocols: Vec<&'static ProtocolInfo>,
}

impl InProcess {
    pub(crate) fn new(stage: &Stage) -> Outcome<Self> {
        let protocols = stage.registry.protocols().map(|plugin| plugin.info());
        Ok(Self {
            runtime: stage.runtime(&[])?,
            protocols: protocols.collect(),
        })
    }

    /// What the plan names, or else the first of its number, as in the choice of cases.
    fn protocol(&self, plan: &Plan) -> Option<&'static ProtocolInfo> {
        let mut protocols = self.protocols.iter().copied();
        match plan.registered {
            Some(name) => protocols.find(|info| info.name() == name),
            None => protocols.find(|info| info.number() == plan.protocol && !info.is_raw()),
        }
    }

    fn open(&self, plan: &Plan) -> Result<(Socket, String)> {
        let info = self.protocol(plan);
        let own = info.map_or(&[][..], |info| info.options());
        // The protocol's options are the socket's, the others the endpoint's.
        let (own, others): (Vec<_>, Vec<_>) = plan
            .options
            .iter()
            .cloned()
            .partition(|(name, _)| own.iter().any(|row| row.name() == *name));
        let set = |values: Vec<_>| {
            |options: &mut Options| {
                let mut values = values.into_iter();
                values.try_for_each(|(name, value)| options.set_value(name, value).map(drop))
            }
        };
        let name = info.map_or("", |info| info.name());
        let socket = self.runtime.open_with(name, set(own))?;
        if let Application::Subscriber(topics) = plan.application {
            topics
                .iter()
                .try_for_each(|topic| socket.set_str("subscribe", topic))?;
        }
        let set = set(others);
        let address = match &plan.at {
            At::Listen(address) => socket.listen_with(address, set)?.local_addr().to_string(),
            At::Dial(address) => {
                socket.dial_with(address, set)?;
                address.clone()
            }
        };
        Ok((socket, address))
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        self.runtime.shutdown(SHUTDOWN);
    }
}

impl Driver for InProcess {
    fn start(&self, plan: &Plan) -> std::result::Result<Box<dyn Subject>, Refused> {
        let (socket, address) = self.open(plan).map_err(refused)?;
        let answer: Option<Answer> = match plan.application {
            Application::Echo => Some(echoed),
            Application::Reflect => Some(|message| message),
            Application::Manual | Application::Subscriber(_) => None,
        };
        let own = socket.clone();
        let running = Running::new(socket, address);
        Ok(Box::new(match answer {
            Some(answer) => running.works(move || serve(&own, answer)),
            None => running,
        }))
    }

    fn join(&self, plans: [&Plan; 2]) -> std::result::Result<[Box<dyn Subject>; 2], Refused> {
        let (near, near_address) = self.open(plans[0]).map_err(refused)?;
        let (far, far_address) = self.open(plans[1]).map_err(refused)?;
        let mut device = Device::new(&near, &far).map_err(refused)?;
        let stop = device.handle();
        // It ends when it is stopped, or when its sockets are closed.
        let mut near = Running::new(near, near_address).works(move || drop(device.run()));
        near.device = Some(stop);
        Ok([Box::new(near), Box::new(Running::new(far, far_address))])
    }
}

fn refused(error: Error) -> Refused {
    Refused {
        in_use: error.kind() == ErrorKind::AddressInUse,
        why: error.to_string(),
    }
}

/// What is made of a message before it is sent on.
type Answer = fn(Message) -> Message;

/// The same body for the peer it came from.
fn echoed(message: Message) -> Message {
    let pipe = message.pipe();
    let mut answer = Message::from_body(message.into_body());
    answer.set_pipe(pipe);
    answer
}

/// Answers what comes until the socket is closed.
fn serve(socket: &Socket, answer: Answer) {
    loop {
        let message = match socket.recv() {
            Ok(message) => message,
            Err(error) if over(error.kind()) => return,
            Err(_) => continue,
        };
        if socket
            .send(answer(message))
            .is_err_and(|failed| over(failed.kind()))
        {
            return;
        }
    }
}

fn over(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Closed | ErrorKind::Closing | ErrorKind::PluginPanicked | ErrorKind::Internal
    )
}

struct Running {
    socket: Socket,
    address: String,
    /// What its application runs on, unless that is the case.
    worker: Mutex<Option<JoinHandle<()>>>,
    /// The device that this is a side of, and stops.
    device: Option<DeviceHandle>,
    ended: AtomicU64,
}

impl Running {
    fn new(socket: Socket, address: String) -> Self {
        Self {
            socket,
            address,
            worker: Mutex::default(),
            device: None,
            ended: AtomicU64::new(0),
        }
    }

    /// The same with an application.
    fn works(mut self, application: impl FnOnce() + Send + 'static) -> Self {
        self.worker = Mutex::new(Some(thread::spawn(application)));
        self
    }
}

impl Subject for Running {
    fn address(&self) -> &str {
        &self.address
    }

    fn send(&self, body: &[u8], within: Duration) -> bool {
        self.socket
            .send_timeout(Message::from_body(body.to_vec()), within)
            .is_ok()
    }

    fn recv(&self, within: Duration) -> Option<Vec<u8>> {
        self.socket
            .recv_timeout(within)
            .ok()
            .map(|message| message.body().to_vec())
    }

    fn losses(&self) -> Option<Losses> {
        while let Some(event) = self.socket.try_event() {
            let ended = match event {
                SocketEvent::Refused { .. } | SocketEvent::Disconnected { .. } => 1,
                SocketEvent::Lost { count } => count,
                _ => 0,
            };
            self.ended.fetch_add(ended, Ordering::Relaxed);
        }
        Some(Losses {
            messages: self.socket.stats().dropped().total(),
            connections: self.ended.load(Ordering::Relaxed),
        })
    }

    fn stop(self: Box<Self>) {}
}

impl Drop for Running {
    fn drop(&mut self) {
        self.socket.close_with(DRAIN);
        if let Some(device) = &self.device {
            device.stop();
        }
        let worker = self.worker.get_mut();
        if let Some(thread) = worker.unwrap_or_else(PoisonError::into_inner).take() {
            // Its panic is the kit's own and has been printed.
            let _panicked = thread.join();
        }
    }
}

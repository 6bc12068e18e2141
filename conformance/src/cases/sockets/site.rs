//! A runtime with sockets on it, and addresses for them.

use std::time::Duration;

use spkit_api::{Error, ErrorKind, Message, Options, Result, options};
use spkit_runtime::{Listener, Runtime, Socket, SocketEvent};

use super::{Carrier, facts};
use crate::{
    addresses::{AddressTemplate, Addresses, Form},
    case::Stage,
    catalogue::Protocol,
    endpoints,
    pace::{Deadline, Pace},
    transcript::Transcript,
    verdict::{Outcome, Trouble},
};

/// How long a runtime may take to end.
const SHUTDOWN: Duration = Duration::from_secs(1);

/// Where such a case takes place.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) carrier: Carrier,
    pub(crate) pace: Pace,
    pub(crate) log: Transcript,
    runtime: Runtime,
    /// Sources of addresses in the order in which to try them.
    sources: Vec<Addresses>,
}

impl Site {
    pub(crate) fn new(stage: &Stage, carrier: Carrier) -> Outcome<Self> {
        Ok(Self {
            carrier,
            pace: stage.pace,
            log: stage.log.clone(),
            runtime: stage.runtime(&[facts::PLUGIN])?,
            sources: sources(stage.template, carrier)?,
        })
    }

    /// Another transport of the same runtime.
    pub(super) fn beside(&self, carrier: Carrier) -> Outcome<Self> {
        Ok(Self {
            carrier,
            pace: self.pace,
            log: self.log.clone(),
            runtime: self.runtime.clone(),
            sources: sources(None, carrier)?,
        })
    }

    pub(crate) fn step(&self, step: impl Into<String>) {
        let step = step.into();
        self.log.note(0, format!("-- {step}"));
        self.log.doing(step);
    }

    pub(crate) fn open(&self, protocol: Protocol) -> Outcome<Socket> {
        let socket = self.open_named(protocol.name)?;
        if protocol.id == endpoints::SUB {
            let subscribed = socket.set_str("subscribe", "");
            subscribed.map_err(|error| {
                Trouble::failed("SUB to subscribe to everything", error.to_string())
            })?;
        }
        Ok(socket)
    }

    pub(crate) fn open_named(&self, name: &str) -> Outcome<Socket> {
        self.step(format!("opening `{name}`"));
        let opened = self.runtime.open(name);
        opened.map_err(|error| Trouble::failed(format!("`{name}` to open"), error.to_string()))
    }

    /// An address that nobody uses, for which listening was not tried.
    pub(crate) fn address(&self) -> String {
        // There is at least one form for every transport.
        self.sources
            .first()
            .map_or_else(String::new, |source| source.next(self.carrier.scheme))
    }

    /// Listens at a new address of the transport's scheme.
    pub(crate) fn listen(&self, socket: &Socket) -> Outcome<Listener> {
        self.listen_as(socket, self.carrier.scheme)
    }

    /// Listens at a new address of another scheme.
    pub(crate) fn listen_as(&self, socket: &Socket, scheme: &str) -> Outcome<Listener> {
        let mut refusals = Vec::new();
        for source in &self.sources {
            let address = source.next(scheme);
            self.step(format!("listening on {address}"));
            match socket.listen(&address) {
                Ok(listener) => {
                    self.log
                        .note(0, format!("listens on {}", listener.local_addr()));
                    return Ok(listener);
                }
                Err(error) => refusals.push(error.to_string()),
            }
        }
        let hint = match self.carrier.kind() {
            Some(_) => "",
            None => " (Config::address tells the kit what addresses of this transport look like)",
        };
        Err(Trouble::failed(
            format!("a socket to listen{hint}"),
            refusals.join("; "),
        ))
    }

    /// Listens at an address that was in use a moment ago.
    pub(crate) fn listen_again(&self, socket: &Socket, address: &str) -> Outcome {
        self.step(format!("listening on {address} again"));
        socket.listen(address).map(drop).map_err(|error| {
            Trouble::failed(
                format!("{address} to be free again after the close"),
                error.to_string(),
            )
        })
    }

    /// Dials, with short pauses between attempts.
    pub(crate) fn dial(&self, socket: &Socket, address: &str) -> Outcome {
        self.step(format!("dialing {address}"));
        self.try_dial(socket, address)
            .map_err(|error| Trouble::failed(format!("{address} to be dialed"), error.to_string()))
    }

    /// The same, where that may be refused.
    pub(crate) fn try_dial(&self, socket: &Socket, address: &str) -> Result<()> {
        let fast = |own: &mut Options| {
            own.set(options::RECONNECT_MIN, self.pace.millis(10))?;
            own.set(options::RECONNECT_MAX, self.pace.millis(50))
        };
        socket.dial_with(address, fast).map(drop)
    }

    /// Two connected sockets, the first listening.
    pub(crate) fn connect(&self, listening: &Socket, dialing: &Socket) -> Outcome<String> {
        let address = self.listen(listening)?.local_addr().to_string();
        self.dial(dialing, &address)?;
        self.await_peers(listening, 1)?;
        self.await_peers(dialing, 1)?;
        Ok(address)
    }

    pub(crate) fn await_peers(&self, socket: &Socket, count: usize) -> Outcome {
        let name = socket.protocol().name();
        self.step(format!("waiting for {count} peers of `{name}`"));
        socket
            .wait_for_peers(count, self.pace.fresh())
            .map_err(|error| {
                let events = self.events(socket).join("; ");
                Trouble::failed(
                    format!("`{name}` to get connected"),
                    format!("{error}; events: {events}"),
                )
            })
    }

    /// Sends within the time for what must happen.
    pub(crate) fn send(&self, socket: &Socket, body: &[u8]) -> Outcome {
        self.send_message(socket, Message::from_body(body.to_vec()))
    }

    /// The same with a message that has more than a body.
    pub(crate) fn send_message(&self, socket: &Socket, message: Message) -> Outcome {
        let len = message.len();
        let sent = socket.send_timeout(message, self.pace.expect());
        sent.map_err(|failed| {
            let name = socket.protocol().name();
            Trouble::failed(
                format!("`{name}` to send {len} bytes"),
                failed.error.to_string(),
            )
        })
    }

    /// Receives exactly this.
    pub(crate) fn expect(&self, socket: &Socket, body: &[u8]) -> Outcome {
        self.expect_message(socket, body).map(drop)
    }

    /// The same, and hands it out.
    pub(crate) fn expect_message(&self, socket: &Socket, body: &[u8]) -> Outcome<Message> {
        let name = socket.protocol().name();
        let wanted = || format!("`{name}` to receive {}", show(body));
        match socket.recv_timeout(self.pace.expect()) {
            Ok(message) if message.body() == body => Ok(message),
            Ok(message) => Err(Trouble::failed(wanted(), show(message.body()))),
            Err(error) => Err(Trouble::failed(wanted(), error.to_string())),
        }
    }

    /// Receives nothing for a while.
    pub(crate) fn receives_nothing(&self, socket: &Socket) -> Outcome {
        match socket.recv_timeout(self.pace.quiet()) {
            Err(error) if error.kind() == ErrorKind::TimedOut => Ok(()),
            Err(error) => Err(wrong_kind(ErrorKind::TimedOut, &error)),
            Ok(message) => Err(Trouble::failed(
                format!("`{}` to receive nothing", socket.protocol().name()),
                show(message.body()),
            )),
        }
    }

    /// None of these receives anything for a while.
    pub(crate) fn nobody_receives(&self, sockets: &[&Socket]) -> Outcome {
        let Some((first, others)) = sockets.split_first() else {
            return Ok(());
        };
        self.receives_nothing(first)?;
        for socket in others {
            if let Ok(message) = socket.try_recv() {
                return Err(Trouble::failed(
                    format!("`{}` to receive nothing", socket.protocol().name()),
                    show(message.body()),
                ));
            }
        }
        Ok(())
    }

    /// The first event that `wanted` makes something of.
    pub(crate) fn await_event<T>(
        &self,
        socket: &Socket,
        what: &str,
        wanted: impl Fn(&SocketEvent) -> Option<T>,
    ) -> Outcome<T> {
        self.step(format!("waiting for an event: {what}"));
        let deadline = Deadline::after(self.pace.expect());
        let mut seen = Vec::new();
        while let Some(left) = deadline.left() {
            let Some(event) = socket.next_event(left) else {
                break;
            };
            if let Some(found) = wanted(&event) {
                return Ok(found);
            }
            seen.push(format!("{event:?}"));
        }
        Err(Trouble::failed(
            format!("an event: {what}"),
            match seen.is_empty() {
                true => "no event".to_owned(),
                false => seen.join("; "),
            },
        ))
    }

    /// The dialer has failed and will try again; why it failed.
    pub(crate) fn await_redial(&self, socket: &Socket) -> Outcome<Error> {
        self.await_event(socket, "the dialer will try again", |event| match event {
            SocketEvent::Redialing { error, .. } => Some(error.clone()),
            _ => None,
        })
    }

    /// Closes, and waits until that is done.
    pub(crate) fn close(&self, socket: &Socket) {
        socket.close_with(self.pace.millis(500));
    }

    fn events(&self, socket: &Socket) -> Vec<String> {
        std::iter::from_fn(|| socket.try_event())
            .map(|event| format!("{event:?}"))
            .collect()
    }
}

/// Where addresses of a transport come from.
fn sources(template: Option<AddressTemplate>, carrier: Carrier) -> Outcome<Vec<Addresses>> {
    let forms = match (template, carrier.kind()) {
        (Some(template), None) => vec![Form::Template(template)],
        (_, Some(kind)) => vec![Form::of(kind)],
        (None, None) => vec![Form::Path, Form::Name, Form::Port],
    };
    forms.into_iter().map(Addresses::new).collect()
}

impl Drop for Site {
    fn drop(&mut self) {
        self.runtime.shutdown(SHUTDOWN);
    }
}

/// A body in words.
pub(crate) fn show(body: &[u8]) -> String {
    match body.len() {
        0 => "an empty message".to_owned(),
        len if len <= 32 => format!("`{}`", String::from_utf8_lossy(body).escape_debug()),
        len => format!("{len} bytes starting with `{}`", body[..16].escape_ascii()),
    }
}

/// An error of another kind than the one that is asked for.
pub(crate) fn wrong_kind(wanted: ErrorKind, error: &Error) -> Trouble {
    Trouble::failed(
        format!("an error of kind {wanted:?}"),
        format!("{:?}: {error}", error.kind()),
    )
}

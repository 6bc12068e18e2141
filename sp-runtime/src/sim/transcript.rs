//! What happened in a run, in order.

use std::{fmt, time::Duration};

use bytes::Bytes;
use spkit_api::{ContextId, EndpointId, ErrorKind, Message, PipeId, Time, Value};

use super::{ConnectionId, Ended, OpId, SocketId};
use crate::event::SocketEvent;

/// Bytes of a body that are shown.
const SHOWN: usize = 40;

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub at: Time,
    /// To which socket; `None`: to the network, or to the script.
    pub socket: Option<SocketId>,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum What {
    /// The socket opened.
    Opened {
        /// Its protocol's name.
        protocol: &'static str,
    },
    /// The socket closes.
    Closing,
    /// The socket's process was killed.
    Killed,
    /// A listener was bound.
    Listening {
        /// The listener.
        endpoint: EndpointId,
        /// Its address.
        address: String,
    },
    /// A dialer was made.
    Dialing {
        /// The dialer.
        endpoint: EndpointId,
        /// The address it dials.
        address: String,
    },
    /// A connection became a pipe.
    Pipe {
        /// The pipe.
        pipe: PipeId,
        /// Its dialer or listener.
        endpoint: EndpointId,
        /// The connection, which has a pipe at its other end, too.
        connection: ConnectionId,
    },
    /// The socket reports something about a connection or an endpoint.
    Event(SocketEvent),
    /// An operation started.
    Started {
        /// The operation.
        op: OpId,
        /// Its context.
        context: ContextId,
        /// What is to be sent; `None`: it receives.
        sends: Option<Message>,
        /// How long it may wait; `None` is for ever.
        within: Option<Duration>,
    },
    /// An operation ended.
    Ended {
        /// The operation.
        op: OpId,
        /// Its context.
        context: ContextId,
        /// How.
        ended: Ended,
    },
    /// An option was set, or refused. Those that a socket is opened with are there, too, but for what they do.
    Set {
        /// Whose option: the socket's, or a context's.
        context: ContextId,
        /// Its name.
        option: &'static str,
        /// Its value.
        value: Value,
        /// Why it was refused, if it was.
        refused: Option<ErrorKind>,
    },
    /// A context opened.
    ContextOpened {
        /// The context.
        context: ContextId,
    },
    /// A context closed.
    ContextClosed {
        /// The context.
        context: ContextId,
    },
    /// A message was handed to a pipe.
    Handed {
        /// The pipe.
        pipe: PipeId,
        /// Its connection.
        connection: ConnectionId,
        /// The message as it goes over the wire, its protocol header in front.
        payload: Bytes,
    },
    /// A message came over a pipe.
    Arrived {
        /// The pipe.
        pipe: PipeId,
        /// Its connection.
        connection: ConnectionId,
        /// The message as it came over the wire, its protocol header in front.
        payload: Bytes,
    },
    /// A connection was cut. Its ends find out later.
    Cut {
        /// The connection.
        connection: ConnectionId,
    },
    /// Something the script or a user wrote down.
    Note(String),
}

/// Everything that happened. Prints as one line each.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    entries: Vec<Entry>,
    names: Vec<String>,
}

impl Transcript {
    /// What happened, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// A socket's name.
    pub fn name(&self, socket: SocketId) -> &str {
        self.names.get(socket.0).map_or("?", String::as_str)
    }

    pub(super) fn add(&mut self, at: Time, socket: Option<SocketId>, what: What) {
        self.entries.push(Entry { at, socket, what });
    }

    pub(super) fn add_name(&mut self, name: String) {
        self.names.push(name);
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Entry { at, socket, what } in &self.entries {
            let name = socket.map_or("-", |socket| self.name(socket));
            let seconds = at.as_nanos() as f64 / 1e9;
            writeln!(f, "{seconds:14.9} {name:10} {what}")?;
        }
        Ok(())
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened { protocol } => write!(f, "opens as {protocol}"),
            Self::Closing => f.write_str("closes"),
            Self::Killed => f.write_str("is killed"),
            Self::Listening { endpoint, address } => write!(f, "{endpoint:?} listens at {address}"),
            Self::Dialing { endpoint, address } => write!(f, "{endpoint:?} dials {address}"),
            Self::Pipe {
                pipe,
                endpoint,
                connection,
            } => {
                write!(f, "{pipe:?} of {endpoint:?} over {connection}")
            }
            Self::Event(event) => show_event(f, event),
            Self::Started {
                op,
                context,
                sends,
                within,
            } => {
                match sends {
                    Some(message) => {
                        let payload = message.to_payload();
                        write!(f, "{op} {context:?} send {}", Shown(&payload))?;
                        let pipe = message.pipe();
                        pipe.map_or(Ok(()), |pipe| write!(f, " to {pipe:?}"))?;
                    }
                    None => write!(f, "{op} {context:?} recv")?,
                }
                within.map_or(Ok(()), |within| write!(f, " within {within:?}"))
            }
            Self::Ended { op, context, ended } => write!(f, "{op} {context:?} {ended}"),
            Self::Set {
                context,
                option,
                value,
                refused,
            } => {
                write!(f, "{context:?} {option} = {value:?}")?;
                refused.map_or(Ok(()), |why| write!(f, " refused: {why:?}"))
            }
            Self::ContextOpened { context } => write!(f, "{context:?} opened"),
            Self::ContextClosed { context } => write!(f, "{context:?} closed"),
            Self::Handed {
                pipe,
                connection,
                payload,
            } => {
                write!(f, "{pipe:?} {connection} <- {}", Shown(payload))
            }
            Self::Arrived {
                pipe,
                connection,
                payload,
            } => {
                write!(f, "{pipe:?} {connection} -> {}", Shown(payload))
            }
            Self::Cut { connection } => write!(f, "{connection} is cut"),
            Self::Note(text) => f.write_str(text),
        }
    }
}

fn show_event(f: &mut fmt::Formatter<'_>, event: &SocketEvent) -> fmt::Result {
    match event {
        SocketEvent::Connected { pipe, .. } => write!(f, "{pipe:?} connected"),
        SocketEvent::Disconnected { pipe, error, .. } => {
            write!(f, "{pipe:?} disconnected: {error}")
        }
        SocketEvent::Refused {
            endpoint, error, ..
        } => write!(f, "{endpoint:?} refused: {error}"),
        SocketEvent::Redialing {
            endpoint, after, ..
        } => {
            write!(f, "{endpoint:?} dials again in {after:?}")
        }
        other => write!(f, "{other:?}"),
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent => f.write_str("sent"),
            Self::Received(message) => {
                let pipe = message.pipe();
                write!(f, "received {}", Shown(&Message::to_payload(message)))?;
                pipe.map_or(Ok(()), |pipe| write!(f, " from {pipe:?}"))
            }
            Self::Failed(error) => write!(f, "failed: {error}"),
            Self::GivenUp => f.write_str("given up"),
        }
    }
}

/// The beginning of a payload, printable.
struct Shown<'a>(&'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.0[..self.0.len().min(SHOWN)];
        write!(f, "\"{}\"", shown.escape_ascii())?;
        if shown.len() < self.0.len() {
            write!(f, "… {} bytes", self.0.len())?;
        }
        Ok(())
    }
}

//! What goes to standard output: messages, and the addresses bound.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};
use std::time::SystemTime;

use serde::Serialize;
use spkit::api::PipeId;
use spkit::{Address, Message, Socket, SocketEvent};

use crate::format::Format;
use crate::plan::Settings;

/// Peers that are gone and of which something may still come.
const GONE: usize = 1024;

/// Prints in the form that was asked for.
pub(crate) struct Printer<'a, W> {
    socket: &'a Socket,
    /// `None` is JSON.
    format: Option<Format>,
    peers: Peers,
    out: W,
}

/// A received message as JSON.
#[derive(Serialize)]
struct Row<'a> {
    /// When it was printed, in RFC 3339.
    time: String,
    /// Bytes of the body.
    length: usize,
    /// The connection it came over, by number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pipe: Option<u32>,
    /// The address at the other end, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<&'a str>,
    #[serde(flatten)]
    body: Body<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Body<'a> {
    /// A body that is UTF-8.
    Body(&'a str),
    /// Any other.
    Hex(String),
}

impl<'a, W: Write> Printer<'a, W> {
    pub(crate) fn new(socket: &'a Socket, settings: &Settings, out: W) -> Self {
        Self {
            socket,
            format: (!settings.json).then_some(settings.format),
            peers: Peers::default(),
            out,
        }
    }

    /// Prints an address that the socket is bound to.
    pub(crate) fn address(&mut self, address: &Address) -> io::Result<()> {
        let line = match self.format {
            Some(_) => format!("{address}\n"),
            None => format!("{}\n", serde_json::json!({"address": address.to_string()})),
        };
        self.out.write_all(line.as_bytes())?;
        self.out.flush()
    }

    /// Prints a message that was received.
    pub(crate) fn message(&mut self, message: &Message) -> io::Result<()> {
        match self.format {
            Some(format) => format.print(message.body(), &mut self.out),
            None => self.json(message),
        }
    }

    fn json(&mut self, message: &Message) -> io::Result<()> {
        while let Some(event) = self.socket.try_event() {
            self.peers.learn(event);
        }
        let pipe = message.pipe();
        let now = humantime::format_rfc3339_micros(SystemTime::now());
        let row = Row {
            time: now.to_string(),
            length: message.len(),
            pipe: pipe.map(PipeId::raw),
            peer: pipe.and_then(|pipe| self.peers.address(pipe)),
            body: Body::from(message.body()),
        };
        let mut line = serde_json::to_vec(&row)?;
        line.push(b'\n');
        self.out.write_all(&line)?;
        self.out.flush()
    }
}

impl<'a> From<&'a [u8]> for Body<'a> {
    fn from(body: &'a [u8]) -> Self {
        match str::from_utf8(body) {
            Ok(text) => Self::Body(text),
            Err(_) => Self::Hex(body.iter().map(|byte| format!("{byte:02x}")).collect()),
        }
    }
}

/// The addresses of those connected, and of the last who were.
#[derive(Debug, Default)]
struct Peers {
    known: HashMap<PipeId, String>,
    gone: VecDeque<PipeId>,
}

impl Peers {
    fn learn(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Connected {
                pipe,
                remote: Some(remote),
                ..
            } => {
                self.known.insert(pipe, remote.to_string());
            }
            SocketEvent::Disconnected { pipe, .. } => {
                self.gone.push_back(pipe);
                if self.gone.len() > GONE {
                    let longest = self.gone.pop_front();
                    longest.map(|pipe| self.known.remove(&pipe));
                }
            }
            _ => {}
        }
    }

    fn address(&self, pipe: PipeId) -> Option<&str> {
        self.known.get(&pipe).map(String::as_str)
    }
}

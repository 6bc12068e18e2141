//! The original's loops of sending and receiving.

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use spkit::{ErrorKind, Message, Result, Socket};

use crate::plan::{Settings, Work};
use crate::run::Failure;

/// A connected socket, and where its messages are printed.
pub(crate) struct Exchange<'a, W> {
    socket: &'a Socket,
    settings: &'a Settings,
    out: W,
}

/// Whether a message can still come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum More {
    Yes,
    No,
}

impl<'a, W: Write> Exchange<'a, W> {
    pub(crate) fn new(socket: &'a Socket, settings: &'a Settings, out: W) -> Self {
        Self {
            socket,
            settings,
            out,
        }
    }

    /// Works until there is nothing left to do, if that ever comes.
    pub(crate) fn work(mut self, work: Work<'_>) -> Result<(), Failure> {
        match work {
            Work::Send(data) => self.send_all(&message(data)),
            Work::Receive => self.receive_all(),
            Work::Ask(data) => self.ask_all(&message(data)),
            Work::Answer(data) => self.answer_all(&message(data)),
        }
    }

    fn send_all(&self, message: &Message) -> Result<(), Failure> {
        loop {
            let start = Instant::now();
            self.send(message)?;
            let Some(interval) = self.settings.interval else {
                return Ok(());
            };
            thread::sleep(left(start, interval));
        }
    }

    fn receive_all(&mut self) -> Result<(), Failure> {
        while self.print(self.socket.recv())? == More::Yes {}
        Ok(())
    }

    fn ask_all(&mut self, message: &Message) -> Result<(), Failure> {
        loop {
            let start = Instant::now();
            self.send(message)?;
            match self.settings.interval {
                Some(interval) => self.receive_until(start, interval)?,
                None => return self.receive_all(),
            }
        }
    }

    /// Prints what comes before the interval is over, and lets it pass.
    fn receive_until(&mut self, start: Instant, interval: Duration) -> Result<(), Failure> {
        loop {
            let rest = left(start, interval);
            if rest.is_zero() {
                return Ok(());
            }
            let limit = self.settings.recv_timeout.unwrap_or(rest);
            let received = self.socket.recv_timeout(rest.min(limit));
            if self.print(received)? == More::No {
                thread::sleep(left(start, interval));
            }
        }
    }

    fn answer_all(&mut self, message: &Message) -> Result<(), Failure> {
        loop {
            // Time running out is a failure here, as it is in the original.
            let request = self.socket.recv().map_err(cannot_receive)?;
            self.show(&request)?;
            self.send(message)?;
        }
    }

    /// Sends a copy, which shares the body.
    ///
    /// As in the original it is fatal if time runs out, so a message that was
    /// not sent is never taken for one that was.
    fn send(&self, message: &Message) -> Result<(), Failure> {
        let sent = self.socket.send(message.clone());
        sent.map_err(|failed| Failure::new("send", failed.error))
    }

    fn print(&mut self, received: Result<Message>) -> Result<More, Failure> {
        // A limit of no time at all ends in `WouldBlock`.
        use ErrorKind::{State, TimedOut, WouldBlock};
        match received {
            Ok(message) => self.show(&message).map(|()| More::Yes),
            Err(error) if matches!(error.kind(), TimedOut | WouldBlock | State) => Ok(More::No),
            Err(error) => Err(cannot_receive(error)),
        }
    }

    fn show(&mut self, message: &Message) -> Result<(), Failure> {
        let printed = self.settings.format.print(message.body(), &mut self.out);
        printed.map_err(|error| Failure::new("print", error))
    }
}

fn message(data: &[u8]) -> Message {
    Message::from(data.to_vec())
}

fn cannot_receive(error: spkit::Error) -> Failure {
    Failure::new("recv", error)
}

/// What is left of the time since the start; nothing if it is over.
fn left(start: Instant, time: Duration) -> Duration {
    time.saturating_sub(start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_a_time_that_is_over() {
        let start = Instant::now();
        assert_eq!(left(start, Duration::ZERO), Duration::ZERO);
        let long = Duration::from_secs(u64::from(u32::MAX));
        let rest = left(start, long);
        assert!(rest <= long && rest > long / 2);
    }
}

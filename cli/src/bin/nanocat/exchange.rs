//! The original's loops of sending and receiving, with an end if one was asked for.

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use spkit::{Error, ErrorKind, Message, Result, SendError, Socket};

use crate::failure::Failure;
use crate::input::Input;
use crate::plan::{Plan, Settings, SocketType, Source, Work};
use crate::print::Printer;
use crate::seconds::FOREVER;

/// How often a PAIR or BUS that sends lines looks whether it has sent the last.
const TICK: Duration = Duration::from_millis(20);

/// A connected socket, and where its messages are printed.
pub(crate) struct Exchange<'a, W> {
    socket: &'a Socket,
    plan: &'a Plan,
    settings: &'a Settings,
    printer: Printer<'a, W>,
    /// Messages received and printed so far.
    received: u64,
}

/// Whether a message can still come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum More {
    Yes,
    No,
}

impl<'a, W: Write> Exchange<'a, W> {
    pub(crate) fn new(socket: &'a Socket, plan: &'a Plan, printer: Printer<'a, W>) -> Self {
        Self {
            socket,
            plan,
            settings: &plan.settings,
            printer,
            received: 0,
        }
    }

    /// Works until there is nothing left to do, if that ever comes.
    pub(crate) fn work(mut self) -> Result<(), Failure> {
        let Some(source) = &self.settings.source else {
            return self.receive_all();
        };
        let limit = match (source, self.settings.count, self.settings.interval) {
            (_, count @ Some(_), _) => count,
            (Source::Data(_), None, None) => Some(1),
            (Source::Data(_), None, Some(_)) | (Source::Lines, None, _) => None,
        };
        let both_at_once = matches!(self.plan.socket, SocketType::Bus | SocketType::Pair);
        match self.plan.work() {
            Work::Receive => self.receive_all(),
            Work::Send => send_all(
                self.socket,
                Input::new(source, limit),
                self.settings.interval,
            ),
            Work::Ask if both_at_once && *source == Source::Lines => {
                self.talk(Input::new(source, limit))
            }
            Work::Ask => self.ask_all(Input::new(source, limit)),
            Work::Answer => self.answer_all(Input::new(source, None)),
        }
    }

    fn receive_all(&mut self) -> Result<(), Failure> {
        while !self.has_enough() && self.print(self.socket.recv())? == More::Yes {}
        self.all_came()
    }

    fn ask_all(&mut self, mut input: Input) -> Result<(), Failure> {
        let mut sent = 0;
        while let Some(message) = input.next()? {
            let start = Instant::now();
            let interval = self.settings.interval.filter(|_| !input.is_over());
            let more = self.ask(message, interval)?;
            sent += 1;
            match interval {
                Some(interval) => self.receive_until(start, interval)?,
                None if more == More::Yes => self.receive_answers(sent)?,
                None => {}
            }
        }
        self.receive_answers(sent)?;
        match self.plan.socket {
            // How many answer a survey is up to them.
            SocketType::Surveyor => Ok(()),
            _ => self.all_came(),
        }
    }

    /// Sends. Of a REQ that is where the wait for the reply begins: in the original it accepts a request also while
    /// nobody is connected.
    fn ask(&self, message: Message, interval: Option<Duration>) -> Result<More, Failure> {
        if self.plan.socket != SocketType::Req {
            return send(self.socket, message).map(|()| More::Yes);
        }
        let limits = [self.settings.recv_timeout, interval];
        let limit = limits.into_iter().flatten().min().unwrap_or(FOREVER);
        match self.socket.send_timeout(message, limit) {
            Ok(()) => Ok(More::Yes),
            Err(failed) if ran_out(&failed.error) => Ok(More::No),
            Err(failed) => Err(cannot_send(failed)),
        }
    }

    /// Prints what comes before the interval is over, and lets it pass.
    fn receive_until(&mut self, start: Instant, interval: Duration) -> Result<(), Failure> {
        loop {
            let rest = left(start, interval);
            if rest.is_zero() {
                return Ok(());
            }
            let limit = self.settings.recv_timeout.unwrap_or(rest).min(rest);
            if self.has_enough() || self.print(self.socket.recv_timeout(limit))? == More::No {
                thread::sleep(left(start, interval));
            }
        }
    }

    /// Prints what comes until no more can. Of a PAIR or BUS more can always come: where messages are counted it gets
    /// one for each that it sent.
    fn receive_answers(&mut self, sent: u64) -> Result<(), Failure> {
        let counts = match self.plan.socket {
            SocketType::Bus | SocketType::Pair => self.settings.count.is_some(),
            _ => false,
        };
        while !(counts && self.received >= sent) && self.print(self.socket.recv())? == More::Yes {}
        Ok(())
    }

    /// Sends and receives independently of one another.
    fn talk(&mut self, input: Input) -> Result<(), Failure> {
        let interval = self.settings.interval;
        let socket = self.socket.clone();
        let sender = thread::spawn(move || {
            let sent = send_all(&socket, input, interval);
            if sent.is_err() {
                // Ends the other side's wait.
                socket.close();
            }
            sent
        });
        let mut printed = Ok(());
        while !self.has_enough() {
            let all_sent = sender.is_finished();
            let received = match self.settings.recv_timeout {
                // Time counts from the last message sent.
                Some(timeout) if !all_sent => self.socket.recv_timeout(timeout.max(TICK)),
                _ => self.socket.recv(),
            };
            match self.print(received) {
                Ok(More::No) if all_sent => break,
                Ok(_) => {}
                // The sender may be in the middle of a line that never ends.
                Err(failure) if !sender.is_finished() => return Err(failure),
                Err(failure) => {
                    printed = Err(failure);
                    break;
                }
            }
        }
        let sent = sender
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        sent.and(printed).and_then(|()| self.all_came())
    }

    fn answer_all(&mut self, mut input: Input) -> Result<(), Failure> {
        while !self.has_enough() {
            // Time running out is a failure here, as it is in the original.
            let request = self.socket.recv().map_err(cannot_receive)?;
            self.show(&request)?;
            let none = || Failure::new("send", "no line is left to answer with");
            send(self.socket, input.next()?.ok_or_else(none)?)?;
        }
        Ok(())
    }

    fn print(&mut self, received: Result<Message>) -> Result<More, Failure> {
        match received {
            Ok(message) => self.show(&message).map(|()| More::Yes),
            Err(error) if ran_out(&error) || error.kind() == ErrorKind::State => Ok(More::No),
            Err(error) => Err(cannot_receive(error)),
        }
    }

    fn show(&mut self, message: &Message) -> Result<(), Failure> {
        self.printer.message(message).map_err(Failure::print)?;
        self.received += 1;
        Ok(())
    }

    /// Whether as many messages were received as are to be.
    fn has_enough(&self) -> bool {
        self.settings
            .count
            .is_some_and(|count| self.received >= count)
    }

    /// No more can come. That is the end, and a bad one only if a number of messages was asked for.
    fn all_came(&self) -> Result<(), Failure> {
        match self.settings.count {
            Some(count) if self.received < count => {
                let why = format!("{} of {count} messages came", self.received);
                Err(Failure::new("recv", why))
            }
            _ => Ok(()),
        }
    }
}

/// Sends message after message, each an interval after the start of the last.
fn send_all(socket: &Socket, mut input: Input, interval: Option<Duration>) -> Result<(), Failure> {
    let mut last = None;
    while let Some(message) = input.next()? {
        if let (Some(start), Some(interval)) = (last, interval) {
            thread::sleep(left(start, interval));
        }
        last = Some(Instant::now());
        send(socket, message)?;
    }
    Ok(())
}

/// As in the original it is fatal if time runs out, so a message that was not
/// sent is never taken for one that was.
fn send(socket: &Socket, message: Message) -> Result<(), Failure> {
    socket.send(message).map_err(cannot_send)
}

fn cannot_send(failed: SendError) -> Failure {
    Failure::new("send", failed.error)
}

/// Whether it was for want of time. A limit of no time at all ends in `WouldBlock`.
fn ran_out(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

fn cannot_receive(error: Error) -> Failure {
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

//! How two sockets talk, judged by what their protocols are.

use std::time::Duration;

use spkit_api::{ErrorKind, Message, Opt, ProtocolInfo};
use spkit_runtime::Socket;

use super::site::{Site, show};
use crate::{
    endpoints,
    pace::Deadline,
    verdict::{Outcome, Trouble},
};

/// How long a SURVEYOR takes answers (SP-SV-010).
pub(super) const SURVEY_TIME: Opt<Option<Duration>> = Opt::new("survey-time");

/// How messages pass between the two ends of a pair of protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// Either end sends at any time, and nothing is lost.
    BothWays,
    /// Either end sends at any time, to all its peers; who has no room loses the message.
    ToAll,
    /// The first end sends, the second receives, and nothing is lost.
    OneWay,
    /// The first end publishes, the second is subscribed to everything, and may miss what comes before it is heard.
    Publish,
    /// The first end asks, the second answers.
    Request,
    /// The first end asks everybody, the second answers in time.
    Survey,
    /// Nothing is known: either end is tried, and may lose messages.
    Unknown,
}

impl Pattern {
    pub(crate) fn of(a: &ProtocolInfo, b: &ProtocolInfo) -> Self {
        match (a.number(), b.number()) {
            (endpoints::PAIR, endpoints::PAIR) | (endpoints::PAIR1, endpoints::PAIR1) => {
                Self::BothWays
            }
            (endpoints::BUS, endpoints::BUS) | (endpoints::STAR, endpoints::STAR) => Self::ToAll,
            (endpoints::PUSH, endpoints::PULL) => Self::OneWay,
            (endpoints::PUB, endpoints::SUB) => Self::Publish,
            (endpoints::REQ, endpoints::REP) => Self::Request,
            (endpoints::SURVEYOR, endpoints::RESPONDENT) => Self::Survey,
            _ => Self::Unknown,
        }
    }

    /// Whether every message that was sent has to arrive.
    pub(crate) fn is_lossless(self) -> bool {
        !matches!(self, Self::Publish | Self::ToAll | Self::Unknown)
    }

    /// One body across, and back where there is a way back.
    pub(crate) fn exchange(self, site: &Site, a: &Socket, b: &Socket, body: &[u8]) -> Outcome {
        site.step(format!("exchanging {}", show(body)));
        match self {
            Self::OneWay => {
                site.send(a, body)?;
                site.expect(b, body)
            }
            Self::BothWays | Self::ToAll | Self::Request | Self::Survey => {
                if self == Self::Survey {
                    take_time(site, a)?;
                }
                site.send(a, body)?;
                let received = site.expect_message(b, body)?;
                let back: Vec<u8> = body.iter().rev().copied().collect();
                // To where it came from, in case the protocol leaves the choice.
                let mut answer = Message::from_body(back.clone());
                answer.set_pipe(received.pipe());
                site.send_message(b, answer)?;
                site.expect(a, &back)
            }
            Self::Publish => try_one_way(site, a, b, body).map(drop),
            Self::Unknown => try_both_ways(site, a, b, body),
        }
    }
}

/// Lets the surveys of a socket last for as long as the kit waits for an answer.
pub(super) fn take_time(site: &Site, surveyor: &Socket) -> Outcome {
    let set = surveyor.set(SURVEY_TIME, Some(2 * site.pace.expect()));
    set.map_err(|error| Trouble::failed("a survey's time to be an option", error.to_string()))
}

/// What came of trying one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tried {
    Arrived,
    /// The protocol wants something else to happen first.
    NotYet,
    /// There is no such direction.
    Never,
}

fn try_both_ways(site: &Site, a: &Socket, b: &Socket, body: &[u8]) -> Outcome {
    // Twice, since the second direction may be what the first waits for.
    let mut arrived = false;
    let mut seen = Vec::new();
    for (from, to) in [(a, b), (b, a), (a, b)] {
        let tried = try_one_way(site, from, to, body)?;
        arrived |= tried == Tried::Arrived;
        seen.push(format!(
            "`{}` to `{}`: {tried:?}",
            from.protocol().name(),
            to.protocol().name()
        ));
        if seen.len() == 2 && arrived && !seen[0].ends_with("NotYet") {
            return Ok(());
        }
    }
    if arrived {
        return Ok(());
    }
    Err(Trouble::failed(
        "a message to arrive in one of the directions",
        seen.join("; "),
    ))
}

/// Sends again and again until it arrives: the protocol may drop what nobody is ready for.
fn try_one_way(site: &Site, from: &Socket, to: &Socket, body: &[u8]) -> Outcome<Tried> {
    if !from.protocol().can_send() || !to.protocol().can_recv() {
        return Ok(Tried::Never);
    }
    let deadline = Deadline::after(site.pace.expect());
    let mut last = "nothing".to_owned();
    while !deadline.is_over() {
        match from.try_send(Message::from_body(body.to_vec())) {
            Ok(()) => {}
            Err(failed) if failed.kind() == ErrorKind::State => return Ok(Tried::NotYet),
            Err(failed) if is_for_later(failed.kind()) => last = failed.error.to_string(),
            Err(failed) => {
                let name = from.protocol().name();
                return Err(Trouble::failed(
                    format!("`{name}` to send"),
                    failed.error.to_string(),
                ));
            }
        }
        match to.recv_timeout(Duration::from_millis(50)) {
            Ok(message) if message.body() == body => return Ok(Tried::Arrived),
            // A repetition of an earlier exchange.
            Ok(message) => last = show(message.body()),
            Err(error) if error.kind() == ErrorKind::State => return Ok(Tried::NotYet),
            Err(error) if is_for_later(error.kind()) => {}
            Err(error) => {
                let name = to.protocol().name();
                return Err(Trouble::failed(
                    format!("`{name}` to receive"),
                    error.to_string(),
                ));
            }
        }
    }
    Err(Trouble::failed(
        format!(
            "{} to get from `{}` to `{}`",
            show(body),
            from.protocol().name(),
            to.protocol().name()
        ),
        last,
    ))
}

fn is_for_later(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::NoPeers
    )
}

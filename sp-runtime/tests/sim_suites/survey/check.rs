//! Judges a history by the requirements SP-SV. Knows nothing of how the protocols work.
//!
//! A survey is known by its body, which no other has; the answer to it is `re:` and that body.

mod surveyor;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use bytes::Bytes;
use spkit_runtime::sim::SocketId;

use self::surveyor::Judge;
use super::super::{
    answerers,
    fanout::{self, Loss, Offer},
    history::History,
    lines::{self, Line},
    tags::{ID_BIT, Tagged},
};

/// What is wrong with a history of surveyors and respondents.
pub(crate) fn check(history: &History) -> Vec<String> {
    let lines = lines::read(history);
    let mut faults = Vec::new();
    for socket in history.sockets_of("surveyor") {
        faults.extend(Judge::judge(history, socket));
        faults.extend(surveys(history, &lines, socket));
    }
    for socket in history.sockets_of("respondent") {
        faults.extend(answerers::check(history, &lines, socket));
    }
    faults
}

/// Each survey goes to all who are there, once (SP-SV-004, SP-SV-006, SP-SV-012): a tag whose id counts up from the first
/// one, whatever that is, then the body (SP-SV-002, SP-SV-003).
fn surveys(history: &History, lines: &[Line], socket: SocketId) -> Vec<String> {
    let accepted = history.accepted().remove(&socket).unwrap_or_default();
    let numbers = accepted.iter().zip(0u32..);
    let numbers: BTreeMap<Bytes, u32> = numbers
        .map(|((_, message), number)| (message.body.clone(), number))
        .collect();
    let own = lines.iter().filter(|line| line.from == socket);
    let first = own.flat_map(|line| &line.handed).find_map(|(_, payload)| {
        let Tagged { tags, body } = Tagged::read(payload)?;
        Some(tags.last()?.wrapping_sub(*numbers.get(&body)?))
    });
    let offers = accepted.iter().zip(0..).map(|((at, message), number)| {
        let id = first.unwrap_or_default().wrapping_add(number) | ID_BIT;
        let survey = Tagged {
            tags: vec![id],
            body: message.body.clone(),
        };
        Offer {
            at: *at,
            payload: survey.write(),
            except: None,
            loss: Loss::Full,
            counts: true,
        }
    });
    let offers: Vec<_> = offers.collect();
    fanout::check(history, lines, socket, &offers)
}

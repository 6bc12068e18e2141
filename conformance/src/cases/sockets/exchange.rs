//! Messages between two connected sockets: ordinary, empty, large, many.

use spkit_api::ErrorKind;
use spkit_runtime::Socket;

use super::{
    Carrier, Pair, Pattern, facts, on_site,
    pattern::{SURVEY_TIME, take_time},
    site::{Site, show, wrong_kind},
};
use crate::{
    case::Case,
    endpoints,
    verdict::{During, Outcome, Trouble, ensure},
};

/// Messages of the case about order.
const MANY: u32 = 1000;

/// Room for a protocol's own header under the receive limit.
const HEADROOM: usize = 256;

/// A payload that any transport should take.
const SMALL: usize = 1 << 10;

pub(super) fn cases(carrier: Carrier, pair: Pair) -> Vec<Case> {
    let make = |what: &str,
                requirements: &[&'static str],
                inproc: &[&'static str],
                body: fn(&Site, Pair) -> Outcome| {
        let slug = format!("exchange.{}-{}.{what}", pair.a.name, pair.b.name);
        let of_pattern = requirements_of(pair);
        let all = carrier.ids(&[requirements, of_pattern].concat(), inproc);
        on_site(
            carrier,
            slug,
            &all,
            &[pair.a.name, pair.b.name],
            move |site| body(site, pair),
        )
    };
    let mut cases = vec![make("ordinary", &["SPK-001"], &["SP-IN-011"], ordinary)];
    if pair.a.name != pair.b.name {
        cases.push(make(
            "ordinary-swapped",
            &["SPK-001", "SP-X-008"],
            &[],
            ordinary_swapped,
        ));
    }
    cases.push(make("empty", &["SPK-002"], &["SP-IN-006"], empty));
    cases.push(make("large", &["SPK-003"], &[], large));
    if pair.pattern == Pattern::Survey {
        cases.push(make(
            "everybody-answers",
            &["SP-SV-004", "SP-SV-007"],
            &[],
            everybody_answers,
        ));
        cases.push(make(
            "end-of-survey",
            &["SP-SV-009", "SP-SV-010", "SP-SV-013"],
            &[],
            end_of_survey,
        ));
    }
    if pair.pattern.is_lossless() {
        cases.push(make("in-order", &["SPK-004"], &["SP-IN-006"], in_order));
    }
    cases
}

/// What an exchange of a known pattern shows of its protocols.
fn requirements_of(pair: Pair) -> &'static [&'static str] {
    match (pair.pattern, pair.a.id) {
        (Pattern::BothWays, endpoints::PAIR1) if pair.a.name != pair.b.name => {
            &["SP-P1-004", "SP-PP-006"]
        }
        (Pattern::BothWays, endpoints::PAIR1) => &["SP-P1-004"],
        (Pattern::BothWays, _) => &["SP-P0-002"],
        (Pattern::ToAll, endpoints::STAR) => &["SP-ST-004"],
        (Pattern::ToAll, _) => &["SP-BU-002"],
        (Pattern::OneWay, _) => &["SP-PL-001"],
        (Pattern::Publish, _) => &["SP-PS-001"],
        (Pattern::Request, _) => &["SP-RR-017"],
        (Pattern::Survey, _) => &["SP-SV-007", "SP-SV-014"],
        (Pattern::Unknown, _) => &[],
    }
}

fn ordinary(site: &Site, pair: Pair) -> Outcome {
    let (a, b) = open(site, pair)?;
    site.connect(&a, &b)?;
    converse(site, pair, &a, &b)
}

fn ordinary_swapped(site: &Site, pair: Pair) -> Outcome {
    let (a, b) = open(site, pair)?;
    site.connect(&b, &a)?;
    converse(site, pair, &a, &b)
}

fn converse(site: &Site, pair: Pair, a: &Socket, b: &Socket) -> Outcome {
    for body in ["hello", "a second message", "\0\u{1}binary\r\n"] {
        pair.pattern.exchange(site, a, b, body.as_bytes())?;
    }
    Ok(())
}

fn empty(site: &Site, pair: Pair) -> Outcome {
    let (a, b) = open(site, pair)?;
    site.connect(&a, &b)?;
    pair.pattern.exchange(site, &a, &b, b"")?;
    pair.pattern
        .exchange(site, &a, &b, b"and one that is not empty")
}

fn large(site: &Site, pair: Pair) -> Outcome {
    let limit = match site.carrier.is_well_known() {
        true => None,
        false => facts::of(site)?.max_message.or(Some(SMALL + HEADROOM)),
    };
    let len = limit
        .unwrap_or(1 << 20)
        .min(1 << 20)
        .saturating_sub(HEADROOM);
    let (a, b) = open(site, pair)?;
    site.connect(&a, &b)?;
    let body: Vec<u8> = (0..len).map(|n| (n % 253) as u8).collect();
    pair.pattern
        .exchange(site, &a, &b, &body)
        .during(format!("a message of {len} bytes"))
}

/// A survey reaches every respondent, and every answer the surveyor.
fn everybody_answers(site: &Site, pair: Pair) -> Outcome {
    let a = site.open(pair.a)?;
    let address = site.listen(&a)?.local_addr().to_string();
    take_time(site, &a)?;
    let mut respondents = Vec::new();
    for _ in 0..3 {
        let b = site.open(pair.b)?;
        site.dial(&b, &address)?;
        respondents.push(b);
    }
    site.await_peers(&a, respondents.len())?;
    site.send(&a, b"who is there?")?;
    for (number, b) in respondents.iter().enumerate() {
        site.expect(b, b"who is there?")
            .during(format!("respondent {number}"))?;
        site.send(b, b"I am")?;
    }
    respondents
        .iter()
        .try_for_each(|_| site.expect(&a, b"I am"))
        .during("an answer from each")
}

/// Receiving reports the end of a survey once, not early, and then that there is none.
fn end_of_survey(site: &Site, pair: Pair) -> Outcome {
    let (a, b) = open(site, pair)?;
    site.connect(&a, &b)?;
    let time = site.pace.millis(200);
    let set = a.set(SURVEY_TIME, Some(time));
    set.map_err(|error| Trouble::failed("a survey's time to be an option", error.to_string()))?;
    let start = std::time::Instant::now();
    site.send(&a, b"anybody?")?;
    site.expect(&b, b"anybody?")?;
    for kind in [ErrorKind::TimedOut, ErrorKind::State] {
        match a.recv_timeout(site.pace.expect()) {
            Ok(message) => return Err(Trouble::failed("no answer", show(message.body()))),
            Err(error) if error.kind() != kind => return Err(wrong_kind(kind, &error)),
            Err(_) => {}
        }
        let took = start.elapsed();
        ensure(
            (time..site.pace.expect()).contains(&took),
            format!("the end of the survey after {time:?}"),
            || format!("it came after {took:?}"),
        )?;
    }
    site.step("answering too late");
    site.send(&b, b"late")?;
    pair.pattern.exchange(site, &a, &b, b"the next survey")
}

/// Many messages, none lost, none twice, in the order in which they were sent.
fn in_order(site: &Site, pair: Pair) -> Outcome {
    if !site.carrier.is_well_known() {
        let facts = facts::of(site)?;
        if !(facts.reliable && facts.ordered) {
            return Err(Trouble::Skipped(
                "the transport does not promise it".to_owned(),
            ));
        }
    }
    let (a, b) = open(site, pair)?;
    site.connect(&a, &b)?;
    site.step(format!("sending {MANY} messages"));
    match pair.pattern {
        Pattern::Request => rounds(site, &a, &b),
        Pattern::Survey => {
            take_time(site, &a)?;
            rounds(site, &a, &b)
        }
        Pattern::OneWay | Pattern::Publish => stream(site, &a, &b),
        Pattern::BothWays | Pattern::ToAll | Pattern::Unknown => {
            stream(site, &a, &b)?;
            stream(site, &b, &a)
        }
    }
}

fn rounds(site: &Site, a: &Socket, b: &Socket) -> Outcome {
    (0..MANY).try_for_each(|number| {
        let body = number.to_be_bytes();
        site.send(a, &body)?;
        site.expect(b, &body)?;
        site.send(b, &body)?;
        site.expect(a, &body).during(format!("round {number}"))
    })
}

fn stream(site: &Site, from: &Socket, to: &Socket) -> Outcome {
    std::thread::scope(|threads| {
        let sending = threads.spawn(|| {
            (0..MANY).try_for_each(|number| site.send(from, format!("number {number}").as_bytes()))
        });
        let received = (0..MANY).try_for_each(|number| {
            let body = to.recv_timeout(site.pace.expect()).map_err(|error| {
                Trouble::failed(format!("message {number} of {MANY}"), error.to_string())
            })?;
            let wanted = format!("number {number}");
            ensure(
                body.body() == wanted.as_bytes(),
                format!("`{wanted}`"),
                || show(body.body()),
            )
        });
        let sent = sending.join();
        received?;
        sent.map_err(|_| Trouble::Kit("the sending thread panicked".to_owned()))?
    })
}

/// The two sockets of a pair.
pub(super) fn open(site: &Site, pair: Pair) -> Outcome<(Socket, Socket)> {
    Ok((site.open(pair.a)?, site.open(pair.b)?))
}

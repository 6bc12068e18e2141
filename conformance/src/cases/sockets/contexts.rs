//! Many requests of one socket at a time.

use spkit_runtime::{Context, Registry};

use super::{Carrier, on_site, site::Site};
use crate::{
    case::Case,
    verdict::{Outcome, Trouble, ensure},
};

const COUNT: u32 = 10;

/// The case, where REQ has contexts and there is a raw REP to answer in another order.
pub(super) fn case(carrier: Carrier, registry: &Registry) -> Option<Case> {
    let req = registry.protocol("req").ok()?.info();
    let fits = req.has_contexts() && registry.protocol("xrep").is_ok();
    fits.then(|| {
        on_site(
            carrier,
            "exchange.req-rep.contexts".to_owned(),
            &["SP-RR-025"],
            &["req", "xrep"],
            run,
        )
    })
}

/// Each has a number of its own, and answers in reverse order find who asked.
fn run(site: &Site) -> Outcome {
    let (answering, asking) = (site.open_named("xrep")?, site.open_named("req")?);
    site.connect(&answering, &asking)?;
    let contexts: Vec<Context> = (0..COUNT)
        .map(|_| asking.context())
        .collect::<Result<_, _>>()
        .map_err(|error| Trouble::failed("a context of REQ", error.to_string()))?;
    let mut questions = Vec::new();
    for (number, context) in contexts.iter().enumerate() {
        let sent = context.send_timeout(format!("{number}"), site.pace.expect());
        sent.map_err(|failed| Trouble::failed("a request", failed.error.to_string()))?;
        questions.push(site.expect_message(&answering, format!("{number}").as_bytes())?);
    }
    let mut ids: Vec<_> = questions
        .iter()
        .map(|question| question.header_words().last().copied())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ensure(ids.len() == contexts.len(), "an id for each", || {
        format!("{ids:08x?}")
    })?;
    for question in questions.into_iter().rev() {
        site.send_message(&answering, question)?;
    }
    for (number, context) in contexts.iter().enumerate() {
        let reply = context.recv_timeout(site.pace.expect());
        let reply = reply.map_err(|error| {
            Trouble::failed(format!("the reply to request {number}"), error.to_string())
        })?;
        ensure(
            reply.body() == format!("{number}").as_bytes(),
            format!("the reply to request {number}"),
            || super::site::show(reply.body()),
        )?;
    }
    Ok(())
}

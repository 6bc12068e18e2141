//! What only inproc has, and what holds over every transport at once.

use spkit_api::{Message, options};
use spkit_runtime::{Registry, Socket};

use super::{Carrier, on_site, site::Site};
use crate::{
    case::Case,
    verdict::{During, Outcome, Trouble, ensure},
};

type Row = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    fn(&Site) -> Outcome,
);

const ROWS: &[Row] = &[
    (
        "names-differ-by-case",
        &["pair"],
        &["SP-IN-001"],
        names_differ_by_case,
    ),
    (
        "headers-are-seen",
        &["req", "xrep"],
        &["SP-IN-005", "SP-IN-011"],
        headers_are_seen,
    ),
    ("no-limit", &["push", "pull"], &["SP-IN-007"], no_limit),
    (
        "copies-are-their-owners",
        &["pub", "sub"],
        &["SP-IN-008"],
        copies_are_their_owners,
    ),
];

/// For inproc, those whose protocols are linked in.
pub(super) fn cases(carrier: Carrier, registry: &Registry) -> Vec<Case> {
    if carrier.scheme != "inproc" {
        return Vec::new();
    }
    let has = |name: &&str| registry.protocol(name).is_ok();
    let possible = ROWS.iter().filter(|row| row.1.iter().all(&has));
    possible
        .map(|(slug, needs, requirements, body)| {
            on_site(carrier, format!("own.{slug}"), requirements, needs, *body)
        })
        .collect()
}

/// Two listeners whose names differ by case alone; who dials the one is not the other's.
fn names_differ_by_case(site: &Site) -> Outcome {
    let (lower, upper, dialing) = (
        site.open_named("pair")?,
        site.open_named("pair")?,
        site.open_named("pair")?,
    );
    let address = site.listen(&lower)?.local_addr().to_string();
    let shouted = address
        .split_once("://")
        .map(|(scheme, name)| format!("{scheme}://{}", name.to_uppercase()))
        .unwrap_or_default();
    ensure(shouted != address, "a name with letters", || {
        address.clone()
    })?;
    site.listen_again(&upper, &shouted)
        .during("a name that differs by case alone")?;
    site.dial(&dialing, &shouted)?;
    site.await_peers(&upper, 1)?;
    site.send(&dialing, b"to the other one")?;
    site.expect(&upper, b"to the other one")?;
    site.receives_nothing(&lower)
}

/// The other side sees what would have gone over a wire.
fn headers_are_seen(site: &Site) -> Outcome {
    let (near, asking) = (site.open_named("xrep")?, site.open_named("req")?);
    site.connect(&near, &asking)?;
    site.send(&asking, b"Hello")?;
    let received = site.expect_message(&near, b"Hello")?;
    let words = received.header_words().to_vec();
    ensure(
        words.len() == 2 && words[0] >> 31 == 0 && words[1] >> 31 == 1,
        "the connection's number and the request's in the header",
        || format!("{words:08x?}"),
    )?;
    site.send_message(&near, received)?;
    site.expect(&asking, b"Hello")
}

fn no_limit(site: &Site) -> Outcome {
    let (push, pull) = (site.open_named("push")?, site.open_named("pull")?);
    let set = pull.set(options::RECV_MAX, 10);
    set.map_err(|error| Trouble::failed("a receive limit to be set", error.to_string()))?;
    site.connect(&pull, &push)?;
    site.send(&push, &[b'x'; 100])?;
    site.expect(&pull, &[b'x'; 100])
}

/// Who changes what it received changes nothing for the others.
fn copies_are_their_owners(site: &Site) -> Outcome {
    let publisher = site.open_named("pub")?;
    let address = site.listen(&publisher)?.local_addr().to_string();
    let mut subscribers = Vec::new();
    for _ in 0..2 {
        let subscriber = site.open_named("sub")?;
        let set = subscriber.set_str("subscribe", "");
        set.map_err(|error| Trouble::failed("a subscription", error.to_string()))?;
        site.dial(&subscriber, &address)?;
        subscribers.push(subscriber);
    }
    site.await_peers(&publisher, subscribers.len())?;
    let sent = Message::from_body(b"for all of you".to_vec());
    let mut kept = sent.clone();
    site.send_message(&publisher, sent)?;
    scribble(&mut kept);
    for subscriber in &subscribers {
        let mut received = receive(site, subscriber)?;
        scribble(&mut received);
    }
    Ok(())
}

fn receive(site: &Site, socket: &Socket) -> Outcome<Message> {
    site.expect_message(socket, b"for all of you")
}

fn scribble(message: &mut Message) {
    message.body_mut(|body| body.iter_mut().for_each(|byte| *byte = b'#'));
}

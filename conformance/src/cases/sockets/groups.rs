//! More than two sockets: one among many peers, and devices between two.

use spkit_runtime::{Registry, Socket};

use super::{Carrier, on_site, site::Site};
use crate::{
    case::Case,
    verdict::{During, Outcome},
};

type Body = fn(&Site) -> Outcome;

/// A case, the protocols it is for, and what it checks.
type Row = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    Body,
);

const ROWS: &[Row] = &[
    (
        "bus",
        &["bus"],
        &["SP-BU-002", "SP-BU-003", "SP-BU-004"],
        bus,
    ),
    (
        "bus-device",
        &["bus", "xbus"],
        &["SP-BU-007", "SP-DV-016"],
        bus_device,
    ),
    ("star", &["star"], &["SP-ST-003", "SP-ST-004"], star),
    (
        "pair1-poly",
        &["pair1", "pair1-poly"],
        &["SP-PP-002", "SP-PP-003", "SP-PP-006"],
        poly,
    ),
    ("pair-device", &["pair", "xpair"], &["SP-P0-010"], |site| {
        device(site, PAIR)
    }),
    (
        "pair1-device",
        &["pair1", "xpair1"],
        &["SP-P1-007", "SP-DV-015"],
        |site| device(site, PAIR1),
    ),
    (
        "pipeline-device",
        &["pull", "push", "xpull", "xpush"],
        &["SP-DV-014"],
        |site| device(site, PIPELINE),
    ),
];

/// Those whose protocols are linked in.
pub(super) fn cases(carrier: Carrier, registry: &Registry) -> Vec<Case> {
    let names: Vec<&str> = registry
        .protocols()
        .map(|plugin| plugin.info().name())
        .collect();
    let possible = ROWS
        .iter()
        .filter(|(_, needs, _, _)| needs.iter().all(|name| names.contains(name)));
    let cases = possible.map(|(slug, needs, requirements, body)| {
        on_site(carrier, format!("group.{slug}"), requirements, needs, *body)
    });
    cases.collect()
}

/// A listening socket of one protocol, and three of another that dialed it.
fn hub(site: &Site, center: &str, leaf: &str) -> Outcome<(Socket, [Socket; 3])> {
    let hub = site.open_named(center)?;
    let address = site.listen(&hub)?.local_addr().to_string();
    let leaves = [
        site.open_named(leaf)?,
        site.open_named(leaf)?,
        site.open_named(leaf)?,
    ];
    for socket in &leaves {
        site.dial(socket, &address)?;
        site.await_peers(socket, 1)?;
    }
    site.await_peers(&hub, leaves.len())?;
    Ok((hub, leaves))
}

fn bus(site: &Site) -> Outcome {
    let (hub, [first, second, third]) = hub(site, "bus", "bus")?;
    site.send(&hub, b"to all")?;
    for leaf in [&first, &second, &third] {
        site.expect(leaf, b"to all")?;
    }
    site.send(&first, b"to the hub")?;
    site.expect(&hub, b"to the hub")?;
    site.nobody_receives(&[&first, &second, &third, &hub])
}

fn bus_device(site: &Site) -> Outcome {
    let (hub, [first, second, third]) = hub(site, "xbus", "bus")?;
    site.send(&first, b"to the others")?;
    let received = site.expect_message(&hub, b"to the others")?;
    site.send_message(&hub, received)?;
    for leaf in [&second, &third] {
        site.expect(leaf, b"to the others")?;
    }
    site.receives_nothing(&first).during("its own message")
}

fn star(site: &Site) -> Outcome {
    let (hub, [first, second, third]) = hub(site, "star", "star")?;
    site.send(&first, b"to everybody")?;
    for node in [&hub, &second, &third] {
        site.expect(node, b"to everybody")?;
    }
    site.send(&hub, b"to all")?;
    for leaf in [&first, &second, &third] {
        site.expect(leaf, b"to all")?;
    }
    site.nobody_receives(&[&first, &second, &third, &hub])
}

/// Each peer gets the answer to its own message.
fn poly(site: &Site) -> Outcome {
    let (hub, leaves) = hub(site, "pair1-poly", "pair1")?;
    for (number, leaf) in leaves.iter().enumerate() {
        site.send(leaf, format!("from {number}").as_bytes())?;
    }
    for _ in &leaves {
        let received = hub.recv_timeout(site.pace.expect());
        let received = received.map_err(|error| {
            crate::verdict::Trouble::failed("a message of each peer", error.to_string())
        })?;
        site.send_message(&hub, received)?;
    }
    for (number, leaf) in leaves.iter().enumerate() {
        site.expect(leaf, format!("from {number}").as_bytes())?;
    }
    Ok(())
}

/// Who sends, the device's two sockets, and who receives.
type Chain = [&'static str; 4];

const PAIR: Chain = ["pair", "xpair", "xpair", "pair"];
const PAIR1: Chain = ["pair1", "xpair1", "xpair1", "pair1"];
const PIPELINE: Chain = ["push", "xpull", "xpush", "pull"];

fn device(site: &Site, chain: Chain) -> Outcome {
    let [source, inward, outward, sink] = chain.map(|name| site.open_named(name));
    let (source, inward, outward, sink) = (source?, inward?, outward?, sink?);
    site.connect(&inward, &source)?;
    site.connect(&outward, &sink)?;
    for body in [&b"through a device"[..], b""] {
        site.send(&source, body)?;
        let received = site.expect_message(&inward, body)?;
        site.send_message(&outward, received)?;
        site.expect(&sink, body)?;
    }
    Ok(())
}

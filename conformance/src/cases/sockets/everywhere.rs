//! One socket on every transport that is linked in.

use std::sync::Arc;

use spkit_runtime::{Registry, Socket};

use super::{Carrier, site::Site};
use crate::{
    case::{Case, Class, Stage},
    catalogue::main_scheme,
    verdict::{During, Outcome, Trouble, ensure},
};

type Row = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    fn(&[Site]) -> Outcome,
);

const ROWS: &[Row] = &[
    (
        "same-payload",
        &["req", "xrep"],
        &["SP-X-006", "SP-X-007"],
        same_payload,
    ),
    ("publication", &["pub", "sub"], &["SP-X-007"], publication),
];

/// For the transports in which messages cannot get lost.
pub(crate) fn cases(registry: &Registry) -> Vec<Case> {
    let carriers: Vec<Carrier> = registry
        .transports()
        .map(|plugin| Carrier {
            plugin,
            scheme: main_scheme(plugin),
        })
        .filter(|carrier| carrier.is_well_known())
        .collect();
    if carriers.len() < 2 {
        return Vec::new();
    }
    let has = |name: &&str| registry.protocol(name).is_ok();
    let possible = ROWS.iter().filter(|row| row.1.iter().all(&has));
    possible
        .map(|(slug, needs, requirements, body)| {
            let carriers = carriers.clone();
            Case {
                id: format!("sockets.every-transport.{slug}"),
                requirements: requirements.to_vec(),
                class: Class::Quick,
                transport: None,
                protocols: needs.to_vec(),
                note: "",
                missing: None,
                on_the_wire: false,
                body: Arc::new(move |stage: &Stage| body(&sites(stage, &carriers)?)),
            }
        })
        .collect()
}

/// One runtime, and a site of it for each transport.
fn sites(stage: &Stage, carriers: &[Carrier]) -> Outcome<Vec<Site>> {
    let (first, others) = carriers
        .split_first()
        .ok_or_else(|| Trouble::Kit("no transport".to_owned()))?;
    let mut sites = vec![Site::new(stage, *first)?];
    for carrier in others {
        let site = sites[0].beside(*carrier)?;
        sites.push(site);
    }
    Ok(sites)
}

/// A socket that listens everywhere, and one for each transport that dials it there.
fn everywhere(sites: &[Site], center: &str, leaf: &str) -> Outcome<(Socket, Vec<Socket>)> {
    let center = sites[0].open_named(center)?;
    let mut leaves = Vec::new();
    for site in sites {
        let address = site.listen(&center)?.local_addr().to_string();
        let socket = site.open_named(leaf)?;
        if leaf == "sub" {
            let set = socket.set_str("subscribe", "");
            set.map_err(|error| Trouble::failed("a subscription", error.to_string()))?;
        }
        site.dial(&socket, &address)?;
        site.await_peers(&socket, 1)?;
        leaves.push(socket);
    }
    sites[0].await_peers(&center, leaves.len())?;
    Ok((center, leaves))
}

/// Whatever a request comes over, its payload is a number and the body.
fn same_payload(sites: &[Site]) -> Outcome {
    let (center, leaves) = everywhere(sites, "xrep", "req")?;
    for (site, leaf) in sites.iter().zip(&leaves) {
        let scheme = site.carrier.scheme;
        site.send(leaf, b"Hello").during(scheme)?;
        let received = site.expect_message(&center, b"Hello").during(scheme)?;
        let words = received.header_words();
        ensure(
            words.len() == 2 && words[1] >> 31 == 1,
            format!("{scheme}: one tag of the requester's"),
            || format!("{words:08x?}"),
        )?;
        site.send_message(&center, received)?;
        site.expect(leaf, b"Hello").during(scheme)?;
    }
    Ok(())
}

fn publication(sites: &[Site]) -> Outcome {
    let (center, leaves) = everywhere(sites, "pub", "sub")?;
    sites[0].send(&center, b"to all")?;
    for (site, leaf) in sites.iter().zip(&leaves) {
        site.expect(leaf, b"to all").during(site.carrier.scheme)?;
    }
    Ok(())
}

//! Connections that come late, go, and come again.

use super::{Carrier, Pair, exchange::open, on_site, site::Site};
use crate::{
    case::Case,
    verdict::{During, Outcome, ensure},
};

pub(super) fn cases(carrier: Carrier, pair: Pair) -> Vec<Case> {
    let make = |what: &str, requirements: Vec<&'static str>, body: fn(&Site, Pair) -> Outcome| {
        let slug = format!("exchange.{}-{}.{what}", pair.a.name, pair.b.name);
        let names = [pair.a.name, pair.b.name];
        on_site(carrier, slug, &requirements, &names, move |site| {
            body(site, pair)
        })
    };
    vec![
        make(
            "reconnect",
            carrier.ids(&["SPK-005"], &["SP-IN-010"]),
            reconnect,
        ),
        make(
            "dialed-before-listening",
            carrier.ids(&["SPK-008"], &["SP-IN-003"]),
            dialed_before_listening,
        ),
    ]
}

/// The listening socket is closed, another one listens at its address, and the dialer finds it.
fn reconnect(site: &Site, pair: Pair) -> Outcome {
    let (first, dialing) = open(site, pair)?;
    let address = site.connect(&first, &dialing)?;
    pair.pattern
        .exchange(site, &first, &dialing, b"with the first")?;
    site.step("closing the listening socket");
    site.close(&first);
    let second = site.open(pair.a)?;
    site.listen_again(&second, &address)?;
    site.await_peers(&second, 1)
        .during("after the listener was closed and opened again")?;
    site.await_peers(&dialing, 1)?;
    pair.pattern
        .exchange(site, &second, &dialing, b"with the second")
}

fn dialed_before_listening(site: &Site, pair: Pair) -> Outcome {
    let (listening, dialing) = open(site, pair)?;
    // An address that was in use a moment ago, so one that can be listened at.
    let probe = site.open(pair.a)?;
    let address = site.listen(&probe)?.local_addr().to_string();
    site.close(&probe);
    site.dial(&dialing, &address)?;
    if site.carrier.kind().is_some() {
        site.await_redial(&dialing)?;
    }
    let pipes = dialing.peers();
    ensure(pipes == 0, "no connection yet", || format!("{pipes}"))?;
    site.listen_again(&listening, &address)?;
    site.await_peers(&listening, 1)?;
    site.await_peers(&dialing, 1)?;
    pair.pattern
        .exchange(site, &listening, &dialing, b"at last")
}

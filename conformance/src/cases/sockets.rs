//! Cases between two sockets of this process, over any transport: what it does for protocols, whatever it is made of.

mod contexts;
mod devices;
mod endpoints;
pub(crate) mod everywhere;
mod exchange;
mod facts;
mod groups;
mod inproc;
mod lifecycle;
mod pattern;
mod refusal;
mod site;

use std::sync::Arc;

use spkit_api::{ProtocolPlugin, TransportPlugin, transport::StreamKind};
use spkit_runtime::Registry;

use self::{pattern::Pattern, site::Site};
use crate::{
    case::{Body, Case, Class, Stage},
    catalogue::Protocol,
    verdict::Outcome,
};

/// What these cases know of a transport.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carrier {
    pub(crate) plugin: &'static TransportPlugin,
    pub(crate) scheme: &'static str,
}

impl Carrier {
    fn kind(self) -> Option<StreamKind> {
        self.plugin.transport().info().stream_kind()
    }

    /// These requirements, and on inproc those of its own as well.
    fn ids(self, all: &[&'static str], inproc: &[&'static str]) -> Vec<&'static str> {
        let own = if self.scheme == "inproc" { inproc } else { &[] };
        [all, own].concat()
    }

    /// Whether nothing can get lost and there is no limit but the options': known of these alone.
    fn is_well_known(self) -> bool {
        self.kind().is_some() || self.scheme == "inproc"
    }
}

/// Two protocols that are each other's peers. The one that asks or pushes comes first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) a: Protocol,
    pub(crate) b: Protocol,
    pub(crate) pattern: Pattern,
}

/// Everything for one transport.
pub(crate) fn cases(
    registry: &Registry,
    plugin: &'static TransportPlugin,
    scheme: &'static str,
) -> Vec<Case> {
    let carrier = Carrier { plugin, scheme };
    let protocols = cooked(registry);
    let pairs = pairs(&protocols);
    let mut cases = Vec::new();
    for pair in &pairs {
        cases.extend(exchange::cases(carrier, *pair));
        cases.extend(lifecycle::cases(carrier, *pair));
        cases.extend(devices::case(registry, carrier, *pair));
    }
    cases.extend(lonely(carrier, &protocols, &pairs));
    cases.extend(
        protocols
            .iter()
            .map(|one| refusal::case(carrier, one, &protocols)),
    );
    cases.extend(endpoints::cases(carrier, &pairs));
    cases.extend(groups::cases(carrier, registry));
    cases.extend(contexts::case(carrier, registry));
    cases.extend(inproc::cases(carrier, registry));
    cases
}

/// The protocols that have no raw headers, by number.
fn cooked(registry: &Registry) -> Vec<&'static ProtocolPlugin> {
    let mut protocols: Vec<_> = registry
        .protocols()
        .filter(|plugin| !plugin.info().is_raw())
        .collect();
    protocols.sort_by_key(|plugin| plugin.info().number());
    protocols
}

fn pairs(protocols: &[&'static ProtocolPlugin]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (at, a) in protocols.iter().enumerate() {
        for b in &protocols[at..] {
            let (a, b) = (a.info(), b.info());
            if a.peer() == b.number() && b.peer() == a.number() {
                let pattern = Pattern::of(a, b);
                let protocol = |info: &spkit_api::ProtocolInfo| Protocol {
                    name: info.name(),
                    id: info.number(),
                    peer: info.peer(),
                };
                pairs.push(Pair {
                    a: protocol(a),
                    b: protocol(b),
                    pattern,
                });
            }
        }
    }
    pairs
}

/// Protocols without a peer: told of, not passed over.
fn lonely<'a>(
    carrier: Carrier,
    protocols: &'a [&'static ProtocolPlugin],
    pairs: &'a [Pair],
) -> impl Iterator<Item = Case> + 'a {
    let paired = |id: u16| pairs.iter().any(|pair| pair.a.id == id || pair.b.id == id);
    protocols
        .iter()
        .filter(move |plugin| !paired(plugin.info().number()))
        .map(move |plugin| {
            let info = plugin.info();
            let peer = crate::endpoints::show(info.peer());
            Case {
                missing: Some(format!("needs its peer {peer}, which is not linked in")),
                ..on_site(
                    carrier,
                    format!("exchange.{}.ordinary", info.name()),
                    &["SPK-001"],
                    &[info.name()],
                    |_| Ok(()),
                )
            }
        })
}

/// A case with two or more sockets on a runtime of its own.
fn on_site(
    carrier: Carrier,
    slug: String,
    requirements: &[&'static str],
    protocols: &[&'static str],
    body: impl Fn(&Site) -> Outcome + Send + Sync + 'static,
) -> Case {
    let body: Body = Arc::new(move |stage: &Stage| body(&Site::new(stage, carrier)?));
    Case {
        id: format!("{}.{slug}", carrier.scheme),
        requirements: requirements.to_vec(),
        class: Class::Quick,
        transport: Some(carrier.scheme),
        protocols: protocols.to_vec(),
        note: "",
        missing: None,
        on_the_wire: false,
        body,
    }
}

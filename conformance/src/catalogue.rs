//! From the tables to cases: which of them fit what is registered.

use std::sync::Arc;

use spkit_api::{ProtocolPlugin, TransportPlugin, transport::StreamKind};
use spkit_runtime::Registry;

use crate::{
    addresses::{Addresses, Form},
    case::{Body, Case, Class, Stage},
    cases::{self, Row, hostile::each::Each, protocol_ids},
    driver::Fixture,
    endpoints,
    scene::Scene,
    verdict::Outcome,
};

/// A registered protocol's name and numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Protocol {
    pub(crate) name: &'static str,
    pub(crate) id: u16,
    pub(crate) peer: u16,
}

impl Protocol {
    /// An endpoint of it that shows its application all it receives.
    pub(crate) fn fixture(self) -> Fixture {
        Fixture::visible(self.name, self.id, self.peer)
    }

    pub(crate) fn of(plugin: &ProtocolPlugin) -> Self {
        let info = plugin.info();
        Self {
            name: info.name(),
            id: info.number(),
            peer: info.peer(),
        }
    }
}

/// Every case for what is registered.
pub(crate) fn cases(registry: &Registry) -> Vec<Case> {
    let protocols: Vec<Protocol> = registry
        .protocols()
        // A raw one has the number of its cooked twin, and its headers are the application's.
        .filter(|plugin| !plugin.info().is_raw())
        .map(Protocol::of)
        .collect();
    let raw: Vec<Protocol> = registry
        .protocols()
        .filter(|plugin| plugin.info().is_raw())
        .map(Protocol::of)
        .collect();
    let mut cases = Vec::new();
    for plugin in registry.transports() {
        let scheme = main_scheme(plugin);
        let info = plugin.transport().info();
        if let Some(kind) = info.stream_kind() {
            cases.extend(wire_cases(info.schemes(), kind, &protocols, &raw));
        }
        cases.extend(cases::sockets::cases(registry, plugin, scheme));
    }
    cases.extend(cases::sockets::everywhere::cases(registry));
    cases.extend(cases::calls::cases(registry));
    cases
}

/// The scheme that names a transport in ids of cases.
pub(crate) fn main_scheme(plugin: &TransportPlugin) -> &'static str {
    plugin
        .transport()
        .info()
        .schemes()
        .first()
        .copied()
        .unwrap_or("unnamed")
}

/// The cases in which the tester speaks from outside to a transport with these schemes.
pub(crate) fn wire_cases(
    schemes: &[&'static str],
    kind: StreamKind,
    protocols: &[Protocol],
    raw: &[Protocol],
) -> Vec<Case> {
    let scheme = schemes.first().copied().unwrap_or("unnamed");
    let fits = |row: &&Row| {
        let has_scheme = row.scheme.is_none_or(|needed| schemes.contains(&needed));
        has_scheme && !row.requirements(kind).is_empty()
    };
    let rows = cases::wire_rows().filter(fits);
    let mut cases: Vec<Case> = rows
        .map(|row| wire_case(row, scheme, kind, protocols, raw))
        .collect();
    cases.extend(
        protocols
            .iter()
            .map(|protocol| ids_case(scheme, kind, *protocol)),
    );
    for each in cases::EACH {
        let fits = !each.requirements(kind).is_empty();
        let protocols = protocols.iter().filter(|_| fits);
        cases.extend(protocols.map(|protocol| hostile_case(each, scheme, kind, *protocol)));
    }
    cases
}

fn wire_case(
    row: &'static Row,
    scheme: &'static str,
    kind: StreamKind,
    protocols: &[Protocol],
    raw: &[Protocol],
) -> Case {
    let find = |fixture: &Fixture| match fixture.registered {
        None => protocols.iter().find(|known| known.id == fixture.id),
        Some(name) => {
            let mut all = protocols.iter().chain(raw);
            all.find(|known| known.name == name && known.id == fixture.id)
        }
    };
    let missing = row.fixtures.iter().find(|fixture| find(fixture).is_none());
    Case {
        id: format!("{scheme}.{}", row.slug),
        requirements: row.requirements(kind).to_vec(),
        class: row.class,
        transport: Some(scheme),
        protocols: row
            .fixtures
            .iter()
            .filter_map(find)
            .map(|p| p.name)
            .collect(),
        note: row.note,
        missing: missing.map(|fixture| {
            let known = endpoints::show(fixture.id);
            let name = fixture.registered.map_or(known, |name| format!("`{name}`"));
            format!("needs the protocol {name}, which is not linked in")
        }),
        on_the_wire: true,
        body: on_scene(scheme, kind, row.body),
    }
}

fn ids_case(scheme: &'static str, kind: StreamKind, protocol: Protocol) -> Case {
    Case {
        id: format!("{scheme}.ids.{}", protocol.name),
        requirements: protocol_ids::requirements(protocol.id),
        class: Class::Slow,
        transport: Some(scheme),
        protocols: vec![protocol.name],
        note: "",
        missing: None,
        on_the_wire: true,
        body: on_scene(scheme, kind, move |scene| {
            protocol_ids::run(scene, protocol)
        }),
    }
}

fn hostile_case(
    each: &'static Each,
    scheme: &'static str,
    kind: StreamKind,
    protocol: Protocol,
) -> Case {
    Case {
        id: format!("{scheme}.{}.{}", each.slug, protocol.name),
        requirements: each.requirements(kind).to_vec(),
        class: Class::Slow,
        transport: Some(scheme),
        protocols: vec![protocol.name],
        note: each.note,
        missing: None,
        on_the_wire: true,
        body: on_scene(scheme, kind, move |scene| {
            (each.body)(scene, protocol.fixture())
        }),
    }
}

/// A body on a scene of its own: a driver, a directory, a tester.
fn on_scene(
    scheme: &'static str,
    kind: StreamKind,
    body: impl Fn(&Scene<'_>) -> Outcome + Send + Sync + 'static,
) -> Body {
    Arc::new(move |stage: &Stage| {
        let driver = (stage.drivers.make)(stage, kind)?;
        let addresses = Addresses::new(Form::of(kind))?;
        let log = stage.log.clone();
        body(&Scene::new(
            &*driver, scheme, kind, &addresses, stage.pace, log,
        ))
    })
}

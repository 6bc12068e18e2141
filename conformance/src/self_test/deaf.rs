//! Cases between sockets, over a transport whose dials never come to anything: what passes there proves nothing.

use std::task::Poll;

use spkit as _;
use spkit_api::{
    Connecting, EndpointConfig, IoCx, Listener, Pipe, Plugin, Result, Transport, TransportInfo,
    TransportPlugin, plugin::Origin,
};
use spkit_runtime::Registry;

use super::{explained, gate::builtin, run};
use crate::{Config, Pace, Status, cases};

static INFO: TransportInfo = TransportInfo::new(&["inproc"]).doc("inproc that nobody answers on.");

static DEAF: TransportPlugin = TransportPlugin::new(
    &Deaf,
    Origin::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
);

#[derive(Debug)]
struct Deaf;

impl Transport for Deaf {
    fn info(&self) -> &'static TransportInfo {
        &INFO
    }

    fn dial(&self, _at: &EndpointConfig<'_>) -> Result<Box<dyn Connecting>> {
        Ok(Box::new(Forever))
    }

    fn listen(&self, at: &EndpointConfig<'_>) -> Result<Box<dyn Listener>> {
        let plugin = Registry::linked()?.transport("inproc")?;
        plugin.transport().listen(at)
    }
}

#[derive(Debug)]
struct Forever;

impl Connecting for Forever {
    fn poll_pipe(&mut self, _io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Pipe>>> {
        Poll::Pending
    }
}

/// Their cases need no connection: they are about errors of a listen, or of a dial.
const NO_CONNECTION: [&str; 5] = ["SP-IN-002", "SPK-007", "SPK-010", "SPK-011", "SPK-012"];

#[test]
fn nothing_passes_that_needs_a_connection() {
    let registry = builtin().without("inproc");
    let registry = registry.with(&[Plugin::transport(&DEAF)]).unwrap();
    let all = cases(&registry);
    let needs = |case: &&crate::Case| {
        let over = case.transport() == Some("inproc") || case.id().contains("every-transport");
        let excused = |id: &&str| NO_CONNECTION.contains(id);
        over && !case.requirements().iter().any(excused)
    };
    let some: Vec<_> = all.iter().filter(needs).cloned().collect();
    assert!(some.len() > 50, "{}", some.len());
    let config = Config::new(registry).pace(Pace::scaled(0.02)).jobs(32);
    for record in run(&config, &some).records() {
        assert_eq!(record.status, Status::Fail, "{}", explained(record));
    }
}

//! Plugins that the kit knows nothing of: certified by trying, whatever they are made of.

use std::collections::BTreeSet;

use spkit as _;
use spkit_api::{
    Connecting, ContextId, Cx, EndpointConfig, Error, ErrorKind, Event, Listener, Message, PipeId,
    Protocol, ProtocolInfo, Result, Transport, TransportInfo, register_protocol,
    register_transport,
};
use spkit_conformance::{Config, Record, Status, certify};
use spkit_runtime::Registry;

static SHOUT_INFO: ProtocolInfo =
    ProtocolInfo::new("shout", 0xf100, 0xf100).doc("To everybody, or to nobody.");
static MONOLOGUE_INFO: ProtocolInfo = ProtocolInfo::new("monologue", 0xf102, 0xf103)
    .send_only()
    .doc("Its peer is not linked in.");
static RUDE_INFO: ProtocolInfo =
    ProtocolInfo::new("rude", 0xf104, 0xf104).doc("Takes messages and delivers none.");

register_protocol!(SHOUT, &SHOUT_INFO, || Box::new(Shout::new(&SHOUT_INFO)));
register_protocol!(MONOLOGUE, &MONOLOGUE_INFO, || Box::new(Shout::new(
    &MONOLOGUE_INFO
)));
register_protocol!(RUDE, &RUDE_INFO, || Box::new(Shout::new(&RUDE_INFO)));

#[derive(Debug)]
struct Shout {
    info: &'static ProtocolInfo,
    pipes: BTreeSet<PipeId>,
}

impl Shout {
    fn new(info: &'static ProtocolInfo) -> Self {
        Self {
            info,
            pipes: BTreeSet::new(),
        }
    }
}

impl Protocol for Shout {
    fn info(&self) -> &'static ProtocolInfo {
        self.info
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::PipeAdded(added) => drop(self.pipes.insert(added.pipe)),
            Event::PipeRemoved(removed) => drop(self.pipes.remove(&removed.pipe)),
            Event::Received(received) if self.info.can_recv() && self.info.name() != "rude" => {
                cx.queue_all(ContextId::SOCKET, received.messages);
            }
            Event::Send(request) => {
                let Some(message) = request.message.take() else {
                    return cx.fail(Error::from(ErrorKind::State));
                };
                for pipe in &self.pipes {
                    // A copy for each, lost where it does not fit.
                    let _lost = cx.try_send(*pipe, &mut Some(Message::clone(&message)));
                }
            }
            _ => {}
        }
    }
}

static FOREIGN_INFO: TransportInfo =
    TransportInfo::new(&["foreign", "alien"]).doc("inproc in disguise.");

register_transport!(FOREIGN, &Foreign);

/// To the kit a transport of which it knows only what it says of its connections.
#[derive(Debug)]
struct Foreign;

impl Foreign {
    fn disguised() -> Result<&'static dyn Transport> {
        Ok(Registry::linked()?.transport("inproc")?.transport())
    }
}

impl Transport for Foreign {
    fn info(&self) -> &'static TransportInfo {
        &FOREIGN_INFO
    }

    fn dial(&self, at: &EndpointConfig<'_>) -> Result<Box<dyn Connecting>> {
        Self::disguised()?.dial(at)
    }

    fn listen(&self, at: &EndpointConfig<'_>) -> Result<Box<dyn Listener>> {
        if at.address().rest().starts_with('/') {
            return Err(Error::new(ErrorKind::AddressInvalid, "no paths here"));
        }
        Self::disguised()?.listen(at)
    }
}

#[test]
fn a_transport_without_a_standard_carrier_is_certified() {
    let registry = Registry::linked().expect("plugins that go together");
    let config = Config::new(registry.without("rude")).transport(Some("foreign".to_owned()));
    certified_in_full(&config);
    // As its author would say it.
    certified_in_full(&config.address(|scheme, n| format!("{scheme}://as-told-{n}")));
}

fn certified_in_full(config: &Config) {
    let report = certify(config);
    for wanted in [
        "push-pull.in-order",
        "req-rep.large",
        "endpoint.many-peers",
        "scheme-alien",
    ] {
        let found = report
            .records()
            .iter()
            .find(|record| record.id.ends_with(wanted));
        assert_eq!(
            found.map(|record| record.status),
            Some(Status::Pass),
            "{wanted}"
        );
    }
    for record in report.records() {
        let fine = matches!(record.status, Status::Pass | Status::Skip);
        assert!(fine, "{}: {}", record.id, record.message);
    }
}

fn certified(protocol: &str) -> Vec<Record> {
    let registry = Registry::linked().expect("plugins that go together");
    let config = Config::new(registry).protocol(Some(protocol.to_owned()));
    certify(&config).records().to_vec()
}

#[test]
fn a_protocol_that_may_lose_messages_is_certified() {
    let records = certified("shout");
    for wanted in [
        "tcp.exchange.shout-shout.ordinary",
        "inproc.refusal.shout",
        "ipc.ids.shout",
    ] {
        assert!(records.iter().any(|record| record.id == wanted), "{wanted}");
    }
    for record in records {
        assert_eq!(
            record.status,
            Status::Pass,
            "{}: {}",
            record.id,
            record.message
        );
    }
}

#[test]
fn a_protocol_without_a_peer_is_told_of() {
    let records = certified("monologue");
    let lonely = records
        .iter()
        .find(|record| record.id == "tcp.exchange.monologue.ordinary");
    let lonely = lonely.expect("a record of what could not run");
    assert_eq!(lonely.status, Status::Skip);
    assert!(lonely.message.contains("0xf103"), "{}", lonely.message);
    assert!(records.iter().any(|record| record.status == Status::Pass));
    for record in records {
        let fine = matches!(record.status, Status::Pass | Status::Skip);
        assert!(fine, "{}: {}", record.id, record.message);
    }
}

#[test]
fn a_protocol_that_delivers_nothing_fails() {
    let registry = Registry::linked().expect("plugins that go together");
    let config = Config::new(registry)
        .filters(["inproc.exchange.rude-rude.ordinary"])
        .pace(spkit_conformance::Pace::scaled(0.1));
    let report = certify(&config);
    assert_eq!(report.exit_code(), 1);
    let failure = report.records()[0].failure.clone().expect("a failure");
    assert!(failure.expected.contains("`hello`"), "{failure:?}");
}

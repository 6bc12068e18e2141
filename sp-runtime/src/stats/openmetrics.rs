//! Statistics as OpenMetrics: sockets and endpoints. Pipes are left out, since each connection would be a new series.

use std::{borrow::Cow, fmt};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, text},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::{Registry, Unit},
};

use super::{Connections, Dropped, Snapshot, Stats};
use crate::{Runtime, Socket};

type Labels<'a> = Vec<(&'static str, Cow<'a, str>)>;
type Series<'a> = (Labels<'a>, u64);

/// The snapshots as OpenMetrics text, `# EOF` included: what a collector such as Prometheus reads.
///
/// Every name begins with `spkit_`; every series has the labels `socket` (its number) and `protocol`. To have sockets
/// in a registry of `prometheus_client`, register a [`Runtime`] or a [`Socket`] as a collector.
pub fn openmetrics(snapshots: &[Snapshot]) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Snapshots(snapshots.to_vec())));
    let mut text = String::new();
    match text::encode(&mut text, &registry) {
        Ok(()) => text,
        Err(_) => unreachable!("a string takes everything"),
    }
}

#[derive(Debug)]
struct Snapshots(Vec<Snapshot>);

impl Collector for Snapshots {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        encode(&self.0, encoder)
    }
}

impl Collector for Socket {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        encode(&[self.snapshot()], encoder)
    }
}

impl Collector for Runtime {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        encode(&self.snapshots(), encoder)
    }
}

fn encode(snapshots: &[Snapshot], encoder: DescriptorEncoder<'_>) -> fmt::Result {
    let mut page = Page { encoder, snapshots };
    page.sockets("messages_sent", "Messages that send accepted.", |stats| {
        stats.sent.messages
    })?;
    page.bytes("sent", "Bytes of body that send accepted.", |stats| {
        stats.sent.bytes
    })?;
    page.sockets(
        "messages_received",
        "Messages that recv delivered.",
        |stats| stats.received.messages,
    )?;
    page.bytes("received", "Bytes of body that recv delivered.", |stats| {
        stats.received.bytes
    })?;
    page.sockets(
        "copies",
        "Copies of messages on their way to peers.",
        |stats| stats.copies,
    )?;
    page.sockets(
        "copies_handed",
        "Copies handed to the kernel or to the peer's ring.",
        |stats| stats.handed,
    )?;
    page.waiting()?;
    page.dropped(
        "unsent",
        "Copies dropped on their way out, by reason.",
        |stats| &stats.unsent,
    )?;
    page.dropped(
        "undelivered",
        "Messages from peers that nobody received, by reason.",
        |stats| &stats.undelivered,
    )?;
    page.sockets("resent", "Messages that were sent again.", |stats| {
        stats.resent
    })?;
    page.sockets("events_lost", "Events that nobody took in time.", |stats| {
        stats.events_lost
    })?;
    page.connections()
}

/// The metrics of some sockets, family by family.
struct Page<'e, 'a> {
    encoder: DescriptorEncoder<'e>,
    snapshots: &'a [Snapshot],
}

impl<'a> Page<'_, 'a> {
    fn sockets(&mut self, name: &str, help: &str, value: impl Fn(&Stats) -> u64) -> fmt::Result {
        let series = self.each_socket(value);
        self.counters(name, help, None, series)
    }

    fn bytes(&mut self, name: &str, help: &str, value: impl Fn(&Stats) -> u64) -> fmt::Result {
        let series = self.each_socket(value);
        self.counters(name, help, Some(&Unit::Bytes), series)
    }

    fn each_socket(&self, value: impl Fn(&Stats) -> u64) -> Vec<Series<'a>> {
        let snapshots = self.snapshots.iter();
        snapshots
            .map(|snapshot| (socket(snapshot), value(&snapshot.socket)))
            .collect()
    }

    fn waiting(&mut self) -> fmt::Result {
        let series = self.each_socket(|stats| stats.waiting);
        self.gauges("copies_waiting", "Copies that wait for a carrier.", series)
    }

    fn dropped(&mut self, name: &str, help: &str, of: impl Fn(&Stats) -> &Dropped) -> fmt::Result {
        let series = self.snapshots.iter().flat_map(|snapshot| {
            let reasons = of(&snapshot.socket).iter();
            reasons.map(move |(why, count)| {
                let mut labels = socket(snapshot);
                labels.push(("reason", why.name().into()));
                (labels, count)
            })
        });
        let series = series.collect();
        self.counters(name, help, None, series)
    }

    /// By endpoint. What belongs to endpoints that are closed is not told.
    fn connections(&mut self) -> fmt::Result {
        let current = self.each_endpoint(|own| own.current as u64);
        self.gauges("connections", "Pipes at the moment.", current)?;
        let made = self.each_endpoint(|own| own.dialed + own.accepted);
        self.counters(
            "connections_made",
            "Connections that became pipes.",
            None,
            made,
        )?;
        let ended = self.each_endpoint(|own| own.ended);
        self.counters("connections_ended", "Pipes that ended.", None, ended)?;
        let refused = self.snapshots.iter().flat_map(|snapshot| {
            snapshot.endpoints.iter().flat_map(move |endpoint| {
                endpoint
                    .connections
                    .refused
                    .iter()
                    .map(move |(kind, count)| {
                        let mut labels = labels(snapshot, endpoint);
                        labels.push(("error", kind.name().into()));
                        (labels, count)
                    })
            })
        });
        let refused = refused.collect();
        self.counters(
            "connections_refused",
            "Connections and attempts that did not become pipes, by the kind of their error.",
            None,
            refused,
        )
    }

    fn each_endpoint(&self, value: impl Fn(&Connections) -> u64) -> Vec<Series<'a>> {
        let mut series = Vec::new();
        for snapshot in self.snapshots {
            for endpoint in &snapshot.endpoints {
                series.push((labels(snapshot, endpoint), value(&endpoint.connections)));
            }
        }
        series
    }

    fn counters(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        series: Vec<Series<'_>>,
    ) -> fmt::Result {
        let name = format!("spkit_{name}");
        let kind = MetricType::Counter;
        let family = self.encoder.encode_descriptor(&name, help, unit, kind)?;
        write(family, series, ConstCounter::new)
    }

    fn gauges(&mut self, name: &str, help: &str, series: Vec<Series<'_>>) -> fmt::Result {
        let name = format!("spkit_{name}");
        let kind = MetricType::Gauge;
        let family = self.encoder.encode_descriptor(&name, help, None, kind)?;
        write(family, series, |value| {
            ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX))
        })
    }
}

fn write<M: EncodeMetric>(
    mut family: MetricEncoder<'_>,
    series: Vec<Series<'_>>,
    metric: impl Fn(u64) -> M,
) -> fmt::Result {
    for (labels, value) in series {
        let metric = metric(value);
        metric.encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn socket(snapshot: &Snapshot) -> Labels<'_> {
    vec![
        ("socket", snapshot.id.to_string().into()),
        ("protocol", snapshot.protocol.into()),
    ]
}

fn labels<'a>(snapshot: &'a Snapshot, endpoint: &'a super::EndpointStats) -> Labels<'a> {
    let mut labels = socket(snapshot);
    labels.push(("endpoint", endpoint.endpoint.raw().to_string().into()));
    labels.push(("address", endpoint.address.as_str().into()));
    labels.push((
        "role",
        if endpoint.dials { "dialer" } else { "listener" }.into(),
    ));
    labels
}

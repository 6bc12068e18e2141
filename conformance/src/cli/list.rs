//! `spkit list`.

use clap::Args;
use serde::Serialize;
use spkit_api::{OptSpec, Value, options::COMMON};
use spkit_runtime::Registry;

use super::{CONFORMANT, line};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  spkit list\n  spkit list --json")]
pub(super) struct Arguments {
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listing {
    protocols: Vec<ProtocolRow>,
    transports: Vec<TransportRow>,
    options: Vec<OptionRow>,
}

#[derive(Serialize)]
struct ProtocolRow {
    name: &'static str,
    number: String,
    peer: String,
    #[serde(rename = "crate")]
    origin: String,
    doc: &'static str,
}

#[derive(Serialize)]
struct TransportRow {
    schemes: Vec<&'static str>,
    stream: &'static str,
    #[serde(rename = "crate")]
    origin: String,
    doc: &'static str,
}

#[derive(Serialize)]
struct OptionRow {
    name: &'static str,
    of: String,
    kind: String,
    default: String,
    allowed: String,
    scope: String,
    changes: String,
    doc: &'static str,
}

pub(super) fn run(arguments: &Arguments, registry: &Registry) -> u8 {
    let listing = Listing::of(registry);
    if arguments.json {
        // Plain texts: there is nothing that could not be written.
        line(&serde_json::to_string_pretty(&listing).unwrap_or_default());
    } else {
        listing.print();
    }
    CONFORMANT
}

impl Listing {
    fn of(registry: &Registry) -> Self {
        let protocols = registry.protocols().map(|plugin| {
            let info = plugin.info();
            ProtocolRow {
                name: info.name(),
                number: format!("0x{:04x}", info.number()),
                peer: format!("0x{:04x}", info.peer()),
                origin: plugin.origin().to_string(),
                doc: info.summary(),
            }
        });
        let transports = registry.transports().map(|plugin| {
            let info = plugin.transport().info();
            TransportRow {
                schemes: info.schemes().to_vec(),
                stream: match info.stream_kind() {
                    Some(spkit_api::transport::StreamKind::Tcp) => "sp-tcp",
                    Some(spkit_api::transport::StreamKind::Ipc) => "sp-ipc",
                    _ => "own",
                },
                origin: plugin.origin().to_string(),
                doc: info.summary(),
            }
        });
        Self {
            protocols: protocols.collect(),
            transports: transports.collect(),
            options: options(registry),
        }
    }

    fn print(&self) {
        if self.protocols.is_empty() && self.transports.is_empty() {
            line(crate::harness::nothing_linked());
        }
        line("Protocols");
        table(self.protocols.iter().map(|row| {
            let numbers = format!("{} peer {}", row.number, row.peer);
            vec![
                row.name.to_owned(),
                numbers,
                row.origin.clone(),
                row.doc.to_owned(),
            ]
        }));
        line("\nTransports");
        table(self.transports.iter().map(|row| {
            let schemes = row.schemes.iter().map(|scheme| format!("{scheme}://"));
            let schemes = schemes.collect::<Vec<_>>().join(" ");
            vec![
                schemes,
                row.stream.to_owned(),
                row.origin.clone(),
                row.doc.to_owned(),
            ]
        }));
        line("\nOptions");
        let head = [
            "name",
            "kind",
            "default",
            "allowed",
            "scope",
            "changes",
            "of",
            "what it does",
        ];
        let rows = self.options.iter().map(|row| {
            let cells = [
                row.name,
                &row.kind,
                &row.default,
                &row.allowed,
                &row.scope,
                &row.changes,
                &row.of,
                row.doc,
            ];
            cells.map(str::to_owned).to_vec()
        });
        table(std::iter::once(head.map(str::to_owned).to_vec()).chain(rows));
    }
}

fn options(registry: &Registry) -> Vec<OptionRow> {
    let mut rows: Vec<OptionRow> = COMMON
        .iter()
        .map(|spec| row(spec, "every socket"))
        .collect();
    for plugin in registry.protocols() {
        let info = plugin.info();
        rows.extend(info.options().iter().map(|spec| row(spec, info.name())));
    }
    for plugin in registry.transports() {
        let info = plugin.transport().info();
        let of = format!("{}://", info.schemes().first().copied().unwrap_or_default());
        rows.extend(info.options().iter().map(|spec| row(spec, &of)));
    }
    rows
}

fn row(spec: &OptSpec, of: &str) -> OptionRow {
    OptionRow {
        name: spec.name(),
        of: of.to_owned(),
        kind: spec.kind().to_string(),
        default: match spec.default() {
            Value::Text(text) => format!("\"{text}\""),
            other => other.to_string(),
        },
        allowed: spec.allowed(),
        scope: spec.scope_of().to_string(),
        changes: spec.changes().to_string(),
        doc: spec.doc(),
    }
}

/// Prints rows in columns as wide as their widest cell; the last one runs free.
fn table(rows: impl Iterator<Item = Vec<String>>) {
    let rows: Vec<Vec<String>> = rows.collect();
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or(0))
        .collect();
    for row in &rows {
        let mut text = String::from("  ");
        for (cell, width) in row.iter().zip(&widths) {
            text.push_str(&format!("{cell:width$}  "));
        }
        line(text.trim_end());
    }
}

//! Statistics for machines: names that stay, and text that collectors read.

use spkit::{Runtime, Snapshot, openmetrics};

use crate::{connected, until, world::SOON};

fn exchanged() -> (Vec<Snapshot>, Runtime) {
    let runtime = Runtime::new().unwrap();
    let (pull, push) = connected(&runtime, ["pull", "push"], "inproc://a\"b\\c");
    push.send("12345").unwrap();
    pull.recv_timeout(SOON).unwrap();
    until(&push, "handed over", |push| push.stats().handed == 1);
    let mut snapshots = runtime.snapshots();
    snapshots.sort_by_key(|snapshot| snapshot.protocol);
    pull.close();
    push.close();
    (snapshots, runtime)
}

/// Every path into the JSON of a snapshot; elements of lists go by `[]`.
fn paths(value: &serde_json::Value, at: &str, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                paths(value, &format!("{at}.{name}"), found);
            }
        }
        serde_json::Value::Array(elements) => {
            for value in elements {
                paths(value, &format!("{at}[]"), found);
            }
        }
        _ => found.push(at.to_owned()),
    }
}

#[test]
fn the_names_in_a_serialised_snapshot_stay() {
    let (snapshots, _runtime) = exchanged();
    let json = serde_json::to_value(&snapshots[1]).unwrap();
    let mut found = Vec::new();
    paths(&json, "", &mut found);
    let found = found.join("\n") + "\n";
    let committed = include_str!("snapshot-names.txt");
    assert_eq!(
        found, committed,
        "new names go into snapshot-names.txt; old ones stay"
    );
    assert_eq!(json["protocol"], "push");
    assert_eq!(json["socket"]["sent"]["bytes"], 5);
    assert_eq!(json["pipes"][0]["traffic"]["handed"], 1);
    assert_eq!(json["endpoints"][0]["address"], "inproc://a\"b\\c");
}

#[test]
fn a_refusal_goes_by_the_name_of_its_kind() {
    let runtime = Runtime::new().unwrap();
    let (pull, pair) = (runtime.open("pull").unwrap(), runtime.open("pair").unwrap());
    pull.listen("inproc://here").unwrap();
    pair.dial("inproc://here").unwrap();
    until(&pull, "refused", |pull| {
        pull.stats().connections.refused.total() > 0
    });
    let json = serde_json::to_value(pull.snapshot()).unwrap();
    let refused = &json["endpoints"][0]["connections"]["refused"];
    assert!(
        refused["protocol-mismatch"].as_u64().unwrap() > 0,
        "{refused}"
    );
}

#[test]
fn openmetrics_text_has_every_family_once_and_ends() {
    let (snapshots, _runtime) = exchanged();
    let text = openmetrics(&snapshots);
    assert!(text.ends_with("# EOF\n"), "{text}");
    let mut families = Vec::new();
    let mut samples = 0;
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            families.push(kind);
        } else if !line.starts_with('#') {
            let family = families.last().unwrap();
            let (name, kind) = family.split_once(' ').unwrap();
            let suffix = if kind == "counter" { "_total" } else { "" };
            assert!(line.starts_with(&format!("{name}{suffix}{{")), "{line}");
            let (_, value) = line.rsplit_once(' ').unwrap();
            value.parse::<u64>().unwrap();
            samples += 1;
        }
    }
    let mut once = families.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), families.len(), "{families:?}");
    assert!(samples > 2 * families.len() / 2, "{text}");
    for line in [
        "spkit_messages_sent_total{socket=\"SOCKET\",protocol=\"push\"} 1",
        "spkit_sent_bytes_total{socket=\"SOCKET\",protocol=\"push\"} 5",
        "spkit_unsent_total{socket=\"SOCKET\",protocol=\"push\",reason=\"queue-full\"} 0",
    ] {
        let line = line.replace("SOCKET", &snapshots[1].id.to_string());
        assert!(
            text.lines().any(|known| known == line),
            "no {line} in {text}"
        );
    }
    // Quotes and backslashes of an address are escaped.
    assert!(text.contains(r#"address="inproc://a\"b\\c""#), "{text}");
}

#[test]
fn a_registry_of_others_takes_a_runtime() {
    let (snapshots, _) = exchanged();
    let runtime = Runtime::new().unwrap();
    let publisher = runtime.open("pub").unwrap();
    publisher.send("to nobody").unwrap();
    let mut registry = prometheus_client::registry::Registry::default();
    registry.register_collector(Box::new(runtime.clone()));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(text.contains("reason=\"no-peer\"} 1"), "{text}");
    assert_ne!(text, openmetrics(&snapshots));
}

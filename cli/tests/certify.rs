//! The program `spkit` as its users see it: what it prints, and how it exits.

use std::{
    fs,
    process::{Command, Output},
};

fn spkit(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_spkit");
    Command::new(program)
        .args(arguments)
        .output()
        .expect("spkit starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

#[test]
fn one_line_a_case_and_the_sum_at_the_end() {
    let output = spkit(&["certify", "tcp.framing.golden"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let cases: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("ok  "))
        .collect();
    assert_eq!(cases.len(), 4, "{text}");
    assert!(
        cases
            .iter()
            .all(|line| line.contains(" (SP-") && line.ends_with(" ms")),
        "{text}"
    );
    assert_eq!(text.lines().last(), Some("4 passed, 0 failed"));
    assert!(!text.contains('\x1b'), "colours are for terminals");
}

#[test]
fn the_report_as_json() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("report.json");
    let path = path.to_str().expect("text");
    let output = spkit(&["certify", "--json", path, "inproc.exchange.req-rep.empty"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let text = fs::read_to_string(path).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let case = &report["cases"][0];
    assert_eq!(case["id"], "inproc.exchange.req-rep.empty");
    assert_eq!(case["status"], "pass");
    assert_eq!(case["driver"], "in-process");
    assert!(
        case["requirements"]
            .as_array()
            .is_some_and(|ids| !ids.is_empty())
    );
    assert_eq!(report["summary"]["passed"], 1);

    let output = spkit(&["certify", "--json", "-", "inproc.exchange.req-rep.empty"]);
    let report: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("only JSON");
    assert_eq!(report["summary"]["failed"], 0);
    assert!(stderr(&output).contains("1 passed, 0 failed"));
}

#[test]
fn what_cannot_be_written_is_no_success() {
    let output = spkit(&[
        "certify",
        "--json",
        "/no/such/directory/x",
        "inproc.exchange.req-rep.empty",
    ]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stderr(&output).contains("/no/such/directory/x"));
}

#[test]
fn a_fault_of_the_kit_is_told_apart() {
    let program = env!("CARGO_BIN_EXE_spkit");
    let output = Command::new(program)
        .args(["certify", "ipc.framing.golden-pair"])
        .env("TMPDIR", "/no/such/directory")
        .output()
        .expect("spkit starts");
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(text.contains("/no/such/directory"), "{text}");
    assert_eq!(text.lines().last(), Some("0 passed, 0 failed"));
}

#[test]
fn a_filter_that_matches_nothing_is_no_success() {
    let output = spkit(&["certify", "no-such-case"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).contains("no case matches"),
        "{}",
        stderr(&output)
    );
    let output = spkit(&["certify", "--transport", "tcp", "ipc.header"]);
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn a_wrong_command_line_is_64() {
    for arguments in [
        &["certify", "--no-such-option"][..],
        &["certify", "--time-scale", "fast"],
        &["certify", "--time-scale", "0"],
        &["certify", "--jobs", "0"],
        &["certify", "--transport", "carrier-pigeon"],
        &["certify", "--protocol", "no-such"],
        &["no-such-command"],
        &[],
    ] {
        let output = spkit(arguments);
        assert_eq!(
            output.status.code(),
            Some(64),
            "{arguments:?}: {}",
            stderr(&output)
        );
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn an_unknown_transport_is_told_what_there_is() {
    let output = spkit(&["certify", "--transport", "carrier-pigeon"]);
    assert!(stderr(&output).contains("tcp"), "{}", stderr(&output));
}

#[test]
fn help_has_examples_and_exits_0() {
    for arguments in [
        &["--help"][..],
        &["certify", "--help"],
        &["list", "--help"],
        &["--version"],
    ] {
        let output = spkit(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        let text = stdout(&output);
        assert!(
            arguments == ["--version"] || text.contains("Examples:"),
            "{text}"
        );
    }
    let text = stdout(&spkit(&["certify", "--help"]));
    for option in [
        "--list",
        "--json",
        "--time-scale",
        "--jobs",
        "--transport",
        "--protocol",
    ] {
        assert!(text.contains(option), "{option}: {text}");
    }
}

#[test]
fn the_list_of_cases_names_their_requirements() {
    let output = spkit(&["certify", "--list", "--transport", "ipc"]);
    let text = stdout(&output);
    assert!(text.lines().count() > 60, "{text}");
    let (cases, requirements) = text.split_once("\nRequirements\n").expect("two parts");
    assert!(cases.lines().all(|line| line.starts_with("ipc.")), "{text}");
    let wanted = "  SP-IPC-010  SUITE    A message type other than 01 ends the connection";
    assert!(requirements.contains(wanted), "{text}");
    assert!(
        text.contains("ipc.type.other-than-1 (SUITE: SP-IPC-010, H-28)"),
        "{text}"
    );
}

#[test]
fn what_is_linked_in() {
    let text = stdout(&spkit(&["list"]));
    for wanted in [
        "pair",
        "0x0010",
        "req",
        "push",
        "tcp://",
        "ipc://",
        "inproc://",
        "recv-max",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let listing = stdout(&spkit(&["list", "--json"]));
    let listing: serde_json::Value = serde_json::from_str(&listing).expect("JSON");
    let names = |of: &str, key: &str| {
        let rows = listing[of].as_array().cloned().unwrap_or_default();
        rows.iter()
            .map(|row| row[key].to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        names("protocols", "name"),
        concat!(
            r#""bus" "pair" "pair1" "pair1-poly" "pub" "pull" "push" "rep" "req" "respondent" "star" "sub" "surveyor" "#,
            r#""xbus" "xpair" "xpair1" "xpub" "xpull" "xpush" "xrep" "xreq" "xrespondent" "xstar" "xsub" "xsurveyor""#
        )
    );
    assert!(names("transports", "schemes").contains("tcp"));
    assert!(names("options", "name").contains("handshake-timeout"));
}

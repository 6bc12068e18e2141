//! Requirements and cases belong together.

use std::collections::BTreeSet;

use spkit as _;
use spkit_runtime::Registry;

use crate::{Config, Register, cases};

pub(super) fn builtin() -> Registry {
    Registry::linked().unwrap()
}

#[test]
fn every_requirement_of_a_case_is_in_the_register() {
    let register = Register::get();
    for case in cases(&builtin()) {
        assert!(!case.requirements().is_empty(), "{}", case.id());
        for id in case.requirements() {
            let known = register.find(id);
            assert!(
                known.is_some(),
                "{} checks {id}, which is in no file",
                case.id()
            );
        }
    }
}

#[test]
fn every_requirement_has_a_case_or_a_reason() {
    let cases = cases(&builtin());
    let checked: BTreeSet<&str> = cases
        .iter()
        .flat_map(|case| case.requirements().iter().copied())
        .collect();
    for requirement in Register::get().iter() {
        let has_case = checked.contains(requirement.id.as_str());
        let has_reason = !requirement.untested.is_empty();
        assert!(
            has_case != has_reason,
            "{}: case {has_case}, reason {has_reason}",
            requirement.id
        );
    }
}

/// Cases on the wire that the self test has no endpoint for.
const ELSEWHERE: [&str; 1] = ["ipc.file.abstract-has-none"];

/// Each of them is run against endpoints that do nothing, and fails (see `nulls`).
#[test]
fn every_case_on_the_wire_is_part_of_the_self_test() {
    let own: BTreeSet<String> = super::KINDS
        .into_iter()
        .flat_map(super::cases)
        .map(|case| case.id().to_owned())
        .collect();
    for case in cases(&builtin()) {
        let part = own.contains(case.id()) || ELSEWHERE.contains(&case.id());
        assert!(!case.is_on_the_wire() || part, "{}", case.id());
    }
}

/// Ids of the kit's own; the others are shared with every implementation that is judged by the same document.
const OWN: &str = "SPK-";

#[test]
fn most_of_what_is_checked_concerns_every_implementation() {
    let cases = cases(&builtin());
    let checked: BTreeSet<&str> = cases
        .iter()
        .flat_map(|case| case.requirements().iter().copied())
        .filter(|id| !id.starts_with(OWN))
        .collect();
    assert!(checked.len() >= 200, "{}", checked.len());
}

#[test]
fn ids_of_cases_are_unique_and_well_formed() {
    let mut seen = BTreeSet::new();
    for case in cases(&builtin()) {
        let parts = case.id().split('.').count();
        assert!(parts >= 3, "{}", case.id());
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-+".contains(c);
        assert!(case.id().chars().all(good), "{}", case.id());
        assert!(seen.insert(case.id().to_owned()), "{} twice", case.id());
        assert_eq!(case.missing(), None, "{}", case.id());
    }
    assert!(seen.len() > 100, "{}", seen.len());
}

#[test]
fn without_plugins_there_are_no_cases_that_could_run() {
    let cases = cases(&Registry::empty());
    assert!(
        cases.iter().all(|case| case.missing().is_some()),
        "{cases:?}"
    );
}

#[test]
fn filters_choose_by_whole_id_by_part_and_by_requirement() {
    let chosen = |filter: &str| {
        let config = Config::new(builtin()).filters([filter]);
        config
            .selected()
            .iter()
            .map(|case| case.id().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        chosen("tcp.header.sent-at-once"),
        ["tcp.header.sent-at-once"]
    );
    assert!(chosen("tcp.header.sent").len() == 2);
    assert_eq!(
        chosen("SP-TCP-012"),
        [
            "tcp.header.bad-from-listener",
            "tcp.header.reserved-not-zero"
        ]
        .iter()
        .rev()
        .copied()
        .collect::<Vec<_>>()
    );
    assert!(chosen("no such case").is_empty());
    let by = Config::new(builtin())
        .transport(Some("ipc".into()))
        .protocol(Some("rep".into()));
    let by = by.selected();
    assert!(!by.is_empty());
    for case in by {
        assert!(
            case.transport() == Some("ipc") && case.protocols().contains(&"rep"),
            "{case:?}"
        );
    }
}

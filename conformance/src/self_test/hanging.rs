//! What goes wrong in a case stays in the case.

use std::sync::Arc;

use spkit_runtime::Registry;

use super::{cases, run};
use crate::{
    Config, Pace, Status,
    case::{Body, Case, Class},
    verdict::{Outcome, Trouble},
};

fn case(id: &str, body: impl Fn() -> Outcome + Send + Sync + 'static) -> Case {
    let body: Body = Arc::new(move |stage| {
        stage.log.doing("the step it was at");
        body()
    });
    let model = cases(spkit_api::transport::StreamKind::Tcp).remove(0);
    Case {
        id: id.to_owned(),
        class: Class::Brief,
        body,
        ..model
    }
}

fn config() -> Config {
    Config::new(Registry::empty())
        .pace(Pace::scaled(0.01))
        .jobs(2)
}

#[test]
fn a_case_that_hangs_fails_with_its_state_and_the_others_go_on() {
    let hang = case("a.hangs.x", || {
        loop {
            std::thread::park();
        }
    });
    let cases = [
        hang,
        case("b.passes.x", || Ok(())),
        case("c.passes.x", || Ok(())),
    ];
    let report = run(&config(), &cases);
    let [hung, rest @ ..] = report.records() else {
        panic!("three records")
    };
    assert_eq!(hung.status, Status::Timeout);
    assert!(
        hung.message.contains("the step it was at"),
        "{}",
        hung.message
    );
    assert!(rest.iter().all(|record| record.status == Status::Pass));
    assert_eq!(
        (report.passed(), report.failed(), report.exit_code()),
        (2, 1, 1)
    );
}

#[test]
fn a_fault_of_the_kit_is_no_verdict_on_the_plugin() {
    let broken = case("a.breaks.x", || {
        Err(Trouble::Kit("no directory".to_owned()))
    });
    let panics = case("b.panics.x", || panic!("on purpose"));
    let passes = case("c.passes.x", || Ok(()));
    let report = run(&config(), &[broken, panics, passes]);
    assert_eq!(
        (report.passed(), report.failed(), report.harness_errors()),
        (1, 0, 2)
    );
    assert_eq!(report.exit_code(), 4);
    assert!(report.records()[1].message.contains("on purpose"));
}

#[test]
fn if_everything_is_skipped_nothing_ran() {
    let skipped = case("a.skips.x", || Err(Trouble::Skipped("not here".to_owned())));
    assert_eq!(run(&config(), &[skipped]).exit_code(), 3);
    assert_eq!(run(&config(), &[]).exit_code(), 3);
}

#[test]
fn a_failure_comes_before_all_else() {
    let fails = case("a.fails.x", || Err(Trouble::failed("this", "that")));
    let broken = case("b.breaks.x", || {
        Err(Trouble::Kit("no directory".to_owned()))
    });
    let report = run(&config(), &[fails, broken]);
    assert_eq!(report.exit_code(), 1);
    assert_eq!(report.records()[0].message, "expected this; seen: that");
}

#[test]
fn two_reports_of_the_same_verdicts_differ_in_what_is_volatile_only() {
    let json = || {
        let cases = [
            case("b.passes.x", || Ok(())),
            case("a.fails.x", || Err(Trouble::failed("this", "that"))),
            case("c.passes.x", || Ok(())),
        ];
        let text = run(&config(), &cases).to_json();
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        value.as_object_mut().unwrap().remove("volatile").unwrap();
        value.to_string()
    };
    let first = json();
    assert_eq!(first, json());
    assert!(
        first.contains(r#""id":"a.fails.x","level":"MUST""#),
        "{first}"
    );
    assert!(
        first.contains(r#""status":"fail""#) && first.contains(r#""passed":2"#),
        "{first}"
    );
}

//! Publish/subscribe, surveys and the bus.

use crate::Test;
use crate::scene::{Scene, Theirs, sent};
use crate::support::program::SOON;

pub(crate) const TESTS: &[Test] = &[
    ("program-pub", program_pub),
    ("program-sub", program_sub),
    ("socket-pub", socket_pub),
    ("program-surveyor", program_surveyor),
    ("program-respondent", program_respondent),
    ("program-bus", program_bus),
];

/// The interval of surveys: longer than a delayed acknowledgement, by which nanomsg's answers may be late.
fn now_and_then(theirs: Theirs) -> &'static str {
    match theirs {
        Theirs::Nanomsg => "--interval 0.3",
        Theirs::Nng => "--interval 2",
    }
}

fn program_pub(scene: Scene) {
    let place = scene.place();
    let mut sub = scene.theirs(&place, "sub", "--subscribe n --quoted");
    let _pub = scene.ours(&place, "pub", "--data news --interval 0.05");
    for _ in 0..3 {
        assert_eq!(sub.line(), "\"news\"");
    }
}

fn program_sub(scene: Scene) {
    let place = scene.place();
    let mut sub = scene.ours(&place, "sub", "--subscribe n --quoted");
    let line = format!("--data news {}", scene.theirs.often());
    let _pub = scene.theirs(&place, "pub", &line);
    for _ in 0..2 {
        assert_eq!(sub.line(), "\"news\"");
    }
}

/// Of two topics the subscriber gets the one it asked for.
fn socket_pub(scene: Scene) {
    let place = scene.place();
    let mut sub = scene.theirs(&place, "sub", "--subscribe b --quoted");
    let publisher = scene.socket(&place, "pub");
    publisher.wait_for_peers(1, SOON).unwrap();
    for n in 0..100 {
        sent(&publisher, format!("a {n}"));
        sent(&publisher, format!("b {n}"));
    }
    // Its subscription may be later than our first messages.
    let first = sub.line();
    let first: usize = first.trim_matches(['"', 'b', ' ']).parse().unwrap();
    for n in first + 1..100 {
        assert_eq!(sub.line(), format!("\"b {n}\""));
    }
}

fn program_surveyor(scene: Scene) {
    let place = scene.place();
    let mut respondent = scene.theirs(&place, "respondent", "--data yes --quoted");
    let line = format!("--data who --quoted {}", now_and_then(scene.theirs));
    let mut surveyor = scene.ours(&place, "surveyor", &line);
    assert_eq!(surveyor.line(), "\"yes\"");
    assert_eq!(respondent.line(), "\"who\"");
}

fn program_respondent(scene: Scene) {
    let place = scene.place();
    let mut respondent = scene.ours(&place, "respondent", "--data yes --quoted");
    let line = format!("--data who --quoted {}", now_and_then(scene.theirs));
    let mut surveyor = scene.theirs(&place, "surveyor", &line);
    assert_eq!(surveyor.line(), "\"yes\"");
    assert_eq!(respondent.line(), "\"who\"");
}

fn program_bus(scene: Scene) {
    let place = scene.place();
    let line = format!("--data theirs --quoted {}", scene.theirs.often());
    let mut theirs = scene.theirs(&place, "bus", &line);
    let mut ours = scene.ours(&place, "bus", "--data ours --quoted --interval 0.7");
    assert_eq!(ours.line(), "\"theirs\"");
    assert_eq!(theirs.line(), "\"ours\"");
}

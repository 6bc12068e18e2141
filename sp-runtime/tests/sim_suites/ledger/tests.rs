//! Ledgers that break one rule each.

use super::*;

fn bodies(names: &str) -> Vec<Vec<u8>> {
    names.split_whitespace().map(Vec::from).collect()
}

fn line(handed: &str, arrived: &str, received: &str) -> Line {
    Line {
        from: "a".to_owned(),
        to: "b".to_owned(),
        handed: bodies(handed),
        arrived: bodies(arrived),
        received: bodies(received),
        connection: ConnectionId::from_raw(0),
        ended: false,
        refused: false,
        closed: false,
    }
}

/// A socket that accepted `1 2 3` and dropped so many of them, and its connections.
fn ledger(dropped: u64, lines: impl Into<Vec<Line>>) -> Ledger {
    let accepted = bodies("1 2 3").into_iter().map(|body| (body, None));
    let accepted = accepted.collect();
    Ledger {
        accepted: [("a".to_owned(), accepted)].into(),
        dropped: [("a".to_owned(), dropped)].into(),
        lines: lines.into(),
    }
}

fn right(dropped: u64, lines: impl Into<Vec<Line>>) {
    assert_eq!(check(&ledger(dropped, lines)), [""; 0]);
}

#[track_caller]
fn wrong(what: &str, lines: impl Into<Vec<Line>>) {
    let faults = check(&ledger(0, lines));
    assert!(
        faults.iter().any(|fault| fault.contains(what)),
        "{faults:?}"
    );
}

fn ended(line: Line) -> Line {
    Line {
        ended: true,
        ..line
    }
}

#[test]
fn what_may_happen_is_right() {
    right(0, [line("1 2 3", "1 2 3", "1 2 3")]);
    right(0, [line("1 3", "1 3", "1 3"), line("2", "2", "2")]);
    right(1, [ended(line("1 2", "1", "1"))]);
    let closed = Line {
        closed: true,
        ..line("1 2 3", "1 2 3", "1")
    };
    right(0, [closed]);
}

#[test]
fn a_loss_on_a_connection_that_stands() {
    wrong(
        "did not arrive, and the connection stands: 2",
        [line("1 2", "1", "1")],
    );
    wrong("arrived and was not received: 2", [line("1 2", "1 2", "1")]);
}

#[test]
fn what_arrived_over_a_connection_that_ended_counts_all_the_same() {
    wrong(
        "arrived and was not received: 2",
        [ended(line("1 2", "1 2", "1"))],
    );
}

#[test]
fn a_loss_that_nobody_counted() {
    wrong("went nowhere: 2, 3", [ended(line("1", "1", "1"))]);
}

#[test]
fn twice() {
    wrong(
        "out of order, or twice: 1",
        [line("1 1 2 3", "1 1 2 3", "1 1 2 3")],
    );
    wrong(
        "not what was handed over: 1",
        [line("1 2 3", "1 1 2 3", "1 1 2 3")],
    );
    wrong("not what arrived: 1", [line("1 2 3", "1 2 3", "1 1 2 3")]);
    wrong(
        "more than once: 1",
        [line("1 2 3", "1 2 3", "1 2 3"), line("1", "1", "1")],
    );
}

#[test]
fn out_of_order() {
    wrong("out of order", [line("1 3 2", "1 3 2", "1 3 2")]);
    wrong(
        "not what was handed over: 3",
        [line("1 2 3", "1 3 2", "1 3 2")],
    );
    wrong("not what arrived: 2", [line("1 2 3", "1 2 3", "2 1 3")]);
}

#[test]
fn out_of_nowhere() {
    wrong("never accepted: 4", [line("1 2 3 4", "1 2 3 4", "1 2 3 4")]);
}

#[test]
fn a_second_peer() {
    let second = |ended, received| Line {
        ended,
        refused: true,
        ..line("1 2 3", "1 2 3", received)
    };
    right(0, [second(true, "")]);
    wrong("not refused", [second(false, "")]);
    wrong("from a refused peer: 1", [second(true, "1")]);
}

#[test]
fn a_message_for_another_peer() {
    let mut ledger = ledger(0, [line("1 2 3", "1 2 3", "1 2 3")]);
    for (to, faults) in [(0, 0), (1, 1)] {
        ledger.accepted.get_mut("a").unwrap()[1].1 = Some(ConnectionId::from_raw(to));
        let found = check(&ledger);
        assert_eq!(found.len(), faults, "{found:?}");
        assert!(
            found
                .iter()
                .all(|fault| fault.contains("meant for another peer: 2"))
        );
    }
}

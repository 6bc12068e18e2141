//! The counters that `--stats` prints.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};
use spkit::Stats;

/// Prints all counters to standard error: a line each, or one object of JSON.
pub(crate) fn print(stats: &Stats, time: Duration, as_json: bool) {
    let mut stats = json!(stats);
    stats["seconds"] = json!((time.as_secs_f64() * 1e3).round() / 1e3);
    let text = if as_json {
        format!("{}\n", json!({ "stats": stats }))
    } else {
        let mut lines = String::new();
        list("", &stats, &mut lines);
        lines
    };
    // Where standard error is gone there is nobody to tell.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// `sent.bytes 12`: a line for each number, however deep it is.
fn list(name: &str, value: &Value, lines: &mut String) {
    let Value::Object(map) = value else {
        // To a string it never fails.
        let _ = writeln!(lines, "{name} {value}");
        return;
    };
    for (key, value) in map {
        match name {
            "" => list(key, value, lines),
            _ => list(&format!("{name}.{key}"), value, lines),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_listed_by_their_way() {
        let mut lines = String::new();
        list(
            "",
            &json!({"a": 1, "b": {"c": {"d": 2.5}, "e": 3}, "f": {}}),
            &mut lines,
        );
        assert_eq!(lines, "a 1\nb.c.d 2.5\nb.e 3\n");
    }
}

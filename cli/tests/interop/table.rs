//! The matrix as a table: printed, and compared with the one in the docs.

use std::collections::HashMap;
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::matrix::{Cell, Peer};

/// Set to 1, the page is written instead of compared.
const REGENERATE: &str = "SPKIT_WRITE_INTEROP";

/// Cells that ran, by name, and whether they passed.
static RAN: Mutex<Option<HashMap<String, bool>>> = Mutex::new(None);

pub(crate) fn note(cell: &Cell, passed: bool) {
    let mut ran = RAN.lock().unwrap_or_else(PoisonError::into_inner);
    ran.get_or_insert_default().insert(cell.name(), passed);
}

/// Prints the table of what ran, if anything did. An error says how it differs from the page.
pub(crate) fn report() -> Result<(), String> {
    let ran = RAN.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(ran) = ran.as_ref() else {
        return Ok(());
    };
    let actual = page(|cell| match ran.get(&cell.name()) {
        Some(true) => "ok",
        Some(false) => "FAILED",
        None => "not run",
    });
    println!("{actual}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/interop.md");
    if env::var_os(REGENERATE).is_some_and(|value| value == "1") {
        if actual.contains("not run") || actual.contains("FAILED") {
            return Err("docs/interop.md is written only if every cell ran, and passed".into());
        }
        return fs::write(path, actual).map_err(|error| format!("docs/interop.md: {error}"));
    }
    // What failed is told already, and what did not run is as the page says.
    let expected = page(|_| "ok");
    let committed = fs::read_to_string(path).unwrap_or_default();
    if committed == expected {
        return Ok(());
    }
    let differs = expected
        .lines()
        .zip(committed.lines())
        .find(|(one, other)| one != other);
    let (here, there) = differs.unwrap_or(("more or fewer lines", ""));
    Err(format!(
        "docs/interop.md is not what was run:\n  run:       {here}\n  committed: {there}\n\
         write it with {REGENERATE}=1 cargo test -p spkit-cli --test interop"
    ))
}

const HEAD: &str = "\
# Interoperability

A socket of spkit as each protocol, over each transport, listening and dialing, with each peer: a socket of spkit in the
same process, the `nanocat` of spkit, nanomsg's `nanocat` (1.1.5) and nng's `nngcat` (1.5.2), both as Debian packages
them. A cell that says `ok` was run: messages of a few bytes, of none, of every byte and of a megabyte went in each
direction that the two protocols have, and arrived as they were sent (with nngcat as BUS and SURVEYOR only the one of
every byte: larger ones make it fail by itself). The other cells say why there is nothing to run.

This page is compared with what `cargo test -p spkit-cli --test interop` runs, and written by it with
`SPKIT_WRITE_INTEROP=1`. The same command runs more with these programs: thousands of messages, peers that are killed and
come back, peers of the wrong protocol, and our `nanocat` at our end.

| our end | transport | we | spkit | our `nanocat` | nanomsg's `nanocat` | nng's `nngcat` |
|---|---|---|---|---|---|---|
";

fn page(shown: impl Fn(&Cell) -> &'static str) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    let mut text = HEAD.to_owned();
    let cells: Vec<_> = Cell::all().collect();
    for row in cells.chunks(Peer::ALL.len()) {
        let Cell {
            ours,
            carrier,
            role,
            ..
        } = row[0];
        // Writing to a string never fails.
        let _ = write!(text, "| {ours} | {} | {} |", carrier.name(), role.name());
        for cell in row {
            let _ = match cell.missing() {
                None => write!(text, " {} |", shown(cell)),
                Some(reason) => {
                    let known = reasons.iter().position(|known| *known == reason);
                    let number = known.unwrap_or_else(|| {
                        reasons.push(reason);
                        reasons.len() - 1
                    });
                    write!(text, " – ({}) |", number + 1)
                }
            };
        }
        text.push('\n');
    }
    for (number, reason) in reasons.iter().enumerate() {
        let _ = write!(text, "\n({}) {reason}.\n", number + 1);
    }
    text
}

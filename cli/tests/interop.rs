//! Our `nanocat` and our sockets with nanomsg's `nanocat` and nng's `nngcat`.
//!
//! The [matrix] has a cell for each protocol, transport, role and peer; its table is printed at the end and compared with
//! `docs/interop.md`. The other tests do more over tcp and ipc with either side listening.
//!
//! Where a peer is not installed its tests are reported as ignored, with what
//! to install; with `SPKIT_REQUIRE_PEERS=1` they fail.
//!
//! Nothing sleeps until something is probably the case. Dialers try again until
//! somebody listens, and what is printed shows how far a program is.

#[path = "interop/body.rs"]
mod body;
#[path = "interop/exchanges.rs"]
mod exchanges;
#[path = "interop/losses.rs"]
mod losses;
#[path = "interop/matrix.rs"]
mod matrix;
#[path = "interop/patterns.rs"]
mod patterns;
#[path = "interop/played.rs"]
mod played;
#[path = "interop/scene.rs"]
mod scene;
mod support;
#[path = "interop/table.rs"]
mod table;

use std::process;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use matrix::{Cell, Peer};
use scene::{Role, Scene, Theirs};
use support::peers;
use support::places::Carrier;

/// A test, with its name.
type Test = (&'static str, fn(Scene));

fn main() {
    let mut arguments = Arguments::from_args();
    // They wait more than they work.
    arguments.test_threads.get_or_insert(16);
    let mut trials = Vec::new();
    for theirs in Theirs::ALL {
        for carrier in Carrier::ALL {
            for role in Role::ALL {
                let scene = Scene::new(theirs, carrier, role);
                let tests = exchanges::TESTS.iter().chain(patterns::TESTS);
                let tests = tests.chain(losses::tests(role));
                trials.extend(tests.map(|test| trial(scene, test)));
            }
        }
    }
    let cells = Cell::all().filter(|cell| cell.missing().is_none());
    trials.extend(cells.map(matrix_trial));
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Err(error) = table::report() {
        eprintln!("{error}");
        process::exit(101);
    }
    conclusion.exit();
}

fn trial(scene: Scene, (name, run): &'static Test) -> Trial {
    Trial::ignorable_test(format!("{scene}/{name}"), move || {
        with(scene.theirs, || run(scene))
    })
}

fn matrix_trial(cell: Cell) -> Trial {
    Trial::ignorable_test(cell.name(), move || {
        let run = || {
            table::note(&cell, false);
            cell.run();
            table::note(&cell, true);
        };
        match cell.peer {
            Peer::Theirs(theirs) => with(theirs, run),
            Peer::Socket | Peer::Program => {
                run();
                Ok(Completion::Completed)
            }
        }
    })
}

/// Runs it if the peer is installed.
fn with(theirs: Theirs, run: impl FnOnce()) -> Result<Completion, Failed> {
    match theirs.path() {
        Ok(_) => run(),
        Err(reason) if peers::required() => return Err(Failed::from(reason)),
        Err(reason) => return Ok(Completion::ignored_with(reason)),
    }
    Ok(Completion::Completed)
}

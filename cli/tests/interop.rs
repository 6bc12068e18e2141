//! Our `nanocat` and our sockets with nanomsg's `nanocat` and nng's `nngcat`:
//! each protocol, over tcp and ipc, with either side listening.
//!
//! Where a peer is not installed its tests are reported as ignored, with what
//! to install; with `SPKIT_REQUIRE_PEERS=1` they fail.
//!
//! Nothing sleeps until something is probably the case. Dialers try again until
//! somebody listens, and what is printed shows how far a program is.

#[path = "interop/exchanges.rs"]
mod exchanges;
#[path = "interop/losses.rs"]
mod losses;
#[path = "interop/patterns.rs"]
mod patterns;
#[path = "interop/scene.rs"]
mod scene;
mod support;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

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
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(scene: Scene, (name, run): &'static Test) -> Trial {
    Trial::ignorable_test(format!("{scene}/{name}"), move || {
        match scene.theirs.path() {
            Ok(_) => run(scene),
            Err(reason) if peers::required() => return Err(Failed::from(reason)),
            Err(reason) => return Ok(Completion::ignored_with(reason)),
        }
        Ok(Completion::Completed)
    })
}

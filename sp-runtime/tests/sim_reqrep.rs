//! Request/reply in the simulator. More seeds: the example `simulate`.

mod sim_suites;

use sim_suites::suite;

#[test]
fn every_request_ends_in_exactly_one_reply_or_one_error() {
    suite("reqrep").unwrap().sweep(0..300);
}

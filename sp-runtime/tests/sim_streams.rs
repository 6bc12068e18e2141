//! Pipelines and pairs in the simulator. More seeds: the example `simulate`.

mod sim_suites;

use sim_suites::{
    sabotage::{
        all_are_noticed,
        faults::{PAIR, PAIR_1, PULL, PUSH},
    },
    suite,
};

#[test]
fn a_pipeline_brings_each_message_once_and_in_order() {
    suite("pipeline").unwrap().sweep(0..200);
}

#[test]
fn a_pipeline_misses_only_what_was_under_way_on_a_connection_that_broke() {
    suite("pipeline-cuts").unwrap().sweep(0..200);
}

#[test]
fn a_pair_passes_messages_in_order_and_refuses_a_third() {
    suite("pair").unwrap().sweep(0..200);
}

#[test]
fn a_pair_takes_the_next_peer_when_one_broke() {
    suite("pair-cuts").unwrap().sweep(0..200);
}

#[test]
fn faults_in_a_pipeline_are_noticed() {
    all_are_noticed(&[PUSH, PULL]);
}

#[test]
fn faults_in_a_pair_are_noticed() {
    all_are_noticed(&[PAIR, PAIR_1]);
}

#[test]
fn a_pair1_passes_messages_in_order_and_refuses_a_third() {
    suite("pair1").unwrap().sweep(0..200);
}

#[test]
fn a_pair1_takes_the_next_peer_when_one_broke() {
    suite("pair1-cuts").unwrap().sweep(0..200);
}

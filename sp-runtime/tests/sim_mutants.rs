//! The suites notice what is wrong: each sabotaged protocol is caught within a few seeds.

mod sim_suites;

use sim_suites::sabotage::FAULTS;

/// Seeds within which a fault must show.
const SEEDS: u64 = 200;

#[test]
fn every_fault_is_noticed() {
    let mut unnoticed = Vec::new();
    for fault in FAULTS {
        let caught = (0..SEEDS).find_map(|seed| {
            let run = (fault.run)(seed);
            Some((seed, run.faults.into_iter().next()?))
        });
        match caught {
            Some((seed, why)) => println!("{:22} seed {seed:3}: {why}", fault.name),
            None => unnoticed.push(fault.name),
        }
    }
    assert!(unnoticed.is_empty(), "not noticed: {unnoticed:?}");
}

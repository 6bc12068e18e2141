pub fn run(_seed: u64) -> super::Run { todo!() }
pub fn run_with_cuts(_seed: u64) -> super::Run { todo!() }

//! Runs a scenario with the engine alone and prints the number of its requests: `engine-alone FILE [SETTING...]`.

use std::path::Path;

use sim_core::{SimTime, Simulation};
use sim_models::scenario::{Input, Overrides, load};
use sim_models::system::System;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().ok_or("which scenario?")?;
    let text = std::fs::read_to_string(&name)?;
    let folder = Path::new(&name).parent().unwrap_or(Path::new(".")).to_path_buf();
    let overrides = Overrides { settings: arguments.collect(), ..Overrides::default() };
    let loaded = load(&Input { name, text, folder: folder.into() }, &overrides);
    let blueprint = loaded.blueprint.ok_or("the scenario has errors")?;

    let end = SimTime::ZERO + blueprint.run.duration + blueprint.run.drain;
    let mut simulation = Simulation::new(System::new(blueprint, 0));
    let (system, schedule) = simulation.parts();
    system.begin(schedule);
    simulation.run_until(end, u64::MAX);
    let workloads = simulation.parts().0.recorder().workloads();
    println!("{}", workloads.iter().map(|workload| workload.offered).sum::<u64>());
    Ok(())
}

//! `fusebox check`.

use clap::Args;
use sim_reports::printable;

use crate::failure::Failure;
use crate::scenario::ScenarioFiles;
use crate::terminal;

/// Report all mistakes in scenarios and their variants, without running them
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fusebox check scenarios/*.yaml")]
pub struct CheckCommand {
    #[command(flatten)]
    scenarios: ScenarioFiles,
}

impl CheckCommand {
    /// Shows every problem of every file. Fails if any file has errors.
    pub fn execute(&self) -> Result<(), Failure> {
        let scenarios = self.scenarios.check()?;
        for (file, scenario) in self.scenarios.files.iter().zip(&scenarios) {
            if scenario.problems.is_empty() {
                terminal::print(&format!("{}: fine\n", printable::path(file)))?;
            }
        }
        let all_sound = scenarios.iter().all(|scenario| scenario.blueprint.is_some());
        if all_sound { Ok(()) } else { Err(Failure::Scenario) }
    }
}

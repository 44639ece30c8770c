//! `fusebox check`.

use clap::Args;
use sim_reports::printable;

use crate::failure::Failure;
use crate::scenario::ScenarioFiles;
use crate::terminal;

/// Report all mistakes in scenarios and their variants, without running them
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fusebox check shop.yaml\n  fusebox check scenarios/")]
pub struct CheckCommand {
    #[command(flatten)]
    scenarios: ScenarioFiles,
}

impl CheckCommand {
    /// Shows every problem of every file. Fails if any file has errors.
    pub fn execute(&self) -> Result<(), Failure> {
        let mut all_sound = true;
        for file in self.scenarios.chosen()? {
            let scenario = self.scenarios.check(&file)?;
            if scenario.problems.is_empty() {
                terminal::print(&format!("{}: fine\n", printable::path(&file.path)))?;
            }
            all_sound &= scenario.blueprint.is_some();
        }
        if all_sound { Ok(()) } else { Err(Failure::Scenario) }
    }
}

//! `fusebox check`.

use crate::arguments::Check;
use crate::failure::Failure;
use crate::{scenario, terminal};

/// Reports every problem of every file; fails if any has errors.
pub fn check(arguments: &Check) -> Result<(), Failure> {
    let scenarios = scenario::check_all(&arguments.scenarios)?;
    for (file, scenario) in arguments.scenarios.files.iter().zip(&scenarios) {
        if scenario.problems == 0 {
            terminal::print(&format!("{}: fine\n", file.display()))?;
        }
    }
    if scenarios.iter().all(|scenario| scenario.blueprint.is_some()) {
        Ok(())
    } else {
        Err(Failure::Scenario)
    }
}

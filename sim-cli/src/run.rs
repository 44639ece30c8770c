//! `fusebox run`.

use std::path::PathBuf;
use std::sync::Arc;

use sim_experiments::{Finished, run_all};
use sim_models::system::Blueprint;
use sim_reports::{files, json, text};

use crate::arguments::{Format, Run};
use crate::failure::Failure;
use crate::progress::Watcher;
use crate::{scenario, terminal};

/// Runs every file, prints the report of each in the order given, writes the folders asked for.
pub fn run(arguments: &Run) -> Result<(), Failure> {
    let scenarios = scenario::read_all(
        &arguments.scenarios,
        &settings(arguments.seed, arguments.duration.as_deref()),
    )?;
    let blueprints: Vec<Arc<Blueprint>> = scenarios
        .into_iter()
        .map(|scenario| scenario.blueprint.ok_or(Failure::Scenario))
        .collect::<Result<_, _>>()?;
    let folders = folders(arguments, &blueprints)?;
    let finished = simulate(arguments, &blueprints);
    for (index, finished) in finished.iter().enumerate() {
        match arguments.format {
            Format::Text if index > 0 => terminal::print(&format!(
                "\n{}",
                text::report(finished, terminal::stdout_palette())
            ))?,
            Format::Text => terminal::print(&text::report(finished, terminal::stdout_palette()))?,
            Format::Json => terminal::print(&json::report(finished))?,
        }
        if let Some(folder) = folders.get(index) {
            files::write_all(finished, folder)?;
        }
    }
    let is_cut_short =
        |finished: &Finished| finished.is_partial() || finished.summary.called_off.is_some();
    if finished.iter().any(is_cut_short) { Err(Failure::Stopped) } else { Ok(()) }
}

/// `--seed` and `--duration` are settings with a name of their own.
pub fn settings(seed: Option<u64>, duration: Option<&str>) -> Vec<String> {
    let seed = seed.map(|seed| format!("run.seed={seed}"));
    let duration = duration.map(|duration| format!("run.duration={duration}"));
    seed.into_iter().chain(duration).collect()
}

fn simulate(arguments: &Run, blueprints: &[Arc<Blueprint>]) -> Vec<Finished> {
    let jobs = jobs(arguments.jobs);
    let names: Vec<String> = blueprints.iter().map(|blueprint| blueprint.name.clone()).collect();
    let watcher = Watcher::new(&names);
    let finished = run_all(blueprints, jobs, &|run, progress| watcher.look(run, progress));
    watcher.clear();
    finished
}

/// As many threads as were asked for; one a processor if nothing was said.
pub fn jobs(asked_for: Option<usize>) -> usize {
    let processors = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    asked_for.unwrap_or_else(processors).max(1)
}

/// One folder for one file; for several, one below it for each, by the scenario's name.
fn folders(arguments: &Run, blueprints: &[Arc<Blueprint>]) -> Result<Vec<PathBuf>, Failure> {
    let Some(out) = &arguments.out else { return Ok(Vec::new()) };
    if blueprints.len() == 1 {
        return Ok(vec![out.clone()]);
    }
    let names: Vec<&str> = blueprints.iter().map(|blueprint| blueprint.name.as_str()).collect();
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            return Err(Failure::Usage(format!(
                "two scenarios are called `{name}`, so their results would share a folder; run them one by one"
            )));
        }
    }
    Ok(names.iter().map(|name| out.join(name)).collect())
}

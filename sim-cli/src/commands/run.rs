//! `fusebox run`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use sim_experiments::{Finished, replay_all, replicate};
use sim_models::system::Blueprint;
use sim_reports::run::{json, replications, replications_json, report, write_all};
use sim_reports::{files, printable};

use crate::failure::Failure;
use crate::output::{FormatOption, OutOption, ReportFormat, describe};
use crate::progress::JobsOption;
use crate::scenario::{DurationOption, ReplayOptions, ScenarioFiles, SeedOption};
use crate::terminal;

const FILES: &str = "Also write summary.json, timeline.csv, series.csv, latency.csv, overview.svg \
                     and overview.png into this folder";

/// More replications than this would fill the memory with their summaries.
const MOST_REPLICATIONS: u64 = 100_000;

const JOBS: &str = "Run several files or replications on this many threads; the results are the same for any \
                    number [default: all processors]";

/// Run scenarios and print a summary and a timeline of each
#[derive(Debug, Args)]
#[command(
    mut_args(describe("out", FILES)),
    mut_args(describe("jobs", JOBS)),
    after_help = "Examples:
  fusebox run scenarios/cascade-unprotected.yaml
  fusebox run scenarios/cascade-unprotected.yaml --set services.d.threads=60
  fusebox run scenarios/order-chain.yaml --variant latency-protected --out results/
  fusebox run scenarios/cascade-protected.yaml --condition peak --replication 2000003
  fusebox run scenarios/sizing.yaml --replications 20"
)]
pub struct RunCommand {
    #[command(flatten)]
    scenarios: ScenarioFiles,
    #[command(flatten)]
    seed: SeedOption,
    #[command(flatten)]
    replay: ReplayOptions,
    /// Run this many replications of the seed, and print the mean of each figure with its 95 % confidence
    /// interval instead of one run
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u64).range(2..=MOST_REPLICATIONS),
        conflicts_with_all = ["replication", "out"]
    )]
    replications: Option<u64>,
    #[command(flatten)]
    duration: DurationOption,
    #[command(flatten)]
    format: FormatOption,
    #[command(flatten)]
    out: OutOption,
    #[command(flatten)]
    jobs: JobsOption,
}

impl RunCommand {
    /// Runs every file, prints the reports in the order of the files, and writes folders.
    pub fn execute(&self) -> Result<(), Failure> {
        let settings = [self.seed.setting(), self.duration.setting()].into_iter().flatten();
        let overrides = self.replay.applied_to(self.scenarios.changes.overrides(settings));
        let blueprints: Vec<Arc<Blueprint>> = self
            .scenarios
            .load(&overrides)?
            .into_iter()
            .map(|loaded| loaded.blueprint.ok_or(Failure::Scenario))
            .collect::<Result<_, _>>()?;
        if let Some(wanted) = self.replications {
            return self.replicate(&blueprints, wanted);
        }
        let names: Vec<String> =
            blueprints.iter().map(|blueprint| blueprint.name.clone()).collect();
        let folders = self.folders(&names)?;
        let watch = self.jobs.watch_runs(&names);
        let finished = replay_all(&blueprints, self.replay.replication, &watch);
        for (index, finished) in finished.iter().enumerate() {
            self.print(index, finished)?;
            if let Some(folder) = folders.get(index) {
                write_all(finished, folder)?;
            }
        }
        let is_cut_short =
            |finished: &Finished| finished.is_partial() || finished.summary.called_off.is_some();
        if finished.iter().any(is_cut_short) { Err(Failure::Stopped) } else { Ok(()) }
    }

    /// Runs replications of each scenario and prints their means.
    fn replicate(&self, blueprints: &[Arc<Blueprint>], wanted: u64) -> Result<(), Failure> {
        let watch = self.jobs.watch();
        let mut are_complete = true;
        for (index, blueprint) in blueprints.iter().enumerate() {
            let replicated = replicate(blueprint, wanted, &watch);
            are_complete &= replicated.stopped.is_none();
            match self.format.format {
                ReportFormat::Text => {
                    let gap = if index > 0 { "\n" } else { "" };
                    let report = replications(&replicated, terminal::stdout_palette());
                    terminal::print_report(&format!("{gap}{report}"))?;
                }
                ReportFormat::Json => terminal::print(&replications_json(&replicated))?,
            }
        }
        if are_complete { Ok(()) } else { Err(Failure::Stopped) }
    }

    fn print(&self, index: usize, finished: &Finished) -> Result<(), Failure> {
        match self.format.format {
            ReportFormat::Text => {
                let gap = if index > 0 { "\n" } else { "" };
                let report = report(finished, terminal::stdout_palette());
                terminal::print_report(&format!("{gap}{report}"))
            }
            ReportFormat::Json => terminal::print(&json(finished)),
        }
    }

    /// The folder to write for each scenario: for one file the folder itself, for several one below
    /// it for each name.
    fn folders(&self, names: &[String]) -> Result<Vec<PathBuf>, Failure> {
        let Some(folder) = &self.out.folder else { return Ok(Vec::new()) };
        if names.len() == 1 {
            return Ok(vec![folder.clone()]);
        }
        let below: Vec<String> = names.iter().map(|name| files::name_for(name)).collect();
        for (index, name) in below.iter().enumerate() {
            // Some file systems do not tell capital letters from small ones.
            let is_same = |other: &String| other.to_lowercase() == name.to_lowercase();
            if let Some(first) = below[..index].iter().position(is_same) {
                let named = if names[first] == names[index] {
                    format!("two scenarios are called `{}`", names[index])
                } else {
                    format!("two scenarios are called `{}` and `{}`", names[first], names[index])
                };
                return Err(Failure::Usage(format!(
                    "{named}, so their results would share the folder {}; run them one by one",
                    printable::path(&folder.join(name))
                )));
            }
        }
        Ok(below.iter().map(|name| folder.join(name)).collect())
    }
}

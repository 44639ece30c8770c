//! `fusebox run`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use sim_experiments::{Finished, replay_all};
use sim_models::system::Blueprint;
use sim_reports::run::{json, report, write_all};
use sim_reports::{files, printable};

use crate::failure::Failure;
use crate::output::{FormatOption, OutOption, ReportFormat, describe};
use crate::progress::JobsOption;
use crate::scenario::{DurationOption, ReplayOptions, ScenarioFiles, SeedOption};
use crate::terminal;

const FILES: &str = "Also write summary.json, timeline.csv, series.csv, latency.csv, overview.svg \
                     and overview.png into this folder";

const JOBS: &str = "Run several files on this many threads; the results are the same for any \
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
  fusebox run scenarios/cascade-protected.yaml --condition peak --replication 2000003"
)]
pub struct RunCommand {
    #[command(flatten)]
    scenarios: ScenarioFiles,
    #[command(flatten)]
    seed: SeedOption,
    #[command(flatten)]
    replay: ReplayOptions,
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

//! `fusebox run`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use sim_experiments::{Finished, replay_all, replicate};
use sim_models::printable::line;
use sim_models::scenario::{Loaded, Overrides};
use sim_models::system::Blueprint;
use sim_reports::run::{
    Invocation, comparison, comparison_json, held_by_another, json, replications,
    replications_json, report, write_all,
};
use sim_reports::{files, printable};

use crate::failure::Failure;
use crate::output::{FormatOption, OutOption, ReportFormat, describe};
use crate::progress::JobsOption;
use crate::scenario::{DurationOption, ReplayOptions, ScenarioFiles, SeedOption, cases_of};
use crate::terminal;

const FILES: &str = "Also write summary.json, timeline.csv, series.csv, latency.csv, overview.svg \
                     and overview.png into this folder";

/// Stands for every variant, and the scenario as it is written.
const ALL: &str = "all";
/// The folder of the results of a scenario as it is written, beside those of its variants.
const AS_WRITTEN: &str = "as-written";

/// More replications than this would fill the memory with their summaries.
const MOST_REPLICATIONS: u64 = 100_000;

const VARIANT: &str = "Apply a named variant of the scenario; all runs it as it is written and with each variant, and \
                       compares them";

const JOBS: &str = "Run several files or replications on this many threads; the results are the same for any \
                    number [default: all processors]";

/// Run scenarios and print a summary and a timeline of each
#[derive(Debug, Args)]
#[command(
    mut_args(describe("out", FILES)),
    mut_args(describe("jobs", JOBS)),
    mut_args(describe("variant", VARIANT)),
    after_help = "Examples:
  fusebox run scenarios/cascade-unprotected.yaml
  fusebox run scenarios/cascade-unprotected.yaml --set services.d.threads=60
  fusebox run scenarios/order-chain.yaml --variant latency-protected --out results/
  fusebox run scenarios/retry-storm.yaml --variant all
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
    /// Let --out overwrite the results of another run
    #[arg(long, requires = "out")]
    overwrite: bool,
    #[command(flatten)]
    jobs: JobsOption,
}

/// A run that was asked for.
struct Asked {
    blueprint: Arc<Blueprint>,
    invocation: Invocation,
}

impl RunCommand {
    /// Runs every file, prints the reports in the order of the files, and writes folders.
    pub fn execute(&self) -> Result<(), Failure> {
        let files = self.asked()?;
        let all: Vec<&Asked> = files.iter().flatten().collect();
        if let Some(wanted) = self.replications {
            return self.replicate(&all, wanted);
        }
        let folders = self.folders(&files)?;
        let title = |asked: &&Asked| asked.invocation.title(&asked.blueprint.name);
        let watch = self.jobs.watch_runs(&all.iter().map(title).collect::<Vec<_>>());
        let blueprints: Vec<Arc<Blueprint>> =
            all.iter().map(|asked| Arc::clone(&asked.blueprint)).collect();
        let finished = replay_all(&blueprints, self.replay.replication, &watch);
        let mut runs = finished.iter().zip(all.iter().map(|asked| &asked.invocation));
        for (index, file) in files.iter().enumerate() {
            let of_file: Vec<_> = runs.by_ref().take(file.len()).collect();
            self.print(index, &of_file)?;
        }
        for ((finished, asked), folder) in finished.iter().zip(&all).zip(&folders) {
            write_all(finished, &asked.invocation, folder)?;
        }
        let is_cut_short =
            |finished: &Finished| finished.is_partial() || finished.summary.called_off.is_some();
        if finished.iter().any(is_cut_short) { Err(Failure::Stopped) } else { Ok(()) }
    }

    /// The runs of each file: one, or one for each variant.
    fn asked(&self) -> Result<Vec<Vec<Asked>>, Failure> {
        let settings = [self.seed.setting(), self.duration.setting()].into_iter().flatten();
        let overrides = self.replay.applied_to(self.scenarios.changes.overrides(settings));
        let mut files = Vec::new();
        for file in self.scenarios.chosen()? {
            let asked = |variant: Option<String>, loaded: Loaded| {
                let invocation = Invocation {
                    file: file.path.display().to_string(),
                    variant,
                    condition: self.replay.condition.clone(),
                    settings: overrides.settings.clone(),
                    replication: self.replay.replication,
                };
                loaded.blueprint.map(|blueprint| Asked { blueprint, invocation })
            };
            let cases: Vec<Option<Asked>> = if self.wants_all_variants() {
                let as_written = Overrides { variant: None, ..overrides.clone() };
                let cases = cases_of(&file.input(&self.scenarios.changes)?, &as_written);
                cases.into_iter().map(|case| asked(case.variant, case.loaded)).collect()
            } else {
                vec![asked(overrides.variant.clone(), self.scenarios.load(&file, &overrides)?)]
            };
            files.push(cases.into_iter().collect::<Option<Vec<Asked>>>().ok_or(Failure::Scenario)?);
        }
        Ok(files)
    }

    fn wants_all_variants(&self) -> bool {
        self.scenarios.changes.variant.as_deref() == Some(ALL)
    }

    /// Runs replications of each scenario and prints their means.
    fn replicate(&self, all: &[&Asked], wanted: u64) -> Result<(), Failure> {
        let watch = self.jobs.watch();
        let mut are_complete = true;
        for (index, Asked { blueprint, invocation }) in all.iter().enumerate() {
            let replicated = replicate(blueprint, wanted, &watch);
            are_complete &= replicated.stopped.is_none();
            match self.format.format {
                ReportFormat::Text => {
                    let paper = terminal::stdout_paper();
                    Self::print_text(index, &replications(&replicated, invocation, paper))?;
                }
                ReportFormat::Json => {
                    terminal::print(&replications_json(&replicated, invocation))?;
                }
            }
        }
        if are_complete { Ok(()) } else { Err(Failure::Stopped) }
    }

    /// Prints the report of a file, or its variants side by side.
    fn print(&self, index: usize, runs: &[(&Finished, &Invocation)]) -> Result<(), Failure> {
        let paper = terminal::stdout_paper();
        match (self.format.format, self.wants_all_variants()) {
            (ReportFormat::Json, true) => terminal::print(&comparison_json(runs)),
            (ReportFormat::Text, true) => Self::print_text(index, &comparison(runs, paper)),
            (format, false) => runs.iter().try_for_each(|(finished, invocation)| match format {
                ReportFormat::Json => terminal::print(&json(finished, invocation)),
                ReportFormat::Text => Self::print_text(index, &report(finished, invocation, paper)),
            }),
        }
    }

    fn print_text(index: usize, report: &str) -> Result<(), Failure> {
        let gap = if index > 0 { "\n" } else { "" };
        terminal::print_report(&format!("{gap}{report}"))
    }

    /// The folder to write for each run: for one the folder itself; for several files one below it for each name,
    /// and for several variants one below that for each.
    fn folders(&self, files: &[Vec<Asked>]) -> Result<Vec<PathBuf>, Failure> {
        let Some(folder) = &self.out.folder else { return Ok(Vec::new()) };
        let mut folders: Vec<PathBuf> = Vec::new();
        for Asked { blueprint, invocation } in files.iter().flatten() {
            let mut own = folder.clone();
            if files.len() > 1 {
                own.push(files::name_for(&blueprint.name));
            }
            if self.wants_all_variants() {
                own.push(invocation.variant.as_deref().unwrap_or(AS_WRITTEN));
            }
            // Some file systems do not tell capital letters from small ones.
            let key = |path: &PathBuf| path.to_string_lossy().to_lowercase();
            if folders.iter().any(|other| key(other) == key(&own)) {
                return Err(Failure::Usage(format!(
                    "two of the runs are called `{}`, so their results would share the folder {}; run them one by one",
                    line(&invocation.title(&blueprint.name)),
                    printable::path(&own)
                )));
            }
            self.refuse_that_of_another(&own, blueprint, invocation)?;
            folders.push(own);
        }
        Ok(folders)
    }

    /// Fails if a folder holds the results of another run, unless they may be overwritten.
    fn refuse_that_of_another(
        &self,
        folder: &Path,
        blueprint: &Blueprint,
        invocation: &Invocation,
    ) -> Result<(), Failure> {
        let held = held_by_another(folder, invocation, &blueprint.name, blueprint.run.seed);
        match held.filter(|_| !self.overwrite) {
            None => Ok(()),
            Some(held) => Err(Failure::Usage(format!(
                "{} holds the results of another run ({}); choose another folder, or overwrite them with --overwrite",
                printable::path(folder),
                line(&held)
            ))),
        }
    }
}

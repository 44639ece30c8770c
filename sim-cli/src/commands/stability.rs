//! `fusebox stability`.

use clap::Args;
use sim_experiments::stability::{KnownCells, StressedSystem, map, sensitivity};
use sim_reports::stability::{json, json_of_part, report, report_of_part, write_all};

use crate::failure::Failure;
use crate::output::{FormatOption, OutOption, ReportFormat, describe};
use crate::progress::JobsOption;
use crate::scenario::{DurationOption, ScenarioFile, SeedOption};
use crate::{scenario, terminal};

const FILES: &str = "Also write stability.json and pictures into this folder";

const WHAT_TO_ASK: &str = "there are no loads and triggers to try: write `stability:` into the \
                           file, or give --load PATH=VALUES and --trigger PATH=VALUES";

/// Find the loads and triggers from which a scenario recovers by itself
#[derive(Debug, Args)]
#[command(
    mut_args(describe("out", FILES)),
    after_help = "Examples:
  fusebox stability scenarios/retry-storm.yaml
  fusebox stability shop.yaml --load 'workloads.web.arrivals=poisson 100/s..900/s in 9' --trigger 'faults[0].for=5s..60s in 4'
  fusebox stability shop.yaml --variant budget --out results/
  fusebox stability shop.yaml --trigger 'faults[slow db].for=20s' --sensitivity

A system is metastable at a load if it is well there until a trigger, and stays down when the \
trigger is gone."
)]
pub struct StabilityCommand {
    #[command(flatten)]
    scenario: ScenarioFile,
    /// Vary this setting of a workload as the load, instead of the file's
    #[arg(long, value_name = "PATH=VALUES")]
    load: Option<String>,
    /// Vary this setting of a fault as the trigger, instead of the file's
    #[arg(long, value_name = "PATH=VALUES")]
    trigger: Option<String>,
    /// Also find out which settings move the boundary most: switch off each guard of each call, double
    /// and halve each number of a guard, pool or queue, and find the load up to which it then heals
    #[arg(long)]
    sensitivity: bool,
    #[command(flatten)]
    seed: SeedOption,
    #[command(flatten)]
    duration: DurationOption,
    #[command(flatten)]
    format: FormatOption,
    #[command(flatten)]
    out: OutOption,
    #[command(flatten)]
    jobs: JobsOption,
}

impl StabilityCommand {
    /// Tries every load with every trigger, and reports from which of them the system recovers.
    pub fn execute(&self) -> Result<(), Failure> {
        let system = self.prepare()?;
        let name = &system.blueprint().name;
        let watch = self.jobs.watch();
        let mut stability = match map(&system, &watch) {
            Ok(stability) => stability,
            Err(known) => return self.show_part(&known, name),
        };
        let mut ended = Ok(());
        if self.sensitivity {
            match sensitivity(&system, &stability, &watch) {
                Ok(known) => stability.sensitivity = known,
                Err(interrupted) => {
                    terminal::complain(
                        "interrupted; the map is whole, its sensitivity is not known",
                    );
                    ended = Err(interrupted.into());
                }
            }
        }
        if let Some(folder) = &self.out.folder {
            write_all(&stability, name, folder)?;
        }
        terminal::print_report(&match self.format.format {
            ReportFormat::Text => report(&stability, name, terminal::stdout_paper()),
            ReportFormat::Json => json(&stability, name),
        })?;
        ended
    }

    /// Prints what is known of a map that was interrupted. Files are of whole maps only, so that none that is there is
    /// replaced by a part.
    fn show_part(&self, known: &KnownCells, name: &str) -> Result<(), Failure> {
        terminal::complain(if self.out.folder.is_some() {
            "interrupted before the map was whole; no file is written of a part"
        } else {
            "interrupted before the map was whole"
        });
        terminal::print_report(&match self.format.format {
            ReportFormat::Text => report_of_part(known, name, terminal::stdout_paper()),
            ReportFormat::Json => json_of_part(known, name),
        })?;
        Err(Failure::Stopped)
    }

    fn prepare(&self) -> Result<StressedSystem, Failure> {
        let load = self.load.iter().map(|load| varied("load", load));
        let trigger = self.trigger.iter().map(|trigger| varied("trigger", trigger));
        let varied = load.chain(trigger).collect::<Result<Vec<String>, Failure>>()?;
        let settings = [self.seed.setting(), self.duration.setting()].into_iter().flatten();
        let overrides = self.scenario.changes.overrides(settings.chain(varied));
        StressedSystem::prepare(self.scenario.input()?, overrides)
            .map_err(|unready| scenario::unready(unready, WHAT_TO_ASK))
    }
}

/// The setting that `PATH=VALUES` stands for, in a section of `stability:`.
fn varied(section: &str, written: &str) -> Result<String, Failure> {
    let (path, values) = written.split_once('=').ok_or_else(|| {
        Failure::Usage(format!(
            "`{written}` varies nothing: write PATH=VALUES, such as 'workloads.web.arrivals=poisson 100/s..900/s'"
        ))
    })?;
    Ok(format!("stability.{section}={{ '{path}': '{values}' }}"))
}

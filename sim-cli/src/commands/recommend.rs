//! `fusebox recommend`.

use clap::Args;
use sim_experiments::recommend::{Advice, Conclusion, Recommendation, TunableSystem, recommend};
use sim_models::formats::{Document, Exporter};
use sim_models::study::Parameter;
use sim_models::system::Blueprint;
use sim_reports::exported::Heading;
use sim_reports::recommend::{json, report, write_all};

use crate::configurations::{CallerOption, deliver};
use crate::failure::Failure;
use crate::output::{FormatOption, OutOption, ReportFormat, describe};
use crate::progress::JobsOption;
use crate::scenario::{ScenarioFile, SeedOption};
use crate::{formats, scenario, terminal};

const FILES: &str = "Also write recommendation.json and pictures into this folder; with --export, \
                     also a configuration for each service that makes calls, instead of printing it";
const CALLER: &str = "With --export, only the calls of this service";

const WHAT_TO_ASK: &str = "there are no goals: write `goals:` into the file, with the `settings:` \
                           that may change and the `limits:` to keep";

/// Find settings with which a scenario keeps its limits under every condition
#[derive(Debug, Args)]
#[command(
    mut_args(describe("out", FILES)),
    mut_args(describe("caller", CALLER)),
    mut_arg("caller", |caller| caller.requires("export")),
    after_help = "Examples:
  fusebox recommend shop.yaml
  fusebox recommend shop.yaml --out results/ --seed 4
  fusebox recommend shop.yaml --export resilience4j --caller orders > application.yml
  fusebox recommend shop.yaml --set 'goals.limits[0]=availability of web is at least 99.9%'

Under `goals:` in the file you list the settings that may change, the conditions to survive, the \
limits to keep and the objectives. The same file and seed give the same answer, with any number of \
threads. The exit code is 1 if nothing was found that meets every limit."
)]
pub struct RecommendCommand {
    #[command(flatten)]
    scenario: ScenarioFile,
    /// Search with this many runs [default: the file's, or 500]
    #[arg(long, value_name = "N")]
    runs: Option<u32>,
    #[command(flatten)]
    seed: SeedOption,
    #[command(flatten)]
    format: FormatOption,
    /// Instead of the report, print the recommended settings as the configuration of a library or
    /// proxy, ready to be pasted
    #[arg(long, value_name = "FORMAT", value_parser = formats::exporter())]
    export: Option<&'static Exporter>,
    /// With --export, also print settings that do not meet every limit
    #[arg(long, requires = "export")]
    even_if_unmet: bool,
    #[command(flatten)]
    caller: CallerOption,
    #[command(flatten)]
    out: OutOption,
    #[command(flatten)]
    jobs: JobsOption,
}

impl RecommendCommand {
    /// Searches for settings, and reports the best with everything known about them.
    pub fn execute(&self) -> Result<(), Failure> {
        let system = self.prepare()?;
        if let Some(exporter) = self.export {
            // A search takes long: what cannot be exported is an error before it.
            self.documents(exporter, &system.as_written()[0])?;
        }
        let name = &system.as_written()[0].name;
        let recommendation = recommend(&system, &self.jobs.watch())?;
        if let Some(folder) = &self.out.folder {
            write_all(&recommendation, name, folder)?;
        }
        let is_unmet = recommendation.conclusion == Conclusion::Unmet;
        match self.export {
            Some(_) if is_unmet && !self.even_if_unmet => return Err(Failure::NotExported),
            Some(exporter) => self.deliver(exporter, &system, &recommendation)?,
            None => terminal::print(&match self.format.format {
                ReportFormat::Text => report(&recommendation, name, terminal::stdout_palette()),
                ReportFormat::Json => json(&recommendation, name),
            })?,
        }
        if is_unmet { Err(Failure::Unmet) } else { Ok(()) }
    }

    fn prepare(&self) -> Result<TunableSystem, Failure> {
        let runs = self.runs.map(|runs| format!("goals.runs={runs}"));
        let overrides =
            self.scenario.changes.overrides(self.seed.setting().into_iter().chain(runs));
        TunableSystem::prepare(self.scenario.input()?, overrides)
            .map_err(|unready| scenario::unready(unready, WHAT_TO_ASK))
    }

    fn documents(
        &self,
        exporter: &Exporter,
        blueprint: &Blueprint,
    ) -> Result<Vec<Document>, Failure> {
        self.caller.documents(exporter, blueprint, self.out.folder.as_deref())
    }

    fn deliver(
        &self,
        exporter: &Exporter,
        system: &TunableSystem,
        recommendation: &Recommendation,
    ) -> Result<(), Failure> {
        let recommended = system.recommended(recommendation).map_err(Failure::Usage)?;
        let heading = Heading {
            scenario: recommended.name.clone(),
            seed: recommended.run.seed,
            changes: changes(recommendation),
        };
        let documents = self.documents(exporter, &recommended)?;
        deliver(exporter, &heading, &documents, self.out.folder.as_deref())
    }
}

/// The settings that are recommended in place of the present ones.
fn changes(recommendation: &Recommendation) -> Vec<String> {
    let settings = recommendation.plan.settings.iter().zip(&recommendation.advice);
    let changed = settings.filter(|(_, advice)| advice.is_changed);
    let change = |(setting, advice): (&Parameter, &Advice)| {
        let old = advice.now.as_ref().map_or("nothing", |now| &now.shown);
        format!("{} is {}; the file says {old}", setting.path, advice.recommended.shown)
    };
    changed.map(change).collect()
}

//! `fusebox export`.

use clap::Args;
use sim_models::formats::Exporter;
use sim_models::scenario::load;
use sim_reports::exported::{Heading, changes};

use crate::configurations::{CallerOption, deliver};
use crate::failure::Failure;
use crate::output::{OutOption, describe};
use crate::scenario::{ScenarioFile, SeedOption};
use crate::{formats, scenario};

const FILES: &str =
    "Write a file for each service that makes calls into this folder, and print nothing";

/// Write the guarded calls of a scenario as the configuration of a library or proxy
#[derive(Debug, Args)]
#[command(
    mut_args(describe("out", FILES)),
    after_help = "Examples:
  fusebox export resilience4j shop.yaml --caller orders > application.yml
  fusebox export istio shop.yaml --out manifests/
  fusebox export envoy shop.yaml --set 'calls.api -> db.timeout=2s'

Comments say where a file comes from, what was changed, and which settings have no equivalent."
)]
pub struct ExportCommand {
    /// The library or proxy
    #[arg(value_parser = formats::exporter())]
    format: &'static Exporter,
    #[command(flatten)]
    scenario: ScenarioFile,
    #[command(flatten)]
    seed: SeedOption,
    #[command(flatten)]
    caller: CallerOption,
    #[command(flatten)]
    out: OutOption,
}

impl ExportCommand {
    /// Prints the configurations, or writes one file for each caller.
    pub fn execute(&self) -> Result<(), Failure> {
        let input = self.scenario.input()?;
        let overrides = self.scenario.changes.overrides(self.seed.setting());
        let loaded = load(&input, &overrides);
        let Some(blueprint) = &loaded.blueprint else {
            scenario::show(&loaded.problems, &loaded.sources);
            return Err(Failure::Scenario);
        };
        let variant = self.scenario.changes.variant.iter();
        let variant = variant.map(|variant| format!("by the variant `{variant}`"));
        let heading = Heading {
            scenario: blueprint.name.clone(),
            seed: blueprint.run.seed,
            warning: None,
            changes: variant.chain(changes(&input.text, &self.scenario.changes.settings)).collect(),
        };
        let folder = self.out.folder.as_deref();
        let documents = self.caller.documents(self.format, blueprint, folder)?;
        deliver(self.format, &heading, &documents, folder)
    }
}

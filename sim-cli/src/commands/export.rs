//! `fusebox export`.

use clap::Args;
use sim_models::formats::{Document, Exporter};
use sim_models::scenario::load;
use sim_models::system::Blueprint;
use sim_reports::exported::{Heading, changes, file, render};
use sim_reports::files;

use crate::failure::Failure;
use crate::output::{OutOption, describe};
use crate::scenario::{ScenarioFile, SeedOption};
use crate::{formats, scenario, terminal};

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
    /// Only the calls of this service
    #[arg(long, value_name = "NAME")]
    caller: Option<String>,
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
            changes: variant.chain(changes(&input.text, &self.scenario.changes.settings)).collect(),
        };
        let documents = self.documents(blueprint)?;
        match &self.out.folder {
            None => terminal::print(&render(self.format, &heading, &documents)),
            Some(folder) => {
                files::make_folder(folder)?;
                for document in &documents {
                    let name = format!("{}.{}", document.caller, self.format.extension());
                    let text = file(self.format, &heading, document);
                    files::write(&folder.join(name), text.as_bytes())?;
                }
                Ok(())
            }
        }
    }

    fn documents(&self, blueprint: &Blueprint) -> Result<Vec<Document>, Failure> {
        let documents = self.format.export(blueprint);
        let callers: Vec<&str> = documents.iter().map(|document| &*document.caller).collect();
        let callers = callers.join(", ");
        match &self.caller {
            Some(caller) => match self.format.export_of(blueprint, caller) {
                Some(document) => Ok(vec![document]),
                None => Err(Failure::Usage(format!(
                    "`{caller}` makes no call with a guard that this format could express; these \
                     services do: {callers}"
                ))),
            },
            None if self.out.folder.is_none()
                && documents.len() > 1
                && self.format.is_one_file() =>
            {
                Err(Failure::Usage(format!(
                    "a file of this format is of one application, and several make calls: {callers}; \
                     choose one with `--caller`, or write a file for each with `--out`"
                )))
            }
            None => Ok(documents),
        }
    }
}

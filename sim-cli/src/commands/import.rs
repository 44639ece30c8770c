//! `fusebox import`.

use std::path::PathBuf;

use clap::Args;
use sim_models::formats::{ConfigurationFile, Importer};
use sim_reports::imported;

use crate::failure::Failure;
use crate::{formats, scenario, terminal};

/// Convert the configuration of a library or proxy into the calls of a scenario
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  fusebox import resilience4j application.yml --caller orders
  fusebox import resilience4j application.yml application-prod.yml --profile prod
  fusebox import istio destination-rule.yaml virtual-service.yaml
  fusebox import polly appsettings.json > calls.yaml

Comments name the settings that have no equivalent. The files name the services that are called, \
but not their caller.")]
pub struct ImportCommand {
    /// The library or proxy
    #[arg(value_parser = formats::importer())]
    format: &'static Importer,
    /// The configuration files, read together; - reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The service that makes the calls
    #[arg(long, value_name = "NAME", default_value = "caller")]
    caller: String,
    /// For Spring Boot: a profile that is active, in place of `spring.profiles.active`; several are separated by commas
    #[arg(long = "profile", value_name = "NAME", value_delimiter = ',')]
    profiles: Vec<String>,
}

impl ImportCommand {
    /// Prints the calls, or nothing if any file cannot be read.
    pub fn execute(&self) -> Result<(), Failure> {
        if !self.profiles.is_empty() && !self.format.has_profiles() {
            return Err(Failure::Usage(
                "`--profile` chooses parts of the files of Spring Boot; this format has no profiles"
                    .to_owned(),
            ));
        }
        let configuration = |file: &PathBuf| {
            let input = scenario::input(file)?;
            Ok(ConfigurationFile { name: input.name, text: input.text })
        };
        let files = self.files.iter().map(configuration).collect::<Result<Vec<_>, Failure>>()?;
        let calls = self.format.import_for(&files, &self.profiles);
        if !calls.problems.is_empty() {
            scenario::show(&calls.problems, &calls.sources);
            return Err(Failure::Scenario);
        }
        terminal::print(&imported::render(&calls, &self.caller))
    }
}

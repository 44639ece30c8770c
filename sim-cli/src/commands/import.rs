//! `fusebox import`.

use std::path::{Path, PathBuf};

use clap::Args;
use sim_models::formats::{ConfigurationFile, Imported, Importer};
use sim_models::scenario::{Input, NAME_RULE, Overrides, Sources, check, is_name};
use sim_reports::{files, imported, printable};

use crate::failure::Failure;
use crate::{formats, scenario, terminal};

/// Convert the configuration of a library or proxy into the calls of a scenario
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  fusebox import resilience4j application.yml --caller orders
  fusebox import resilience4j application.yml application-prod.yml --profile prod
  fusebox import istio destination-rule.yaml virtual-service.yaml
  fusebox import polly appsettings.json > calls.yaml
  fusebox import polly appsettings.json --caller shop --into shop.yaml

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
    /// Add the calls to this scenario instead, or replace those that it has; everything else in it
    /// stays as it is
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
}

impl ImportCommand {
    /// Prints the calls or puts them into a scenario, or does nothing if any file cannot be read.
    pub fn execute(&self) -> Result<(), Failure> {
        if !self.profiles.is_empty() && !self.format.has_profiles() {
            return Err(Failure::Usage(
                "`--profile` chooses parts of the files of Spring Boot; this format has no profiles"
                    .to_owned(),
            ));
        }
        if !is_name(&self.caller) {
            let caller = &self.caller;
            return Err(Failure::Usage(format!("`--caller {caller}` is no name: {NAME_RULE}")));
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
        match &self.into {
            None => terminal::print(&imported::render(&calls, &self.caller)),
            Some(scenario) => self.merge_into(scenario, &calls),
        }
    }

    /// Writes the scenario with the calls in it, unless it would have errors then.
    fn merge_into(&self, file: &Path, calls: &Imported) -> Result<(), Failure> {
        if file == Path::new("-") {
            return Err(Failure::Usage("`--into` takes a file that can be written".to_owned()));
        }
        let before = scenario::input(file)?;
        let text = imported::merge_into(&before.text, calls, &self.caller).map_err(|problem| {
            let mut sources = Sources::default();
            sources.add(&before.name, &before.text);
            scenario::show(&[problem], &sources);
            Failure::Scenario
        })?;
        let merged = Input { text, ..before.clone() };
        let checked = check(&merged, &Overrides::default());
        if checked.blueprint.is_none() {
            let unwritten = imported::Unwritten {
                name: &before.name,
                before: &before.text,
                merged: &merged.text,
                sources: &checked.sources,
            };
            let (problems, sources) =
                imported::traced(&checked.problems, &unwritten, calls, &self.caller);
            scenario::show(&problems, &sources);
            terminal::complain(&format!("{} stays as it was", printable::path(file)));
            return Err(Failure::Scenario);
        }
        scenario::show(&checked.problems, &checked.sources);
        files::write(file, merged.text.as_bytes())?;
        terminal::print(&format!(
            "{}: {}\n",
            printable::path(file),
            calls_in_words(calls.calls.len())
        ))
    }
}

fn calls_in_words(count: usize) -> String {
    let calls = if count == 1 { "call" } else { "calls" };
    format!("{count} {calls} written")
}

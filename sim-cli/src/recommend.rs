//! `fusebox recommend`.

use sim_experiments::recommend::{Stage, Subject, Unready, recommend as find};
use sim_models::export::{self, export};
use sim_models::scenario::Overrides;
use sim_reports::exported::render;
use sim_reports::recommend::{json, report, write_all};

use crate::arguments::{ExportFormat, Format, Recommend};
use crate::failure::Failure;
use crate::progress::Watcher;
use crate::{run, scenario, terminal};

/// Finds settings that keep every limit of the scenario's goals, and tells what is known of them.
pub fn recommend(arguments: &Recommend) -> Result<(), Failure> {
    let subject = prepare(arguments)?;
    let name = subject.as_written()[0].name.clone();
    let watcher = Watcher::of_stages();
    let found = find(&subject, run::jobs(arguments.jobs), &|| watcher.patience(), &|stage| {
        let (words, done) = words(stage);
        watcher.stage(words, done);
    });
    watcher.clear();
    let recommendation = found.ok_or(Failure::Stopped)?;
    if let Some(folder) = &arguments.out {
        write_all(&recommendation, &name, folder)?;
    }
    if let Some(format) = arguments.export {
        let format = export_format(format);
        let system = subject.recommended(&recommendation).map_err(Failure::Usage)?;
        return terminal::print(&render(format, &name, &export(format, &system)));
    }
    match arguments.format {
        Format::Text => {
            terminal::print(&report(&recommendation, &name, terminal::stdout_palette()))
        }
        Format::Json => terminal::print(&json(&recommendation, &name)),
    }
}

fn prepare(arguments: &Recommend) -> Result<Subject, Failure> {
    let runs = arguments.runs.map(|runs| format!("goals.runs={runs}"));
    let more = run::settings(arguments.seed, None);
    let settings = arguments.settings.iter().cloned().chain(more).chain(runs).collect();
    let overrides =
        Overrides { variant: arguments.variant.clone(), settings, ..Overrides::default() };
    Subject::prepare(scenario::input(&arguments.file)?, overrides).map_err(|unready| match unready {
        Unready::NoGoals => Failure::Usage(
            "nothing is wanted: write `goals:` into the file, with `settings:` that may move and `limits:` to keep".to_owned(),
        ),
        Unready::Problems(all) => {
            scenario::explain_once(&all);
            Failure::Scenario
        }
    })
}

fn export_format(format: ExportFormat) -> export::Format {
    match format {
        ExportFormat::Resilience4j => export::Format::Resilience4j,
        ExportFormat::Istio => export::Format::Istio,
        ExportFormat::Envoy => export::Format::Envoy,
        ExportFormat::Polly => export::Format::Polly,
        ExportFormat::GoBreaker => export::Format::GoBreaker,
    }
}

fn words(stage: Stage) -> (&'static str, Option<(u64, u64)>) {
    match stage {
        Stage::Start => ("measuring what there is", None),
        Stage::Search(done, of) => ("trying candidates", Some((done, of))),
        Stage::Compare => ("looking at the best again", None),
        Stage::Simplify => ("taking back what nothing is gained by", None),
        Stage::Ranges => ("looking how far each setting may move", None),
        Stage::Confirm => ("confirming on fresh random numbers", None),
    }
}

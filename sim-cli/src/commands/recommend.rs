//! `fusebox recommend`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use sim_experiments::recommend::{
    Candidate, Change, Conclusion, Recommendation, TunableSystem, block, changes, recheck,
    recommend,
};
use sim_models::formats::{Document, Exporter};
use sim_models::scenario::Input;
use sim_models::system::Blueprint;
use sim_reports::exported::Heading;
use sim_reports::files;
use sim_reports::recommend::{
    Recorded, RunJournal, json, read, recheck_json, recheck_report, report, values, write_all,
};

use crate::applied::{ApplyOptions, Target};
use crate::configurations::{CallerOption, deliver};
use crate::failure::Failure;
use crate::output::{FormatOption, OutOption, ReportFormat, describe};
use crate::progress::JobsOption;
use crate::scenario::{ScenarioFile, SeedOption};
use crate::{formats, scenario, terminal};

const FILES: &str = "Also write recommendation.json and pictures into this folder, and a journal until there is an answer; with --export, \
                     also a configuration for each service that makes calls, instead of printing it";
const CALLER: &str = "With --export, only the calls of this service";

const UNMET: &str = "These settings are not known to meet every limit of the goals.";

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
  fusebox recommend shop.yaml --set 'goals.limits[0]=heals up to 400/s'
  fusebox recommend shop.yaml --out results/ --write shop.yaml
  fusebox recommend shop.yaml --out results/ --time 10m
  fusebox recommend shop.yaml --out results/ --resume
  fusebox recommend shop.yaml --from results/recommendation.json --diff
  fusebox recommend shop.yaml --from results/recommendation.json --recheck --runs 50 --block 3

Under `goals:` in the file you list the settings that may change, the conditions to survive, the \
limits to keep and the objectives. The same file and seed give the same answer, with any number of \
threads.

Exits with 1 if no settings were found that meet every limit: --export then needs --even-if-unmet, \
and --write writes nothing. Exits with 3 if it was stopped before it had an answer: then it shows \
the best settings so far, which nothing has confirmed. With --recheck, exits with 1 if a limit is missed."
)]
pub struct RecommendCommand {
    #[command(flatten)]
    scenario: ScenarioFile,
    /// Make this many runs in all [default: the file's, or under each condition 200 and 12 times the
    /// square of the number of settings, at least 1000]; with --recheck, simulate each condition this many times [default: the
    /// file's `validations`]
    #[arg(long, value_name = "N")]
    runs: Option<u32>,
    /// Stop after this time, such as 90s or 10m, and show the best settings so far; ^C does the same
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, conflicts_with = "from")]
    time: Option<Duration>,
    /// Continue the search whose journal is in the folder of --out: it comes to the answer that it would
    /// have come to
    #[arg(long, requires = "out", conflicts_with = "from")]
    resume: bool,
    /// Do not search: take the recommended values from this recommendation.json, which --out wrote
    #[arg(long, value_name = "JSON")]
    from: Option<PathBuf>,
    /// Simulate the settings of --from again, on random numbers that neither the search nor its
    /// confirmation has seen, and show every limit
    #[arg(long, requires = "from", conflicts_with_all = ["export", "diff"])]
    recheck: bool,
    /// Use the random numbers of this block, from 2, for --recheck; earlier blocks belong to the
    /// search and its confirmation, so take another for each recheck
    #[arg(long, value_name = "N", requires = "recheck", default_value_t = 2, value_parser = clap::value_parser!(u64).range(2..=1_000_000_000))]
    block: u64,
    #[command(flatten)]
    apply: ApplyOptions,
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
    /// Searches for settings and reports the best with everything known about them, or reads them
    /// from a record; then puts them to use.
    pub fn execute(&self) -> Result<(), Failure> {
        let input = self.scenario.input()?;
        let system = self.prepare(input.clone())?;
        let target = Target {
            options: &self.apply,
            system: &system,
            input: &input,
            file: &self.scenario.file,
            settings: &self.scenario.changes.settings,
        };
        if let Some(exporter) = self.export {
            // A search takes long: what cannot be exported is an error before it.
            self.documents(exporter, &system.as_written()[0])?;
        }
        match &self.from {
            Some(record) => self.use_record(&target, &scenario::input(record)?),
            None => self.search(&target),
        }
    }

    fn search(&self, target: &Target<'_>) -> Result<(), Failure> {
        target.rehearse()?;
        let system = target.system;
        let name = &system.as_written()[0].name;
        let recommendation = self.recommendation(system)?;
        let candidate = recommendation.candidate();
        if let Some(folder) = &self.out.folder {
            write_all(&recommendation, name, folder)?;
        }
        let is_unmet = !recommendation.conclusion.is_met();
        let is_stopped = recommendation.conclusion == Conclusion::Interrupted;
        match (self.export, self.format.format) {
            (Some(_), _) if is_stopped && !self.even_if_unmet => {
                terminal::complain(
                    "stopped early, so nothing is exported; --even-if-unmet exports the best so far",
                );
            }
            (Some(_), _) if is_unmet && !self.even_if_unmet => return Err(Failure::NotExported),
            (Some(exporter), _) => self.deliver(exporter, system, &candidate, is_unmet)?,
            (None, _) if self.apply.diff => target.print(&candidate)?,
            (None, ReportFormat::Text) => {
                terminal::print_report(&report(&recommendation, name, terminal::stdout_paper()))?;
            }
            (None, ReportFormat::Json) => terminal::print(&json(&recommendation, name))?,
        }
        if is_unmet {
            if self.apply.write.is_some() {
                let why = if is_stopped {
                    "stopped early"
                } else {
                    "nothing was found that meets every limit"
                };
                terminal::complain(&format!(
                    "{why}, so nothing is written; --out and --from write what comes closest"
                ));
            }
            return Err(if is_stopped { Failure::Stopped } else { Failure::Unmet });
        }
        target.write(&candidate)
    }

    /// Searches, with a journal if there is a folder. It is removed once there is an answer.
    fn recommendation(&self, system: &TunableSystem) -> Result<Recommendation, Failure> {
        let watch = self.jobs.watch_for(self.time);
        let Some(folder) = &self.out.folder else { return Ok(recommend(system, &watch)?) };
        files::make_folder(folder)?;
        let journal = Arc::new(if self.resume {
            RunJournal::resume(folder)?
        } else {
            RunJournal::create(folder)?
        });
        let system = system.clone().remembering(journal.clone());
        let found = recommend(&system, &watch);
        journal.check()?;
        if found.as_ref().is_ok_and(|found| found.conclusion != Conclusion::Interrupted) {
            journal.finish()?;
        } else {
            terminal::complain(
                "interrupted; the journal has all finished runs: continue with --resume",
            );
        }
        Ok(found?)
    }

    /// Puts recommended settings to use that an earlier search has found.
    fn use_record(&self, target: &Target<'_>, record: &Input) -> Result<(), Failure> {
        if self.out.folder.is_some() && self.export.is_none() {
            let message = "with --from, --out is the folder for --export";
            return Err(Failure::Usage(message.to_owned()));
        }
        if self.format.format == ReportFormat::Json && !self.recheck {
            let message = "with --from, --format json is for --recheck: the record is JSON itself";
            return Err(Failure::Usage(message.to_owned()));
        }
        let system = target.system;
        let Recorded { candidate, is_unmet, remarks, sources } =
            read(&record.text, &record.name, system).map_err(|(problems, sources)| {
                scenario::show(&problems, &sources);
                Failure::Scenario
            })?;
        scenario::show(&remarks, &sources);
        target.check(&candidate)?;
        if self.recheck {
            self.check_again(system, &candidate)?;
        } else if let Some(exporter) = self.export {
            if is_unmet && !self.even_if_unmet {
                return Err(Failure::NotExported);
            }
            self.deliver(exporter, system, &candidate, is_unmet)?;
        } else if self.apply.diff {
            target.print(&candidate)?;
        } else {
            terminal::print_report(&values(system, &candidate, terminal::stdout_paper()))?;
        }
        target.write(&candidate)
    }

    /// Simulates a candidate on other random numbers, and fails if a limit is missed.
    fn check_again(&self, system: &TunableSystem, candidate: &Candidate) -> Result<(), Failure> {
        let systems = system.systems(candidate).map_err(Failure::Usage)?;
        let runs = self.runs.unwrap_or(system.plan().validations);
        let replications = block(self.block, runs).ok_or_else(|| {
            Failure::Usage("a block has a million runs: use several with --block".to_owned())
        })?;
        let checked = recheck(system, &systems, replications, &self.jobs.watch())?;
        let name = &systems[0].name;
        terminal::print_report(&match self.format.format {
            ReportFormat::Text => recheck_report(&checked, name, terminal::stdout_paper()),
            ReportFormat::Json => recheck_json(&checked, name),
        })?;
        if checked.misses() { Err(Failure::Test) } else { Ok(()) }
    }

    fn prepare(&self, input: Input) -> Result<TunableSystem, Failure> {
        let of_search = self.runs.filter(|_| !self.recheck);
        let runs = of_search.map(|runs| format!("goals.runs={runs}"));
        let overrides =
            self.scenario.changes.overrides(self.seed.setting().into_iter().chain(runs));
        TunableSystem::prepare(input, overrides)
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
        candidate: &Candidate,
        is_unmet: bool,
    ) -> Result<(), Failure> {
        let recommended = &system.systems(candidate).map_err(Failure::Usage)?[0];
        let changes = changes(system.plan(), candidate);
        let heading = Heading {
            scenario: recommended.name.clone(),
            seed: recommended.run.seed,
            warning: is_unmet.then_some(UNMET),
            changes: changes.iter().map(told).collect(),
        };
        let documents = self.documents(exporter, recommended)?;
        deliver(exporter, &heading, &documents, self.out.folder.as_deref())
    }
}

fn told(change: &Change<'_>) -> String {
    let old = change.now.map_or("nothing", |now| &now.shown);
    format!("{} is {}; the file says {old}", change.setting.path, change.recommended.shown)
}

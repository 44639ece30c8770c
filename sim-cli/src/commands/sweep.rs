//! `fusebox sweep`, and the output that it shares with `fusebox merge`.

use std::io::Write;
use std::path::Path;

use clap::{Args, ValueEnum};
use sim_experiments::sweep::{Point, Shard, Sweep};
use sim_models::scenario::{Overrides, Request, SweepRequest};
use sim_reports::journal::JournalError;
use sim_reports::sweep::{self, Header, JOURNAL, Journal};
use sim_reports::{Paper, files, printable};

use crate::failure::Failure;
use crate::output::{OutOption, describe};
use crate::progress::JobsOption;
use crate::scenario::{DurationOption, ScenarioFile, SeedOption};
use crate::{scenario, terminal};

const FILES: &str =
    "Also write points.csv, points.parquet, sweep.json, plots and a journal into this folder";

const WHAT_TO_ASK: &str = "no setting varies: write `sweep: { vary: { PATH: VALUES } }` into the \
                           file, or give --vary PATH=VALUES";

/// Run a scenario at many points of its settings, and show the effect of each setting
#[derive(Debug, Args)]
#[command(
    mut_args(describe("out", FILES)),
    after_help = "Examples:
  fusebox sweep shop.yaml --vary services.d.threads='20..200 step 20' --vary 'calls.c -> d.breaker.wait=5s,30s,2m'
  fusebox sweep shop.yaml --vary 'calls.c -> d.breaker=on,off' --minimize 'p99 of web during fault' --maximize 'goodput of web'
  fusebox sweep shop.yaml --design 'sobol 1024' --precision 5% --out results/
  fusebox sweep shop.yaml --out results/ --resume

Values are ranges (20..200 step 20, 100ms..10s log in 7, poisson 100/s..600/s) or lists \
(5s,30s,2m); `on` leaves what the file says, `off` removes it. Whatever you leave out here is \
taken from `sweep:` in the file.

All points are simulated with the same random numbers, so that they differ by their settings only."
)]
pub struct SweepCommand {
    #[command(flatten)]
    scenario: ScenarioFile,
    /// Vary a setting over a range or a list; can be given several times
    #[arg(long, value_name = "PATH=VALUES")]
    vary: Vec<String>,
    /// Measure this figure, such as 'p99 of web during fault'; can be given several times
    #[arg(long = "figure", value_name = "FIGURE")]
    figures: Vec<String>,
    /// Measure this figure, of which more is better
    #[arg(long, value_name = "FIGURE")]
    maximize: Vec<String>,
    /// Measure this figure, of which less is better
    #[arg(long, value_name = "FIGURE")]
    minimize: Vec<String>,
    /// Choose the points this way: grid, 'random N', 'latin hypercube N', 'sobol N', 'morris N' or
    /// 'saltelli N'
    #[arg(long, value_name = "DESIGN")]
    design: Option<String>,
    /// Simulate each point this many times [default: 5]
    #[arg(long, value_name = "N")]
    replications: Option<u32>,
    /// Simulate each point until its figures are known this precisely, such as 5%
    #[arg(long, value_name = "SHARE")]
    precision: Option<String>,
    /// Simulate each point at most this many times for that precision [default: 50]
    #[arg(long, value_name = "N")]
    most_replications: Option<u32>,
    /// Give up points that are clearly worse than another one in every figure to maximize or
    /// minimize
    #[arg(long)]
    abandon: bool,
    #[command(flatten)]
    seed: SeedOption,
    #[command(flatten)]
    duration: DurationOption,
    #[command(flatten)]
    output: SweepOutput,
    /// Continue the sweep whose journal is in the folder
    #[arg(long, requires = "out")]
    resume: bool,
    /// Do only part I of N, for `fusebox merge`; the points are the same on any machine
    #[arg(long, value_name = "I/N", requires = "out", value_parser = shard)]
    shard: Option<Shard>,
    #[command(flatten)]
    jobs: JobsOption,
}

/// The options on the output of a whole sweep.
#[derive(Debug, Args)]
pub struct SweepOutput {
    /// Print the report, or the points as JSON or CSV
    #[arg(long, value_enum, default_value_t = SweepFormat::Text)]
    format: SweepFormat,
    #[command(flatten)]
    out: OutOption,
}

/// The formats in which a sweep is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SweepFormat {
    /// For people.
    Text,
    /// The points, with the name of every value.
    Json,
    /// The points as a table.
    Csv,
}

/// Reads a shard such as `2/8`: the second of eight parts.
fn shard(text: &str) -> Result<Shard, String> {
    let numbers = text
        .split_once('/')
        .and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
    match numbers {
        Some((part, parts)) if (1..=parts).contains(&part) => Ok(Shard { part, parts }),
        Some((part, parts)) => {
            Err(format!("there is no part {part} of {parts}; parts are counted from 1"))
        }
        None => Err("write it as 2/8: the second of eight parts".to_owned()),
    }
}

impl SweepCommand {
    /// Simulates every point that is not done yet, and reports what the sweep shows.
    pub fn execute(&self) -> Result<(), Failure> {
        let sweep = self.prepare()?;
        let shard = self.shard.unwrap_or(Shard::WHOLE);
        let header = Header::of(&sweep, shard);
        let (journal, is_done) = self.journal(&header)?;
        let ended = self.simulate(&sweep, shard, &journal, &is_done);
        if matches!(ended, Err(Failure::Stopped)) && self.output.folder().is_none() {
            self.output.show_part(&header, &journal)?;
        }
        ended?;
        if shard == Shard::WHOLE {
            return self.output.show(&header, &[journal]);
        }
        let Shard { part, parts } = shard;
        terminal::print(&format!(
            "part {part}/{parts}: {} of {} points are in {}\nwhen all parts are done: fusebox merge DIR... --out DIR\n",
            sweep.points_of(shard),
            header.plan.points(),
            printable::path(journal.path())
        ))
    }

    fn prepare(&self) -> Result<Sweep, Failure> {
        let settings = [self.seed.setting(), self.duration.setting()].into_iter().flatten();
        let overrides = Overrides {
            request: Request::Sweep(self.request()),
            ..self.scenario.changes.overrides(settings)
        };
        Sweep::prepare(self.scenario.input()?, overrides)
            .map_err(|unready| scenario::unready(unready, WHAT_TO_ASK))
    }

    /// The sweep that the arguments ask for, in place of what the file says.
    fn request(&self) -> SweepRequest {
        let settings = [
            ("design", self.design.clone()),
            ("replications", self.replications.map(|number| number.to_string())),
            ("precision", self.precision.clone()),
            ("most replications", self.most_replications.map(|number| number.to_string())),
            ("abandon", self.abandon.then(|| "true".to_owned())),
        ];
        SweepRequest {
            vary: self.vary.clone(),
            figures: self.figures.clone(),
            maximize: self.maximize.clone(),
            minimize: self.minimize.clone(),
            settings: settings.into_iter().filter_map(|(key, value)| Some((key, value?))).collect(),
            values: Vec::new(),
        }
    }

    /// The journal to write, and for each point whether the journal has it already.
    fn journal(&self, header: &Header) -> Result<(Journal, Vec<bool>), Failure> {
        let Some(folder) = &self.output.out.folder else {
            return Ok((Journal::temporary(header)?, Vec::new()));
        };
        files::make_folder(folder)?;
        let path = folder.join(JOURNAL);
        if self.resume {
            return Ok(Journal::resume(&path, header)?);
        }
        Ok((Journal::create(&path, header)?, Vec::new()))
    }

    fn simulate(
        &self,
        sweep: &Sweep,
        shard: Shard,
        journal: &Journal,
        is_done: &[bool],
    ) -> Result<(), Failure> {
        let is_done = |point: u64| is_done.get(point as usize).copied().unwrap_or(false);
        let keep =
            |points: &[Point]| Ok(points.iter().try_for_each(|point| journal.append(point))?);
        let ended = sweep.run(shard, &is_done, &self.jobs.watch(), &keep);
        if matches!(ended, Err(Failure::Stopped)) {
            terminal::complain(if self.output.out.folder.is_some() {
                "interrupted; the journal has all finished points: continue with --resume"
            } else {
                "interrupted; only the finished points are shown: with --out DIR, they would be kept"
            });
        }
        ended
    }
}

impl SweepOutput {
    /// The folder for everything about the sweep, if there is one.
    pub fn folder(&self) -> Option<&Path> {
        self.out.folder.as_deref()
    }

    /// Writes the folder if there is one, and prints what the finished sweep shows.
    pub fn show(&self, header: &Header, journals: &[Journal]) -> Result<(), Failure> {
        let findings = sweep::findings(header, journals)?;
        if let Some(folder) = &self.out.folder {
            files::make_folder(folder)?;
            sweep::write_all(header, journals, &findings, folder)?;
        }
        self.print(
            |paper| sweep::report(header, journals, &findings, paper),
            |out| sweep::json(header, journals, out),
            |out| sweep::csv(header, journals, out),
        )
    }

    /// Prints the finished points of a sweep that was interrupted.
    fn show_part(&self, header: &Header, journal: &Journal) -> Result<(), Failure> {
        self.print(
            |paper| sweep::report_of_part(header, journal, paper),
            |out| sweep::json_of_part(header, journal, out),
            |out| sweep::csv_of_part(header, journal, out),
        )
    }

    /// Prints what is asked for of these.
    fn print(
        &self,
        text: impl FnOnce(Paper) -> Result<String, JournalError>,
        json: impl FnOnce(&mut dyn Write) -> Result<(), JournalError>,
        csv: impl FnOnce(&mut dyn Write) -> Result<(), JournalError>,
    ) -> Result<(), Failure> {
        match self.format {
            SweepFormat::Text => terminal::print_report(&text(terminal::stdout_paper())?),
            SweepFormat::Json => stream(json),
            SweepFormat::Csv => stream(csv),
        }
    }
}

/// Prints what is too long to keep in memory.
fn stream(write: impl FnOnce(&mut dyn Write) -> Result<(), JournalError>) -> Result<(), Failure> {
    let mut out = terminal::output();
    write(&mut out)?;
    terminal::finish(out)
}

//! `fusebox test`.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use sim_experiments::{Case, Trial, Watch, in_order, reseeded};
use sim_models::expect::{Expectation, Verdict};
use sim_models::scenario::{Input, Overrides, Unread};
use sim_models::system::Blueprint;
use sim_reports::testing::{self, Committed, Held, TestResult, Tested, Timeline, snapshot};
use sim_reports::{files, printable};

use crate::chosen::{Chosen, scenario_files};
use crate::failure::Failure;
use crate::output::{FormatOption, ReportFormat, describe};
use crate::progress::{JobsOption, Stopwatch};
use crate::scenario::{Changes, ReplayOptions, unread};
use crate::{scenario, terminal};

/// Test scenarios against their expectations and their committed timelines
#[derive(Debug, Args)]
#[command(
    mut_args(describe("variant", "Test only this variant")),
    after_help = "Examples:
  fusebox test scenarios/
  fusebox test 'scenarios/cascade-*.yaml' --seeds 20
  fusebox test shop.yaml --update
  fusebox test shop.yaml --condition peak --seeds 20
  fusebox test scenarios/ --junit results.xml

Each scenario runs as it is written and in each of its variants. It must meet the expectations \
under `expect:`, and its timeline must equal its section of NAME.timeline beside the scenario, if there is \
such a file. Of a folder within a folder, the files that have expectations are tested too.

Under a condition of its goals, a scenario must keep the limits that hold there, in place of \
`expect:`; that run has no committed timeline.

Exits with 1 if an expectation fails or a timeline differs."
)]
pub struct TestCommand {
    /// Scenario files, folders of them, or patterns such as 'scenarios/cascade-*.yaml' [default:
    /// this folder]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    replay: ReplayOptions,
    /// Write the timelines beside the scenarios, in place of the ones there
    #[arg(long, conflicts_with_all = ["condition", "replication"])]
    update: bool,
    /// Check the expectations with this many seeds: the scenario's own and the ones that follow it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=MOST_SEEDS))]
    seeds: u64,
    #[command(flatten)]
    format: FormatOption,
    // Not as a documentation comment, whose `JUnit` would need backticks, which the help would show.
    #[arg(long, value_name = "FILE", help = "Also write a JUnit report to this file")]
    junit: Option<PathBuf>,
    #[command(flatten)]
    jobs: JobsOption,
}

/// The most seeds of a test: enough to see one failure in ten thousand.
const MOST_SEEDS: u64 = 100_000;

/// A scenario file and its cases.
struct Suite {
    name: String,
    timeline_file: PathBuf,
    committed: Option<Committed>,
    cases: Vec<Case>,
}

/// A run of a case with one seed.
struct Ran {
    verdicts: Vec<Verdict>,
    stopped: Option<String>,
    timeline: String,
    took: Duration,
}

impl TestCommand {
    /// Tests every scenario and variant, prints the list, and writes timelines if the user wants.
    pub fn execute(&self) -> Result<(), Failure> {
        let begun = Stopwatch::start();
        let overrides = self.replay.applied_to(self.changes.overrides([]));
        let files = scenario_files(&self.files, &self.changes)?;
        let mut suites =
            files.iter().map(|file| self.suite(file, &overrides)).collect::<Result<Vec<_>, _>>()?;
        let mut tests = self.tests(&mut suites);
        if self.update {
            update(&suites, &mut tests, self.changes.variant.is_none())?;
        }
        self.report(&tests, begun.elapsed())?;
        verdict(&tests)
    }

    /// True if no run is one of those whose timelines are committed.
    fn is_replay(&self) -> bool {
        self.replay.condition.is_some() || self.replay.replication != 0
    }

    fn suite(&self, file: &Chosen, overrides: &Overrides) -> Result<Suite, Failure> {
        let input = file.input(&self.changes)?;
        let (timeline_file, committed) = timelines_beside(file, &input)?;
        let name = file.path.file_stem().unwrap_or(file.path.as_os_str());
        let name = printable::path(name.as_ref());
        let cases = scenario::cases_of(&input, overrides);
        let mut suite = Suite { name, timeline_file, committed, cases };
        if self.is_replay() {
            suite.committed = None;
        }
        if let Some(condition) = &self.replay.condition {
            suite.name = format!("{} under `{condition}`", suite.name);
        }
        Ok(suite)
    }

    /// Runs every case with every seed and judges it. With `--update`, the suites get the new
    /// timelines.
    fn tests(&self, suites: &mut [Suite]) -> Vec<Tested> {
        let blueprints: Vec<(&Arc<Blueprint>, u64)> = suites
            .iter()
            .flat_map(|suite| &suite.cases)
            .filter_map(|case| case.loaded.blueprint.as_ref())
            .flat_map(|blueprint| (0..self.seeds).map(move |further| (blueprint, further)))
            .collect();
        let mut ran = self.simulate(&blueprints).into_iter();
        let mut tests = Vec::new();
        for suite in suites {
            for case in &suite.cases {
                let runs: Vec<Ran> = match case.loaded.blueprint {
                    Some(_) => ran.by_ref().take(self.seeds as usize).collect(),
                    None => Vec::new(),
                };
                tests.push(Tested {
                    name: suite.name.clone(),
                    variant: case.variant.clone(),
                    took: runs.iter().map(|run| run.took).sum(),
                    result: judged(case, &runs, suite.committed.as_ref()),
                });
                let whole = runs.first().filter(|first| first.stopped.is_none());
                if let (true, Some(first)) = (self.update, whole) {
                    let committed = suite.committed.get_or_insert_default();
                    committed.timelines.set(case.variant.as_deref(), &first.timeline);
                }
            }
            if self.changes.variant.is_none() && !self.is_replay() {
                tests.extend(orphans(suite));
            }
        }
        tests
    }

    fn simulate(&self, blueprints: &[(&Arc<Blueprint>, u64)]) -> Vec<Ran> {
        let watch = self.jobs.watch();
        watch.begin("testing", Some(blueprints.len() as u64));
        in_order(blueprints, watch.jobs(), &|_, (blueprint, further)| {
            let begun = Stopwatch::start();
            let Trial { finished, verdicts } =
                Trial::watched(&reseeded(blueprint, *further), self.replay.replication, &watch);
            watch.advance(1);
            let stopped = finished.summary.partial.as_ref().map(|stopped| stopped.reason.clone());
            Ran { verdicts, stopped, timeline: snapshot(&finished), took: begun.elapsed() }
        })
    }

    fn report(&self, tests: &[Tested], took: Duration) -> Result<(), Failure> {
        match self.format.format {
            ReportFormat::Text => {
                terminal::print_report(&testing::list(tests, took, terminal::stdout_paper()))?;
            }
            ReportFormat::Json => terminal::print(&testing::json(tests))?,
        }
        if let Some(path) = &self.junit {
            let report = testing::junit(tests, took)
                .map_err(|error| Failure::Usage(format!("cannot write JUnit: {error}")))?;
            files::write(path, report.as_bytes())?;
        }
        Ok(())
    }
}

/// The file of timelines beside a scenario, behind all links, and what it holds, if it is there. Whatever the scenario
/// may not include is no timeline of it either, and is neither shown nor replaced.
fn timelines_beside(file: &Chosen, input: &Input) -> Result<(PathBuf, Option<Committed>), Failure> {
    let beside = file.path.with_extension("timeline");
    let refused = |why| unread(&beside, input.folder.path(), why);
    let real = match input.folder.real(&beside) {
        Ok(real) => real,
        Err(Unread::Failed(error)) if error.kind() == ErrorKind::NotFound => {
            return Ok((beside, None));
        }
        Err(why) => return Err(refused(why)),
    };
    let bytes = input.folder.read(&real).map_err(refused)?;
    let text = scenario::text(&beside, bytes)?;
    Ok((real, Some(Committed::parse(&text))))
}

fn judged(case: &Case, runs: &[Ran], committed: Option<&Committed>) -> TestResult {
    let (Some(blueprint), Some(first)) = (&case.loaded.blueprint, runs.first()) else {
        return TestResult::Unreadable;
    };
    let held = |(number, expectation): (usize, &Expectation)| {
        let seed_of = |run: usize| blueprint.run.seed.wrapping_add(run as u64);
        let failing: Vec<usize> =
            (0..runs.len()).filter(|run| !runs[*run].verdicts[number].holds).collect();
        let shown = failing.first().copied().unwrap_or(0);
        Held {
            expectation: expectation.clone(),
            seeds: (runs.len() - failing.len()) as u64,
            verdict: runs[shown].verdicts[number].clone(),
            fails_for: failing.into_iter().map(seed_of).collect(),
        }
    };
    let timeline = match committed {
        None => Timeline::NotCommitted,
        Some(_) if first.stopped.is_some() => Timeline::NotCompared,
        Some(committed) => committed.compared(case.variant.as_deref(), &first.timeline),
    };
    TestResult::Ran {
        expectations: blueprint.expectations.iter().enumerate().map(held).collect(),
        seeds: runs.len() as u64,
        stopped: runs.iter().find_map(|run| run.stopped.clone()),
        timeline,
    }
}

/// A failed test for each committed timeline of a variant that is gone.
fn orphans(suite: &Suite) -> Vec<Tested> {
    let orphans = suite
        .committed
        .as_ref()
        .map_or_else(Vec::new, |committed| committed.timelines.orphans(&variants(suite)));
    let orphan = |variant| Tested {
        name: suite.name.clone(),
        variant: Some(variant),
        took: Duration::ZERO,
        result: TestResult::Ran {
            expectations: Vec::new(),
            seeds: 1,
            stopped: None,
            timeline: Timeline::Orphaned,
        },
    };
    orphans.into_iter().map(orphan).collect()
}

fn variants(suite: &Suite) -> Vec<String> {
    suite.cases.first().map_or_else(Vec::new, |case| case.loaded.variants.clone())
}

/// Writes the timelines of every scenario whose cases could all be run, and marks the changed ones
/// as written. Only if all variants were tested, timelines of variants that are gone are dropped.
fn update(suites: &[Suite], tests: &mut Vec<Tested>, is_complete: bool) -> Result<(), Failure> {
    for suite in suites {
        let Some(Committed { mut timelines, .. }) = suite.committed.clone() else { continue };
        if suite.cases.iter().any(|case| case.loaded.blueprint.is_none()) {
            continue;
        }
        if is_complete {
            timelines.keep(&variants(suite));
        }
        files::write(&suite.timeline_file, timelines.render(&suite.name).as_bytes())?;
    }
    tests.retain(|test| {
        !matches!(test.result, TestResult::Ran { timeline: Timeline::Orphaned, .. })
    });
    for test in tests {
        if let TestResult::Ran { timeline, .. } = &mut test.result
            && !matches!(timeline, Timeline::Same | Timeline::NotCompared)
        {
            *timeline = Timeline::Written;
        }
    }
    Ok(())
}

/// The verdict on all tests. A scenario with errors outweighs a run that was stopped, and that
/// outweighs a failed test.
fn verdict(tests: &[Tested]) -> Result<(), Failure> {
    let is_any =
        |condition: fn(&TestResult) -> bool| tests.iter().any(|test| condition(&test.result));
    if is_any(|result| matches!(result, TestResult::Unreadable)) {
        return Err(Failure::Scenario);
    }
    if is_any(|result| matches!(result, TestResult::Ran { stopped: Some(_), .. })) {
        return Err(Failure::Stopped);
    }
    if tests.iter().all(Tested::passes) { Ok(()) } else { Err(Failure::Test) }
}

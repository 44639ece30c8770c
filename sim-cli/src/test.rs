//! `fusebox test`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sim_experiments::{Case, Trial, in_order, reseeded};
use sim_models::scenario::Overrides;
use sim_models::system::Blueprint;
use sim_reports::files;
use sim_reports::testing::{
    self, Held, Outcome, Snapshots, Tested, Timeline, difference, snapshot,
};

use crate::arguments::{Format, Test};
use crate::failure::Failure;
use crate::progress::{Stopwatch, Watcher};
use crate::{run, scenario, terminal};

/// A scenario file and its cases.
struct Suite {
    name: String,
    timeline_file: PathBuf,
    committed: Option<Snapshots>,
    cases: Vec<Case>,
}

/// What one run tells.
struct Ran {
    verdicts: Vec<sim_models::expect::Verdict>,
    stopped: Option<String>,
    timeline: String,
    took: Duration,
}

/// Puts every scenario and variant to the test, prints the list, writes the timelines if asked to.
pub fn test(arguments: &Test) -> Result<(), Failure> {
    let begun = Stopwatch::start();
    let overrides = Overrides {
        variant: arguments.variant.clone(),
        settings: arguments.settings.clone(),
        ..Overrides::default()
    };
    let files = scenario_files(&arguments.files)?;
    let mut suites =
        files.iter().map(|file| suite(file, &overrides)).collect::<Result<Vec<_>, _>>()?;
    let runs: Vec<Arc<Blueprint>> = suites
        .iter()
        .flat_map(|suite| &suite.cases)
        .filter_map(|case| case.loaded.blueprint.as_ref())
        .flat_map(|blueprint| (0..arguments.seeds).map(|seed| reseeded(blueprint, seed)))
        .collect();
    let mut ran = simulate(&runs, run::jobs(arguments.jobs)).into_iter();
    let mut tests = Vec::new();
    for suite in &mut suites {
        for case in &suite.cases {
            let runs: Vec<Ran> = match case.loaded.blueprint {
                Some(_) => ran.by_ref().take(arguments.seeds as usize).collect(),
                None => Vec::new(),
            };
            let result = judged(case, &runs, suite.committed.as_ref());
            let took = runs.iter().map(|run| run.took).sum();
            tests.push(Tested {
                name: suite.name.clone(),
                variant: case.variant.clone(),
                took,
                result,
            });
            if let (true, Some(first)) = (arguments.update, runs.first()) {
                suite
                    .committed
                    .get_or_insert_default()
                    .set(case.variant.as_deref(), &first.timeline);
            }
        }
        if arguments.variant.is_none() {
            tests.extend(orphans(suite));
        }
    }
    if arguments.update {
        update(&suites, &mut tests, arguments.variant.is_none())?;
    }
    report(arguments, &tests, begun.elapsed())?;
    verdict(&tests)
}

/// The files that were named, those in folders, and those that match patterns; each once, in the
/// order of their names within what was named.
fn scenario_files(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let here = [PathBuf::from(".")];
    let named = if named.is_empty() { &here[..] } else { named };
    let mut files: Vec<PathBuf> = Vec::new();
    for path in named {
        let found = if path.is_dir() {
            let extensions = ["yaml", "yml"].map(|extension| path.join(format!("*.{extension}")));
            let mut found = Vec::new();
            for pattern in &extensions {
                found.extend(matching(pattern)?);
            }
            found.sort();
            found
        } else if path.exists() || !path.to_string_lossy().contains(['*', '?', '[']) {
            vec![path.clone()]
        } else {
            matching(path)?
        };
        if found.is_empty() {
            return Err(Failure::Usage(format!("there are no scenarios in {}", path.display())));
        }
        files.extend(found.into_iter().filter(|file| !files.contains(file)).collect::<Vec<_>>());
    }
    Ok(files)
}

fn matching(pattern: &Path) -> Result<Vec<PathBuf>, Failure> {
    let pattern = pattern.to_string_lossy();
    let paths = glob::glob(&pattern)
        .map_err(|error| Failure::Usage(format!("`{pattern}` is not a pattern: {error}")))?;
    Ok(paths.filter_map(Result::ok).filter(|path| path.is_file()).collect())
}

fn suite(file: &Path, overrides: &Overrides) -> Result<Suite, Failure> {
    let cases = scenario::cases_of(file, overrides)?;
    let timeline_file = file.with_extension("timeline");
    let committed = match std::fs::read_to_string(&timeline_file) {
        Ok(text) => Some(Snapshots::parse(&text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(cause) => return Err(Failure::Read { path: timeline_file, cause }),
    };
    let name = file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    Ok(Suite { name, timeline_file, committed, cases })
}

fn simulate(runs: &[Arc<Blueprint>], jobs: usize) -> Vec<Ran> {
    let watcher = Watcher::counting(runs.len());
    let ran = in_order(runs, jobs, &|_, blueprint| {
        let begun = Stopwatch::start();
        let Trial { finished, verdicts } = Trial::observed(blueprint, &mut |_| watcher.patience());
        watcher.count();
        let stopped = finished.summary.partial.as_ref().map(|stopped| stopped.reason.clone());
        Ran { verdicts, stopped, timeline: snapshot(&finished), took: begun.elapsed() }
    });
    watcher.clear();
    ran
}

fn judged(case: &Case, runs: &[Ran], committed: Option<&Snapshots>) -> Outcome {
    let (Some(blueprint), Some(first)) = (&case.loaded.blueprint, runs.first()) else {
        return Outcome::Unreadable;
    };
    let held = |(number, expectation): (usize, &sim_models::expect::Expectation)| {
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
    let timeline = match committed.and_then(|committed| committed.get(case.variant.as_deref())) {
        None => Timeline::NotCommitted,
        Some(committed) if committed == first.timeline => Timeline::Same,
        Some(committed) => Timeline::Differs(difference(committed, &first.timeline)),
    };
    Outcome::Ran {
        expectations: blueprint.expectations.iter().enumerate().map(held).collect(),
        seeds: runs.len() as u64,
        stopped: runs.iter().find_map(|run| run.stopped.clone()),
        timeline,
    }
}

/// Committed timelines of variants that are no longer there.
fn orphans(suite: &Suite) -> Vec<Tested> {
    let orphans = suite
        .committed
        .as_ref()
        .map_or_else(Vec::new, |committed| committed.orphans(&variants(suite)));
    let orphan = |variant| Tested {
        name: suite.name.clone(),
        variant: Some(variant),
        took: Duration::ZERO,
        result: Outcome::Ran {
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

/// Writes the timelines of every scenario whose cases could all be run, and notes which have
/// changed.
fn update(suites: &[Suite], tests: &mut Vec<Tested>, is_complete: bool) -> Result<(), Failure> {
    for suite in suites {
        let Some(mut committed) = suite.committed.clone() else { continue };
        if suite.cases.iter().any(|case| case.loaded.blueprint.is_none()) {
            continue;
        }
        if is_complete {
            committed.keep(&variants(suite));
        }
        files::write(&suite.timeline_file, committed.render(&suite.name).as_bytes())?;
    }
    tests.retain(|test| !matches!(test.result, Outcome::Ran { timeline: Timeline::Orphaned, .. }));
    for test in tests {
        if let Outcome::Ran { timeline, .. } = &mut test.result
            && *timeline != Timeline::Same
        {
            *timeline = Timeline::Written;
        }
    }
    Ok(())
}

fn report(arguments: &Test, tests: &[Tested], took: Duration) -> Result<(), Failure> {
    match arguments.format {
        Format::Text => terminal::print(&testing::list(tests, took, terminal::stdout_palette()))?,
        Format::Json => terminal::print(&testing::json(tests))?,
    }
    if let Some(path) = &arguments.junit {
        let report = testing::junit(tests, took)
            .map_err(|error| Failure::Usage(format!("cannot write JUnit: {error}")))?;
        files::write(path, report.as_bytes())?;
    }
    Ok(())
}

/// What is wrong with the input comes before what stopped, and that before what failed.
fn verdict(tests: &[Tested]) -> Result<(), Failure> {
    let is_any = |condition: fn(&Outcome) -> bool| tests.iter().any(|test| condition(&test.result));
    if is_any(|result| matches!(result, Outcome::Unreadable)) {
        return Err(Failure::Scenario);
    }
    if is_any(|result| matches!(result, Outcome::Ran { stopped: Some(_), .. })) {
        return Err(Failure::Stopped);
    }
    if tests.iter().all(Tested::passes) { Ok(()) } else { Err(Failure::Test) }
}

//! Tests for programs: `JUnit`, as continuous integration reads it, and JSON.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use super::list::over_seeds;
use super::{Outcome, Tested, Timeline};
use crate::narrate::{measured, told};

/// A `JUnit` report: one suite a scenario, one case for it and each variant.
///
/// # Errors
/// If the report cannot be encoded.
pub fn junit(tests: &[Tested], took: Duration) -> Result<String, String> {
    let mut report = Report::new("fusebox");
    report.set_time(took);
    for tests in tests.chunk_by(|one, other| one.name == other.name) {
        let mut suite = TestSuite::new(&*tests[0].name);
        for test in tests {
            let mut status = TestCaseStatus::success();
            let failures = failures(test);
            if let Some(first) = failures.first() {
                status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status
                    .set_message(first.lines().next().unwrap_or_default())
                    .set_description(failures.join("\n\n"));
            }
            let mut case = TestCase::new(test.variant.as_deref().unwrap_or("as written"), status);
            case.set_classname(&*test.name).set_time(test.took);
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report.to_string().map_err(|error| error.to_string())
}

/// What failed, each in a few lines.
fn failures(test: &Tested) -> Vec<String> {
    let Outcome::Ran { expectations, seeds, stopped, timeline } = &test.result else {
        return vec!["the scenario has errors; fusebox check shows them".to_owned()];
    };
    let mut failures: Vec<String> =
        stopped.iter().map(|reason| format!("stopped: {reason}")).collect();
    for held in expectations.iter().filter(|held| !held.fails_for.is_empty()) {
        let mut lines = vec![
            format!("expected: {}", held.expectation.text),
            format!("measured: {}", measured(&held.verdict)),
        ];
        lines.extend(
            held.verdict.nearest.as_ref().map(|moment| format!("nearest: {}", told(moment))),
        );
        if *seeds > 1 {
            lines.push(over_seeds(held, *seeds));
        }
        failures.push(lines.join("\n"));
    }
    match timeline {
        Timeline::Differs(difference) => {
            failures.push(format!("the timeline differs\n{difference}"))
        }
        Timeline::Orphaned => {
            failures.push("the committed timeline is of a variant that is gone".to_owned())
        }
        Timeline::NotCommitted | Timeline::Same | Timeline::Written => {}
    }
    failures
}

#[derive(Serialize)]
struct Entry<'a> {
    scenario: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
    passes: bool,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<&'a str>,
    expectations: Vec<Expected<'a>>,
    timeline: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<&'a str>,
}

#[derive(Serialize)]
struct Expected<'a> {
    text: &'a str,
    holds: bool,
    measured: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<String>,
    holds_for_seeds: u64,
    fails_for_seeds: &'a [u64],
}

/// All tests as a JSON list.
///
/// # Panics
/// Never: the records hold only numbers, texts and lists.
pub fn json(tests: &[Tested]) -> String {
    let entries: Vec<Entry> = tests.iter().map(entry).collect();
    serde_json::to_string_pretty(&entries).expect("plain records become JSON") + "\n"
}

fn entry(test: &Tested) -> Entry<'_> {
    let mut entry = Entry {
        scenario: &test.name,
        variant: test.variant.as_deref(),
        passes: test.passes(),
        seconds: test.took.as_secs_f64(),
        stopped: None,
        expectations: Vec::new(),
        timeline: "has errors",
        difference: None,
    };
    if let Outcome::Ran { expectations, stopped, timeline, .. } = &test.result {
        entry.stopped = stopped.as_deref();
        entry.expectations = expectations
            .iter()
            .map(|held| Expected {
                text: &held.expectation.text,
                holds: held.fails_for.is_empty(),
                measured: measured(&held.verdict),
                nearest: held.verdict.nearest.as_ref().map(told),
                holds_for_seeds: held.seeds,
                fails_for_seeds: &held.fails_for,
            })
            .collect();
        (entry.timeline, entry.difference) = match timeline {
            Timeline::NotCommitted => ("not committed", None),
            Timeline::Same => ("same", None),
            Timeline::Differs(difference) => ("differs", Some(difference.as_str())),
            Timeline::Written => ("written", None),
            Timeline::Orphaned => ("orphaned", None),
        };
    }
    entry
}

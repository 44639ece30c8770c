//! Tests as `JUnit`, for continuous integration.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Held, TestResult, Tested, Timeline};
use crate::narrate::{measured, told};
use crate::printable;

/// A `JUnit` report: a suite for each scenario, with a case for it and for each variant.
///
/// # Errors
/// If the report cannot be encoded.
pub fn junit(tests: &[Tested], took: Duration) -> Result<String, String> {
    let mut report = Report::new("fusebox");
    report.set_time(took);
    for tests in tests.chunk_by(|one, other| one.name == other.name) {
        let mut suite = TestSuite::new(&*tests[0].name);
        suite.add_test_cases(tests.iter().map(test_case));
        report.add_test_suite(suite);
    }
    let document = report.to_string().map_err(|error| error.to_string())?;
    Ok(printable::xml(&document).into_owned())
}

fn test_case(test: &Tested) -> TestCase {
    let failures = failures(test);
    let mut status = TestCaseStatus::success();
    if let Some(first) = failures.first() {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status
            .set_message(first.lines().next().unwrap_or_default())
            .set_description(failures.join("\n\n"));
    }
    let mut case = TestCase::new(test.variant.as_deref().unwrap_or("as written"), status);
    case.set_classname(&*test.name).set_time(test.took);
    case
}

/// The failures of a test, each in a few lines.
fn failures(test: &Tested) -> Vec<String> {
    let TestResult::Ran { expectations, seeds, stopped, timeline } = &test.result else {
        return vec!["the scenario has errors; fusebox check shows them".to_owned()];
    };
    let mut failures: Vec<String> =
        stopped.iter().map(|reason| format!("stopped: {reason}")).collect();
    let broken = expectations.iter().filter(|held| held.fails());
    failures.extend(broken.map(|held| failure(held, *seeds)));
    if let Some((verb, rest)) = timeline.remedy() {
        let more = match timeline {
            Timeline::Differs(difference) => difference.clone(),
            _ => format!("{verb} {rest}"),
        };
        failures.push(format!("{}\n{more}", timeline.in_words()));
    }
    failures
}

fn failure(held: &Held, seeds: u64) -> String {
    let mut lines = vec![
        format!("expected: {}", held.expectation.text),
        format!("measured: {}", measured(&held.verdict)),
    ];
    lines.extend(held.verdict.nearest.as_ref().map(|moment| format!("nearest: {}", told(moment))));
    if seeds > 1 {
        lines.push(held.over_seeds(seeds));
    }
    lines.join("\n")
}

//! Tests as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Held, TestResult, Tested, Timeline};
use crate::json::{Document, pretty};
use crate::narrate::{measured, told};

/// The tests of some scenarios.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TestsRecord<'a> {
    /// Each scenario, and each variant that was tested, in order.
    tests: Vec<TestRecord<'a>>,
}

impl Document for TestsRecord<'_> {
    const NAME: &'static str = "tests";
    const VERSION: u32 = 1;
    const MADE_BY: &'static str = "`test`";
}

/// A scenario, or a variant of it, that was tested.
#[derive(Serialize, JsonSchema)]
struct TestRecord<'a> {
    /// The name of the scenario, or of its file if it has errors.
    scenario: &'a str,
    /// The variant; absent if it was run as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
    /// True if every expectation holds and the timeline is the committed one.
    passes: bool,
    /// The time that the test took, in seconds of real time.
    seconds: f64,
    /// The reason why the run ended early; absent if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<&'a str>,
    /// The expectations, in the order of the file; none if the file has errors.
    expectations: Vec<ExpectationRecord<'a>>,
    /// The timeline against the committed one: `same`, `differs`, `missing`, `repeated`, `text outside of sections`,
    /// `written`, `orphaned`, `not committed`, `not compared`, or `has errors` if the file does and nothing ran.
    timeline: &'static str,
    /// The lines in which the timeline differs; absent unless it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<&'a str>,
}

/// An expectation and the figures that it was held against.
#[derive(Serialize, JsonSchema)]
struct ExpectationRecord<'a> {
    /// The sentence, as it is written.
    text: &'a str,
    /// True if it fails for no seed.
    holds: bool,
    /// False if a run was stopped before it was decided.
    known: bool,
    /// The measurement for the first seed for which it fails, or else for the first seed, in words.
    measured: String,
    /// The nearest event of the same run that did occur, in words; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<String>,
    /// The number of seeds for which it holds.
    holds_for_seeds: u64,
    /// The seeds for which it fails, in order.
    fails_for_seeds: &'a [u64],
}

/// All tests as an indented JSON document.
pub fn json(tests: &[Tested]) -> String {
    pretty(TestsRecord { tests: tests.iter().map(TestRecord::new).collect() })
}

impl<'a> TestRecord<'a> {
    fn new(test: &'a Tested) -> Self {
        let mut record = Self {
            scenario: &test.name,
            variant: test.variant.as_deref(),
            passes: test.passes(),
            seconds: test.took.as_secs_f64(),
            stopped: None,
            expectations: Vec::new(),
            timeline: "has errors",
            difference: None,
        };
        if let TestResult::Ran { expectations, stopped, timeline, .. } = &test.result {
            record.stopped = stopped.as_deref();
            record.expectations = expectations.iter().map(ExpectationRecord::new).collect();
            (record.timeline, record.difference) = match timeline {
                Timeline::NotCommitted => ("not committed", None),
                Timeline::NotCompared => ("not compared", None),
                Timeline::Same => ("same", None),
                Timeline::Differs(difference) => ("differs", Some(difference.as_str())),
                Timeline::Missing => ("missing", None),
                Timeline::Repeated => ("repeated", None),
                Timeline::Stray(_) => ("text outside of sections", None),
                Timeline::Written => ("written", None),
                Timeline::Orphaned => ("orphaned", None),
            };
        }
        record
    }
}

impl<'a> ExpectationRecord<'a> {
    fn new(held: &'a Held) -> Self {
        Self {
            text: &held.expectation.text,
            holds: !held.fails(),
            known: held.is_known(),
            measured: measured(&held.verdict),
            nearest: held.verdict.nearest.as_ref().map(told),
            holds_for_seeds: held.seeds,
            fails_for_seeds: &held.fails_for,
        }
    }
}

//! Tests as JSON.

use serde::Serialize;

use super::{Held, TestResult, Tested, Timeline};
use crate::json::pretty;
use crate::narrate::{measured, told};

#[derive(Serialize)]
struct TestRecord<'a> {
    scenario: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
    passes: bool,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<&'a str>,
    expectations: Vec<ExpectationRecord<'a>>,
    timeline: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<&'a str>,
}

#[derive(Serialize)]
struct ExpectationRecord<'a> {
    text: &'a str,
    holds: bool,
    known: bool,
    measured: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<String>,
    holds_for_seeds: u64,
    fails_for_seeds: &'a [u64],
}

/// All tests as an indented JSON list.
pub fn json(tests: &[Tested]) -> String {
    pretty(&tests.iter().map(TestRecord::new).collect::<Vec<_>>())
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

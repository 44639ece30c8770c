//! Calls over edges.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::Latency;
use super::outcomes::by_kind;
use crate::observe::EdgeRecord;
use crate::resilience::Fallback;
use crate::system::{EdgePlan, System};

/// The calls over an edge, of requests that began after the warm-up.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CallSummary {
    /// The edge, `caller -> callee`.
    pub edge: String,
    /// Calls begun.
    pub calls: u64,
    /// Attempts made for them.
    pub attempts: u64,
    /// Those among them that were not the first of their call: retries and hedges.
    pub retries: u64,
    /// The outcomes, by kind; kinds that did not occur are left out.
    pub ended: IndexMap<&'static str, u64>,
    /// The failures that made calls turn to a fallback, by kind; absent if none did.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub fell_back: IndexMap<&'static str, u64>,
    /// Requests that the callee worked on to the end.
    pub worked_on: u64,
    /// Those among them whose caller had gone before the end: after a timeout, a cancellation or a crash.
    pub for_nobody: u64,
    /// Calls whose caller crashed before they ended; absent if there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub abandoned: u64,
    /// Calls put off until later by a fallback; absent if it has none of that kind. They count as
    /// degraded above, and once more when they are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub put_off: Option<PutOff>,
    /// Calls still under way at the end.
    pub in_flight: u64,
    /// Latency as the caller saw it: guards, retries and fallbacks included.
    pub latency: Latency,
}

/// Calls put off until later, warm-up included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PutOff {
    /// Put off.
    pub calls: u64,
    /// Made up for.
    pub made_up: u64,
    /// Not put off, because too many were.
    pub refused: u64,
    /// Still waiting at the end.
    pub waiting: u64,
}

/// The summaries of all edges.
pub(super) fn calls(system: &System) -> Vec<CallSummary> {
    let blueprint = system.blueprint();
    let edges = blueprint.edges.iter().zip(system.recorder().edges()).enumerate();
    let summary_of = |(index, (plan, record)): (usize, (&EdgePlan, &EdgeRecord))| CallSummary {
        edge: blueprint.name_of_edge(index as u32),
        calls: record.begun,
        attempts: record.attempts,
        retries: record.retries,
        ended: by_kind(&record.ended, |_| true),
        fell_back: by_kind(&record.fell_back, |_| true),
        worked_on: record.worked_on,
        for_nobody: record.for_nobody,
        abandoned: record.abandoned,
        put_off: puts_off(plan).then(|| PutOff {
            calls: record.deferred,
            made_up: record.made_up,
            refused: record.not_deferred,
            waiting: system.deferred(index),
        }),
        in_flight: record.begun - record.ended.iter().sum::<u64>() - record.abandoned,
        latency: Latency::of(&record.latency),
    };
    edges.map(summary_of).collect()
}

fn puts_off(plan: &EdgePlan) -> bool {
    plan.fallbacks.iter().any(|fallback| matches!(fallback, Fallback::Later { .. }))
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

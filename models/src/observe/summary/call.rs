//! Calls over edges.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::Latency;
use super::outcomes::by_kind;
use crate::observe::EdgeRecord;
use crate::resilience::Fallback;
use crate::system::{EdgePlan, Id, System, of};

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
    /// Requests that the callee worked on to the end although their caller had gone before: after a timeout, a
    /// cancellation or a crash.
    pub for_nobody: u64,
    /// The share of these among all requests that the callee began to work on; absent if it began none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_of_work: Option<f64>,
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
    let edges = blueprint.edges.with_ids().zip(system.recorder().edges());
    let summary_of = |((id, plan), record): ((Id<of::Edge>, &EdgePlan), &EdgeRecord)| CallSummary {
        edge: blueprint.name_of_edge(id),
        calls: record.begun,
        attempts: record.attempts,
        retries: record.retries,
        ended: by_kind(&record.ended, |_| true),
        fell_back: by_kind(&record.fell_back, |_| true),
        for_nobody: record.for_nobody,
        share_of_work: share_of_work(system, plan, record.for_nobody),
        abandoned: record.abandoned,
        put_off: puts_off(plan).then(|| PutOff {
            calls: record.deferred,
            made_up: record.made_up,
            refused: record.not_deferred,
            waiting: system.deferred(id),
        }),
        in_flight: record.begun - record.ended.iter().sum::<u64>() - record.abandoned,
        latency: Latency::of(&record.latency),
    };
    edges.map(summary_of).collect()
}

/// The share of some requests among those that the instances of a callee began to work on.
fn share_of_work(system: &System, plan: &EdgePlan, requests: u64) -> Option<f64> {
    let blueprint = system.blueprint();
    let instances = blueprint.stations[plan.callee].instances.iter();
    let begun = instances.map(|instance| {
        let slots = blueprint.instances[instance].slots;
        system.pools()[slots].usage().granted
    });
    let begun: u64 = begun.sum();
    (begun > 0).then(|| requests as f64 / begun as f64)
}

fn puts_off(plan: &EdgePlan) -> bool {
    plan.fallbacks.iter().any(|fallback| matches!(fallback, Fallback::Later { .. }))
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

//! Requests of workloads.

use std::cmp::Reverse;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use sim_core::SimTime;

use super::Latency;
use super::outcomes::by_kind;
use super::phase::{PhaseSummary, phases};
use super::uncertainty::{greatest_utilization, half_width};
use crate::Outcome;
use crate::observe::WorkloadRecord;
use crate::system::{Origin, System, WorkloadPlan};

/// The requests of a workload that began after the warm-up.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WorkloadSummary {
    /// Its name.
    pub name: String,
    /// Requests begun.
    pub offered: u64,
    /// Answered in full.
    pub ok: u64,
    /// Answered by a fallback somewhere.
    pub degraded: u64,
    /// Failed, by kind; kinds that did not occur are left out.
    pub failed: IndexMap<&'static str, u64>,
    /// The calls at which requests began to fail that failed in the end or were answered by a fallback, the most
    /// frequent first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub began: Vec<BeganAt>,
    /// Neither answered nor failed at the end.
    pub in_flight: u64,
    /// Share answered (in full or degraded) of those that ended; 0 if none has ended, NaN, `null`
    /// in JSON, if none has begun.
    #[schemars(with = "Option<f64>")]
    pub availability: f64,
    /// Answers (in full or degraded) per second; NaN, `null` in JSON, if the run did not reach the end
    /// of its warm-up.
    #[schemars(with = "Option<f64>")]
    pub goodput: f64,
    /// Latency of the answers.
    pub latency: Latency,
    /// Half-width of the 95 % confidence interval of the mean latency, by batch means; absent if one run
    /// cannot tell, because something changes in the course of it or it is too short.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_latency_half_width: Option<f64>,
    /// Latency of everything that ended, failures included.
    pub latency_with_failures: Latency,
    /// The same before, during and after the faults; absent if no fault has struck.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseSummary>,
}

/// A call at which requests began to fail: the one furthest in that failed, unless that was because of a call
/// that its callee made.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BeganAt {
    /// The edge of the call, `caller -> callee`.
    pub edge: String,
    /// The outcome of the call.
    pub kind: &'static str,
    /// Requests that failed.
    pub failed: u64,
    /// Requests that a fallback answered.
    pub degraded: u64,
}

/// The summaries of all workloads in a run that has reached `now`.
pub(super) fn workloads(system: &System, now: SimTime) -> Vec<WorkloadSummary> {
    let run = system.blueprint().run;
    let counted = now.since(SimTime::ZERO + run.warmup).min(run.duration - run.warmup);
    let workloads = system.blueprint().workloads.iter().zip(system.recorder().workloads());
    let utilization = greatest_utilization(system, now);
    let summary_of = |(plan, record)| {
        let mut summary = summary_of(plan, record, counted.as_secs_f64());
        summary.began = began_at(system, record);
        summary.phases = phases(system, record);
        let half_width = half_width(system, record, &summary.latency, utilization);
        summary.mean_latency_half_width = half_width.map(|nanos| nanos / 1e9);
        summary
    };
    workloads.map(summary_of).collect()
}

/// The calls at which requests of a workload began to fail.
fn began_at(system: &System, record: &WorkloadRecord) -> Vec<BeganAt> {
    let of = |(origin, [failed, degraded]): (&Origin, &[u64; 2])| BeganAt {
        edge: system.blueprint().name_of_edge(origin.edge),
        kind: origin.outcome.name(),
        failed: *failed,
        degraded: *degraded,
    };
    let mut all: Vec<BeganAt> = record.began.iter().map(of).collect();
    all.sort_by_key(|began| Reverse((began.failed, began.degraded)));
    all
}

/// The summary of a workload whose requests count over a number of seconds.
fn summary_of(plan: &WorkloadPlan, record: &WorkloadRecord, seconds: f64) -> WorkloadSummary {
    let of = |outcome: Outcome| record.ended[outcome as usize];
    let ended: u64 = record.ended.iter().sum();
    let good = of(Outcome::Ok) + of(Outcome::Degraded);
    let mut with_failures = record.latency.clone();
    with_failures.merge(&record.failure_latency);
    WorkloadSummary {
        name: plan.name.clone(),
        offered: record.offered,
        ok: of(Outcome::Ok),
        degraded: of(Outcome::Degraded),
        failed: by_kind(&record.ended, |outcome| !outcome.is_good()),
        began: Vec::new(),
        phases: Vec::new(),
        in_flight: record.offered - ended,
        availability: match (record.offered, ended) {
            (0, 0) => f64::NAN,
            (_, 0) => 0.0,
            (_, ended) => good as f64 / ended as f64,
        },
        goodput: if seconds > 0.0 { good as f64 / seconds } else { f64::NAN },
        latency: Latency::of(&record.latency),
        mean_latency_half_width: None,
        latency_with_failures: Latency::of(&with_failures),
    }
}

//! Requests of workloads.

use indexmap::IndexMap;
use serde::Serialize;
use sim_core::SimTime;

use super::Latency;
use super::outcomes::by_kind;
use crate::Outcome;
use crate::observe::WorkloadRecord;
use crate::system::{System, WorkloadPlan};

/// The confidence of every interval printed.
const CONFIDENCE: f64 = 0.95;

/// The requests of a workload that began after the warm-up.
#[derive(Clone, Debug, Serialize)]
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
    /// Neither answered nor failed at the end.
    pub in_flight: u64,
    /// Share answered (in full or degraded) of those that ended; 0 if none has ended, not a number
    /// (NaN) if none has begun.
    pub availability: f64,
    /// Answers (in full or degraded) per second; not a number (NaN) if the run did not reach the end
    /// of its warm-up.
    pub goodput: f64,
    /// Latency of the answers.
    pub latency: Latency,
    /// Half-width of the 95 % confidence interval of the mean latency, by batch means; absent if it
    /// cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_latency_half_width: Option<f64>,
    /// Latency of everything that ended, failures included.
    pub latency_with_failures: Latency,
}

/// The summaries of all workloads in a run that has reached `now`.
pub(super) fn workloads(system: &System, now: SimTime) -> Vec<WorkloadSummary> {
    let run = system.blueprint().run;
    let counted = now.since(SimTime::ZERO + run.warmup).min(run.duration - run.warmup);
    let workloads = system.blueprint().workloads.iter().zip(system.recorder().workloads());
    workloads.map(|(plan, record)| summary_of(plan, record, counted.as_secs_f64())).collect()
}

/// The summary of a workload whose requests count over a number of seconds.
fn summary_of(plan: &WorkloadPlan, record: &WorkloadRecord, seconds: f64) -> WorkloadSummary {
    let of = |outcome: Outcome| record.ended[outcome as usize];
    let ended: u64 = record.ended.iter().sum();
    let good = of(Outcome::Ok) + of(Outcome::Degraded);
    let mut with_failures = record.latency.clone();
    with_failures.merge(&record.failure_latency);
    let half_width = record.mean_latency.interval(CONFIDENCE).half_width / 1e9;
    WorkloadSummary {
        name: plan.name.clone(),
        offered: record.offered,
        ok: of(Outcome::Ok),
        degraded: of(Outcome::Degraded),
        failed: by_kind(&record.ended, |outcome| !outcome.is_good()),
        in_flight: record.offered - ended,
        availability: match (record.offered, ended) {
            (0, 0) => f64::NAN,
            (_, 0) => 0.0,
            (_, ended) => good as f64 / ended as f64,
        },
        goodput: if seconds > 0.0 { good as f64 / seconds } else { f64::NAN },
        latency: Latency::of(&record.latency),
        mean_latency_half_width: half_width.is_finite().then_some(half_width),
        latency_with_failures: Latency::of(&with_failures),
    }
}

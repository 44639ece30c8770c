//! Before, during and after the faults.

use schemars::JsonSchema;
use serde::Serialize;

use crate::Outcome;
use crate::observe::{Phase, PhaseRecord, WorkloadRecord};
use crate::system::System;

/// The requests of a workload in a phase of the run. They count by when they ended, in whole intervals after the
/// warm-up and before arrivals end.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PhaseSummary {
    /// `before` any fault had struck, `during` faults, or `after` them.
    pub phase: &'static str,
    /// Its length in seconds.
    pub seconds: f64,
    /// Share answered (in full or degraded) of the requests that ended; 0 if requests began and none ended, NaN,
    /// `null` in JSON, if none began either.
    #[schemars(with = "Option<f64>")]
    pub availability: f64,
    /// Answers (in full or degraded) per second.
    pub goodput: f64,
    /// Median latency of the requests that ended, failures included, in seconds; NaN, `null` in JSON, if none did.
    #[schemars(with = "Option<f64>")]
    pub p50: f64,
    /// 99th percentile of the same.
    #[schemars(with = "Option<f64>")]
    pub p99: f64,
}

/// The phases of a workload that have any length; none if no fault has struck.
pub(super) fn phases(system: &System, record: &WorkloadRecord) -> Vec<PhaseSummary> {
    if !system.recorder().have_faults_struck() {
        return Vec::new();
    }
    let all = Phase::ALL.into_iter().zip(&record.phases);
    let summary_of = |(phase, record): (Phase, &PhaseRecord)| {
        let seconds = record.length.as_secs_f64();
        let ended: u64 = record.ended.iter().sum();
        let good = Outcome::ALL.into_iter().filter(|outcome| outcome.is_good());
        let good: u64 = good.map(|outcome| record.ended[outcome as usize]).sum();
        let quantile = |q| match ended {
            0 => f64::NAN,
            _ => record.latency.quantile(q) as f64 / 1e9,
        };
        PhaseSummary {
            phase: phase.name(),
            seconds,
            availability: match (record.offered, ended) {
                (0, 0) => f64::NAN,
                (_, 0) => 0.0,
                (_, ended) => good as f64 / ended as f64,
            },
            goodput: good as f64 / seconds,
            p50: quantile(0.5),
            p99: quantile(0.99),
        }
    };
    all.filter(|(_, record)| !record.length.is_zero()).map(summary_of).collect()
}

//! The figures that a reader looks for first, under the title.

use sim_models::observe::{FigureUnit, Phase, RunSummary, WorkloadSummary};

use crate::units::{clock, count, duration, figure, percent};

/// Of more workloads than this, the last are only counted.
const MOST_WORKLOADS: usize = 5;

/// The reason why a run is not as planned, and a line for each workload.
pub(super) fn headline(summary: &RunSummary) -> Vec<String> {
    let partial = summary.partial.as_ref().map(|stopped| format!("partial: {}", stopped.reason));
    let called_off = summary.called_off.as_ref().map(|called_off| {
        format!("called off at {}: {}", clock(called_off.at), called_off.condition)
    });
    let is_alone = summary.workloads.len() == 1;
    let shown = match summary.workloads.len() {
        all if all <= MOST_WORKLOADS => all,
        _ => MOST_WORKLOADS - 1,
    };
    let workloads = summary.workloads.iter().take(shown).map(|workload| {
        let figures = figures(workload);
        if is_alone { figures } else { format!("{}: {figures}", workload.name) }
    });
    let more = summary.workloads.len() - shown;
    let more = (more > 0).then(|| format!("and {} more workloads", count(more as u64)));
    partial.into_iter().chain(called_off).chain(workloads).chain(more).collect()
}

fn figures(workload: &WorkloadSummary) -> String {
    let degraded = workload.degraded as f64 / workload.offered.max(1) as f64;
    let degraded = match workload.degraded {
        0 => String::new(),
        _ => format!(" ({} degraded)", percent(degraded)),
    };
    let during = workload.phases.iter().find(|phase| phase.phase == Phase::During.name());
    let during = during.filter(|during| !during.availability.is_nan()).map(|during| {
        let p99 = match during.p99 {
            p99 if p99.is_nan() => String::new(),
            p99 => format!(" and p99 {}", duration(p99)),
        };
        format!("during faults {}{p99}", percent(during.availability))
    });
    let latency = &workload.latency_with_failures;
    let figures = [
        format!("availability {}{degraded}", percent(workload.availability)),
        format!("goodput {}", figure(workload.goodput, FigureUnit::Rate)),
        format!("latency p50 {}, p99 {}", duration(latency.p50), duration(latency.p99)),
    ];
    figures.into_iter().chain(during).collect::<Vec<_>>().join(" · ")
}

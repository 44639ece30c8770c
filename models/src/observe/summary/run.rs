//! The summary of a whole run.

use schemars::JsonSchema;
use serde::Serialize;
use sim_core::{Fingerprint, SimTime};

use super::breaker::breakers;
use super::call::calls;
use super::effect::effects;
use super::link::links;
use super::load::loads;
use super::pool::pools;
use super::queue::queues;
use super::stopped::stopped_by;
use super::workload::workloads;
use super::{
    BreakerSummary, CallSummary, EffectSummary, LinkSummary, LoadSummary, PoolSummary,
    QueueSummary, Stopped, WorkloadSummary,
};
use crate::system::System;

/// A run in numbers. Times are in seconds, rates per second, shares from 0 to 1.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunSummary {
    /// The scenario's name.
    pub scenario: String,
    /// The version that produced it.
    pub version: &'static str,
    /// The seed.
    pub seed: u64,
    /// The replication of the seed; absent if it is the first, number 0.
    #[serde(skip_serializing_if = "is_first")]
    pub replication: u64,
    /// Hash over all events handled.
    pub fingerprint: String,
    /// Simulated time, from zero.
    pub simulated_seconds: f64,
    /// The time at the beginning that was not counted.
    pub warmup_seconds: f64,
    /// Events handled.
    pub events: u64,
    /// The reason why the run is not complete; absent if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<Stopped>,
    /// The end of the experiment if it was called off; absent if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub called_off: Option<CalledOff>,
    /// The requests of each workload.
    pub workloads: Vec<WorkloadSummary>,
    /// The calls over each edge.
    pub calls: Vec<CallSummary>,
    /// The use of each pool.
    pub pools: Vec<PoolSummary>,
    /// The load of pools while they were full; absent if none was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub load: Vec<LoadSummary>,
    /// The transitions and rejections of each breaker.
    pub breakers: Vec<BreakerSummary>,
    /// The messages that went through each queue of messages; absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<QueueSummary>,
    /// The messages that went over each link, direction by direction; absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkSummary>,
    /// The effects on the world; absent if handlers do nothing of the kind.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<EffectSummary>,
}

/// The end of an experiment that was called off: its faults were taken back, and the run went on.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CalledOff {
    /// The time, in seconds.
    pub at: f64,
    /// The condition that was met.
    pub condition: String,
    /// The figure then: a share from 0 to 1, seconds, per second, or a number.
    pub measured: f64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_first(replication: &u64) -> bool {
    *replication == 0
}

/// Summarizes a run that has reached `now`. `partial` is the reason why it was stopped, if it was
/// stopped from outside.
pub fn summarize(
    system: &System,
    now: SimTime,
    events: u64,
    fingerprint: Fingerprint,
    partial: Option<Stopped>,
) -> RunSummary {
    let run = system.blueprint().run;
    RunSummary {
        scenario: system.blueprint().name.clone(),
        version: env!("CARGO_PKG_VERSION"),
        seed: run.seed,
        replication: system.replication(),
        fingerprint: fingerprint.to_string(),
        simulated_seconds: now.as_secs_f64(),
        warmup_seconds: run.warmup.as_secs_f64(),
        events,
        partial: partial
            .or_else(|| system.limit_reached().map(|limit| stopped_by(system, limit, now))),
        called_off: system.aborted().map(|aborted| CalledOff {
            at: aborted.at.as_secs_f64(),
            condition: system.blueprint().abort_when[aborted.condition].text.clone(),
            measured: aborted.value,
        }),
        workloads: workloads(system, now),
        calls: calls(system),
        pools: pools(system, now),
        load: loads(system, now),
        breakers: breakers(system, now),
        queues: queues(system),
        links: links(system, now),
        effects: effects(system),
    }
}

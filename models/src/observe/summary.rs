//! The figures of a run.

use serde::Serialize;
use sim_core::stats::Histogram;
use sim_core::{Fingerprint, SimDuration, SimTime};

use crate::Outcome;
use crate::resilience::Fallback;
use crate::resilience::circuit_breaker::BreakerState;
use crate::resources::Pool;
use crate::system::{LimitReached, System, UNLIMITED};

/// Confidence of every interval printed.
const CONFIDENCE: f64 = 0.95;

/// The figures of a run. Times are in seconds, rates per second, shares from 0 to 1.
#[derive(Clone, Debug, Serialize)]
pub struct RunSummary {
    /// The scenario's name.
    pub scenario: String,
    /// The version that produced it.
    pub version: &'static str,
    /// The seed.
    pub seed: u64,
    /// Hash over all events handled.
    pub fingerprint: String,
    /// Simulated time, from zero.
    pub simulated_seconds: f64,
    /// The time at the beginning that was not counted.
    pub warmup_seconds: f64,
    /// Events handled.
    pub events: u64,
    /// Why the run is not complete; absent if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<Stopped>,
    /// The end of the experiment if it was called off; absent if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub called_off: Option<CalledOff>,
    /// The experience of each workload.
    pub workloads: Vec<WorkloadSummary>,
    /// The calls over each edge.
    pub calls: Vec<CallSummary>,
    /// The use of each pool.
    pub pools: Vec<PoolSummary>,
    /// The transitions and rejections of each breaker.
    pub breakers: Vec<BreakerSummary>,
    /// The messages that went through each queue of messages; absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<QueueSummary>,
    /// The effects on the world; absent if handlers do nothing of the kind.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<EffectSummary>,
}

/// The messages that went through a queue, warm-up included: sent = delivered + dead + expired +
/// waiting + in flight.
#[derive(Clone, Debug, Serialize)]
pub struct QueueSummary {
    /// Its name.
    pub name: String,
    /// Messages accepted.
    pub sent: u64,
    /// Messages turned away because it was full.
    pub refused: u64,
    /// Messages consumed.
    pub delivered: u64,
    /// Deliveries that failed.
    pub failed_deliveries: u64,
    /// Messages given up after their last delivery.
    pub dead: u64,
    /// Messages given up because they were too old.
    pub expired: u64,
    /// Expired messages that were made up for.
    pub compensated: u64,
    /// Messages that wait at the end.
    pub waiting: u64,
    /// Deliveries under way at the end.
    pub in_flight: u64,
    /// Most messages waiting at the end of any interval.
    pub most_waiting: u64,
    /// Greatest age of the oldest message, in seconds.
    pub oldest: f64,
    /// Time from sending to the end of the delivery.
    pub latency: Latency,
}

/// The effects that handlers did to the world under one name.
#[derive(Clone, Debug, Serialize)]
pub struct EffectSummary {
    /// The name.
    pub name: String,
    /// The number of times that it was done.
    pub count: u64,
    /// The number of times that it was done for a request for which it had been done before.
    pub duplicates: u64,
}

/// The end of an experiment that was called off: its faults were taken back, and the run went on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CalledOff {
    /// The time, in seconds.
    pub at: f64,
    /// The condition that was met.
    pub condition: String,
    /// The figure then: a share from 0 to 1, seconds, per second, or a number.
    pub measured: f64,
}

/// Why a run ended early.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stopped {
    /// The condition that ended it, in words.
    pub reason: String,
}

/// The experience of a workload, over the requests that began after the warm-up.
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
    pub failed: indexmap::IndexMap<&'static str, u64>,
    /// Neither answered nor failed at the end.
    pub in_flight: u64,
    /// Share answered (in full or degraded) of those that ended.
    pub availability: f64,
    /// Answers (in full or degraded) per second.
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

/// A distribution of latencies in seconds. Quantiles carry an error of at most 0.4 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Latency {
    /// Exact mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p999: f64,
    /// Exact maximum.
    pub max: f64,
}

impl Latency {
    fn of(histogram: &Histogram) -> Self {
        let seconds = |nanos: u64| nanos as f64 / 1e9;
        let quantile = |q| seconds(histogram.quantile(q));
        Self {
            mean: histogram.mean() / 1e9,
            p50: quantile(0.5),
            p90: quantile(0.9),
            p95: quantile(0.95),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: seconds(histogram.max()),
        }
    }
}

/// The calls over an edge, over the calls of requests that began after the warm-up.
#[derive(Clone, Debug, Serialize)]
pub struct CallSummary {
    /// The edge, `caller -> callee`.
    pub edge: String,
    /// Calls begun.
    pub calls: u64,
    /// Attempts made for them.
    pub attempts: u64,
    /// The outcomes, by kind; kinds that did not occur are left out.
    pub ended: indexmap::IndexMap<&'static str, u64>,
    /// Calls whose caller crashed before they ended; absent if there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub abandoned: u64,
    /// Calls put off until later by a fallback; absent if it has none of that kind. They count as
    /// degraded above, and once more when they are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub put_off: Option<PutOff>,
    /// Calls still under way at the end.
    pub in_flight: u64,
    /// Latency as the caller saw it.
    pub latency: Latency,
}

/// Calls put off until later, warm-up included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
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

/// The use of a pool after the warm-up.
#[derive(Clone, Debug, Serialize)]
pub struct PoolSummary {
    /// A station, host or edge; with the number of the instance if there are several.
    pub owner: String,
    /// The kind of its slots.
    pub kind: &'static str,
    /// Slots; absent if there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
    /// Share of the slots in use, averaged over time; absent if there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilization: Option<f64>,
    /// Slots in use, averaged over time.
    pub busy_mean: f64,
    /// Most slots in use at one time.
    pub busy_max: u64,
    /// Requests waiting, averaged over time.
    pub queue_mean: f64,
    /// Most requests waiting at one time.
    pub queue_max: u64,
    /// Requests waiting at the end.
    pub queue_at_end: u32,
    /// Slots granted.
    pub granted: u64,
    /// Turned away because the queue was full.
    pub rejected: u64,
    /// Given up because the wait limit ran out.
    pub expired: u64,
    /// Mean wait of those that were granted a slot, in seconds.
    pub wait_mean: f64,
    /// The times at which all slots were in use for a second or more.
    pub saturated: Vec<Span>,
}

/// A span of time in seconds from the beginning; `to` is absent if it lasted to the end of the run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Span {
    /// Its beginning.
    pub from: f64,
    /// Its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
}

/// The transitions and rejections of a breaker, warm-up included.
#[derive(Clone, Debug, Serialize)]
pub struct BreakerSummary {
    /// Its edge.
    pub edge: String,
    /// Changes of state.
    pub transitions: u64,
    /// The number of times that it opened.
    pub opened: u64,
    /// Calls it rejected.
    pub rejected: u64,
    /// Seconds in each state.
    pub seconds_in: TimeInState,
}

/// Seconds that a breaker spent in each state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TimeInState {
    /// Letting calls through.
    pub closed: f64,
    /// Rejecting.
    pub open: f64,
    /// Probing.
    pub half_open: f64,
}

/// The figures of a run that has reached `now`.
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
        pools: system
            .pools()
            .iter()
            .enumerate()
            .map(|(index, pool)| pool_summary(system, index, pool, now))
            .collect(),
        breakers: breakers(system, now),
        queues: queues(system),
        effects: effects(system),
    }
}

fn queues(system: &System) -> Vec<QueueSummary> {
    let summarize_one =
        |(index, (plan, record)): (usize, (&crate::system::QueuePlan, &super::QueueRecord))| {
            let (waiting, in_flight) = system.messages(index);
            QueueSummary {
                name: plan.name.clone(),
                sent: record.sent,
                refused: record.refused,
                delivered: record.delivered,
                failed_deliveries: record.failed_deliveries,
                dead: record.dead,
                expired: record.expired,
                compensated: record.compensated,
                waiting,
                in_flight,
                most_waiting: record.most,
                oldest: record.age.iter().max().map_or(0.0, |nanos| *nanos as f64 / 1e9),
                latency: Latency::of(&record.latency),
            }
        };
    system
        .blueprint()
        .queues
        .iter()
        .zip(system.recorder().queues())
        .enumerate()
        .map(summarize_one)
        .collect()
}

fn effects(system: &System) -> Vec<EffectSummary> {
    let records = system.blueprint().effects.iter().zip(system.recorder().effects());
    records
        .map(|(name, record)| EffectSummary {
            name: name.clone(),
            count: record.count,
            duplicates: record.duplicates,
        })
        .collect()
}

fn workloads(system: &System, now: SimTime) -> Vec<WorkloadSummary> {
    let run = system.blueprint().run;
    let counted_span =
        now.since(SimTime::ZERO + run.warmup).min(run.duration - run.warmup).as_secs_f64();
    let records = system.blueprint().workloads.iter().zip(system.recorder().workloads());
    let summarize_one = |(plan, record): (&crate::system::WorkloadPlan, &super::WorkloadRecord)| {
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
            availability: if ended == 0 { 0.0 } else { good as f64 / ended as f64 },
            goodput: if counted_span > 0.0 { good as f64 / counted_span } else { 0.0 },
            latency: Latency::of(&record.latency),
            mean_latency_half_width: half_width.is_finite().then_some(half_width),
            latency_with_failures: Latency::of(&with_failures),
        }
    };
    records.map(summarize_one).collect()
}

fn by_kind(
    counts: &[u64; Outcome::COUNT],
    include: impl Fn(Outcome) -> bool,
) -> indexmap::IndexMap<&'static str, u64> {
    let occurred = |outcome: &Outcome| counts[*outcome as usize] > 0 && include(*outcome);
    Outcome::ALL
        .into_iter()
        .filter(occurred)
        .map(|outcome| (outcome.name(), counts[outcome as usize]))
        .collect()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn calls(system: &System) -> Vec<CallSummary> {
    let blueprint = system.blueprint();
    let summarize_one =
        |(index, (plan, record)): (usize, (&crate::system::EdgePlan, &super::EdgeRecord))| {
            CallSummary {
                edge: format!(
                    "{} -> {}",
                    plan.caller, blueprint.stations[plan.callee as usize].name
                ),
                calls: record.begun,
                attempts: record.attempts,
                ended: by_kind(&record.ended, |_| true),
                abandoned: record.abandoned,
                put_off: plan
                    .fallbacks
                    .iter()
                    .any(|fallback| matches!(fallback, Fallback::Later { .. }))
                    .then(|| PutOff {
                        calls: record.deferred,
                        made_up: record.made_up,
                        refused: record.not_deferred,
                        waiting: system.deferred(index),
                    }),
                in_flight: record.begun - record.ended.iter().sum::<u64>() - record.abandoned,
                latency: Latency::of(&record.latency),
            }
        };
    blueprint.edges.iter().zip(system.recorder().edges()).enumerate().map(summarize_one).collect()
}

fn pool_summary(system: &System, index: usize, pool: &Pool, now: SimTime) -> PoolSummary {
    let plan = &system.blueprint().pools[index];
    let usage = pool.usage();
    let busy_mean = usage.busy.mean(now);
    let is_limited = plan.capacity != UNLIMITED;
    PoolSummary {
        owner: plan.label(),
        kind: plan.kind.name(),
        capacity: is_limited.then_some(plan.capacity),
        utilization: is_limited
            .then(|| if plan.capacity == 0 { 0.0 } else { busy_mean / f64::from(plan.capacity) }),
        busy_mean,
        busy_max: usage.busy.max(),
        queue_mean: usage.waiting.mean(now),
        queue_max: usage.waiting.max(),
        queue_at_end: pool.queue_length(),
        granted: usage.granted,
        rejected: usage.rejected,
        expired: usage.expired,
        wait_mean: if usage.granted == 0 {
            0.0
        } else {
            usage.waited as f64 / usage.granted as f64 / 1e9
        },
        saturated: if is_limited { saturated(pool, now) } else { Vec::new() },
    }
}

fn saturated(pool: &Pool, now: SimTime) -> Vec<Span> {
    let as_span = |episode: crate::resources::Episode| Span {
        from: episode.begin.as_secs_f64(),
        to: episode.end.map(SimTime::as_secs_f64),
    };
    pool.saturation().finish(now).into_iter().map(as_span).collect()
}

fn breakers(system: &System, now: SimTime) -> Vec<BreakerSummary> {
    let seconds = |span: SimDuration| span.as_secs_f64();
    let summarize_one =
        |(plan, record): (&crate::system::BreakerPlan, &super::BreakerRecord)| BreakerSummary {
            edge: plan.owner.clone(),
            transitions: record.transition_count,
            opened: record.openings,
            rejected: record.rejected,
            seconds_in: TimeInState {
                closed: seconds(record.time_in(BreakerState::Closed, now)),
                open: seconds(record.time_in(BreakerState::Open, now)),
                half_open: seconds(record.time_in(BreakerState::HalfOpen, now)),
            },
        };
    system
        .blueprint()
        .breakers
        .iter()
        .zip(system.recorder().breakers())
        .map(summarize_one)
        .collect()
}

/// The limit that ended the run, and the pool whose queue grew most on the way there.
fn stopped_by(system: &System, limit: LimitReached, now: SimTime) -> Stopped {
    let reached = match limit {
        LimitReached::Events(events) => {
            format!("the limit of {events} events (limits.events) was reached")
        }
        LimitReached::InFlight(in_flight) => {
            format!("more than {in_flight} requests and calls were in flight (limits.in flight)")
        }
        LimitReached::Memory(bytes) => format!(
            "the simulated system needed more than {} MB (limits.memory)",
            bytes / 1_000_000
        ),
    };
    let longest = (0..system.pools().len())
        .max_by_key(|index| (system.pools()[*index].queue_length(), std::cmp::Reverse(*index)));
    let seconds = now.as_secs_f64();
    let growing = longest.and_then(|index| {
        let growth = growth_per_second(system, index)
            .unwrap_or(f64::from(system.pools()[index].queue_length()) / seconds);
        (growth >= 1.0).then_some((&system.blueprint().pools[index], growth))
    });
    let reason = match growing {
        Some((pool, growth)) => {
            let bound =
                if pool.queue_limit == UNLIMITED { "is unbounded and grows" } else { "grows" };
            format!("{reached}: the queue of `{}` {bound} by {growth:.0} requests/s", pool.label())
        }
        None => reached,
    };
    Stopped { reason }
}

/// Growth of a queue over the last ten intervals.
fn growth_per_second(system: &System, index: usize) -> Option<f64> {
    const INTERVALS: usize = 10;
    let waiting = &system.recorder().pools()[index].waiting;
    let last = waiting.len().checked_sub(1)?;
    let first = last.saturating_sub(INTERVALS);
    let span = (last - first) as f64 * system.recorder().sample_width().as_secs_f64();
    (span > 0.0).then(|| f64::from(waiting[last] - waiting[first]) / span)
}

//! Figures that expectations, alerts and abort conditions ask for, over the whole run or some of
//! its intervals.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use sim_core::stats::Histogram;
use sim_core::{SimDuration, SimTime};

use super::{BreakerRecord, Recorder};
use crate::resilience::circuit_breaker::BreakerState;
use crate::system::{AnswerValue, Blueprint, EdgePlan, UNLIMITED};
use crate::{Outcome, OutcomeSet};

/// A figure of something.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// Of a workload.
    Workload(u32, WorkloadFigure),
    /// Of the calls over an edge, of requests that began after the warm-up.
    Edge(u32, EdgeFigure),
    /// Of the pools of one owner, as dense ids: the mean over time and over the pools.
    Pools(Range<u32>, PoolFigure),
    /// Of a queue of messages, warm-up included.
    Queue(u32, QueueFigure),
    /// Of the breakers of an edge, warm-up included.
    Breakers(Vec<u32>, BreakerFigure),
    /// How often something was done for a request for which it had been done before.
    Duplicates(u32),
    /// How often something was done.
    Effects(u32),
}

/// What can be asked of the breakers of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerFigure {
    /// How many are in a state at the end of the last interval.
    In(BreakerState),
    /// Changes of state.
    Changes,
}

/// What can be asked of a queue of messages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum QueueFigure {
    /// Messages waiting: the most of any interval.
    Depth,
    /// Age of the oldest message waiting, in seconds: the most of any interval.
    Age,
    /// Messages accepted; of the whole run only, as all that follow.
    Sent,
    /// Messages turned away.
    Refused,
    /// Messages consumed.
    Delivered,
    /// Messages given up after their last delivery.
    DeadLetters,
    /// Messages given up because they were too old.
    Expired,
    /// Expired messages that were made up for.
    Compensated,
    /// A quantile of the time from sending to the end of the delivery, in seconds.
    Latency(f64),
}

/// What can be asked of a workload.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WorkloadFigure {
    /// Share of the requests that ended well; 0 while requests wait and none is answered.
    Availability,
    /// Share of the requests that failed.
    ErrorRate,
    /// Share of the requests that were answered by a fallback.
    DegradedShare,
    /// Good answers per second.
    Goodput,
    /// Requests per second.
    Load,
    /// What the answers are worth, per second.
    Revenue,
    /// The share of what all requests would have been worth that was lost to failures and
    /// fallbacks.
    RevenueLoss,
    /// The share of all customers of whom at least one request failed; of the whole run only.
    CustomersHit,
    /// Requests begun.
    Requests,
    /// Requests that ended in one of these ways.
    Ended(OutcomeSet),
    /// A quantile of the latency in seconds, failures included.
    Latency(f64),
    /// The mean latency in seconds, failures included.
    MeanLatency,
}

/// What can be asked of an edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EdgeFigure {
    /// Share of the calls that ended well.
    Availability,
    /// Share of the calls that failed.
    ErrorRate,
    /// Attempts per second.
    Load,
    /// Calls begun.
    Calls,
    /// Attempts made.
    Attempts,
    /// Calls rejected by guards, per second.
    RejectionRate,
    /// Share of the calls that guards rejected.
    RejectedShare,
    /// Attempts made for each call.
    Amplification,
    /// Calls that ended in one of these ways, before any fallback made something else of it.
    Ended(OutcomeSet),
    /// A quantile of the latency in seconds as the caller sees it; of the whole run only.
    Latency(f64),
    /// The mean latency in seconds; of the whole run only.
    MeanLatency,
}

/// What can be asked of pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolFigure {
    /// Share of the slots in use.
    Utilization,
    /// Slots in use.
    Busy,
    /// Requests waiting.
    Queue,
    /// Slots there are, of all of them together.
    Capacity,
}

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// 0 to 1.
    Share,
    /// Seconds.
    Time,
    /// Per second.
    Rate,
    /// How many.
    Count,
    /// So many times.
    Factor,
}

/// A stretch of a run whose latencies are kept together, in whole intervals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatencyWindow {
    /// Whose latencies.
    pub workload: u32,
    /// From when.
    pub from: SimTime,
    /// Until when.
    pub to: SimTime,
}

impl Measure {
    /// What it is counted in.
    pub fn unit(&self) -> Unit {
        match self {
            Self::Workload(_, figure) => match figure {
                WorkloadFigure::Availability
                | WorkloadFigure::ErrorRate
                | WorkloadFigure::DegradedShare
                | WorkloadFigure::RevenueLoss
                | WorkloadFigure::CustomersHit => Unit::Share,
                WorkloadFigure::Goodput | WorkloadFigure::Load | WorkloadFigure::Revenue => {
                    Unit::Rate
                }
                WorkloadFigure::Requests | WorkloadFigure::Ended(_) => Unit::Count,
                WorkloadFigure::Latency(_) | WorkloadFigure::MeanLatency => Unit::Time,
            },
            Self::Edge(_, figure) => match figure {
                EdgeFigure::Availability | EdgeFigure::ErrorRate | EdgeFigure::RejectedShare => {
                    Unit::Share
                }
                EdgeFigure::Load | EdgeFigure::RejectionRate => Unit::Rate,
                EdgeFigure::Calls | EdgeFigure::Attempts | EdgeFigure::Ended(_) => Unit::Count,
                EdgeFigure::Amplification => Unit::Factor,
                EdgeFigure::Latency(_) | EdgeFigure::MeanLatency => Unit::Time,
            },
            Self::Queue(_, QueueFigure::Age | QueueFigure::Latency(_)) => Unit::Time,
            Self::Pools(_, PoolFigure::Utilization) => Unit::Share,
            Self::Breakers(..)
            | Self::Queue(..)
            | Self::Duplicates(_)
            | Self::Effects(_)
            | Self::Pools(..) => Unit::Count,
        }
    }

    /// Whether it is known of the whole run only, and not of parts of it.
    pub fn is_of_whole_runs_only(&self) -> bool {
        match self {
            Self::Edge(_, EdgeFigure::Latency(_) | EdgeFigure::MeanLatency)
            | Self::Workload(_, WorkloadFigure::CustomersHit)
            | Self::Duplicates(_)
            | Self::Effects(_) => true,
            Self::Queue(_, figure) => !matches!(figure, QueueFigure::Depth | QueueFigure::Age),
            _ => false,
        }
    }

    /// Whether each interval has a value of its own.
    pub fn is_known_of_each_interval(&self) -> bool {
        match self {
            Self::Workload(_, WorkloadFigure::Latency(quantile)) => [0.5, 0.99].contains(quantile),
            Self::Workload(_, WorkloadFigure::MeanLatency) => false,
            other => !other.is_of_whole_runs_only(),
        }
    }

    /// Its value over everything counted: the requests that began after the warm-up. `None` if
    /// there is nothing to tell.
    pub fn over_all(&self, plan: &Blueprint, recorder: &Recorder) -> Option<f64> {
        let counted = plan.run.duration - plan.run.warmup;
        match self {
            Self::Workload(workload, figure) => {
                let record = &recorder.workloads()[*workload as usize];
                let has_ended = record.ended.iter().any(|number| *number > 0);
                let stalled = if has_ended { 0 } else { record.offered };
                let tally = Tally { begun: record.offered, ended: record.ended, stalled };
                match figure {
                    WorkloadFigure::Latency(_) | WorkloadFigure::MeanLatency => {
                        let mut latency = record.latency.clone();
                        latency.merge(&record.failure_latency);
                        latency_of(&latency, *figure)
                    }
                    WorkloadFigure::CustomersHit => (plan.customers > 0)
                        .then(|| record.customers_hit.len() as f64 / plan.customers as f64),
                    _ => tally.workload(*figure, plan.workloads[*workload as usize].value, counted),
                }
            }
            Self::Edge(edge, figure) => {
                let record = &recorder.edges()[*edge as usize];
                let seconds = |nanos: f64| (record.latency.count() > 0).then_some(nanos / 1e9);
                match figure {
                    EdgeFigure::Latency(quantile) => {
                        seconds(record.latency.quantile(*quantile) as f64)
                    }
                    EdgeFigure::MeanLatency => seconds(record.latency.mean()),
                    EdgeFigure::RejectionRate => {
                        let rejections =
                            Self::Edge(*edge, EdgeFigure::Ended(OutcomeSet::rejections()));
                        rejections
                            .over_all(plan, recorder)
                            .map(|count| count / counted.as_secs_f64())
                    }
                    EdgeFigure::RejectedShare => {
                        let ended: u64 = record.ended.iter().sum();
                        let rejections = plan.edges[*edge as usize].before_fallbacks(
                            OutcomeSet::rejections(),
                            &record.ended,
                            &record.fell_back,
                        );
                        (ended > 0).then(|| rejections as f64 / ended as f64)
                    }
                    EdgeFigure::Ended(outcomes) => {
                        Some(plan.edges[*edge as usize].before_fallbacks(
                            *outcomes,
                            &record.ended,
                            &record.fell_back,
                        ) as f64)
                    }
                    _ => Tally { begun: record.begun, ended: record.ended, stalled: 0 }.edge(
                        *figure,
                        record.attempts,
                        counted,
                    ),
                }
            }
            Self::Queue(queue, figure) if self.is_of_whole_runs_only() => {
                let record = &recorder.queues()[*queue as usize];
                let count = match figure {
                    QueueFigure::Sent => record.sent,
                    QueueFigure::Refused => record.refused,
                    QueueFigure::Delivered => record.delivered,
                    QueueFigure::DeadLetters => record.dead,
                    QueueFigure::Expired => record.expired,
                    QueueFigure::Compensated => record.compensated,
                    QueueFigure::Latency(quantile) => {
                        return (record.delivered > 0)
                            .then(|| record.latency.quantile(*quantile) as f64 / 1e9);
                    }
                    QueueFigure::Depth | QueueFigure::Age => {
                        unreachable!("these are known of parts of a run")
                    }
                };
                Some(count as f64)
            }
            Self::Duplicates(effect) => {
                Some(recorder.effects()[*effect as usize].duplicates as f64)
            }
            Self::Effects(effect) => Some(recorder.effects()[*effect as usize].count as f64),
            Self::Queue(..) | Self::Breakers(..) => {
                self.over(plan, recorder, 0..recorder.intervals())
            }
            Self::Pools(..) => self.over(
                plan,
                recorder,
                recorder.intervals_between(SimTime::ZERO + plan.run.warmup, SimTime::MAX),
            ),
        }
    }

    /// Its value over some intervals, warm-up included where they are. `None` if there is nothing
    /// to tell.
    pub fn over(
        &self,
        plan: &Blueprint,
        recorder: &Recorder,
        intervals: Range<usize>,
    ) -> Option<f64> {
        if intervals.is_empty() {
            return None;
        }
        let span = recorder.sample_width() * intervals.len() as u64;
        match self {
            Self::Workload(workload, figure) => {
                let series = &recorder.workloads()[*workload as usize].series;
                let last = intervals.end - 1;
                if let WorkloadFigure::Latency(_) | WorkloadFigure::MeanLatency = figure {
                    return match (figure, intervals.len()) {
                        (WorkloadFigure::Latency(0.5), 1) => {
                            (series.ended(last) > 0).then(|| series.p50[last] as f64 / 1e9)
                        }
                        (WorkloadFigure::Latency(0.99), 1) => {
                            (series.ended(last) > 0).then(|| series.p99[last] as f64 / 1e9)
                        }
                        _ => latency_of(recorder.latencies(*workload, &intervals)?, *figure),
                    };
                }
                if let (WorkloadFigure::Availability | WorkloadFigure::ErrorRate, 1) =
                    (figure, intervals.len())
                {
                    let availability = series.availability(last);
                    return if *figure == WorkloadFigure::Availability {
                        availability
                    } else {
                        availability.map(|share| 1.0 - share)
                    };
                }
                let begun =
                    intervals.clone().map(|interval| u64::from(series.offered[interval])).sum();
                let ended = summed(&series.ended, intervals.clone());
                let is_at_a_standstill = |interval: &usize| {
                    series.ended(*interval) == 0 && series.availability(*interval).is_some()
                };
                let stalled = intervals
                    .filter(is_at_a_standstill)
                    .map(|interval| u64::from(series.offered[interval]))
                    .sum();
                let tally = Tally { begun, ended, stalled };
                tally.workload(*figure, plan.workloads[*workload as usize].value, span)
            }
            Self::Edge(edge, figure) => {
                let series = &recorder.edges()[*edge as usize].series;
                let sum = |numbers: &[u32]| {
                    numbers[intervals.clone()].iter().map(|number| u64::from(*number)).sum()
                };
                let ended = summed(&series.ended, intervals.clone());
                if *figure == EdgeFigure::RejectionRate {
                    let rejections = Self::Edge(*edge, EdgeFigure::Ended(OutcomeSet::rejections()));
                    return rejections
                        .over(plan, recorder, intervals)
                        .map(|count| count / span.as_secs_f64());
                }
                if *figure == EdgeFigure::RejectedShare {
                    let all: u64 = ended.iter().sum();
                    let fell_back = summed(&series.fell_back, intervals);
                    let rejections = plan.edges[*edge as usize].before_fallbacks(
                        OutcomeSet::rejections(),
                        &ended,
                        &fell_back,
                    );
                    return (all > 0).then(|| rejections as f64 / all as f64);
                }
                if let EdgeFigure::Ended(outcomes) = figure {
                    let fell_back = summed(&series.fell_back, intervals);
                    return Some(
                        plan.edges[*edge as usize].before_fallbacks(*outcomes, &ended, &fell_back)
                            as f64,
                    );
                }
                Tally { begun: sum(&series.calls), ended, stalled: 0 }.edge(
                    *figure,
                    sum(&series.attempts),
                    span,
                )
            }
            Self::Breakers(breakers, figure) => {
                let records =
                    breakers.iter().map(|breaker| &recorder.breakers()[*breaker as usize]);
                let count = match figure {
                    BreakerFigure::In(state) => records
                        .filter(|record| record.series[intervals.end - 1] == *state)
                        .count() as u64,
                    BreakerFigure::Changes => {
                        let before = |record: &BreakerRecord| {
                            intervals.start.checked_sub(1).map_or(0, |last| record.changes_by[last])
                        };
                        records
                            .map(|record| record.changes_by[intervals.end - 1] - before(record))
                            .sum()
                    }
                };
                Some(count as f64)
            }
            Self::Queue(queue, figure) => {
                let record = &recorder.queues()[*queue as usize];
                let most = |levels: &[u64]| {
                    levels[intervals.clone()].iter().max().map(|most| *most as f64)
                };
                match figure {
                    QueueFigure::Depth => most(&record.depth),
                    QueueFigure::Age => most(&record.age).map(|nanos| nanos / 1e9),
                    _ => None,
                }
            }
            Self::Duplicates(_) | Self::Effects(_) => None,
            Self::Pools(pools, PoolFigure::Capacity) => {
                let capacities = || {
                    plan.pools[pools.start as usize..pools.end as usize]
                        .iter()
                        .map(|pool| pool.capacity)
                };
                let is_limited =
                    !pools.is_empty() && capacities().all(|capacity| capacity != UNLIMITED);
                is_limited.then(|| capacities().map(f64::from).sum())
            }
            Self::Pools(pools, figure) => {
                let mean_of = |pool: u32| {
                    let series = &recorder.pools()[pool as usize];
                    let levels =
                        if *figure == PoolFigure::Queue { &series.waiting } else { &series.busy };
                    let levels = &levels[intervals.clone()];
                    let mean = levels.iter().map(|level| f64::from(*level)).sum::<f64>()
                        / levels.len() as f64;
                    let capacity = plan.pools[pool as usize].capacity;
                    match figure {
                        PoolFigure::Utilization if capacity == UNLIMITED => 0.0,
                        PoolFigure::Utilization => mean / f64::from(capacity),
                        PoolFigure::Busy | PoolFigure::Queue | PoolFigure::Capacity => mean,
                    }
                };
                (!pools.is_empty())
                    .then(|| pools.clone().map(mean_of).sum::<f64>() / pools.len() as f64)
            }
        }
    }
}

impl EdgePlan {
    /// Of the calls over this edge, how many ended in one of these ways before any fallback made
    /// something else of it.
    fn before_fallbacks(
        &self,
        outcomes: OutcomeSet,
        ended: &[u64; Outcome::COUNT],
        fell_back: &[u64; Outcome::COUNT],
    ) -> u64 {
        let count = |outcome: Outcome| match outcome {
            Outcome::Degraded if !self.fallbacks.is_empty() => {
                ended[outcome as usize].saturating_sub(fell_back.iter().sum())
            }
            _ if outcome.is_good() || self.fallbacks.is_empty() => ended[outcome as usize],
            _ => fell_back[outcome as usize],
        };
        Outcome::ALL.into_iter().filter(|outcome| outcomes.contains(*outcome)).map(count).sum()
    }
}

/// Requests or calls begun, and how as many ended.
struct Tally {
    begun: u64,
    ended: [u64; Outcome::COUNT],
    /// Requests begun while nothing was answered for several intervals: whoever waits then is not
    /// served.
    stalled: u64,
}

impl Tally {
    fn earned(&self, value: AnswerValue) -> f64 {
        self.ended[Outcome::Ok as usize] as f64 * value.ok
            + self.ended[Outcome::Degraded as usize] as f64 * value.degraded
    }

    fn workload(
        &self,
        figure: WorkloadFigure,
        value: AnswerValue,
        span: SimDuration,
    ) -> Option<f64> {
        match figure {
            WorkloadFigure::Availability => self.served(),
            WorkloadFigure::ErrorRate => self.served().map(|served| 1.0 - served),
            WorkloadFigure::DegradedShare => self.share(OutcomeSet::of(&[Outcome::Degraded])),
            WorkloadFigure::Goodput => {
                Some(self.count(OutcomeSet::good()) as f64 / span.as_secs_f64())
            }
            WorkloadFigure::Load => Some(self.begun as f64 / span.as_secs_f64()),
            WorkloadFigure::Revenue => Some(self.earned(value) / span.as_secs_f64()),
            WorkloadFigure::RevenueLoss => {
                let ended: u64 = self.ended.iter().sum();
                let whole = (ended + self.stalled) as f64 * value.ok;
                (whole > 0.0).then(|| 1.0 - self.earned(value) / whole)
            }
            WorkloadFigure::Requests => Some(self.begun as f64),
            WorkloadFigure::Ended(outcomes) => Some(self.count(outcomes) as f64),
            WorkloadFigure::CustomersHit
            | WorkloadFigure::Latency(_)
            | WorkloadFigure::MeanLatency => None,
        }
    }

    fn edge(&self, figure: EdgeFigure, attempts: u64, span: SimDuration) -> Option<f64> {
        match figure {
            EdgeFigure::Availability => self.share(OutcomeSet::good()),
            EdgeFigure::ErrorRate => self.share(OutcomeSet::good()).map(|good| 1.0 - good),
            EdgeFigure::Load => Some(attempts as f64 / span.as_secs_f64()),
            EdgeFigure::Calls => Some(self.begun as f64),
            EdgeFigure::Attempts => Some(attempts as f64),
            EdgeFigure::Amplification => {
                (self.begun > 0).then(|| attempts as f64 / self.begun as f64)
            }
            EdgeFigure::RejectionRate
            | EdgeFigure::RejectedShare
            | EdgeFigure::Ended(_)
            | EdgeFigure::Latency(_)
            | EdgeFigure::MeanLatency => None,
        }
    }

    fn count(&self, outcomes: OutcomeSet) -> u64 {
        Outcome::ALL
            .into_iter()
            .filter(|outcome| outcomes.contains(*outcome))
            .map(|outcome| self.ended[outcome as usize])
            .sum()
    }

    /// The share of the requests that were answered, of those that ended or met a standstill.
    fn served(&self) -> Option<f64> {
        let all = self.ended.iter().sum::<u64>() + self.stalled;
        (all > 0).then(|| self.count(OutcomeSet::good()) as f64 / all as f64)
    }

    fn share(&self, outcomes: OutcomeSet) -> Option<f64> {
        let ended: u64 = self.ended.iter().sum();
        (ended > 0).then(|| self.count(outcomes) as f64 / ended as f64)
    }
}

fn summed(ended: &[[u32; Outcome::COUNT]], intervals: Range<usize>) -> [u64; Outcome::COUNT] {
    let mut sums = [0; Outcome::COUNT];
    for interval in &ended[intervals] {
        sums.iter_mut().zip(interval).for_each(|(sum, number)| *sum += u64::from(*number));
    }
    sums
}

fn latency_of(latency: &Histogram, figure: WorkloadFigure) -> Option<f64> {
    let nanos = match figure {
        WorkloadFigure::Latency(quantile) => latency.quantile(quantile) as f64,
        _ => latency.mean(),
    };
    (latency.count() > 0).then_some(nanos / 1e9)
}

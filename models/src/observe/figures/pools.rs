//! Figures of the pools of one owner, such as the threads of all instances of a service: the mean
//! over time and over the pools.

use std::ops::Range;

use sim_core::stats::Histogram;

use super::FigureUnit::{Count, Share, Time};
use super::Known::{AnyStretch, WholeRun};
use super::family::WAITS;
use super::seen::Seen;
use super::{Figure, FigureSubject, Measure, Reads, Row};
use crate::observe::PoolSeries;
use crate::system::{Ids, PoolPlan, UNLIMITED, of};

/// The pools of one kind that belong to one owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolsSubject {
    /// Their ids.
    pub pools: Ids<of::Pool>,
    /// The class whose waits are meant, 0 for the highest; all if there is none.
    pub priority: Option<u8>,
}

impl FigureSubject for PoolsSubject {
    const DESCRIPTION: &'static str = "a pool";
    const EXAMPLES: &'static [&'static str] = &["b.threads", "c -> d.permits"];

    const ROWS: &'static [Row<Self>] = &[
        Row {
            reads: Reads::One("utilization", |pools| pools.mean(utilization)),
            unit: Share,
            known: AnyStretch,
            means: "slots in use, of those of instances that run; 0 if there is no limit",
        },
        Row {
            reads: Reads::One("busy", |pools| {
                pools.mean(|plan, series, at| series.busy_while_there(plan.capacity, at))
            }),
            unit: Count,
            known: AnyStretch,
            means: "slots in use, the mean of its instances that run",
        },
        Row {
            reads: Reads::One("queue", |pools| {
                pools.mean(|plan, series, at| series.waiting_while_there(plan.capacity, at))
            }),
            unit: Count,
            known: AnyStretch,
            means: "requests waiting, the mean of its instances that run",
        },
        Row {
            reads: Reads::One("capacity", capacity),
            unit: Count,
            known: AnyStretch,
            means: "slots of all instances that run together",
        },
        Row {
            reads: Reads::Quantiles(WAITS, |pools, quantile| {
                pools.waits().map(|waits| waits.quantile(quantile) as f64 / 1e9)
            }),
            unit: Time,
            known: WholeRun,
            means: "quantiles of the time that requests waited for a slot of a service, database or \
                    cache, zero for those that did not have to; `p99 wait of b.threads for priority \
                    batch` for one class",
        },
        Row {
            reads: Reads::One("mean wait", |pools| pools.waits().map(|waits| waits.mean() / 1e9)),
            unit: Time,
            known: WholeRun,
            means: "the mean of the same",
        },
    ];

    fn measure(self, figure: Figure<Self>) -> Measure {
        Measure::Pools(self, figure)
    }
}

fn utilization(plan: &PoolPlan, series: &PoolSeries, intervals: Range<usize>) -> f64 {
    if plan.capacity == UNLIMITED { 0.0 } else { series.utilization(plan.capacity, intervals) }
}

fn capacity(pools: &Seen<'_, PoolsSubject>) -> Option<f64> {
    let intervals = pools.intervals_after_warmup()?;
    let is_limited = pools.plans().iter().all(|pool| pool.capacity != UNLIMITED);
    let there = pools.each().map(|(plan, series)| {
        f64::from(plan.capacity) * series.there(plan.capacity, intervals.clone())
    });
    (is_limited && !pools.plans().is_empty()).then(|| there.sum())
}

impl PoolsSubject {
    /// True if a figure is about waits, which are kept only if somebody asks.
    pub(crate) fn is_of_waits(figure: &Figure<Self>) -> bool {
        figure.is_named("mean wait") || WAITS.iter().any(|wait| figure.is_named(wait.name))
    }
}

impl Seen<'_, PoolsSubject> {
    /// The waits for slots, in nanoseconds; `None` if no request got one.
    fn waits(&self) -> Option<Histogram> {
        let PoolsSubject { pools, priority } = self.subject;
        let mut all = Histogram::default();
        for waits in pools.iter().flat_map(|pool| self.recorder.waits(pool, *priority)) {
            all.merge(waits);
        }
        (all.count() > 0).then_some(all)
    }

    fn plans(&self) -> &[PoolPlan] {
        &self.plan.pools[self.subject.pools]
    }

    fn each(&self) -> impl Iterator<Item = (&PoolPlan, &PoolSeries)> {
        self.plans().iter().zip(&self.recorder.pools()[self.subject.pools])
    }

    /// The mean over the pools of something that is read off the intervals of each, in proportion
    /// to the time for which it was there.
    fn mean(&self, of: impl Fn(&PoolPlan, &PoolSeries, Range<usize>) -> f64) -> Option<f64> {
        let intervals = self.intervals_after_warmup()?;
        let (mut total, mut weights) = (0.0, 0.0);
        for (plan, series) in self.each() {
            let weight = series.there(plan.capacity, intervals.clone());
            total += of(plan, series, intervals.clone()) * weight;
            weights += weight;
        }
        (weights > 0.0).then(|| total / weights)
    }
}

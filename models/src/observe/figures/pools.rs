//! Figures of the pools of one owner, such as the threads of all instances of a service: the mean
//! over time and over the pools.

use std::ops::Range;

use super::FigureUnit::{Count, Share};
use super::Known::AnyStretch;
use super::seen::Seen;
use super::{Figure, FigureSubject, Measure, Reads, Row};
use crate::observe::PoolSeries;
use crate::system::{PoolPlan, UNLIMITED};

/// The pools of one kind that belong to one owner, as dense ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolsSubject(pub Range<u32>);

impl FigureSubject for PoolsSubject {
    const DESCRIPTION: &'static str = "a pool";
    const EXAMPLES: &'static [&'static str] = &["b.threads", "c -> d.permits"];

    const ROWS: &'static [Row<Self>] = &[
        Row {
            reads: Reads::One("utilization", |pools| pools.mean(utilization)),
            unit: Share,
            known: AnyStretch,
            means: "slots in use, of those there are; 0 if there is no limit",
        },
        Row {
            reads: Reads::One("busy", |pools| pools.mean(|_, series, at| mean(&series.busy[at]))),
            unit: Count,
            known: AnyStretch,
            means: "slots in use, the mean of its instances",
        },
        Row {
            reads: Reads::One("queue", |pools| {
                pools.mean(|_, series, at| mean(&series.waiting[at]))
            }),
            unit: Count,
            known: AnyStretch,
            means: "requests waiting, the mean of its instances",
        },
        Row {
            reads: Reads::One("capacity", capacity),
            unit: Count,
            known: AnyStretch,
            means: "slots of all instances together",
        },
    ];

    fn measure(self, figure: Figure<Self>) -> Measure {
        Measure::Pools(self, figure)
    }
}

fn utilization(plan: &PoolPlan, series: &PoolSeries, intervals: Range<usize>) -> f64 {
    if plan.capacity == UNLIMITED || plan.capacity == 0 {
        0.0
    } else {
        mean(&series.busy[intervals]) / f64::from(plan.capacity)
    }
}

fn capacity(pools: &Seen<'_, PoolsSubject>) -> Option<f64> {
    pools.intervals_after_warmup()?;
    let capacities = || pools.plans().iter().map(|pool| pool.capacity);
    let is_limited =
        !pools.plans().is_empty() && capacities().all(|capacity| capacity != UNLIMITED);
    is_limited.then(|| capacities().map(f64::from).sum())
}

impl Seen<'_, PoolsSubject> {
    fn ids(&self) -> Range<usize> {
        self.subject.0.start as usize..self.subject.0.end as usize
    }

    fn plans(&self) -> &[PoolPlan] {
        &self.plan.pools[self.ids()]
    }

    /// The mean over the pools of something that is read off the intervals of each.
    fn mean(&self, of: impl Fn(&PoolPlan, &PoolSeries, Range<usize>) -> f64) -> Option<f64> {
        let intervals = self.intervals_after_warmup()?;
        let pools = self.plans().iter().zip(&self.recorder.pools()[self.ids()]);
        let values = pools.map(|(plan, series)| of(plan, series, intervals.clone()));
        (!self.ids().is_empty()).then(|| values.sum::<f64>() / self.ids().len() as f64)
    }
}

fn mean(levels: &[f32]) -> f64 {
    levels.iter().map(|level| f64::from(*level)).sum::<f64>() / levels.len() as f64
}

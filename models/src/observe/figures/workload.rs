//! Figures of a workload, over the requests that began in a part of a run.

use std::borrow::Cow;

use sim_core::stats::Histogram;

use super::FigureUnit::{Count, Rate, Share, Time};
use super::Known::{AnyStretch, KeptWindows, KeptWindowsAndIntervals, WholeRun};
use super::family::{P50, P90, P95, P99, P99_9};
use super::seen::{Seen, Stretch, sum, sums};
use super::{Figure, FigureSubject, Measure, Reads, Row};
use crate::observe::{WorkloadRecord, WorkloadSeries};
use crate::system::{AnswerValue, Id, of};
use crate::{Outcome, OutcomeSet};

/// A workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkloadSubject(pub Id<of::Workload>);

impl FigureSubject for WorkloadSubject {
    const DESCRIPTION: &'static str = "a workload";
    const EXAMPLES: &'static [&'static str] = &["web"];

    const ROWS: &'static [Row<Self>] = &[
        Row {
            reads: Reads::One("availability", availability),
            unit: Share,
            known: AnyStretch,
            means: "requests answered, of those that ended",
        },
        Row {
            reads: Reads::One("error rate", |web| availability(web).map(|share| 1.0 - share)),
            unit: Share,
            known: AnyStretch,
            means: "requests that failed, of those that ended",
        },
        Row {
            reads: Reads::One("degraded share", degraded_share),
            unit: Share,
            known: AnyStretch,
            means: "requests answered by a fallback, of those that ended",
        },
        Row {
            reads: Reads::One("goodput", |web| Some(web.per_second(web.answers() as f64))),
            unit: Rate,
            known: AnyStretch,
            means: "answers",
        },
        Row {
            reads: Reads::One("load", |web| Some(web.per_second(web.begun() as f64))),
            unit: Rate,
            known: AnyStretch,
            means: "requests begun",
        },
        Row {
            reads: Reads::One("requests", |web| Some(web.begun() as f64)),
            unit: Count,
            known: AnyStretch,
            means: "requests begun",
        },
        Row {
            reads: Reads::Outcomes(|web, outcomes| Some(web.ended_with(outcomes) as f64)),
            unit: Count,
            known: AnyStretch,
            means: "requests that ended this way",
        },
        Row {
            reads: Reads::Quantiles(&[P50, P99], latency_quantile),
            unit: Time,
            known: KeptWindowsAndIntervals,
            means: "quantiles of the latency, failures included",
        },
        Row {
            reads: Reads::Quantiles(&[P90, P95, P99_9], latency_quantile),
            unit: Time,
            known: KeptWindows,
            means: "quantiles of the latency, failures included",
        },
        Row {
            reads: Reads::One("mean latency", |web| web.latency(Histogram::mean)),
            unit: Time,
            known: KeptWindows,
            means: "the mean latency, failures included",
        },
        Row {
            reads: Reads::One("revenue", |web| Some(web.per_second(web.earned()))),
            unit: Rate,
            known: AnyStretch,
            means: "the worth of the answers",
        },
        Row {
            reads: Reads::One("revenue loss", revenue_loss),
            unit: Share,
            known: AnyStretch,
            means: "the worth lost to failures and fallbacks, of the worth of full answers",
        },
        Row {
            reads: Reads::One("customers hit", customers_hit),
            unit: Share,
            known: WholeRun,
            means: "customers of whom at least one request failed, of all `customers` of the file",
        },
        Row {
            reads: Reads::One("users hit", users_hit),
            unit: Share,
            known: WholeRun,
            means: "users of a closed workload of whom at least one request failed, of those of whom \
                    one ended; who leaves and comes back is the same user",
        },
    ];

    fn measure(self, figure: Figure<Self>) -> Measure {
        Measure::Workload(self, figure)
    }
}

fn availability(web: &Seen<'_, WorkloadSubject>) -> Option<f64> {
    let all = web.all_ended() + web.stalled();
    (all > 0).then(|| web.answers() as f64 / all as f64)
}

fn degraded_share(web: &Seen<'_, WorkloadSubject>) -> Option<f64> {
    let all = web.all_ended();
    (all > 0).then(|| web.ended()[Outcome::Degraded as usize] as f64 / all as f64)
}

fn revenue_loss(web: &Seen<'_, WorkloadSubject>) -> Option<f64> {
    let possible = (web.all_ended() + web.stalled()) as f64 * web.value().ok;
    (possible > 0.0).then(|| 1.0 - web.earned() / possible)
}

fn customers_hit(web: &Seen<'_, WorkloadSubject>) -> Option<f64> {
    let customers = web.plan.customers;
    (customers > 0).then(|| web.record().customers_hit.len() as f64 / customers as f64)
}

fn users_hit(web: &Seen<'_, WorkloadSubject>) -> Option<f64> {
    let users = || web.record().users.iter().flatten();
    let hit = users().filter(|is_hit| **is_hit).count();
    (users().count() > 0).then(|| hit as f64 / users().count() as f64)
}

impl WorkloadSubject {
    /// True if a figure is about users one by one, who are kept only if somebody asks.
    pub(crate) fn is_of_users(figure: &Figure<Self>) -> bool {
        figure.is_named("users hit")
    }
}

/// The series has the median and the 99th percentile of each interval; other latencies come from
/// the histograms that were kept.
fn latency_quantile(web: &Seen<'_, WorkloadSubject>, quantile: f64) -> Option<f64> {
    let interval = match &web.stretch {
        Stretch::Intervals(intervals) if intervals.len() == 1 => Some(intervals.start),
        _ => None,
    };
    let series = web.series();
    let kept = if quantile == P50.share {
        Some(&series.p50)
    } else if quantile == P99.share {
        Some(&series.p99)
    } else {
        None
    };
    match (interval, kept) {
        (Some(interval), Some(kept)) => {
            (series.ended(interval) > 0).then(|| kept[interval] as f64 / 1e9)
        }
        _ => web.latency(|latencies| latencies.quantile(quantile) as f64),
    }
}

impl Seen<'_, WorkloadSubject> {
    fn record(&self) -> &WorkloadRecord {
        &self.recorder.workloads()[self.subject.0]
    }

    fn series(&self) -> &WorkloadSeries {
        &self.record().series
    }

    fn value(&self) -> AnswerValue {
        self.plan.workloads[self.subject.0].value
    }

    fn begun(&self) -> u64 {
        match &self.stretch {
            Stretch::Counted => self.record().offered,
            Stretch::Intervals(intervals) => sum(&self.series().offered, intervals),
        }
    }

    fn ended(&self) -> [u64; Outcome::COUNT] {
        match &self.stretch {
            Stretch::Counted => self.record().ended,
            Stretch::Intervals(intervals) => sums(&self.series().ended, intervals),
        }
    }

    fn all_ended(&self) -> u64 {
        self.ended().iter().sum()
    }

    fn ended_with(&self, outcomes: OutcomeSet) -> u64 {
        outcomes.count(&self.ended())
    }

    fn answers(&self) -> u64 {
        self.ended_with(OutcomeSet::good())
    }

    /// Requests begun while nothing has been answered for several intervals. They have not ended,
    /// but count as not served.
    fn stalled(&self) -> u64 {
        let series = self.series();
        let is_at_a_standstill = |interval: &usize| {
            series.ended(*interval) == 0 && series.availability(*interval).is_some()
        };
        match &self.stretch {
            Stretch::Counted if self.all_ended() > 0 => 0,
            Stretch::Counted => self.record().offered,
            Stretch::Intervals(intervals) => intervals
                .clone()
                .filter(is_at_a_standstill)
                .map(|interval| u64::from(series.offered[interval]))
                .sum(),
        }
    }

    /// The worth of the answers.
    fn earned(&self) -> f64 {
        let (ended, value) = (self.ended(), self.value());
        ended[Outcome::Ok as usize] as f64 * value.ok
            + ended[Outcome::Degraded as usize] as f64 * value.degraded
    }

    /// A time in nanoseconds that is read off the latencies, in seconds.
    fn latency(&self, nanos: impl Fn(&Histogram) -> f64) -> Option<f64> {
        let latencies = self.latencies()?;
        (latencies.count() > 0).then(|| nanos(&latencies) / 1e9)
    }

    /// The latencies, failures included; `None` for intervals whose latencies were not kept.
    fn latencies(&self) -> Option<Cow<'_, Histogram>> {
        match &self.stretch {
            Stretch::Counted => {
                let mut latencies = self.record().latency.clone();
                latencies.merge(&self.record().failure_latency);
                Some(Cow::Owned(latencies))
            }
            Stretch::Intervals(intervals) => {
                self.recorder.latencies(self.subject.0, intervals).map(Cow::Borrowed)
            }
        }
    }
}

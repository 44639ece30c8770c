//! Figures of the calls over an edge, of requests that began after the warm-up.

use super::FigureUnit::{Count, Factor, Rate, Share, Time};
use super::Known::{AnyStretch, WholeRun};
use super::family::QUANTILES;
use super::seen::{Seen, Stretch, sum, sums};
use super::{BreakersSubject, Figure, FigureSubject, Measure, Reads, Row};
use crate::observe::EdgeRecord;
use crate::system::{Id, of};
use crate::{Outcome, OutcomeSet};

/// The calls over an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallSubject(pub Id<of::Edge>);

impl FigureSubject for CallSubject {
    const DESCRIPTION: &'static str = "a call";
    const EXAMPLES: &'static [&'static str] = &["a -> b"];

    const ROWS: &'static [Row<Self>] = &[
        Row {
            reads: Reads::One("availability", availability),
            unit: Share,
            known: AnyStretch,
            means: "calls answered, if only by a fallback, of those that ended",
        },
        Row {
            reads: Reads::One("error rate", |call| availability(call).map(|share| 1.0 - share)),
            unit: Share,
            known: AnyStretch,
            means: "calls that failed, of those that ended",
        },
        Row {
            reads: Reads::One("load", |call| Some(call.per_second(call.attempts() as f64))),
            unit: Rate,
            known: AnyStretch,
            means: "attempts made",
        },
        Row {
            reads: Reads::One("calls", |call| Some(call.begun() as f64)),
            unit: Count,
            known: AnyStretch,
            means: "calls begun",
        },
        Row {
            reads: Reads::One("attempts", |call| Some(call.attempts() as f64)),
            unit: Count,
            known: AnyStretch,
            means: "attempts made",
        },
        Row {
            reads: Reads::One("retries", |call| Some(call.retries() as f64)),
            unit: Count,
            known: AnyStretch,
            means: "attempts that retries made, hedges left out",
        },
        Row {
            reads: Reads::One("retry rate", |call| Some(call.per_second(call.retries() as f64))),
            unit: Rate,
            known: AnyStretch,
            means: "attempts that retries made, hedges left out",
        },
        Row {
            reads: Reads::One("retried share", retried_share),
            unit: Share,
            known: AnyStretch,
            means: "attempts that retries made, of all attempts",
        },
        Row {
            reads: Reads::One("amplification", amplification),
            unit: Factor,
            known: AnyStretch,
            means: "attempts per call",
        },
        Row {
            reads: Reads::Outcomes(|call, outcomes| Some(call.ended_with(outcomes) as f64)),
            unit: Count,
            known: AnyStretch,
            means: "calls that ended this way, before any fallback made something else of it",
        },
        Row {
            reads: Reads::One("rejection rate", |call| {
                Some(call.per_second(call.rejections() as f64))
            }),
            unit: Rate,
            known: AnyStretch,
            means: "calls rejected by guards",
        },
        Row {
            reads: Reads::One("rejected share", rejected_share),
            unit: Share,
            known: AnyStretch,
            means: "calls rejected by guards, of those that ended",
        },
        Row {
            reads: Reads::Quantiles(QUANTILES, |call, quantile| {
                call.latency(call.record().latency.quantile(quantile) as f64)
            }),
            unit: Time,
            known: WholeRun,
            means: "quantiles of the latency that the caller sees, guards and retries included",
        },
        Row {
            reads: Reads::One("mean latency", |call| call.latency(call.record().latency.mean())),
            unit: Time,
            known: WholeRun,
            means: "the mean of the same",
        },
    ];

    fn measure(self, figure: Figure<Self>) -> Measure {
        Measure::Call(self, figure)
    }

    /// Those of the breakers included.
    fn names() -> Vec<&'static str> {
        let rows = Self::ROWS.iter().flat_map(Row::names);
        rows.chain(BreakersSubject::names()).collect()
    }
}

fn availability(call: &Seen<'_, CallSubject>) -> Option<f64> {
    let all = call.all_ended();
    (all > 0).then(|| OutcomeSet::good().count(&call.ended()) as f64 / all as f64)
}

fn amplification(call: &Seen<'_, CallSubject>) -> Option<f64> {
    let begun = call.begun();
    (begun > 0).then(|| call.attempts() as f64 / begun as f64)
}

fn retried_share(call: &Seen<'_, CallSubject>) -> Option<f64> {
    let attempts = call.attempts();
    (attempts > 0).then(|| call.retries() as f64 / attempts as f64)
}

fn rejected_share(call: &Seen<'_, CallSubject>) -> Option<f64> {
    let all = call.all_ended();
    (all > 0).then(|| call.rejections() as f64 / all as f64)
}

impl Seen<'_, CallSubject> {
    fn record(&self) -> &EdgeRecord {
        &self.recorder.edges()[self.subject.0]
    }

    fn begun(&self) -> u64 {
        match &self.stretch {
            Stretch::Counted => self.record().begun,
            Stretch::Intervals(intervals) => sum(&self.record().series.calls, intervals),
        }
    }

    fn attempts(&self) -> u64 {
        match &self.stretch {
            Stretch::Counted => self.record().attempts,
            Stretch::Intervals(intervals) => sum(&self.record().series.attempts, intervals),
        }
    }

    fn retries(&self) -> u64 {
        match &self.stretch {
            Stretch::Counted => self.record().retried(),
            Stretch::Intervals(intervals) => sum(&self.record().series.retries, intervals),
        }
    }

    /// Calls by the outcome that the caller saw, which may be that of a fallback.
    fn ended(&self) -> [u64; Outcome::COUNT] {
        match &self.stretch {
            Stretch::Counted => self.record().ended,
            Stretch::Intervals(intervals) => sums(&self.record().series.ended, intervals),
        }
    }

    /// Calls that turned to a fallback, by the failure that made them.
    fn fell_back(&self) -> [u64; Outcome::COUNT] {
        match &self.stretch {
            Stretch::Counted => self.record().fell_back,
            Stretch::Intervals(intervals) => sums(&self.record().series.fell_back, intervals),
        }
    }

    fn all_ended(&self) -> u64 {
        self.ended().iter().sum()
    }

    fn rejections(&self) -> u64 {
        self.ended_with(OutcomeSet::rejections())
    }

    /// Calls by their outcome before any fallback.
    fn ended_with(&self, outcomes: OutcomeSet) -> u64 {
        let ended = self.ended();
        if self.plan.edges[self.subject.0].fallbacks.is_empty() {
            return outcomes.count(&ended);
        }
        let mut before_fallbacks = self.fell_back();
        let all_fell_back = before_fallbacks.iter().sum();
        before_fallbacks[Outcome::Ok as usize] = ended[Outcome::Ok as usize];
        before_fallbacks[Outcome::Degraded as usize] =
            ended[Outcome::Degraded as usize].saturating_sub(all_fell_back);
        outcomes.count(&before_fallbacks)
    }

    /// A time read off the latencies in nanoseconds, in seconds.
    fn latency(&self, nanos: f64) -> Option<f64> {
        (self.record().latency.count() > 0).then_some(nanos / 1e9)
    }
}

//! Figures of the breakers of a call, warm-up included.

use super::FigureUnit::Count;
use super::Known::AnyStretch;
use super::seen::Seen;
use super::{Figure, FigureSubject, Measure, Reads, Row};
use crate::observe::BreakerRecord;
use crate::resilience::circuit_breaker::BreakerState;

/// The breakers of a call, as dense ids: one, or one for each instance of the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakersSubject(pub Vec<u32>);

impl FigureSubject for BreakersSubject {
    const DESCRIPTION: &'static str = "the breakers of a call";
    const EXAMPLES: &'static [&'static str] = &["a -> b"];

    const ROWS: &'static [Row<Self>] = &[Row {
        reads: Reads::One("changes", changes),
        unit: Count,
        known: AnyStretch,
        means: "changes of state",
    }];

    fn measure(self, figure: Figure<Self>) -> Measure {
        Measure::Breakers(self, figure)
    }
}

fn changes(breakers: &Seen<'_, BreakersSubject>) -> Option<f64> {
    let intervals = breakers.intervals()?;
    let changes_in = |record: &BreakerRecord| {
        let before = intervals.start.checked_sub(1).map_or(0, |last| record.changes_by[last]);
        record.changes_by[intervals.end - 1] - before
    };
    Some(breakers.records().map(changes_in).sum::<u64>() as f64)
}

impl BreakersSubject {
    /// The number of breakers in a state at the end of the last interval. It has no name of its
    /// own: the condition `breaker a -> b is open` asks for it.
    pub(super) fn in_state(state: BreakerState) -> Figure<Self> {
        match state {
            BreakerState::Closed => {
                Figure::plain("closed breakers", Count, AnyStretch, |breakers| {
                    breakers.in_state(BreakerState::Closed)
                })
            }
            BreakerState::Open => Figure::plain("open breakers", Count, AnyStretch, |breakers| {
                breakers.in_state(BreakerState::Open)
            }),
            BreakerState::HalfOpen => {
                Figure::plain("half-open breakers", Count, AnyStretch, |breakers| {
                    breakers.in_state(BreakerState::HalfOpen)
                })
            }
        }
    }
}

impl Seen<'_, BreakersSubject> {
    fn records(&self) -> impl Iterator<Item = &BreakerRecord> {
        self.subject.0.iter().map(|breaker| &self.recorder.breakers()[*breaker as usize])
    }

    fn in_state(&self, state: BreakerState) -> Option<f64> {
        let last = self.intervals()?.end - 1;
        Some(self.records().filter(|record| record.series[last] == state).count() as f64)
    }
}

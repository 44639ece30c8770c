//! Figures of the breakers of a call, warm-up included.

use super::FigureUnit::{Count, Share};
use super::Known::AnyStretch;
use super::seen::Seen;
use super::{Figure, FigureSubject, Measure, Reads, Row};
use crate::observe::BreakerRecord;
use crate::resilience::circuit_breaker::BreakerState::{Closed, HalfOpen, Open};
use crate::resilience::circuit_breaker::{BreakerState, STATE_CHANGES, WindowGauges};
use crate::system::{Id, of};

/// The breakers of a call: one, or one for each instance of the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakersSubject(pub Vec<Id<of::Breaker>>);

impl FigureSubject for BreakersSubject {
    const DESCRIPTION: &'static str = "the breakers of a call";
    const EXAMPLES: &'static [&'static str] = &["a -> b"];

    const ROWS: &'static [Row<Self>] = &[
        Row {
            reads: Reads::One("changes", |breakers| breakers.changes(|_| true)),
            unit: Count,
            known: AnyStretch,
            means: "changes of state",
        },
        Row {
            reads: Reads::Several(&[
                ("changes from closed to open", |it| it.changes(|pair| pair == (Closed, Open))),
                ("changes from open to half-open", |it| {
                    it.changes(|pair| pair == (Open, HalfOpen))
                }),
                ("changes from half-open to closed", |it| {
                    it.changes(|pair| pair == (HalfOpen, Closed))
                }),
                ("changes from half-open to open", |it| {
                    it.changes(|pair| pair == (HalfOpen, Open))
                }),
                ("changes from open to closed", |it| it.changes(|pair| pair == (Open, Closed))),
                ("changes from closed to half-open", |it| {
                    it.changes(|pair| pair == (Closed, HalfOpen))
                }),
            ]),
            unit: Count,
            known: AnyStretch,
            means: "changes from one state to the other",
        },
        Row {
            reads: Reads::Several(WINDOW_SHARES),
            unit: Share,
            known: AnyStretch,
            means: "failures, and slow calls, of the calls in the window, as the breaker has it at the \
                    end of an interval; the most of any breaker and interval, and not known before \
                    there are `minimum calls`",
        },
        Row {
            reads: Reads::Several(WINDOW_COUNTS),
            unit: Count,
            known: AnyStretch,
            means: "slow calls in the window, in the same way",
        },
    ];

    fn measure(self, figure: Figure<Self>) -> Measure {
        Measure::Breakers(self, figure)
    }
}

const WINDOW_SHARES: &[super::NamedFigure<BreakersSubject>] = &[
    ("failure rate", |breakers| breakers.highest(|window| window.failure_rate)),
    ("slow call rate", |breakers| breakers.highest(|window| window.slow_call_rate)),
];

const WINDOW_COUNTS: &[super::NamedFigure<BreakersSubject>] =
    &[("slow calls", |breakers| breakers.highest(|window| window.slow_calls.map(f64::from)))];

impl BreakersSubject {
    /// True if a figure is read off the windows of breakers, which are kept only if somebody asks.
    pub(super) fn is_of_windows(figure: &Figure<Self>) -> bool {
        WINDOW_SHARES.iter().chain(WINDOW_COUNTS).any(|(name, _)| figure.is_named(name))
    }

    /// The figure that a condition sees in place of another. A monitoring system has a counter for
    /// each breaker and each pair of states, and `increase()` looks at each by itself: of `changes`,
    /// a condition sees the counter that grew most.
    pub(super) fn in_conditions(figure: Figure<Self>) -> Figure<Self> {
        if figure.is_named("changes") {
            return Figure::plain("changes of a pair", Count, AnyStretch, changes_of_a_pair);
        }
        figure
    }

    /// The number of breakers in a state at the end of the last interval. It has no name of its
    /// own: the condition `breaker a -> b is open` asks for it.
    pub(super) fn in_state(state: BreakerState) -> Figure<Self> {
        match state {
            Closed => Figure::plain("closed breakers", Count, AnyStretch, |it| it.in_state(Closed)),
            Open => Figure::plain("open breakers", Count, AnyStretch, |it| it.in_state(Open)),
            HalfOpen => {
                Figure::plain("half-open breakers", Count, AnyStretch, |it| it.in_state(HalfOpen))
            }
        }
    }
}

fn changes_of_a_pair(breakers: &Seen<'_, BreakersSubject>) -> Option<f64> {
    let intervals = breakers.intervals()?;
    let most = breakers.records().flat_map(|record| record.changes_in(&intervals)).max();
    Some(f64::from(most.unwrap_or(0)))
}

impl Seen<'_, BreakersSubject> {
    fn records(&self) -> impl Iterator<Item = &BreakerRecord> {
        self.subject.0.iter().map(|breaker| &self.recorder.breakers()[*breaker])
    }

    /// The changes between these pairs of states, of all breakers together.
    fn changes(&self, is_it: impl Fn((BreakerState, BreakerState)) -> bool) -> Option<f64> {
        let intervals = self.intervals()?;
        let changes_in = |record: &BreakerRecord| {
            let changes = STATE_CHANGES.into_iter().zip(record.changes_in(&intervals));
            changes.filter(|(pair, _)| is_it(*pair)).map(|(_, count)| u64::from(count)).sum::<u64>()
        };
        Some(self.records().map(changes_in).sum::<u64>() as f64)
    }

    /// The most that a figure of the windows was at the end of any interval, as far as it is known.
    fn highest(&self, of: impl Fn(&WindowGauges) -> Option<f64>) -> Option<f64> {
        let intervals = self.intervals()?;
        let windows = self.records().filter_map(|record| record.windows.get(intervals.clone()));
        windows.flatten().filter_map(of).reduce(f64::max)
    }

    fn in_state(&self, state: BreakerState) -> Option<f64> {
        let last = self.intervals()?.end - 1;
        Some(self.records().filter(|record| record.series[last] == state).count() as f64)
    }
}

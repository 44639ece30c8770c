//! A figure of something in particular, and its value in a run.

use std::ops::Range;

use sim_core::SimTime;

use super::{
    BreakersSubject, CallSubject, EffectSubject, Figure, FigureSubject, FigureUnit, Known,
    LinkSubject, PoolsSubject, QueueSubject, Seen, Stretch, WorkloadSubject,
};
use crate::observe::{LatencyWindow, Recorder, Watched};
use crate::resilience::circuit_breaker::BreakerState;
use crate::system::{Blueprint, Id, of};

/// A figure of something in particular: the availability of the workload `web`.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// A figure of a workload.
    Workload(WorkloadSubject, Figure<WorkloadSubject>),
    /// A figure of the calls over an edge.
    Call(CallSubject, Figure<CallSubject>),
    /// A figure of the breakers of a call.
    Breakers(BreakersSubject, Figure<BreakersSubject>),
    /// A figure of the pools of an owner.
    Pools(PoolsSubject, Figure<PoolsSubject>),
    /// A figure of a queue of messages.
    Queue(QueueSubject, Figure<QueueSubject>),
    /// A figure of a link.
    Link(LinkSubject, Figure<LinkSubject>),
    /// A figure of an effect.
    Effect(EffectSubject, Figure<EffectSubject>),
}

/// The same expression for whatever subject a measure has.
macro_rules! of_any_subject {
    ($measure:expr, ($subject:pat, $figure:ident) => $value:expr) => {
        match $measure {
            Measure::Workload($subject, $figure) => $value,
            Measure::Call($subject, $figure) => $value,
            Measure::Breakers($subject, $figure) => $value,
            Measure::Pools($subject, $figure) => $value,
            Measure::Queue($subject, $figure) => $value,
            Measure::Link($subject, $figure) => $value,
            Measure::Effect($subject, $figure) => $value,
        }
    };
}

impl Measure {
    /// The availability of a workload.
    ///
    /// # Panics
    /// Never: workloads have an availability.
    pub fn availability(workload: Id<of::Workload>) -> Self {
        let availability = WorkloadSubject::figure("availability");
        Self::Workload(WorkloadSubject(workload), availability.expect("a row of the table"))
    }

    /// The number of breakers that are in a state at the end of a stretch.
    pub(crate) fn breakers_in(state: BreakerState, breakers: Vec<Id<of::Breaker>>) -> Self {
        Self::Breakers(BreakersSubject(breakers), BreakersSubject::in_state(state))
    }

    /// The figure that a condition of an alert, a fault or an experiment sees.
    #[must_use]
    pub(crate) fn in_conditions(self) -> Self {
        match self {
            Self::Breakers(breakers, figure) => {
                Self::Breakers(breakers, BreakersSubject::in_conditions(figure))
            }
            other => other,
        }
    }

    /// True if requests of each priority have a value of their own.
    pub(crate) fn is_by_priority(&self) -> bool {
        matches!(self, Self::Pools(_, figure) if PoolsSubject::is_of_waits(figure))
    }

    /// Has whatever it is read off kept while a run lasts.
    pub(crate) fn watch(&self, watched: &mut Watched) {
        match self {
            Self::Breakers(BreakersSubject(breakers), figure)
                if BreakersSubject::is_of_windows(figure) =>
            {
                watched.breakers.extend(breakers);
            }
            Self::Workload(WorkloadSubject(workload), figure)
                if WorkloadSubject::is_of_users(figure) =>
            {
                watched.users.insert(*workload);
            }
            Self::Pools(PoolsSubject { pools, .. }, figure)
                if PoolsSubject::is_of_waits(figure) =>
            {
                watched.waits.extend(pools.iter());
            }
            _ => {}
        }
    }

    /// The unit of its values.
    pub fn unit(&self) -> FigureUnit {
        of_any_subject!(self, (_, figure) => figure.unit())
    }

    fn known(&self) -> Known {
        of_any_subject!(self, (_, figure) => figure.known())
    }

    /// True if it is known of the whole run only, and not of parts of it.
    pub fn is_of_whole_runs_only(&self) -> bool {
        self.known() == Known::WholeRun
    }

    /// True if each interval has a value of its own.
    pub fn is_known_of_each_interval(&self) -> bool {
        self.known().is_of_each_interval()
    }

    /// True if any number of intervals in a row has a value.
    pub fn is_known_of_any_stretch(&self) -> bool {
        self.known() == Known::AnyStretch
    }

    /// The latencies to keep while a run lasts, so that the value over a window is known afterwards;
    /// `None` if it is known anyway.
    pub fn latencies_to_keep(&self, from: SimTime, to: SimTime) -> Option<LatencyWindow> {
        match self {
            Self::Workload(WorkloadSubject(workload), figure)
                if figure.known().needs_kept_latencies() =>
            {
                Some(LatencyWindow { workload: *workload, from, to })
            }
            _ => None,
        }
    }

    /// Its value over everything counted; `None` if there is nothing to measure.
    ///
    /// Workloads and calls are measured by the requests that began after the warm-up, pools over the
    /// time after it, and queues, breakers and effects over the whole run.
    pub fn over_all(&self, plan: &Blueprint, recorder: &Recorder) -> Option<f64> {
        self.read(plan, recorder, Stretch::Counted)
    }

    /// Its value over some intervals, including any of the warm-up; `None` if there is nothing to
    /// measure, if it is not known of them, or if the run did not reach all of them.
    pub fn over(
        &self,
        plan: &Blueprint,
        recorder: &Recorder,
        intervals: Range<usize>,
    ) -> Option<f64> {
        let is_reached = intervals.end <= recorder.intervals();
        if intervals.is_empty() || !is_reached || self.is_of_whole_runs_only() {
            return None;
        }
        self.read(plan, recorder, Stretch::Intervals(intervals))
    }

    fn read(&self, plan: &Blueprint, recorder: &Recorder, stretch: Stretch) -> Option<f64> {
        of_any_subject!(self, (subject, figure) => {
            figure.read(&Seen { subject, plan, recorder, stretch })
        })
    }
}

//! Figures of a run that is over, over windows of it.

use std::ops::Range;

use sim_core::SimTime;

use super::{Bound, TimeWindow};
use crate::observe::Measure;
use crate::system::System;

/// A figure counts as back when its mean over this many intervals is.
const BACK_AFTER: usize = 5;

/// A run that is over, from which figures are read.
pub(super) struct Measurements<'a> {
    pub system: &'a System,
}

/// A figure in an interval of the series.
pub(super) struct IntervalValue {
    pub begins: SimTime,
    pub value: f64,
}

impl Measurements<'_> {
    /// A figure over a window, or over everything counted.
    pub fn value(&self, measure: &Measure, window: Option<TimeWindow>) -> Option<f64> {
        match window {
            None => measure.over_all(self.system.blueprint(), self.system.recorder()),
            Some(window) => self.value_over(measure, self.intervals(window)),
        }
    }

    /// The interval in which a figure is furthest on the wrong side of a bound, or least far on the
    /// right one.
    pub fn worst(
        &self,
        measure: &Measure,
        bound: Bound,
        window: Option<TimeWindow>,
    ) -> Option<IntervalValue> {
        let intervals = self.intervals(window.unwrap_or(self.counted()));
        let value_in = |interval: usize| {
            let value = self.value_over(measure, interval..interval + 1)?;
            Some(IntervalValue { begins: self.beginning_of(interval), value })
        };
        let worse_of = |worst: IntervalValue, next: IntervalValue| {
            if bound.is_worse(next.value, worst.value) { next } else { worst }
        };
        intervals.filter_map(value_in).reduce(worse_of)
    }

    /// A figure before the faults, if others can be compared with it.
    pub fn normal(&self, measure: &Measure, window: TimeWindow) -> Option<f64> {
        self.value(measure, Some(window)).filter(|normal| *normal > 0.0)
    }

    /// The instant from which a figure is back to a share of its normal value.
    pub fn back_from(
        &self,
        measure: &Measure,
        share: f64,
        normal: f64,
        from: SimTime,
    ) -> Option<SimTime> {
        let last = self.system.recorder().intervals();
        let is_back = |end: &usize| {
            self.mean_before(measure, *end).is_some_and(|value| value / normal >= share)
        };
        let end = (self.first_end(from)..=last).find(is_back)?;
        Some(self.beginning_of(end - BACK_AFTER))
    }

    /// The highest share of its normal value to which a figure comes back in a window.
    pub fn best_share(&self, measure: &Measure, normal: f64, window: TimeWindow) -> Option<f64> {
        let first = self.first_end(window.from);
        let last = self.intervals(window).end.max(first);
        let share_before = |end: usize| Some(self.mean_before(measure, end)? / normal);
        (first..=last).filter_map(share_before).reduce(f64::max)
    }

    /// The part of the run in which requests count.
    pub fn counted(&self) -> TimeWindow {
        let run = self.system.blueprint().run;
        TimeWindow { from: SimTime::ZERO + run.warmup, to: SimTime::ZERO + run.duration }
    }

    /// The mean of the intervals before `end` that decide if a figure is back.
    fn mean_before(&self, measure: &Measure, end: usize) -> Option<f64> {
        self.value_over(measure, end.checked_sub(BACK_AFTER)?..end)
    }

    /// The first end of intervals enough to decide if a figure is back.
    fn first_end(&self, from: SimTime) -> usize {
        self.intervals(TimeWindow { from, to: SimTime::MAX }).start + BACK_AFTER
    }

    fn value_over(&self, measure: &Measure, intervals: Range<usize>) -> Option<f64> {
        measure.over(self.system.blueprint(), self.system.recorder(), intervals)
    }

    fn intervals(&self, window: TimeWindow) -> Range<usize> {
        self.system.recorder().intervals_between(window.from, window.to)
    }

    fn beginning_of(&self, interval: usize) -> SimTime {
        self.system.recorder().beginning_of(interval)
    }
}

//! A subject over a part of a run, from which its figures are read.

use std::ops::Range;

use sim_core::{SimDuration, SimTime};

use crate::observe::Recorder;
use crate::system::Blueprint;

/// A subject over a part of a run.
#[derive(Debug)]
pub struct Seen<'a, S> {
    pub(super) subject: &'a S,
    pub(super) plan: &'a Blueprint,
    pub(super) recorder: &'a Recorder,
    pub(super) stretch: Stretch,
}

/// A part of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// Everything counted: for most subjects, the requests that began after the warm-up.
    Counted,
    /// Intervals of the series, at least one, including any of the warm-up.
    Intervals(Range<usize>),
}

impl<S> Seen<'_, S> {
    /// The length of the stretch. Everything counted arrives between the warm-up and the end, before
    /// the system drains.
    pub(super) fn length(&self) -> SimDuration {
        match &self.stretch {
            Stretch::Counted => self.plan.run.duration - self.plan.run.warmup,
            Stretch::Intervals(intervals) => self.recorder.sample_width() * intervals.len() as u64,
        }
    }

    /// A number of things, per second of the stretch.
    pub(super) fn per_second(&self, number: f64) -> f64 {
        number / self.length().as_secs_f64()
    }

    /// The intervals of the stretch, those of the warm-up included; `None` if there are none.
    pub(super) fn intervals(&self) -> Option<Range<usize>> {
        let intervals = match &self.stretch {
            Stretch::Counted => 0..self.recorder.intervals(),
            Stretch::Intervals(intervals) => intervals.clone(),
        };
        (!intervals.is_empty()).then_some(intervals)
    }

    /// The intervals of the stretch; after the warm-up, if it is everything counted. `None` if
    /// there are none.
    pub(super) fn intervals_after_warmup(&self) -> Option<Range<usize>> {
        let intervals = match &self.stretch {
            Stretch::Counted => {
                let begin = SimTime::ZERO + self.plan.run.warmup;
                self.recorder.intervals_between(begin, SimTime::MAX)
            }
            Stretch::Intervals(intervals) => intervals.clone(),
        };
        (!intervals.is_empty()).then_some(intervals)
    }
}

/// The sum over some intervals of a series.
pub(super) fn sum(series: &[u32], intervals: &Range<usize>) -> u64 {
    series[intervals.clone()].iter().map(|number| u64::from(*number)).sum()
}

/// The sums over some intervals of a series of counts by kind.
pub(super) fn sums<const KINDS: usize>(
    series: &[[u32; KINDS]],
    intervals: &Range<usize>,
) -> [u64; KINDS] {
    let mut sums = [0; KINDS];
    for interval in &series[intervals.clone()] {
        sums.iter_mut().zip(interval).for_each(|(sum, number)| *sum += u64::from(*number));
    }
    sums
}

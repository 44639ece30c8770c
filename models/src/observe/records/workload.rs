//! The requests of a workload.

use std::collections::BTreeMap;
use std::ops::Range;

use sim_core::growth::KeyMap;
use sim_core::growth::{Growing, push};
use sim_core::stats::{BatchMeans, Histogram};
use sim_core::{SimDuration, SimTime};

use super::phases::{Phase, PhaseRecord};
use crate::Outcome;
use crate::system::{Id, Origin, of};

/// The number of intervals in a row without an end, while requests wait, that make a standstill.
const STANDSTILL: usize = 3;
/// Requests that wait when no other comes: one that takes long is no standstill.
const SEVERAL: u64 = 3;

/// The requests of one workload.
#[derive(Clone, Debug, Default)]
pub struct WorkloadRecord {
    /// Requests begun after the warm-up.
    pub offered: u64,
    /// The outcomes, in the order of [`Outcome::ALL`].
    pub ended: [u64; Outcome::COUNT],
    /// The calls at which the others began to fail: the numbers of requests that failed, and of those that a
    /// fallback answered.
    pub began: BTreeMap<Origin, [u64; 2]>,
    /// Those that ended before, during and after the faults.
    pub phases: [PhaseRecord; 3],
    /// Latency of those that ended well, in nanoseconds.
    pub latency: Histogram,
    /// Latency of those that failed, in nanoseconds.
    pub failure_latency: Histogram,
    /// Mean latency of those that ended well, with its uncertainty, in nanoseconds.
    pub mean_latency: BatchMeans,
    /// The same by interval, warm-up included.
    pub series: WorkloadSeries,
    /// Customers of whom at least one counted request failed.
    pub customers_hit: KeyMap<()>,
    /// For each user of a closed workload of whom a counted request has ended, true if one failed;
    /// empty unless a sentence asks for it.
    pub users: Vec<Option<bool>>,
    pub(in crate::observe) interval: Interval,
}

/// The interval that is not closed yet.
#[derive(Clone, Debug, Default)]
pub(in crate::observe) struct Interval {
    pub offered: u32,
    pub ended: [u32; Outcome::COUNT],
    pub latency: Histogram,
    pub in_flight: u64,
    pub ends: Ends,
}

/// The requests of a workload in each interval.
#[derive(Clone, Debug, Default)]
pub struct WorkloadSeries {
    /// Requests begun.
    pub offered: Vec<u32>,
    /// Requests ended, by outcome in the order of [`Outcome::ALL`].
    pub ended: Vec<[u32; Outcome::COUNT]>,
    /// Median latency of the requests that ended, failures included, in nanoseconds; zero if none
    /// did.
    pub p50: Vec<u64>,
    /// 99th percentile of the same.
    pub p99: Vec<u64>,
    /// Requests in flight at the end of the interval.
    pub in_flight: Vec<u64>,
    /// The times of certain ends.
    pub ends: Vec<Ends>,
}

/// The times of certain ends of requests in an interval; zero for those that there were none of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ends {
    /// The first request ended well.
    pub first_good: SimTime,
    /// The first request failed.
    pub first_bad: SimTime,
    /// The first request failed of those that none has ended well after.
    pub all_bad_from: SimTime,
    /// The last request ended.
    pub last: SimTime,
}

impl Ends {
    /// A request ends.
    #[inline]
    pub fn note(&mut self, now: SimTime, is_good: bool) {
        let first = if is_good { &mut self.first_good } else { &mut self.first_bad };
        if *first == SimTime::ZERO {
            *first = now;
        }
        self.last = now;
        if is_good {
            self.all_bad_from = SimTime::ZERO;
        } else if self.all_bad_from == SimTime::ZERO {
            self.all_bad_from = now;
        }
    }
}

/// A window of a run over which the latencies of a workload are kept, in whole intervals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatencyWindow {
    /// The workload.
    pub workload: Id<of::Workload>,
    /// The beginning.
    pub from: SimTime,
    /// The end.
    pub to: SimTime,
}

/// The latencies of a workload over a window, failures included, in nanoseconds.
#[derive(Clone, Debug)]
pub(in crate::observe) struct KeptLatencies {
    /// The workload.
    pub workload: Id<of::Workload>,
    /// The intervals of the window. The run may end before them.
    pub intervals: Range<usize>,
    /// The latencies.
    pub latencies: Histogram,
}

impl WorkloadRecord {
    /// Bytes that the series take, and what else grows.
    pub(in crate::observe) fn bytes(&self) -> u64 {
        self.series.offered.bytes()
            + self.series.ended.bytes()
            + self.series.p50.bytes()
            + self.series.p99.bytes()
            + self.series.in_flight.bytes()
            + self.series.ends.bytes()
            + self.users.bytes()
            + self.latency.bytes()
            + self.failure_latency.bytes()
            + self.interval.latency.bytes()
            + self.phases.iter().map(|phase| phase.latency.bytes()).sum::<u64>()
            + (self.began.len() * size_of::<(Origin, [u64; 2])>()) as u64
    }

    /// Closes an interval of this length, which belongs to a phase if it counts.
    pub(in crate::observe) fn close_interval(&mut self, phase: Option<Phase>, length: SimDuration) {
        let Interval { offered, ended, latency, in_flight, ends } = &mut self.interval;
        if let Some(phase) = phase {
            let record = &mut self.phases[phase as usize];
            record.length += length;
            record.offered += u64::from(*offered);
            for (sum, ended) in record.ended.iter_mut().zip(&*ended) {
                *sum += u64::from(*ended);
            }
            record.latency.merge(latency);
        }
        push(&mut self.series.offered, std::mem::take(offered));
        push(&mut self.series.ended, std::mem::take(ended));
        push(&mut self.series.p50, latency.quantile(0.5));
        push(&mut self.series.p99, latency.quantile(0.99));
        push(&mut self.series.in_flight, *in_flight);
        push(&mut self.series.ends, std::mem::take(ends));
        latency.clear();
    }
}

impl WorkloadSeries {
    /// Requests that ended well in interval `index`.
    pub fn good(&self, index: usize) -> u32 {
        Outcome::ALL
            .iter()
            .filter(|outcome| outcome.is_good())
            .map(|outcome| self.ended[index][*outcome as usize])
            .sum()
    }

    /// Requests that ended in interval `index`.
    pub fn ended(&self, index: usize) -> u32 {
        self.ended[index].iter().sum()
    }

    /// Share of the requests that ended well in interval `index`; 0 if requests have been waiting
    /// for several intervals and none is answered, `None` if there is nothing to tell.
    pub fn availability(&self, index: usize) -> Option<f64> {
        self.availability_with(index, STANDSTILL)
    }

    /// The same if so many intervals in a row without an answer are a standstill, three at least.
    pub fn availability_with(&self, index: usize, standstill: usize) -> Option<f64> {
        let is_still = || self.is_at_a_standstill(index, standstill.max(STANDSTILL));
        match self.ended(index) {
            0 => (self.is_wanted(index) && is_still()).then_some(0.0),
            ended => Some(f64::from(self.good(index)) / f64::from(ended)),
        }
    }

    /// Share of the requests that ended well, of those that ended in some intervals; `None` if none did.
    pub fn availability_over(&self, intervals: Range<usize>) -> Option<f64> {
        let ended: u64 = intervals.clone().map(|index| u64::from(self.ended(index))).sum();
        let good: u64 = intervals.map(|index| u64::from(self.good(index))).sum();
        (ended > 0).then(|| good as f64 / ended as f64)
    }

    /// Requests that failed in some intervals.
    pub fn failed_in(&self, intervals: Range<usize>) -> u64 {
        intervals.map(|index| u64::from(self.ended(index) - self.good(index))).sum()
    }

    /// True if requests began in interval `index`, or several waited.
    fn is_wanted(&self, index: usize) -> bool {
        self.offered[index] > 0 || self.in_flight[index] >= SEVERAL
    }

    /// True if requests neither began, waited nor ended in interval `index`.
    pub fn is_idle(&self, index: usize) -> bool {
        self.offered[index] == 0 && self.ended(index) == 0 && self.in_flight[index] == 0
    }

    /// True if requests waited in interval `index` and none ended.
    pub fn is_silent(&self, index: usize) -> bool {
        self.ended(index) == 0 && self.in_flight[index] > 0
    }

    /// True if the interval is one of several in a row in which requests wait and none ends. A
    /// single one means little: of few requests, one is often under way when none ends.
    fn is_at_a_standstill(&self, index: usize, length: usize) -> bool {
        let is_silent = |interval: &usize| self.is_silent(*interval);
        let before = (0..index).rev().take_while(is_silent).take(length).count();
        let after = (index..self.offered.len()).take_while(is_silent).take(length).count();
        after > 0 && before + after >= length
    }
}

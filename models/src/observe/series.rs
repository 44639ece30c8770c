//! One value per interval of simulated time.

use crate::Outcome;

/// The number of intervals in a row without an end, while requests wait, that make a standstill.
const STANDSTILL: usize = 3;

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
        match self.ended(index) {
            0 => (self.offered[index] > 0 && self.is_at_a_standstill(index)).then_some(0.0),
            ended => Some(f64::from(self.good(index)) / f64::from(ended)),
        }
    }

    /// True if the interval is one of several in a row in which requests wait and none ends. A
    /// single one means little: of few requests, one is often under way when none ends.
    fn is_at_a_standstill(&self, index: usize) -> bool {
        let waits = |interval: usize| self.ended(interval) == 0 && self.in_flight[interval] > 0;
        let before =
            (0..index).rev().take_while(|interval| waits(*interval)).take(STANDSTILL).count();
        let after = (index..self.offered.len())
            .take_while(|interval| waits(*interval))
            .take(STANDSTILL)
            .count();
        after > 0 && before + after >= STANDSTILL
    }
}

/// The calls over an edge in each interval, of requests that began after the warm-up.
#[derive(Clone, Debug, Default)]
pub struct EdgeSeries {
    /// Calls begun.
    pub calls: Vec<u32>,
    /// Attempts made.
    pub attempts: Vec<u32>,
    /// Calls ended, by outcome in the order of [`Outcome::ALL`].
    pub ended: Vec<[u32; Outcome::COUNT]>,
    /// Calls that turned to a fallback, by the failure that made them.
    pub fell_back: Vec<[u32; Outcome::COUNT]>,
}

/// The use of a pool in each interval.
#[derive(Clone, Debug, Default)]
pub struct PoolSeries {
    /// Slots in use, averaged over the interval.
    pub busy: Vec<f32>,
    /// Requests waiting, averaged over the interval.
    pub waiting: Vec<f32>,
}

//! The intervals of a run, at the end of which its series are extended.

use std::ops::Range;

use sim_core::growth::Growing;
use sim_core::stats::Histogram;
use sim_core::{SimDuration, SimTime};

use super::Recorder;
use super::records::{
    BreakerRecord, EdgeRecord, EffectRecord, KeptLatencies, LatencyWindow, LinkRecord, PoolSeries,
    QueueRecord, WorkloadRecord,
};
use crate::resilience::BreakerInService;
use crate::resources::Pool;
use crate::system::{Id, LinkState, QueueState, Table, of};

/// The share of gaps, one in this many, that lists leave which have been moved to grow, as measured.
const GAPS: u64 = 8;
/// Intervals are one second wide, or wider if a run would have more of them than this.
const MOST_INTERVALS: u64 = 20_000;
/// Widths to choose from, in seconds.
const WIDTHS: [u64; 9] = [1, 2, 5, 10, 30, 60, 300, 900, 3_600];

/// The width of the intervals, and the end of the last one closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sampling {
    width: SimDuration,
    until: SimTime,
}

impl Sampling {
    /// The sampling of a run of this length.
    pub fn of(length: SimDuration) -> Self {
        let seconds = length.as_nanos() / SimDuration::from_secs(1).as_nanos();
        let width = WIDTHS.into_iter().find(|width| seconds / width <= MOST_INTERVALS);
        let width = SimDuration::from_secs(width.unwrap_or(seconds / MOST_INTERVALS));
        Self { width, until: SimTime::ZERO }
    }

    /// The latencies to keep over a window, none so far.
    pub fn kept_latencies(self, window: &LatencyWindow) -> KeptLatencies {
        KeptLatencies {
            workload: window.workload,
            intervals: self.intervals_between(window.from, window.to),
            latencies: Histogram::default(),
        }
    }

    /// The intervals that lie wholly between two instants.
    fn intervals_between(self, from: SimTime, to: SimTime) -> Range<usize> {
        let width = self.width.as_nanos();
        let first = from.as_nanos().div_ceil(width) as usize;
        first..((to.as_nanos() / width) as usize).max(first)
    }
}

/// Fails with the width of the intervals if none of a run of this length lies wholly between two
/// instants.
pub(crate) fn has_interval_between(
    length: SimDuration,
    from: SimTime,
    to: SimTime,
) -> Result<(), SimDuration> {
    let sampling = Sampling::of(length);
    if sampling.intervals_between(from, to).is_empty() { Err(sampling.width) } else { Ok(()) }
}

impl Recorder {
    /// Closes the interval that ends at `now`.
    pub(crate) fn sample(
        &mut self,
        now: SimTime,
        pools: &Table<of::Pool, Pool>,
        breakers: &Table<of::Breaker, BreakerInService>,
        queues: &Table<of::Queue, QueueState>,
        links: &mut Table<of::Link, LinkState>,
    ) {
        if now <= self.sampling.until {
            return;
        }
        self.keep_latencies();
        let phase = self.phases.close_interval(self.sampling.until, now);
        let length = now.since(self.sampling.until);
        for record in &mut self.workloads {
            record.close_interval(phase, length);
        }
        self.edges.iter_mut().for_each(EdgeRecord::close_interval);
        let span = now.since(self.sampling.until).as_nanos() as f64;
        for (pool, series) in pools.iter().zip(&mut self.pools) {
            series.close_interval(now, span, pool);
        }
        for (breaker, record) in breakers.iter().zip(&mut self.breakers) {
            record.close_interval(now, breaker);
        }
        for (queue, record) in queues.iter().zip(&mut self.queues) {
            record.close_interval(now, queue);
        }
        for (link, record) in links.iter_mut().zip(&mut self.links) {
            record.close_interval(now, span, link);
        }
        self.sampling.until = now;
    }

    /// Adds the latencies of the interval that is about to be closed to the windows it lies in.
    fn keep_latencies(&mut self) {
        let interval = self.intervals();
        for kept in &mut self.kept_latencies {
            if kept.intervals.contains(&interval) {
                kept.latencies.merge(&self.workloads[kept.workload].interval.latency);
            }
        }
    }

    /// Keeps what belongs to the present interval, when the pools are about to forget what they
    /// have counted.
    pub fn pools_reset(&mut self, now: SimTime, pools: &Table<of::Pool, Pool>) {
        for (pool, series) in pools.iter().zip(&mut self.pools) {
            series.pool_forgets(now, pool);
        }
    }

    /// The width of the intervals.
    pub fn sample_width(&self) -> SimDuration {
        self.sampling.width
    }

    /// The end of the last interval closed.
    pub fn sampled_until(&self) -> SimTime {
        self.sampling.until
    }

    /// The number of intervals closed so far.
    pub fn intervals(&self) -> usize {
        self.workloads.iter().next().map_or(0, |workload| workload.series.offered.len())
    }

    /// The instant at which an interval begins.
    pub fn beginning_of(&self, interval: usize) -> SimTime {
        SimTime::ZERO + self.sampling.width * interval as u64
    }

    /// The intervals closed so far that lie wholly between two instants.
    pub fn intervals_between(&self, from: SimTime, to: SimTime) -> Range<usize> {
        let wanted = self.sampling.intervals_between(from, to);
        let end = wanted.end.min(self.intervals());
        wanted.start.min(end)..end
    }

    /// The intervals closed so far of which some part lies between two instants.
    pub fn intervals_touched(&self, from: SimTime, to: SimTime) -> Range<usize> {
        let width = self.sampling.width.as_nanos();
        let end = (to.as_nanos().div_ceil(width) as usize).min(self.intervals());
        ((from.as_nanos() / width) as usize).min(end)..end
    }

    /// A fault begins; `lasts` is false if it is over at once.
    pub fn fault_begins(&mut self, now: SimTime, lasts: bool) {
        let end = self.sampling.until + self.sampling.width;
        self.phases.fault_begins(now, end, lasts);
    }

    /// A fault ends.
    pub fn fault_ends(&mut self, now: SimTime) {
        self.phases.fault_ends(now, self.sampling.until);
    }

    /// True if a fault has struck in an interval that is over.
    pub fn have_faults_struck(&self) -> bool {
        self.phases.have_faults_struck()
    }

    /// The latencies of a workload over some intervals, if they were named before the run as a
    /// [`LatencyWindow`]. Of a window that goes on after the end of the run, the intervals are those
    /// up to the end.
    pub fn latencies(
        &self,
        workload: Id<of::Workload>,
        intervals: &Range<usize>,
    ) -> Option<&Histogram> {
        let is_it = |kept: &&KeptLatencies| {
            kept.workload == workload
                && kept.intervals.start == intervals.start
                && kept.intervals.end.min(self.intervals()) == intervals.end
        };
        self.kept_latencies.iter().find(is_it).map(|kept| &kept.latencies)
    }

    /// Bytes that the requests take for which effects were done.
    pub(crate) fn bytes_of_effects(&self) -> u64 {
        self.effects.iter().map(EffectRecord::bytes).sum()
    }

    /// Bytes that the customers take of whom a request failed.
    pub(crate) fn bytes_of_customers(&self) -> u64 {
        self.workloads.iter().map(|record| record.customers_hit.bytes()).sum()
    }

    /// Bytes that series, latencies and changes take.
    pub fn bytes(&self) -> u64 {
        let bytes = self.workloads.iter().map(WorkloadRecord::bytes).sum::<u64>()
            + self.edges.iter().map(EdgeRecord::bytes).sum::<u64>()
            + self.breakers.iter().map(BreakerRecord::bytes).sum::<u64>()
            + self.pools.iter().map(PoolSeries::bytes).sum::<u64>()
            + self.queues.iter().map(QueueRecord::bytes).sum::<u64>()
            + self.links.iter().map(LinkRecord::bytes).sum::<u64>()
            + self.waits.values().flatten().map(Histogram::bytes).sum::<u64>()
            + self.kept_latencies.iter().map(|kept| kept.latencies.bytes()).sum::<u64>()
            + self.instances.bytes()
            + self.scales.bytes()
            + self.errands.bytes();
        bytes + bytes / GAPS
    }
}

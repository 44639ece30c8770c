//! Counts while the system runs. Memory depends on intervals and entities, never on requests.

use std::collections::HashSet;
use std::ops::Range;

use sim_core::stats::{BatchMeans, Histogram};
use sim_core::{SimDuration, SimTime};

use super::{EdgeSeries, PoolSeries, WorkloadSeries};
use crate::Outcome;
use crate::resilience::BreakerInService;
use crate::resilience::circuit_breaker::{BreakerState, Transition};
use crate::resilience::load_balancer::Ejection;
use crate::resources::Pool;
use crate::system::{Blueprint, QueueState};

/// Intervals are one second wide, or wider if a run would have more of them than this.
const MAX_INTERVALS: u64 = 20_000;
/// Widths to choose from, in seconds.
const WIDTHS: [u64; 9] = [1, 2, 5, 10, 30, 60, 300, 900, 3_600];
/// The number of transitions of one breaker, and of changes of instances, that are kept for the
/// timeline; further ones are only counted.
const MAX_TRANSITIONS: usize = 10_000;

/// The requests of one workload.
#[derive(Clone, Debug, Default)]
pub struct WorkloadRecord {
    /// Requests begun after the warm-up.
    pub offered: u64,
    /// The outcomes, in the order of [`Outcome::ALL`].
    pub ended: [u64; Outcome::COUNT],
    /// Latency of those that ended well, in nanoseconds.
    pub latency: Histogram,
    /// Latency of those that failed, in nanoseconds.
    pub failure_latency: Histogram,
    /// Mean latency of those that ended well, with its uncertainty, in nanoseconds.
    pub mean_latency: BatchMeans,
    /// The same by interval, warm-up included.
    pub series: WorkloadSeries,
    /// Customers of whom at least one counted request failed.
    pub customers_hit: HashSet<u64>,
    interval: Interval,
}

/// A window of a run over which the latencies of a workload are kept, in whole intervals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatencyWindow {
    /// The workload.
    pub workload: u32,
    /// The beginning.
    pub from: SimTime,
    /// The end.
    pub to: SimTime,
}

#[derive(Clone, Debug, Default)]
struct Interval {
    offered: u32,
    ended: [u32; Outcome::COUNT],
    latency: Histogram,
    in_flight: u64,
}

/// The calls over one edge, of requests that began after the warm-up.
#[derive(Clone, Debug, Default)]
pub struct EdgeRecord {
    /// Calls begun.
    pub begun: u64,
    /// Attempts made for them.
    pub attempts: u64,
    /// The outcomes, in the order of [`Outcome::ALL`].
    pub ended: [u64; Outcome::COUNT],
    /// With which failures calls turned to a fallback, in the order of [`Outcome::ALL`].
    pub fell_back: [u64; Outcome::COUNT],
    /// Calls whose caller crashed before they ended.
    pub abandoned: u64,
    /// Calls put off until later, warm-up included.
    pub deferred: u64,
    /// Calls that could not be put off, because too many were.
    pub not_deferred: u64,
    /// Calls put off that have been made up for.
    pub made_up: u64,
    /// Latency as the caller saw it, guards and retries included, in nanoseconds.
    pub latency: Histogram,
    /// The same by interval.
    pub series: EdgeSeries,
    closed: EdgeTotals,
}

/// The calls over an edge when the last interval was closed.
#[derive(Clone, Copy, Debug, Default)]
struct EdgeTotals {
    begun: u64,
    attempts: u64,
    ended: [u64; Outcome::COUNT],
    fell_back: [u64; Outcome::COUNT],
}

/// The messages that went through a queue of messages, warm-up included.
#[derive(Clone, Debug, Default)]
pub struct QueueRecord {
    /// Messages accepted.
    pub sent: u64,
    /// Messages turned away because the queue was full.
    pub refused: u64,
    /// Messages consumed.
    pub delivered: u64,
    /// Deliveries that failed.
    pub failed_deliveries: u64,
    /// Messages given up after the last delivery.
    pub dead: u64,
    /// Messages given up because they had waited too long.
    pub expired: u64,
    /// Expired messages that have been made up for.
    pub compensated: u64,
    /// Expired messages for which that failed.
    pub not_compensated: u64,
    /// Time from sending to the end of the delivery, of those consumed, in nanoseconds.
    pub latency: Histogram,
    /// Messages waiting at the end of each interval.
    pub depth: Vec<u64>,
    /// Age of the oldest of them, in nanoseconds.
    pub age: Vec<u64>,
    /// Most messages waiting at one time.
    pub most: u64,
}

/// The effects that handlers have done to the world under one name.
#[derive(Clone, Debug, Default)]
pub struct EffectRecord {
    /// The number of times.
    pub count: u64,
    /// The number of times that it was done for a request for which it had been done before.
    pub duplicates: u64,
    done: HashSet<u64>,
}

/// The transitions and rejections of one breaker.
#[derive(Clone, Debug)]
pub struct BreakerRecord {
    /// Calls rejected.
    pub rejected: u64,
    /// Changes of state, with their times; the first ten thousand.
    pub transitions: Vec<(SimTime, Transition)>,
    /// Changes of state in all.
    pub transition_count: u64,
    /// Changes to the open state.
    pub openings: u64,
    /// The state at the end of each interval.
    pub series: Vec<BreakerState>,
    /// Changes of state up to the end of each interval.
    pub changes_by: Vec<u64>,
    spent: [SimDuration; 3],
    state: BreakerState,
    since: SimTime,
}

impl BreakerRecord {
    /// Time spent in a state up to `now`.
    pub fn time_in(&self, state: BreakerState, now: SimTime) -> SimDuration {
        let running = if state == self.state { now.since(self.since) } else { SimDuration::ZERO };
        self.spent[state as usize] + running
    }
}

/// The state of an instance as a balancer sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum InstanceChange {
    /// It is ejected as an outlier.
    Ejected(Ejection),
    /// Its ejection is over.
    Readmitted,
    /// It has failed its health checks.
    Down,
    /// It passes them again.
    Up,
}

/// A change of an instance, as the balancer of an edge sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InstanceRecord {
    /// The time.
    pub at: SimTime,
    /// The edge.
    pub edge: u32,
    /// The instance.
    pub instance: u32,
    /// The change.
    pub change: InstanceChange,
}

/// A change of an instance, or of the number of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScaleRecord {
    /// An autoscaler has brought the instances of a station to another number.
    Scaled {
        /// The station.
        station: u32,
        /// From how many.
        from: u32,
        /// To how many.
        to: u32,
    },
    /// A process ran out of memory and was killed.
    OutOfMemory {
        /// The instance.
        instance: u32,
        /// The time that it takes to start again.
        restart: SimDuration,
    },
}

/// Everything recorded in a run.
#[derive(Clone, Debug)]
pub struct Recorder {
    workloads: Vec<WorkloadRecord>,
    edges: Vec<EdgeRecord>,
    breakers: Vec<BreakerRecord>,
    instances: Vec<InstanceRecord>,
    scales: Vec<(SimTime, ScaleRecord)>,
    queues: Vec<QueueRecord>,
    effects: Vec<EffectRecord>,
    pools: Vec<PoolSeries>,
    previous_integrals: Vec<(i128, i128)>,
    /// Stretches whose latencies are wanted, in intervals, and those.
    windows: Vec<(u32, Range<usize>, Histogram)>,
    sample_width: SimDuration,
    sampled_until: SimTime,
}

impl Recorder {
    /// An empty record for the entities of a blueprint.
    pub fn new(blueprint: &Blueprint) -> Self {
        let breaker = BreakerRecord {
            rejected: 0,
            transitions: Vec::new(),
            transition_count: 0,
            openings: 0,
            series: Vec::new(),
            changes_by: Vec::new(),
            spent: [SimDuration::ZERO; 3],
            state: BreakerState::Closed,
            since: SimTime::ZERO,
        };
        let sample_width = sample_width(blueprint.run.duration + blueprint.run.drain);
        let window = |LatencyWindow { workload, from, to }: &LatencyWindow| {
            (*workload, intervals(*from, *to, sample_width), Histogram::default())
        };
        Self {
            windows: blueprint.latency_windows.iter().map(window).collect(),
            workloads: vec![WorkloadRecord::default(); blueprint.workloads.len()],
            edges: vec![EdgeRecord::default(); blueprint.edges.len()],
            breakers: vec![breaker; blueprint.breakers.len()],
            instances: Vec::new(),
            scales: Vec::new(),
            queues: vec![QueueRecord::default(); blueprint.queues.len()],
            effects: vec![EffectRecord::default(); blueprint.effects.len()],
            pools: vec![PoolSeries::default(); blueprint.pools.len()],
            previous_integrals: vec![(0, 0); blueprint.pools.len()],
            sample_width,
            sampled_until: SimTime::ZERO,
        }
    }

    /// A request of a workload begins.
    #[inline]
    pub fn request_begins(&mut self, workload: u32, is_counted: bool) {
        let record = &mut self.workloads[workload as usize];
        record.offered += u64::from(is_counted);
        record.interval.offered += 1;
        record.interval.in_flight += 1;
    }

    /// A request of a workload ends.
    #[inline(never)]
    pub fn request_ends(
        &mut self,
        workload: u32,
        is_counted: bool,
        elapsed: SimDuration,
        outcome: Outcome,
    ) {
        let record = &mut self.workloads[workload as usize];
        let nanos = elapsed.as_nanos();
        record.interval.ended[outcome as usize] += 1;
        record.interval.latency.record(nanos);
        record.interval.in_flight -= 1;
        if !is_counted {
            return;
        }
        record.ended[outcome as usize] += 1;
        if outcome.is_good() {
            record.latency.record(nanos);
            record.mean_latency.add(nanos as f64);
        } else {
            record.failure_latency.record(nanos);
        }
    }

    /// A counted call over an edge begins.
    #[inline]
    pub fn call_begins(&mut self, edge: u32) {
        self.edges[edge as usize].begun += 1;
    }

    /// An attempt of a counted call is made.
    #[inline]
    pub fn attempt_begins(&mut self, edge: u32) {
        self.edges[edge as usize].attempts += 1;
    }

    /// A counted call over an edge ends.
    #[inline]
    pub fn call_ends(&mut self, edge: u32, elapsed: SimDuration, outcome: Outcome) {
        let record = &mut self.edges[edge as usize];
        record.ended[outcome as usize] += 1;
        record.latency.record(elapsed.as_nanos());
    }

    /// A counted call has failed and turns to a fallback.
    pub fn call_falls_back(&mut self, edge: u32, failure: Outcome) {
        self.edges[edge as usize].fell_back[failure as usize] += 1;
    }

    /// A counted call is abandoned: its caller has crashed.
    pub fn call_abandoned(&mut self, edge: u32) {
        self.edges[edge as usize].abandoned += 1;
    }

    /// A call is put off until later.
    pub fn call_deferred(&mut self, edge: u32) {
        self.edges[edge as usize].deferred += 1;
    }

    /// A call cannot be put off, because too many are.
    pub fn deferral_refused(&mut self, edge: u32) {
        self.edges[edge as usize].not_deferred += 1;
    }

    /// A call that was put off has been made up for.
    pub fn call_made_up(&mut self, edge: u32) {
        self.edges[edge as usize].made_up += 1;
    }

    /// An autoscaler has brought the instances of a station to another number.
    pub fn scaled(&mut self, at: SimTime, station: u32, from: u32, to: u32) {
        self.note_scale(at, ScaleRecord::Scaled { station, from, to });
    }

    /// A process ran out of memory.
    pub fn out_of_memory(&mut self, at: SimTime, instance: u32, restart: SimDuration) {
        self.note_scale(at, ScaleRecord::OutOfMemory { instance, restart });
    }

    fn note_scale(&mut self, at: SimTime, record: ScaleRecord) {
        if self.scales.len() < MAX_TRANSITIONS {
            self.scales.push((at, record));
        }
    }

    /// A request of a customer has failed.
    pub fn customer_hit(&mut self, workload: u32, customer: u64) {
        self.workloads[workload as usize].customers_hit.insert(customer);
    }

    /// A message is sent to a queue, which takes it or is full.
    pub fn message_sent(&mut self, queue: u32, is_accepted: bool) {
        let record = &mut self.queues[queue as usize];
        record.sent += u64::from(is_accepted);
        record.refused += u64::from(!is_accepted);
    }

    /// A message has been consumed, so long after it was sent.
    pub fn message_delivered(&mut self, queue: u32, elapsed: SimDuration) {
        let record = &mut self.queues[queue as usize];
        record.delivered += 1;
        record.latency.record(elapsed.as_nanos());
    }

    /// A delivery has failed.
    pub fn delivery_failed(&mut self, queue: u32) {
        self.queues[queue as usize].failed_deliveries += 1;
    }

    /// The last delivery of a message has failed.
    pub fn message_dead(&mut self, queue: u32) {
        self.queues[queue as usize].dead += 1;
    }

    /// A message has waited too long.
    pub fn message_expired(&mut self, queue: u32) {
        self.queues[queue as usize].expired += 1;
    }

    /// A call that makes up for an expired message has ended.
    pub fn message_compensated(&mut self, queue: u32, is_good: bool) {
        let record = &mut self.queues[queue as usize];
        record.compensated += u64::from(is_good);
        record.not_compensated += u64::from(!is_good);
    }

    /// A handler does something for a request that should be done once.
    pub fn effect(&mut self, effect: u32, request: u64) {
        let record = &mut self.effects[effect as usize];
        record.count += 1;
        record.duplicates += u64::from(!record.done.insert(request));
    }

    /// A breaker changes state.
    pub fn breaker_changes(&mut self, now: SimTime, breaker: u32, transition: Transition) {
        let record = &mut self.breakers[breaker as usize];
        record.spent[record.state as usize] += now.since(record.since);
        (record.state, record.since) = (transition.to, now);
        record.transition_count += 1;
        record.openings += u64::from(transition.to == BreakerState::Open);
        if record.transitions.len() < MAX_TRANSITIONS {
            record.transitions.push((now, transition));
        }
    }

    /// A breaker rejects a call.
    #[inline]
    pub fn breaker_rejects(&mut self, breaker: u32) {
        self.breakers[breaker as usize].rejected += 1;
    }

    /// A balancer learns something about an instance.
    pub fn instance_changes(
        &mut self,
        at: SimTime,
        edge: u32,
        instance: u32,
        change: InstanceChange,
    ) {
        if self.instances.len() < MAX_TRANSITIONS {
            self.instances.push(InstanceRecord { at, edge, instance, change });
        }
    }

    /// The pools are about to forget what they have counted: what belongs to the present interval
    /// is kept.
    pub fn pools_reset(&mut self, now: SimTime, pools: &[Pool]) {
        for (pool, previous) in pools.iter().zip(&mut self.previous_integrals) {
            let (busy, waiting) = integrals(pool, now);
            *previous = (previous.0 - busy, previous.1 - waiting);
        }
    }

    /// Closes the interval that ends at `now`.
    pub(crate) fn sample(
        &mut self,
        now: SimTime,
        pools: &[Pool],
        breakers: &[BreakerInService],
        queues: &[QueueState],
    ) {
        if now <= self.sampled_until {
            return;
        }
        let interval = self.intervals();
        for (workload, _, latencies) in
            self.windows.iter_mut().filter(|(_, intervals, _)| intervals.contains(&interval))
        {
            latencies.merge(&self.workloads[*workload as usize].interval.latency);
        }
        self.workloads.iter_mut().for_each(WorkloadRecord::close_interval);
        self.edges.iter_mut().for_each(EdgeRecord::close_interval);
        let span = now.since(self.sampled_until).as_nanos() as f64;
        for ((pool, series), previous) in
            pools.iter().zip(&mut self.pools).zip(&mut self.previous_integrals)
        {
            let integrals = integrals(pool, now);
            series.busy.push(((integrals.0 - previous.0) as f64 / span) as f32);
            series.waiting.push(((integrals.1 - previous.1) as f64 / span) as f32);
            *previous = integrals;
        }
        for (breaker, record) in breakers.iter().zip(&mut self.breakers) {
            record.series.push(breaker.state());
            record.changes_by.push(record.transition_count);
        }
        for (queue, record) in queues.iter().zip(&mut self.queues) {
            let age = queue.messages.oldest().map_or(0, |oldest| now.since(oldest).as_nanos());
            record.depth.push(queue.messages.depth());
            record.age.push(age);
            record.most = record.most.max(queue.messages.depth());
        }
        self.sampled_until = now;
    }

    /// The width of the intervals.
    pub fn sample_width(&self) -> SimDuration {
        self.sample_width
    }

    /// The end of the last interval closed.
    pub fn sampled_until(&self) -> SimTime {
        self.sampled_until
    }

    /// Intervals closed so far.
    pub fn intervals(&self) -> usize {
        self.workloads.first().map_or(0, |workload| workload.series.offered.len())
    }

    /// The intervals closed so far that lie within a stretch of time.
    pub fn intervals_between(&self, from: SimTime, to: SimTime) -> Range<usize> {
        let wanted = intervals(from, to, self.sample_width);
        let end = wanted.end.min(self.intervals());
        wanted.start.min(end)..end
    }

    /// The latencies of a workload over some intervals, if they were asked for beforehand; the run
    /// may have ended sooner.
    pub fn latencies(&self, workload: u32, intervals: &Range<usize>) -> Option<&Histogram> {
        let is_it = |wanted: &Range<usize>| {
            wanted.start == intervals.start && wanted.end.min(self.intervals()) == intervals.end
        };
        self.windows
            .iter()
            .find(|(of, wanted, _)| *of == workload && is_it(wanted))
            .map(|(_, _, latencies)| latencies)
    }

    /// The requests of each workload.
    pub fn workloads(&self) -> &[WorkloadRecord] {
        &self.workloads
    }

    /// The calls over each edge.
    pub fn edges(&self) -> &[EdgeRecord] {
        &self.edges
    }

    /// The transitions and rejections of each breaker.
    pub fn breakers(&self) -> &[BreakerRecord] {
        &self.breakers
    }

    /// The changes of instances that the balancers noticed; the first ten thousand.
    pub fn instances(&self) -> &[InstanceRecord] {
        &self.instances
    }

    /// The changes in the number of instances, and of their memory; the first ten thousand.
    pub fn scales(&self) -> &[(SimTime, ScaleRecord)] {
        &self.scales
    }

    /// The messages that went through each queue of messages.
    pub fn queues(&self) -> &[QueueRecord] {
        &self.queues
    }

    /// The effects on the world, by name.
    pub fn effects(&self) -> &[EffectRecord] {
        &self.effects
    }

    /// The use of each pool, by interval.
    pub fn pools(&self) -> &[PoolSeries] {
        &self.pools
    }

    /// Bytes held by what grows with the length of the run.
    pub fn bytes(&self) -> u64 {
        let intervals = self.intervals();
        let per_interval = (self.workloads.len() + 2 * self.edges.len())
            * (size_of::<[u32; Outcome::COUNT]>() + 28)
            + self.pools.len() * 8
            + self.breakers.len() * 9
            + self.queues.len() * 16;
        let effects: usize =
            self.effects.iter().map(|effect| effect.done.len() * 2 * size_of::<u64>()).sum();
        (intervals * per_interval + effects) as u64
    }
}

impl EdgeRecord {
    fn close_interval(&mut self) {
        let since = |now: u64, before: &mut u64| (now - std::mem::replace(before, now)) as u32;
        self.series.calls.push(since(self.begun, &mut self.closed.begun));
        self.series.attempts.push(since(self.attempts, &mut self.closed.attempts));
        let mut ended = [0; Outcome::COUNT];
        for ((ended, total), before) in ended.iter_mut().zip(self.ended).zip(&mut self.closed.ended)
        {
            *ended = since(total, before);
        }
        self.series.ended.push(ended);
        let mut fell_back = [0; Outcome::COUNT];
        for ((number, total), before) in
            fell_back.iter_mut().zip(self.fell_back).zip(&mut self.closed.fell_back)
        {
            *number = since(total, before);
        }
        self.series.fell_back.push(fell_back);
    }
}

impl WorkloadRecord {
    fn close_interval(&mut self) {
        let Interval { offered, ended, latency, in_flight } = &mut self.interval;
        self.series.offered.push(std::mem::take(offered));
        self.series.ended.push(std::mem::take(ended));
        self.series.p50.push(latency.quantile(0.5));
        self.series.p99.push(latency.quantile(0.99));
        self.series.in_flight.push(*in_flight);
        latency.clear();
    }
}

/// Slots in use and requests waiting, each times nanoseconds.
fn integrals(pool: &Pool, now: SimTime) -> (i128, i128) {
    (pool.usage().busy.integral(now) as i128, pool.usage().waiting.integral(now) as i128)
}

/// The intervals that lie wholly within a stretch of time.
fn intervals(from: SimTime, to: SimTime, width: SimDuration) -> Range<usize> {
    let first = from.as_nanos().div_ceil(width.as_nanos()) as usize;
    first..((to.as_nanos() / width.as_nanos()) as usize).max(first)
}

fn sample_width(duration: SimDuration) -> SimDuration {
    let seconds = duration.as_nanos() / SimDuration::from_secs(1).as_nanos();
    let width = WIDTHS.into_iter().find(|width| seconds / width <= MAX_INTERVALS);
    SimDuration::from_secs(width.unwrap_or(seconds / MAX_INTERVALS))
}

//! The use of a pool.

use std::ops::Range;

use sim_core::SimTime;
use sim_core::growth::{Growing, push};

use crate::resources::Pool;

/// The use of a pool in each interval.
#[derive(Clone, Debug, Default)]
pub struct PoolSeries {
    /// Slots in use, averaged over the interval.
    pub busy: Vec<f32>,
    /// Requests waiting, averaged over the interval.
    pub waiting: Vec<f32>,
    /// Requests that asked for a slot in the interval, and how they fared.
    pub demand: Vec<Demand>,
    /// The share of the interval in which its instance ran; empty if an autoscaler never stops it.
    running: Vec<f32>,
    /// Slots out of service at the end of the interval; empty if none ever are.
    lost: Vec<u32>,
    /// Its shape from each time at which that changed.
    shapes: Vec<(SimTime, PoolShape)>,
    presence: Option<Presence>,
    closed: Integrals,
    counted: Counts,
}

/// The size of a pool at a time, and whether its instance runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolShape {
    /// Its slots, those that are lost included, and the most that wait; `None` if they are those of the scenario.
    pub size: Option<(u32, u32)>,
    /// Slots that are lost.
    pub lost: u32,
    /// True if its instance runs.
    pub is_running: bool,
}

/// The requests that asked for slots in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// The number that asked.
    pub asked: u32,
    /// Slots granted, also to those that had asked before.
    pub granted: u32,
    /// The number turned away because the queue was full.
    pub turned_away: u32,
}

/// The same since the pool began to count, or forgot what it had counted.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// Requests that asked, without those that have been waiting since before.
    asked: i64,
    granted: i64,
    turned_away: i64,
}

/// The time for which the instance of a pool has been running.
#[derive(Clone, Copy, Debug, Default)]
struct Presence {
    is_running: bool,
    /// Slots that it has, and those of the scenario.
    slots: u32,
    planned: u32,
    /// The time up to which the spans below are known.
    until: SimTime,
    /// Nanoseconds, each counted by the share of the planned slots that were there.
    in_interval: f64,
    slots_after_warmup: f64,
    /// Nanoseconds.
    after_warmup: f64,
    warmup: SimTime,
}

impl Presence {
    fn go_on_to(&mut self, now: SimTime) {
        if self.is_running {
            let share = f64::from(self.slots) / f64::from(self.planned.max(1));
            let span = now.since(self.until).as_nanos() as f64;
            self.in_interval += span * share;
            self.slots_after_warmup += span * share;
            self.after_warmup += span;
        }
        self.until = now;
    }
}

/// Slots in use and requests waiting, each times nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Integrals {
    busy: i128,
    waiting: i128,
}

impl PoolSeries {
    /// Bytes that the series take, and what else grows.
    pub(in crate::observe) fn bytes(&self) -> u64 {
        self.busy.bytes()
            + self.waiting.bytes()
            + self.demand.bytes()
            + self.running.bytes()
            + self.lost.bytes()
            + self.shapes.bytes()
    }

    /// The series of a pool whose instance is started and stopped, or whose number of slots, at
    /// first `planned`, changes.
    pub(in crate::observe) fn of_changing(planned: u32, is_running: bool) -> Self {
        let presence = Presence { is_running, slots: planned, planned, ..Presence::default() };
        let mut series = Self { presence: Some(presence), ..Self::default() };
        series.reshape(SimTime::ZERO, |shape| shape.is_running = is_running);
        series
    }

    /// It has this number of slots, and this limit of its queue, from now on.
    pub(in crate::observe) fn resized(&mut self, now: SimTime, slots: u32, queue_limit: u32) {
        self.reshape(now, |shape| shape.size = Some((slots, queue_limit)));
        if let Some(presence) = &mut self.presence {
            presence.go_on_to(now);
            presence.slots = slots;
        }
    }

    fn reshape(&mut self, now: SimTime, change: impl Fn(&mut PoolShape)) {
        let mut shape = self.shape_at(now);
        change(&mut shape);
        if shape != self.shape_at(now) {
            push(&mut self.shapes, (now, shape));
        }
    }

    /// Its shape at a time.
    pub fn shape_at(&self, time: SimTime) -> PoolShape {
        let before = &self.shapes[..self.shapes.partition_point(|(at, _)| *at <= time)];
        let as_planned = PoolShape { size: None, lost: 0, is_running: true };
        before.last().map_or(as_planned, |(_, shape)| *shape)
    }

    /// Its instance runs from now on, or does not.
    pub(in crate::observe) fn runs(&mut self, now: SimTime, is_running: bool) {
        if let Some(presence) = &mut self.presence {
            presence.go_on_to(now);
            presence.is_running = is_running;
            self.reshape(now, |shape| shape.is_running = is_running);
        }
    }

    /// The share of some intervals in which it was there, 0 to 1: its instance ran, or finished its
    /// work with some of the `capacity` slots after it was stopped.
    pub fn there(&self, capacity: u32, intervals: Range<usize>) -> f64 {
        if self.running.is_empty() {
            return 1.0;
        }
        let all = intervals.len() as f64;
        intervals
            .map(|at| there(capacity, self.running[at].into(), self.busy[at].into()))
            .sum::<f64>()
            / all
    }

    /// The share of the time after the warm-up in which it was there: its instance ran, or finished its work with some of
    /// the `capacity` slots after it was stopped; and the share of these slots that it had, on average over all of
    /// the time. `None` if it always was what the scenario says. `busy` is the mean of slots in use over that time.
    pub fn there_after_warmup(&self, capacity: u32, busy: f64, now: SimTime) -> Option<[f64; 2]> {
        let mut presence = self.presence?;
        presence.go_on_to(now);
        let all = now.since(presence.warmup).as_nanos().max(1) as f64;
        let shares = [presence.after_warmup, presence.slots_after_warmup];
        let [time, slots] = shares.map(|share| there(capacity, share / all, busy));
        Some([time.min(1.0), slots])
    }

    /// Slots that were lost at the end of an interval.
    fn lost(&self, interval: usize) -> u32 {
        self.lost.get(interval).copied().unwrap_or(0)
    }

    /// It has lost this number of slots from now on.
    pub(in crate::observe) fn loses(&mut self, now: SimTime, lost: u32) {
        self.reshape(now, |shape| shape.lost = lost);
    }

    /// The slots, of `capacity`, that could be used in an interval; none if nobody asked for one and none was in use,
    /// for then its instance may be down.
    pub fn slots_in_service(&self, capacity: u32, interval: usize) -> f64 {
        let busy = f64::from(self.busy[interval]);
        if self.demand[interval].asked == 0 && busy == 0.0 {
            return 0.0;
        }
        let there = self.there(capacity, interval..interval + 1) * f64::from(capacity);
        (there - f64::from(self.lost(interval))).max(busy)
    }

    /// The share of `capacity` slots in use over some intervals, as far as it was there.
    pub fn utilization(&self, capacity: u32, intervals: Range<usize>) -> f64 {
        while_there(&self.busy, self.there(capacity, intervals.clone()), intervals)
            / f64::from(capacity)
    }

    /// Slots in use, averaged over some intervals, as far as it was there.
    pub fn busy_while_there(&self, capacity: u32, intervals: Range<usize>) -> f64 {
        while_there(&self.busy, self.there(capacity, intervals.clone()), intervals)
    }

    /// Requests waiting, averaged over some intervals, as far as it was there.
    pub fn waiting_while_there(&self, capacity: u32, intervals: Range<usize>) -> f64 {
        while_there(&self.waiting, self.there(capacity, intervals.clone()), intervals)
    }

    /// Closes an interval that is `span` nanoseconds long.
    pub(in crate::observe) fn close_interval(&mut self, now: SimTime, span: f64, pool: &Pool) {
        let Integrals { busy, waiting } = Integrals::of(pool, now);
        push(&mut self.busy, ((busy - self.closed.busy) as f64 / span) as f32);
        push(&mut self.waiting, ((waiting - self.closed.waiting) as f64 / span) as f32);
        self.closed = Integrals { busy, waiting };
        if pool.lost() > 0 || !self.lost.is_empty() {
            self.lost.resize(self.busy.len() - 1, 0);
            push(&mut self.lost, pool.lost());
        }
        let counts = Counts::of(pool);
        push(&mut self.demand, counts.since(self.counted));
        self.counted = counts;
        if let Some(presence) = &mut self.presence {
            presence.go_on_to(now);
            push(&mut self.running, (presence.in_interval / span) as f32);
            presence.in_interval = 0.0;
        }
    }

    /// Keeps what belongs to the present interval, when the pool is about to forget what it has
    /// counted.
    pub(in crate::observe) fn pool_forgets(&mut self, now: SimTime, pool: &Pool) {
        let Integrals { busy, waiting } = Integrals::of(pool, now);
        self.closed.busy -= busy;
        self.closed.waiting -= waiting;
        self.counted = self.counted.before_forgetting(pool);
        if let Some(presence) = &mut self.presence {
            presence.go_on_to(now);
            (presence.after_warmup, presence.slots_after_warmup) = (0.0, 0.0);
            presence.warmup = now;
        }
    }
}

/// The share of a time in which a pool was there: its instance ran for the share `running` of it,
/// and of its slots `busy` were in use on average.
fn there(capacity: u32, running: f64, busy: f64) -> f64 {
    running.max(busy / f64::from(capacity.max(1))).min(running.max(1.0))
}

/// The mean of some levels over the share of the intervals in which the pool was there.
fn while_there(levels: &[f32], there: f64, intervals: Range<usize>) -> f64 {
    let all = intervals.len() as f64;
    let mean = levels[intervals].iter().map(|level| f64::from(*level)).sum::<f64>() / all;
    if there > 0.0 { mean / there } else { mean }
}

impl Counts {
    fn of(pool: &Pool) -> Self {
        let usage = pool.usage();
        let gone = usage.granted + usage.rejected + usage.expired + usage.left;
        Self {
            asked: (gone + u64::from(pool.queue_length())) as i64,
            granted: usage.granted as i64,
            turned_away: usage.rejected as i64,
        }
    }

    /// The requests since an earlier count.
    fn since(self, earlier: Self) -> Demand {
        Demand {
            asked: (self.asked - earlier.asked) as u32,
            granted: (self.granted - earlier.granted) as u32,
            turned_away: (self.turned_away - earlier.turned_away) as u32,
        }
    }

    /// This count as it would have been if the pool had never known what it is about to forget.
    fn before_forgetting(self, pool: &Pool) -> Self {
        let now = Self::of(pool);
        Self {
            asked: self.asked - (now.asked - i64::from(pool.queue_length())),
            granted: self.granted - now.granted,
            turned_away: self.turned_away - now.turned_away,
        }
    }
}

impl Integrals {
    fn of(pool: &Pool, now: SimTime) -> Self {
        Self {
            busy: pool.usage().busy.integral(now) as i128,
            waiting: pool.usage().waiting.integral(now) as i128,
        }
    }
}

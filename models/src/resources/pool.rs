//! Slots that requests hold and give back, and the queue in front of them.

use std::collections::VecDeque;

use sim_core::growth::Growing;
use sim_core::stats::TimeWeighted;
use sim_core::{SimDuration, SimTime};

use super::discipline::ClassQueues;
use super::host_pools::{Answer, HostLimits, HostPools};
use super::{Discipline, Episodes};

/// A pool counts as saturated once all its slots have been in use for this long.
const SATURATED_AFTER: SimDuration = SimDuration::from_secs(1);
/// Saturated spans with a shorter gap between them count as one.
const SATURATION_GAP: SimDuration = SimDuration::from_secs(2);
/// Rejections by a full queue with a shorter gap between them belong to one overflow.
const OVERFLOW_GAP: SimDuration = SimDuration::from_secs(5);

/// A queue served from its end drops stale entries once there are more than this many of them and
/// more than there are live ones.
const MOST_STALE: usize = 64;

/// A frame in a queue, at a certain epoch of that frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiter {
    /// Index of the frame.
    pub frame: u32,
    /// The frame's epoch when it started to wait; if the frame's epoch has changed since, it no
    /// longer waits.
    pub epoch: u32,
}

/// A pool of equal slots with a first-in-first-out queue: threads, connections, processors or
/// bulkhead permits.
///
/// A slot that is given back goes straight to the first waiter, so a pool with a queue never has a
/// free slot.
#[derive(Clone, Debug)]
pub struct Pool {
    capacity: u32,
    /// Slots handed out before requests queue; the remaining slots are used only once the queue is
    /// full.
    core: u32,
    lost: u32,
    /// Slots in use from which on it counts as saturated, if that is not all of them.
    saturates_at: u32,
    queue_limit: u32,
    queue: VecDeque<Waiter>,
    /// Queue length above which the newest waiter is served first.
    newest_first_above: u32,
    /// The queues of a pool that distinguishes classes; used instead of `queue`.
    classes: Option<Box<ClassQueues>>,
    /// The connections of a proxy to each instance; used instead of `queue`.
    hosts: Option<Box<HostPools>>,
    usage: PoolUsage,
    saturation: Episodes,
    overflow: Episodes,
}

/// Usage of a pool since the last reset.
#[derive(Clone, Debug, Default)]
pub struct PoolUsage {
    /// Slots in use.
    pub busy: TimeWeighted,
    /// Requests waiting.
    pub waiting: TimeWeighted,
    /// Number of slots granted.
    pub granted: u64,
    /// Number of requests turned away because the queue was full.
    pub rejected: u64,
    /// Number of requests that gave up waiting.
    pub expired: u64,
    /// Number of requests that left the queue without a slot for another reason: crashed or
    /// cancelled.
    pub left: u64,
    /// Number of requests, among those turned away, that had to make room in the queue for a higher
    /// class.
    pub displaced: u64,
    /// Total time for which slots were held, in nanoseconds; added when each slot is given back.
    pub held: u128,
    /// Total time that granted requests spent waiting, in nanoseconds.
    pub waited: u128,
}

impl Pool {
    /// Creates a pool of `capacity` slots with a queue of at most `queue_limit`; `u32::MAX` means
    /// no limit for either.
    pub fn new(capacity: u32, queue_limit: u32) -> Self {
        Self {
            capacity,
            core: capacity,
            lost: 0,
            saturates_at: u32::MAX,
            queue_limit,
            queue: VecDeque::new(),
            newest_first_above: u32::MAX,
            classes: None,
            hosts: None,
            usage: PoolUsage::default(),
            saturation: Episodes::new(SATURATED_AFTER, SATURATION_GAP),
            overflow: Episodes::new(SimDuration::ZERO, OVERFLOW_GAP),
        }
    }

    /// Makes the pool grow like Java's `ThreadPoolExecutor`: the first `core` slots are handed out
    /// at once, then requests queue, and only when the queue is full are more slots created. Those
    /// disappear as soon as no request waits.
    #[must_use]
    pub fn with_core(mut self, core: u32) -> Self {
        self.core = core.min(self.capacity);
        self
    }

    /// Sets the order in which the queue is served.
    #[must_use]
    pub fn with_discipline(mut self, discipline: &Discipline) -> Self {
        match discipline {
            Discipline::Fifo => {}
            Discipline::Lifo => self.newest_first_above = 0,
            Discipline::AdaptiveLifo(above) => self.newest_first_above = *above,
            classes => self.classes = Some(Box::new(ClassQueues::new(classes.clone()))),
        }
        self
    }

    /// Keeps connections to each instance of a callee apart, with limits on all of them.
    #[must_use]
    pub fn with_hosts(mut self, limits: Option<HostLimits>) -> Self {
        self.saturates_at = limits.map_or(u32::MAX, |limits| limits.limit_in_flight());
        self.hosts = limits.map(|limits| Box::new(HostPools::new(limits)));
        self
    }

    /// Like [`try_acquire`](Self::try_acquire), for a request to one instance of a callee.
    pub fn ask_for_host(
        &mut self,
        now: SimTime,
        host: u32,
        is_live: impl Fn(Waiter) -> bool,
    ) -> Answer {
        let (under_way, waiting) = (self.in_use(), self.queue_length());
        let Some(hosts) = &mut self.hosts else { return Answer::Rejected };
        let answer = hosts.ask(host, under_way, waiting, is_live);
        match answer {
            Answer::Granted => {
                self.occupy(now);
                self.usage.granted += 1;
            }
            Answer::Waits => {}
            Answer::Rejected => {
                self.usage.rejected += 1;
                self.overflow.mark(now);
            }
        }
        answer
    }

    /// Puts `waiter` at the end of the queue for a connection to an instance; returns the first in it
    /// if a new connection is opened, which is for that one.
    pub fn enqueue_for_host(&mut self, now: SimTime, host: u32, waiter: Waiter) -> Option<Waiter> {
        let under_way = self.in_use();
        let next = self.hosts.as_mut()?.enqueue(host, waiter, under_way);
        self.queue_grows(now);
        if next.is_some() {
            self.usage.waiting.set(now, u64::from(self.queue_length()) - 1);
            self.occupy(now);
            self.usage.granted += 1;
        }
        next
    }

    /// Like [`release`](Self::release), for a connection to an instance, which is closed if `closes`.
    pub fn release_of_host(
        &mut self,
        now: SimTime,
        held: SimDuration,
        (host, closes): (u32, bool),
        is_live: impl Fn(Waiter) -> bool,
    ) -> Option<Waiter> {
        self.usage.held += u128::from(held.as_nanos());
        let next = self.hosts.as_mut().and_then(|hosts| hosts.give_back(host, closes, is_live));
        if next.is_some() {
            self.usage.waiting.set(now, u64::from(self.queue_length()) - 1);
            self.usage.granted += 1;
        } else {
            self.vacate(now);
        }
        next
    }

    /// Closes the idle connections to an instance of a callee, which has died.
    pub fn close_idle_to_host(&mut self, host: u32) {
        if let Some(hosts) = &mut self.hosts {
            hosts.close_idle(host);
        }
    }

    /// Keeps connections to the first `present` instances of a callee only.
    pub fn set_present_hosts(&mut self, present: u32) {
        if let Some(hosts) = &mut self.hosts {
            hosts.set_present(present);
        }
    }

    /// Like [`try_acquire`](Self::try_acquire), for a request of a class; 0 is the highest.
    pub fn try_acquire_for(&mut self, now: SimTime, class: u8) -> bool {
        let free = self.usable().saturating_sub(self.in_use());
        let Some(classes) = &mut self.classes else { return self.try_acquire(now) };
        if !classes.may_take(class, free) {
            return false;
        }
        classes.note_taken(class);
        self.occupy(now);
        self.usage.granted += 1;
        true
    }

    /// Like [`enqueue`](Self::enqueue), for a request of a class. A full queue makes room by
    /// turning away the newest waiter of the lowest class below it and returns that waiter.
    pub fn enqueue_for(
        &mut self,
        now: SimTime,
        waiter: Waiter,
        class: u8,
        is_live: impl Fn(Waiter) -> bool,
    ) -> (bool, Option<Waiter>) {
        let waiting = self.queue_length();
        let is_full = waiting >= self.queue_limit;
        let Some(classes) = &mut self.classes else { return (self.enqueue(now, waiter), None) };
        let evicted = if is_full { classes.evict_below(class, is_live) } else { None };
        if is_full {
            self.usage.rejected += 1;
            self.overflow.mark(now);
            if evicted.is_none() {
                return (false, None);
            }
            self.usage.displaced += 1;
        }
        classes.push(class, waiter);
        if !is_full {
            self.queue_grows(now);
        }
        (true, evicted)
    }

    /// Like [`release`](Self::release), for a slot held by a request of a class.
    pub fn release_for(
        &mut self,
        now: SimTime,
        held: SimDuration,
        class: u8,
        is_live: impl Fn(Waiter) -> bool,
    ) -> Option<Waiter> {
        let Some(classes) = &mut self.classes else { return self.release(now, held, is_live) };
        self.usage.held += u128::from(held.as_nanos());
        classes.note_given_back(class);
        self.vacate(now);
        self.grant_free(now, is_live)
    }

    /// Takes a slot if one is free; returns true if it did.
    #[inline]
    pub fn try_acquire(&mut self, now: SimTime) -> bool {
        let is_free = self.in_use() < self.usable()
            && (self.in_use() < self.core || self.queue_length() >= self.queue_limit);
        if is_free {
            self.occupy(now);
            self.usage.granted += 1;
        }
        is_free
    }

    /// Puts `waiter` at the end of the queue; returns false if the queue is full.
    pub fn enqueue(&mut self, now: SimTime, waiter: Waiter) -> bool {
        if self.queue_length() >= self.queue_limit {
            self.usage.rejected += 1;
            self.overflow.mark(now);
            return false;
        }
        self.queue_grows(now);
        self.queue.make_room();
        self.queue.push_back(waiter);
        true
    }

    /// Gives back a slot that was held for `held`; the first live waiter gets it and is returned.
    #[inline]
    pub fn release(
        &mut self,
        now: SimTime,
        held: SimDuration,
        is_live: impl Fn(Waiter) -> bool,
    ) -> Option<Waiter> {
        self.usage.held += u128::from(held.as_nanos());
        if self.in_use() <= self.usable()
            && let Some(waiter) = self.pop_live(now, is_live)
        {
            return Some(waiter);
        }
        self.vacate(now);
        None
    }

    /// Gives a slot that became free without a release (for example when lost threads return) to
    /// the first live waiter.
    pub fn grant_free(&mut self, now: SimTime, is_live: impl Fn(Waiter) -> bool) -> Option<Waiter> {
        if self.in_use() >= self.usable() {
            return None;
        }
        let waiter = self.pop_live(now, is_live)?;
        self.occupy(now);
        Some(waiter)
    }

    /// Records the waiting time of the request that was just granted a slot.
    #[inline]
    pub fn note_wait(&mut self, waited: SimDuration) {
        self.usage.waited += u128::from(waited.as_nanos());
    }

    /// Notes that a waiter has left the queue without a slot; `expired` if its wait limit ran out.
    /// Its entry is skipped later.
    pub fn leave_queue(&mut self, now: SimTime, expired: bool) {
        self.usage.expired += u64::from(expired);
        self.usage.left += u64::from(!expired);
        self.usage.waiting.set(now, u64::from(self.queue_length()).saturating_sub(1));
        if self.queue_length() == 0 {
            self.queue.clear();
        }
    }

    /// Changes the number of slots and the length of the queue. Slots in use beyond the new number
    /// disappear when they are given back, and who waits goes on waiting.
    pub fn resize(&mut self, now: SimTime, capacity: u32, queue_limit: u32, core: u32) {
        (self.capacity, self.queue_limit, self.core) = (capacity, queue_limit, core.min(capacity));
        self.lost = self.lost.min(capacity);
        self.note_saturation(now);
    }

    /// Sets the number of slots out of service to `count`; those in use are lost when they are
    /// given back.
    pub fn lose(&mut self, now: SimTime, count: u32) {
        self.lost = count.min(self.capacity);
        self.note_saturation(now);
    }

    /// Resets the statistics but keeps the slots and the queue; used to remove the warm-up.
    pub fn reset_usage(&mut self, now: SimTime) {
        let (mut busy, mut waiting) =
            (std::mem::take(&mut self.usage.busy), std::mem::take(&mut self.usage.waiting));
        busy.reset(now);
        waiting.reset(now);
        self.usage = PoolUsage { busy, waiting, ..PoolUsage::default() };
    }

    /// Slots in use integrated over time since the last reset, in slot-nanoseconds.
    pub fn busy_time(&self, now: SimTime) -> i128 {
        self.usage.busy.integral(now) as i128
    }

    /// Number of slots in use.
    #[inline]
    pub fn in_use(&self) -> u32 {
        self.usage.busy.level() as u32
    }

    /// Bytes that the queues take, with those who have given up and are still in them.
    pub fn bytes(&self) -> u64 {
        let classes = self.classes.as_ref().map_or(0, |classes| classes.bytes());
        let hosts = self.hosts.as_ref().map_or(0, |hosts| hosts.bytes());
        self.queue.bytes() + classes + hosts
    }

    /// Number of requests waiting.
    #[inline]
    pub fn queue_length(&self) -> u32 {
        self.usage.waiting.level() as u32
    }

    /// Number of slots out of service.
    pub fn lost(&self) -> u32 {
        self.lost
    }

    /// Total number of slots, including lost ones; `u32::MAX` if unlimited.
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    /// Maximum queue length; `u32::MAX` if unlimited.
    pub fn queue_limit(&self) -> u32 {
        self.queue_limit
    }

    /// Usage of the pool since the last reset.
    pub fn usage(&self) -> &PoolUsage {
        &self.usage
    }

    /// Times during which all slots were in use.
    pub fn saturation(&self) -> &Episodes {
        &self.saturation
    }

    /// Times during which the queue turned requests away.
    pub fn overflow(&self) -> &Episodes {
        &self.overflow
    }

    #[inline]
    fn usable(&self) -> u32 {
        self.capacity - self.lost
    }

    #[inline]
    fn queue_grows(&mut self, now: SimTime) {
        let length = u64::from(self.queue_length()) + 1;
        self.usage.waiting.set(now, length);
        self.saturation.rise(length);
    }

    #[inline]
    fn occupy(&mut self, now: SimTime) {
        self.usage.busy.set(now, u64::from(self.in_use()) + 1);
        self.note_saturation(now);
    }

    #[inline]
    fn vacate(&mut self, now: SimTime) {
        debug_assert!(self.in_use() > 0, "only a frame that holds a slot gives one back");
        self.usage.busy.set(now, u64::from(self.in_use()) - 1);
        self.note_saturation(now);
    }

    #[inline]
    fn note_saturation(&mut self, now: SimTime) {
        if self.in_use() >= self.usable().min(self.saturates_at) {
            self.saturation.begin(now);
        } else {
            self.saturation.end(now);
        }
    }

    #[inline]
    fn pop_live(&mut self, now: SimTime, is_live: impl Fn(Waiter) -> bool) -> Option<Waiter> {
        if self.classes.is_some() {
            return self.pop_of_classes(now, is_live);
        }
        let newest_first = self.queue_length() > self.newest_first_above;
        if newest_first && self.queue.len() > 2 * self.queue_length() as usize + MOST_STALE {
            self.queue.retain(|waiter| is_live(*waiter));
        }
        while let Some(waiter) =
            if newest_first { self.queue.pop_back() } else { self.queue.pop_front() }
        {
            if is_live(waiter) {
                self.usage.waiting.set(now, u64::from(self.queue_length()) - 1);
                self.usage.granted += 1;
                return Some(waiter);
            }
        }
        None
    }
}

impl Pool {
    #[cold]
    fn pop_of_classes(&mut self, now: SimTime, is_live: impl Fn(Waiter) -> bool) -> Option<Waiter> {
        let free = self.usable().saturating_sub(self.in_use());
        let classes = self.classes.as_mut()?;
        let (waiter, class) = classes.pop(free, is_live)?;
        classes.note_taken(class);
        self.usage.waiting.set(now, u64::from(self.queue_length()) - 1);
        self.usage.granted += 1;
        Some(waiter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiter(frame: u32) -> Waiter {
        Waiter { frame, epoch: 0 }
    }

    #[test]
    fn slots_go_to_the_queue_in_order_and_stale_entries_are_skipped() {
        let mut pool = Pool::new(1, 2);
        let now = SimTime::ZERO;
        assert!(pool.try_acquire(now) && !pool.try_acquire(now));
        assert_eq!([1, 2, 3].map(|frame| pool.enqueue(now, waiter(frame))), [true, true, false]);
        pool.leave_queue(now, true);
        let next = pool.release(now, SimDuration::ZERO, |waiter| waiter.frame != 1);
        assert_eq!(next, Some(waiter(2)));
        assert_eq!((pool.in_use(), pool.queue_length()), (1, 0));
        assert_eq!(pool.release(now, SimDuration::ZERO, |_| true), None);
        assert_eq!(pool.in_use(), 0);
    }

    #[test]
    fn beyond_its_core_a_pool_grows_only_when_the_queue_is_full() {
        let mut pool = Pool::new(3, 2).with_core(1);
        let now = SimTime::ZERO;
        let begins = |pool: &mut Pool, frame| {
            pool.try_acquire(now) || {
                pool.enqueue(now, waiter(frame));
                false
            }
        };
        assert_eq!(
            [1, 2, 3, 4, 5].map(|frame| begins(&mut pool, frame)),
            [true, false, false, true, true]
        );
        assert_eq!((pool.in_use(), pool.queue_length()), (3, 2));
        assert!(
            !pool.try_acquire(now) && !pool.enqueue(now, waiter(6)),
            "all threads busy and the queue full"
        );
        assert_eq!(pool.release(now, SimDuration::ZERO, |_| true), Some(waiter(2)));
        assert!(!pool.try_acquire(now), "there is room in the queue again");
    }

    #[test]
    fn lost_slots_disappear_as_they_are_given_back() {
        let mut pool = Pool::new(2, u32::MAX);
        let now = SimTime::ZERO;
        assert!(pool.try_acquire(now) && pool.try_acquire(now) && pool.enqueue(now, waiter(2)));
        pool.lose(now, 1);
        assert_eq!(
            pool.release(now, SimDuration::ZERO, |_| true),
            None,
            "one slot too many is in use"
        );
        assert_eq!(pool.release(now, SimDuration::ZERO, |_| true), Some(waiter(2)));
        pool.lose(now, 0);
        assert!(pool.try_acquire(now));
    }
}

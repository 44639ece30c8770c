//! A level that changes at certain instants, and its average over time.

use crate::SimTime;

/// A level over time and the exact integral below it.
///
/// The integral is kept in level × nanoseconds, so it is exact regardless of the order of changes.
///
/// ```
/// use sim_core::{SimTime, stats::TimeWeighted};
/// let mut busy = TimeWeighted::default();
/// busy.set(SimTime::from_secs(1), 4);
/// busy.set(SimTime::from_secs(3), 0);
/// assert_eq!(busy.mean(SimTime::from_secs(4)), 2.0);
/// ```
#[derive(Clone, Debug, Default)]
pub struct TimeWeighted {
    level: u64,
    max: u64,
    integral: u128,
    changed_at: SimTime,
    since: SimTime,
}

impl TimeWeighted {
    /// Sets the level to `level` at `now`.
    ///
    /// ```
    /// # use sim_core::{SimTime, stats::TimeWeighted};
    /// let mut queue = TimeWeighted::default();
    /// queue.set(SimTime::from_secs(1), 3);
    /// assert_eq!(queue.level(), 3);
    /// ```
    #[inline]
    pub fn set(&mut self, now: SimTime, level: u64) {
        self.integral += u128::from(self.level) * u128::from(now.since(self.changed_at).as_nanos());
        self.changed_at = now;
        self.level = level;
        self.max = self.max.max(level);
    }

    /// The current level.
    ///
    /// ```
    /// assert_eq!(sim_core::stats::TimeWeighted::default().level(), 0);
    /// ```
    pub fn level(&self) -> u64 {
        self.level
    }

    /// The highest level since the last reset.
    ///
    /// ```
    /// # use sim_core::{SimTime, stats::TimeWeighted};
    /// let mut queue = TimeWeighted::default();
    /// queue.set(SimTime::from_secs(1), 3);
    /// queue.set(SimTime::from_secs(2), 1);
    /// assert_eq!(queue.max(), 3);
    /// ```
    pub fn max(&self) -> u64 {
        self.max
    }

    /// Level × nanoseconds from the last reset up to `now`.
    ///
    /// ```
    /// # use sim_core::{SimTime, stats::TimeWeighted};
    /// let mut queue = TimeWeighted::default();
    /// queue.set(SimTime::ZERO, 2);
    /// assert_eq!(queue.integral(SimTime::from_nanos(10)), 20);
    /// ```
    pub fn integral(&self, now: SimTime) -> u128 {
        self.integral + u128::from(self.level) * u128::from(now.since(self.changed_at).as_nanos())
    }

    /// The time average from the last reset up to `now`; the current level if no time has passed.
    ///
    /// ```
    /// # use sim_core::{SimTime, stats::TimeWeighted};
    /// let mut queue = TimeWeighted::default();
    /// queue.set(SimTime::from_secs(1), 10);
    /// assert_eq!(queue.mean(SimTime::from_secs(2)), 5.0);
    /// ```
    pub fn mean(&self, now: SimTime) -> f64 {
        let span = now.since(self.since).as_nanos();
        if span == 0 { self.level as f64 } else { self.integral(now) as f64 / span as f64 }
    }

    /// Forgets the past but keeps the level; used to remove the warm-up.
    ///
    /// ```
    /// # use sim_core::{SimTime, stats::TimeWeighted};
    /// let mut queue = TimeWeighted::default();
    /// queue.set(SimTime::ZERO, 10);
    /// queue.reset(SimTime::from_secs(1));
    /// queue.set(SimTime::from_secs(1), 0);
    /// assert_eq!(queue.mean(SimTime::from_secs(2)), 0.0);
    /// ```
    pub fn reset(&mut self, now: SimTime) {
        *self =
            Self { level: self.level, max: self.level, integral: 0, changed_at: now, since: now };
    }
}

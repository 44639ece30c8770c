//! A quantity per time interval.

use crate::{SimDuration, SimTime};

/// Amounts summed over successive intervals of equal width, starting at time zero.
///
/// ```
/// use sim_core::{SimDuration, SimTime, stats::BucketedSeries};
/// let mut completed = BucketedSeries::new(SimDuration::from_secs(1));
/// completed.add(SimTime::from_nanos(5), 1.0);
/// completed.add(SimTime::from_secs(2), 1.0);
/// assert_eq!(completed.values(), [1.0, 0.0, 1.0]);
/// ```
#[derive(Clone, Debug)]
pub struct BucketedSeries {
    width: SimDuration,
    values: Vec<f64>,
}

impl BucketedSeries {
    /// Creates a series with intervals of `width`, which must not be zero.
    ///
    /// # Panics
    /// If `width` is zero.
    ///
    /// ```
    /// use sim_core::{SimDuration, stats::BucketedSeries};
    /// assert!(BucketedSeries::new(SimDuration::from_secs(1)).values().is_empty());
    /// ```
    pub fn new(width: SimDuration) -> Self {
        assert!(!width.is_zero(), "the width of an interval must not be zero");
        Self { width, values: Vec::new() }
    }

    /// Adds `amount` to the interval that contains `at`.
    ///
    /// ```
    /// # use sim_core::{SimDuration, SimTime, stats::BucketedSeries};
    /// let mut series = BucketedSeries::new(SimDuration::from_secs(1));
    /// series.add(SimTime::ZERO, 2.5);
    /// assert_eq!(series.values(), [2.5]);
    /// ```
    pub fn add(&mut self, at: SimTime, amount: f64) {
        let index = (at.as_nanos() / self.width.as_nanos()) as usize;
        if index >= self.values.len() {
            self.values.resize(index + 1, 0.0);
        }
        self.values[index] += amount;
    }

    /// The width of each interval.
    ///
    /// ```
    /// # use sim_core::{SimDuration, stats::BucketedSeries};
    /// assert_eq!(BucketedSeries::new(SimDuration::from_secs(5)).width(), SimDuration::from_secs(5));
    /// ```
    pub fn width(&self) -> SimDuration {
        self.width
    }

    /// The sums, one per interval, up to the last interval that received an amount.
    ///
    /// See [`BucketedSeries`] for an example.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}

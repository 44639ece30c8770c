//! Mean and variance in one pass.

use super::{ConfidenceInterval, student_t_quantile};

/// Running mean and variance by Welford's recurrence (Technometrics, 1962): no cancellation, and no
/// memory for each value.
///
/// ```
/// use sim_core::stats::Welford;
/// let mut values = Welford::default();
/// [2.0, 4.0, 6.0].into_iter().for_each(|value| values.add(value));
/// assert_eq!(values.mean(), 4.0);
/// assert_eq!(values.variance(), 4.0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Welford {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Welford {
    /// Adds one value.
    ///
    /// ```
    /// let mut values = sim_core::stats::Welford::default();
    /// values.add(3.0);
    /// assert_eq!(values.count(), 1);
    /// ```
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        let from_old_mean = value - self.mean;
        self.mean += from_old_mean / self.count as f64;
        self.squares += from_old_mean * (value - self.mean);
    }

    /// Adds all values that were added to `other` (Chan, Golub and `LeVeque`, *Updating formulae
    /// and a pairwise algorithm for computing sample variances*, 1979).
    ///
    /// ```
    /// use sim_core::stats::Welford;
    /// let of = |values: &[f64]| values.iter().fold(Welford::default(), |mut all, value| { all.add(*value); all });
    /// let mut together = of(&[1.0, 2.0]);
    /// together.merge(&of(&[6.0]));
    /// assert_eq!((together.count(), together.mean(), together.variance()), (3, 3.0, 7.0));
    /// ```
    pub fn merge(&mut self, other: &Self) {
        let count = self.count + other.count;
        if count == 0 {
            return;
        }
        let difference = other.mean - self.mean;
        let share = other.count as f64 / count as f64;
        self.mean += difference * share;
        self.squares += other.squares + difference * difference * self.count as f64 * share;
        self.count = count;
    }

    /// Number of values added.
    ///
    /// ```
    /// assert_eq!(sim_core::stats::Welford::default().count(), 0);
    /// ```
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean; zero before the first value.
    ///
    /// ```
    /// assert_eq!(sim_core::stats::Welford::default().mean(), 0.0);
    /// ```
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The unbiased sample variance; zero for fewer than two values.
    ///
    /// ```
    /// assert_eq!(sim_core::stats::Welford::default().variance(), 0.0);
    /// ```
    pub fn variance(&self) -> f64 {
        if self.count < 2 { 0.0 } else { self.squares / (self.count - 1) as f64 }
    }

    /// Returns the interval that contains the true mean of independent values with probability
    /// `confidence`, by Student's t; infinite for fewer than two values.
    ///
    /// ```
    /// let mut values = sim_core::stats::Welford::default();
    /// [9.0, 10.0, 11.0].into_iter().for_each(|value| values.add(value));
    /// let interval = values.interval(0.95);
    /// assert!((interval.half_width - 4.302_653 / 3.0_f64.sqrt()).abs() < 1e-5);
    /// ```
    pub fn interval(&self, confidence: f64) -> ConfidenceInterval {
        if self.count < 2 {
            return ConfidenceInterval { mean: self.mean, half_width: f64::INFINITY };
        }
        let standard_error = libm::sqrt(self.variance() / self.count as f64);
        let half_width = student_t_quantile(1.0 - confidence, self.count - 1) * standard_error;
        ConfidenceInterval { mean: self.mean, half_width }
    }
}

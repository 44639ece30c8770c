//! Confidence intervals for the mean of correlated observations.

use super::Welford;

/// Number of batches at which neighbours are merged in pairs, so that their number stays between
/// half of this and all of it.
const MAX_BATCHES: usize = 40;

/// A mean and the half-width of its interval: the true mean lies within `mean ± half_width` with
/// the stated confidence.
///
/// ```
/// use sim_core::stats::ConfidenceInterval;
/// let interval = ConfidenceInterval { mean: 10.0, half_width: 0.5 };
/// assert!(interval.contains(10.4) && !interval.contains(10.6));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfidenceInterval {
    /// The estimate.
    pub mean: f64,
    /// Half the length of the interval; infinite if there are too few observations.
    pub half_width: f64,
}

impl ConfidenceInterval {
    /// True if `value` lies in the interval.
    ///
    /// ```
    /// # use sim_core::stats::ConfidenceInterval;
    /// assert!(ConfidenceInterval { mean: 0.0, half_width: f64::INFINITY }.contains(7.0));
    /// ```
    pub fn contains(&self, value: f64) -> bool {
        (value - self.mean).abs() <= self.half_width
    }
}

/// The method of batch means: successive observations are averaged in batches long enough to be
/// nearly independent, and Student's t is applied to the batch averages (Law, *Simulation Modeling
/// and Analysis*, section 9.5.3). The interval is widened by (1 + r) / (1 − r), where r is the
/// correlation of neighbouring batches if it is positive, as for a process that forgets at that rate
/// (Tafazzoli, Wilson, Lada and Steiger, "Performance of Skart", INFORMS Journal on Computing 23, 2011).
///
/// The batch length doubles as observations come in, so 20 to 40 batches cover the whole run in
/// constant memory.
///
/// ```
/// use sim_core::stats::BatchMeans;
/// let mut latency = BatchMeans::default();
/// (0..1_000).for_each(|i| latency.add(f64::from(i % 10)));
/// let interval = latency.interval(0.95);
/// assert!(interval.contains(4.5));
/// ```
#[derive(Clone, Debug)]
pub struct BatchMeans {
    batches: Vec<f64>,
    batch_length: u64,
    in_batch: u64,
    batch_sum: f64,
    total: f64,
    count: u64,
}

impl Default for BatchMeans {
    fn default() -> Self {
        Self {
            batches: Vec::with_capacity(MAX_BATCHES),
            batch_length: 1,
            in_batch: 0,
            batch_sum: 0.0,
            total: 0.0,
            count: 0,
        }
    }
}

impl BatchMeans {
    /// Adds the next observation.
    ///
    /// ```
    /// let mut means = sim_core::stats::BatchMeans::default();
    /// means.add(1.0);
    /// assert_eq!(means.count(), 1);
    /// ```
    #[inline]
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        self.total += value;
        self.batch_sum += value;
        self.in_batch += 1;
        if self.in_batch == self.batch_length {
            self.close_batch();
        }
    }

    /// Number of observations added.
    ///
    /// ```
    /// assert_eq!(sim_core::stats::BatchMeans::default().count(), 0);
    /// ```
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the mean of all observations and its half-width at `confidence` (0.95 for 95 %).
    ///
    /// ```
    /// let means = sim_core::stats::BatchMeans::default();
    /// assert!(means.interval(0.95).half_width.is_infinite());
    /// ```
    pub fn interval(&self, confidence: f64) -> ConfidenceInterval {
        let mut spread = Welford::default();
        self.batches.iter().for_each(|batch| spread.add(batch / self.batch_length as f64));
        let mean = if self.count == 0 { 0.0 } else { self.total / self.count as f64 };
        let correlation = self.correlation(spread.mean());
        let widened = ((1.0 + correlation) / (1.0 - correlation)).sqrt();
        ConfidenceInterval { mean, half_width: spread.interval(confidence).half_width * widened }
    }

    /// The correlation of neighbouring batches, if it is positive. With n independent batches, its estimate
    /// would be −1/n on average.
    fn correlation(&self, mean: f64) -> f64 {
        /// More is not distinguished from a drift.
        const MOST: f64 = 0.9;
        let batches = self.batches.iter().map(|batch| batch / self.batch_length as f64 - mean);
        let deviations: Vec<f64> = batches.collect();
        let squares: f64 = deviations.iter().map(|deviation| deviation * deviation).sum();
        let products: f64 = deviations.windows(2).map(|pair| pair[0] * pair[1]).sum();
        if squares == 0.0 {
            return 0.0;
        }
        (products / squares + 1.0 / deviations.len() as f64).clamp(0.0, MOST)
    }

    fn close_batch(&mut self) {
        self.batches.push(self.batch_sum);
        (self.batch_sum, self.in_batch) = (0.0, 0);
        if self.batches.len() == MAX_BATCHES {
            for pair in 0..MAX_BATCHES / 2 {
                self.batches[pair] = self.batches[2 * pair] + self.batches[2 * pair + 1];
            }
            self.batches.truncate(MAX_BATCHES / 2);
            self.batch_length *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Streams, standard_exponential};

    #[test]
    fn the_interval_covers_the_true_mean_about_as_often_as_it_says() {
        let covered = (0..400)
            .filter(|replication| {
                let mut stream = Streams::new(3, *replication).stream("batch means");
                let mut means = BatchMeans::default();
                (0..2_000).for_each(|_| means.add(standard_exponential(&mut stream)));
                means.interval(0.95).contains(1.0)
            })
            .count();
        assert!(
            (364..=394).contains(&covered),
            "{covered} of 400 intervals cover the mean; 380 expected"
        );
    }
}

//! A histogram with constant relative error.

use crate::growth::Growing;

/// Number of buckets of equal width in each power of two.
const SUB_BUCKETS: u64 = 128;
const SUB_BUCKET_BITS: u32 = SUB_BUCKETS.trailing_zeros();

/// A log-linear histogram of whole numbers, after Gil Tene's HdrHistogram.
///
/// Quantiles have a relative error of at most 1/256 (0.4 %); values below 128, counts, sums and
/// extremes are exact. Memory depends on the largest value seen, not on the number of values: 12 KB
/// for latencies up to half a minute in nanoseconds.
///
/// ```
/// use sim_core::stats::Histogram;
/// let mut latency = Histogram::default();
/// (1..=100).for_each(|milliseconds| latency.record(milliseconds * 1_000_000));
/// let p99 = latency.quantile(0.99) as f64;
/// assert!((p99 / 99e6 - 1.0).abs() < 1.0 / 256.0);
/// assert_eq!(latency.mean(), 50_500_000.0);
/// ```
#[derive(Clone, Debug)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    sum: u128,
    /// The smallest value; `u64::MAX` if there is none.
    min: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: Vec::new(), count: 0, sum: 0, min: u64::MAX, max: 0 }
    }
}

impl Histogram {
    /// Adds one value.
    ///
    /// ```
    /// let mut histogram = sim_core::stats::Histogram::default();
    /// histogram.record(5);
    /// assert_eq!(histogram.count(), 1);
    /// ```
    #[inline]
    pub fn record(&mut self, value: u64) {
        let index = bucket_index(value);
        self.min = self.min.min(value);
        match self.buckets.get_mut(index) {
            Some(bucket) => *bucket += 1,
            None => self.grow_to(index),
        }
        self.count += 1;
        self.sum += u128::from(value);
        self.max = self.max.max(value);
    }

    /// Number of values recorded.
    ///
    /// ```
    /// assert_eq!(sim_core::stats::Histogram::default().count(), 0);
    /// ```
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The exact sum of the values.
    ///
    /// ```
    /// let mut histogram = sim_core::stats::Histogram::default();
    /// histogram.record(5);
    /// histogram.record(6);
    /// assert_eq!(histogram.sum(), 11);
    /// ```
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// The exact mean; zero for an empty histogram.
    ///
    /// ```
    /// assert_eq!(sim_core::stats::Histogram::default().mean(), 0.0);
    /// ```
    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum as f64 / self.count as f64 }
    }

    /// The exact largest value; zero for an empty histogram.
    ///
    /// ```
    /// let mut histogram = sim_core::stats::Histogram::default();
    /// histogram.record(1_000_003);
    /// assert_eq!(histogram.max(), 1_000_003);
    /// ```
    pub fn max(&self) -> u64 {
        self.max
    }

    /// Returns the smallest bucket midpoint such that at least the share `q` (0 to 1) of the values
    /// lies at or below it; never more than the largest value. Returns zero for an empty histogram.
    ///
    /// ```
    /// let mut histogram = sim_core::stats::Histogram::default();
    /// [10, 20, 30].into_iter().for_each(|value| histogram.record(value));
    /// assert_eq!(histogram.quantile(0.5), 20);
    /// assert_eq!(histogram.quantile(1.0), 30);
    /// let mut constant = sim_core::stats::Histogram::default();
    /// constant.record(10_000_001);
    /// assert_eq!(constant.quantile(0.5), 10_000_001, "no less than the least, no more than the most");
    /// ```
    pub fn quantile(&self, q: f64) -> u64 {
        let rank = (libm::ceil(q * self.count as f64) as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for (index, count) in self.buckets.iter().enumerate().skip(bucket_index(self.min)) {
            seen += count;
            if seen >= rank {
                return bucket_middle(index).clamp(self.min, self.max);
            }
        }
        self.max
    }

    /// Adds all values of `other`.
    ///
    /// ```
    /// use sim_core::stats::Histogram;
    /// let (mut a, mut b) = (Histogram::default(), Histogram::default());
    /// a.record(1);
    /// b.record(2);
    /// a.merge(&b);
    /// assert_eq!((a.count(), a.max()), (2, 2));
    /// ```
    pub fn merge(&mut self, other: &Self) {
        if other.buckets.len() > self.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        self.min = self.min.min(other.min);
        if other.count > 0 {
            let used = bucket_index(other.min)..=bucket_index(other.max);
            for (mine, theirs) in self.buckets[used.clone()].iter_mut().zip(&other.buckets[used]) {
                *mine += theirs;
            }
        }
        self.count += other.count;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    /// Bytes that it takes on the heap.
    ///
    /// ```
    /// assert_eq!(sim_core::stats::Histogram::default().bytes(), 0);
    /// ```
    pub fn bytes(&self) -> u64 {
        self.buckets.bytes()
    }

    /// Removes all values but keeps the memory allocated.
    ///
    /// ```
    /// let mut histogram = sim_core::stats::Histogram::default();
    /// histogram.record(5);
    /// histogram.clear();
    /// assert_eq!((histogram.count(), histogram.quantile(0.5)), (0, 0));
    /// ```
    pub fn clear(&mut self) {
        if self.count > 0 {
            self.buckets[bucket_index(self.min)..=bucket_index(self.max)].fill(0);
        }
        (self.count, self.sum, self.min, self.max) = (0, 0, u64::MAX, 0);
    }

    #[cold]
    fn grow_to(&mut self, index: usize) {
        self.buckets.resize(index, 0);
        self.buckets.push(1);
    }
}

#[inline]
fn bucket_index(value: u64) -> usize {
    if value < SUB_BUCKETS {
        return value as usize;
    }
    let octave = value.ilog2() - SUB_BUCKET_BITS;
    (u64::from(octave + 1) * SUB_BUCKETS + (value >> octave) - SUB_BUCKETS) as usize
}

fn bucket_middle(index: usize) -> u64 {
    let index = index as u64;
    if index < SUB_BUCKETS {
        return index;
    }
    let octave = index / SUB_BUCKETS - 1;
    let low = (index % SUB_BUCKETS + SUB_BUCKETS) << octave;
    low + ((1 << octave) >> 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_value_lies_within_the_stated_error_of_its_bucket(value in any::<u64>()) {
            let middle = bucket_middle(bucket_index(value));
            prop_assert!(middle.abs_diff(value) as f64 <= value as f64 / 256.0);
        }
    }

    #[test]
    fn clearing_forgets_every_bucket() {
        let mut histogram = Histogram::default();
        histogram.record(1_000_000);
        histogram.record(3);
        histogram.clear();
        histogram.record(7);
        assert_eq!(histogram.quantile(1.0), 7);
        assert_eq!(histogram.buckets.iter().sum::<u64>(), 1);
    }
}

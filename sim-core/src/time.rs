//! The simulated clock: instants and durations in whole nanoseconds.

use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// An instant of simulated time, in nanoseconds since the start of the run.
///
/// Covers 584 years. Arithmetic saturates: [`SimTime::MAX`] reads as "never".
///
/// ```
/// use sim_core::{SimDuration, SimTime};
/// let start = SimTime::ZERO + SimDuration::from_secs(2);
/// assert_eq!(start.as_secs_f64(), 2.0);
/// assert_eq!(SimTime::MAX + SimDuration::from_secs(1), SimTime::MAX);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(u64);

impl SimTime {
    /// The instant at which every run starts.
    ///
    /// ```
    /// assert_eq!(sim_core::SimTime::ZERO.as_nanos(), 0);
    /// ```
    pub const ZERO: Self = Self(0);
    /// An instant later than any that a run can reach.
    ///
    /// ```
    /// assert!(sim_core::SimTime::MAX > sim_core::SimTime::ZERO);
    /// ```
    pub const MAX: Self = Self(u64::MAX);

    /// Returns the instant `nanos` nanoseconds after the start.
    ///
    /// ```
    /// assert_eq!(sim_core::SimTime::from_nanos(1_500_000_000).as_secs_f64(), 1.5);
    /// ```
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns the instant `seconds` seconds after the start.
    ///
    /// ```
    /// assert_eq!(sim_core::SimTime::from_secs(3).as_nanos(), 3_000_000_000);
    /// ```
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(NANOS_PER_SECOND))
    }

    /// Nanoseconds since the start.
    ///
    /// ```
    /// assert_eq!(sim_core::SimTime::from_secs(1).as_nanos(), 1_000_000_000);
    /// ```
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the start, for reports.
    ///
    /// ```
    /// assert_eq!(sim_core::SimTime::from_nanos(250_000_000).as_secs_f64(), 0.25);
    /// ```
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }

    /// Returns the time from `earlier` to this instant; zero if `earlier` is later.
    ///
    /// ```
    /// use sim_core::{SimDuration, SimTime};
    /// let (early, late) = (SimTime::from_secs(1), SimTime::from_secs(4));
    /// assert_eq!(late.since(early), SimDuration::from_secs(3));
    /// assert_eq!(early.since(late), SimDuration::ZERO);
    /// ```
    pub const fn since(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;
    fn add(self, span: SimDuration) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<SimDuration> for SimTime {
    type Output = Self;
    fn sub(self, span: SimDuration) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

/// A duration of simulated time in whole nanoseconds. Arithmetic saturates.
///
/// ```
/// use sim_core::SimDuration;
/// assert_eq!(SimDuration::from_millis(250) * 4, SimDuration::from_secs(1));
/// assert_eq!(SimDuration::from_millis(1500).to_string(), "1.5s");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimDuration(u64);

impl SimDuration {
    /// A duration of zero.
    ///
    /// ```
    /// assert_eq!(sim_core::SimDuration::ZERO.as_nanos(), 0);
    /// ```
    pub const ZERO: Self = Self(0);
    /// A duration longer than any run; reads as "forever".
    ///
    /// ```
    /// assert!(sim_core::SimDuration::MAX.as_secs_f64() > 1e10);
    /// ```
    pub const MAX: Self = Self(u64::MAX);

    /// Returns a duration of `nanos` nanoseconds.
    ///
    /// ```
    /// assert_eq!(sim_core::SimDuration::from_nanos(7).as_nanos(), 7);
    /// ```
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns a duration of `millis` milliseconds.
    ///
    /// ```
    /// assert_eq!(sim_core::SimDuration::from_millis(3).as_nanos(), 3_000_000);
    /// ```
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// Returns a duration of `seconds` seconds.
    ///
    /// ```
    /// assert_eq!(sim_core::SimDuration::from_secs(2).as_secs_f64(), 2.0);
    /// ```
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(NANOS_PER_SECOND))
    }

    /// Returns the duration nearest to `nanos`; negative values and NaN become zero, values that
    /// are too large become [`SimDuration::MAX`].
    ///
    /// ```
    /// use sim_core::SimDuration;
    /// assert_eq!(SimDuration::from_nanos_f64(1.6).as_nanos(), 2);
    /// assert_eq!(SimDuration::from_nanos_f64(-5.0), SimDuration::ZERO);
    /// assert_eq!(SimDuration::from_nanos_f64(f64::INFINITY), SimDuration::MAX);
    /// ```
    pub fn from_nanos_f64(nanos: f64) -> Self {
        Self((nanos + 0.5) as u64)
    }

    /// Returns the duration nearest to `seconds`; negative values and NaN become zero.
    ///
    /// ```
    /// assert_eq!(sim_core::SimDuration::from_secs_f64(0.25), sim_core::SimDuration::from_millis(250));
    /// ```
    pub fn from_secs_f64(seconds: f64) -> Self {
        Self::from_nanos_f64(seconds * NANOS_PER_SECOND as f64)
    }

    /// The duration in nanoseconds.
    ///
    /// ```
    /// assert_eq!(sim_core::SimDuration::from_secs(1).as_nanos(), 1_000_000_000);
    /// ```
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The duration in seconds, for reports.
    ///
    /// ```
    /// assert_eq!(sim_core::SimDuration::from_millis(20).as_secs_f64(), 0.02);
    /// ```
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }

    /// True if the duration is zero.
    ///
    /// ```
    /// assert!(sim_core::SimDuration::ZERO.is_zero());
    /// ```
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Returns the duration times `factor`, rounded to the nearest nanosecond.
    ///
    /// ```
    /// use sim_core::SimDuration;
    /// assert_eq!(SimDuration::from_secs(2).scaled(1.5), SimDuration::from_secs(3));
    /// ```
    pub fn scaled(self, factor: f64) -> Self {
        Self::from_nanos_f64(self.0 as f64 * factor)
    }
}

impl Add for SimDuration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for SimDuration {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for SimDuration {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Mul<u64> for SimDuration {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

/// Writes the shortest usual notation: `250ms`, `1.5s`, `2m`, `1h`. Minutes and hours are used only
/// if they are whole; otherwise the largest unit that fits, up to seconds.
impl fmt::Display for SimDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 6] = [
            (3_600 * NANOS_PER_SECOND, "h"),
            (60 * NANOS_PER_SECOND, "m"),
            (NANOS_PER_SECOND, "s"),
            (1_000_000, "ms"),
            (1_000, "us"),
            (1, "ns"),
        ];
        let is_whole_or_small =
            |unit: u64| self.0 >= unit && (unit <= NANOS_PER_SECOND || self.0.is_multiple_of(unit));
        match UNITS.iter().find(|(unit, _)| is_whole_or_small(*unit)) {
            Some((unit, name)) => {
                let (whole, rest) = (self.0 / unit, self.0 % unit);
                let width = unit.ilog10() as usize;
                let fraction = format!(".{rest:0width$}");
                let fraction = if rest == 0 { "" } else { fraction.trim_end_matches('0') };
                write!(f, "{whole}{fraction}{name}")
            }
            None => f.write_str("0s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_shown_in_the_unit_a_person_would_write() {
        let shown = |nanos| SimDuration::from_nanos(nanos).to_string();
        assert_eq!(shown(0), "0s");
        assert_eq!(shown(120_000_000_000), "2m");
        assert_eq!(shown(90_000_000_000), "90s");
        assert_eq!(shown(1_500_000), "1.5ms");
        assert_eq!(shown(7_200_000_000_000), "2h");
    }

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(SimTime::MAX + SimDuration::MAX, SimTime::MAX);
        assert_eq!(SimTime::ZERO - SimDuration::from_secs(1), SimTime::ZERO);
        assert_eq!(SimDuration::from_nanos_f64(f64::NAN), SimDuration::ZERO);
    }
}

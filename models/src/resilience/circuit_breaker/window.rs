//! The sliding windows in which a breaker counts.

use std::fmt;

use sim_core::{SimDuration, SimTime};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// The length of a window: how far a breaker looks back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowLength {
    /// This many calls, the last ones.
    Calls(u32),
    /// This many whole seconds of the clock, the running one included.
    Seconds(u32),
    /// This many buckets of the clock, each of this length, the running one included. A single
    /// bucket is a fixed interval, after which everything is forgotten.
    Buckets(u32, SimDuration),
}

impl WindowLength {
    /// The number of results or buckets that such a window keeps; at least 1.
    pub fn size(self) -> u32 {
        let (Self::Calls(size) | Self::Seconds(size) | Self::Buckets(size, _)) = self;
        size.max(1)
    }
}

impl fmt::Display for WindowLength {
    /// The window as a scenario writes it: `100 calls`, `60s`, `60s in 10 buckets`, `every 60s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calls(calls) => write!(f, "{calls} calls"),
            Self::Seconds(seconds) => write!(f, "{seconds}s"),
            Self::Buckets(1, width) => write!(f, "every {width}"),
            Self::Buckets(count, width) => {
                write!(f, "{} in {count} buckets", *width * u64::from(*count))
            }
        }
    }
}

/// The results in a window, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Results counted.
    pub calls: u32,
    /// Failures among them.
    pub failures: u32,
    /// Slow calls among them, failed or not.
    pub slow: u32,
}

impl Tally {
    fn add(&mut self, entry: Self) {
        self.calls += entry.calls;
        self.failures += entry.failures;
        self.slow += entry.slow;
    }

    fn remove(&mut self, entry: Self) {
        self.calls -= entry.calls;
        self.failures -= entry.failures;
        self.slow -= entry.slow;
    }
}

/// A sliding window with its running total. Recording costs O(1) and allocates nothing.
#[derive(Clone, Debug)]
pub struct SlidingWindow {
    ring: Vec<Tally>,
    /// The next slot to fill of a count window; the newest slot of a time window.
    position: usize,
    /// The number of that newest slot, counted from the beginning of time.
    bucket: u64,
    /// Nanoseconds that a slot of a time window spans; zero for a count window.
    bucket_length: u64,
    total: Tally,
}

impl SlidingWindow {
    /// An empty window; a size of zero is taken as one.
    pub fn new(kind: WindowLength) -> Self {
        let bucket_length = match kind {
            WindowLength::Calls(_) => 0,
            WindowLength::Seconds(_) => NANOS_PER_SECOND,
            WindowLength::Buckets(_, length) => length.as_nanos().max(1),
        };
        let ring = vec![Tally::default(); kind.size() as usize];
        Self { ring, position: 0, bucket: 0, bucket_length, total: Tally::default() }
    }

    /// Counts one result at `now`. A clock that steps back counts into the newest bucket.
    #[inline]
    pub fn record(&mut self, now: SimTime, is_failure: bool, is_slow: bool) {
        let entry = Tally { calls: 1, failures: u32::from(is_failure), slow: u32::from(is_slow) };
        if self.bucket_length == 0 {
            let oldest = std::mem::replace(&mut self.ring[self.position], entry);
            self.total.remove(oldest);
            self.position =
                if self.position + 1 == self.ring.len() { 0 } else { self.position + 1 };
        } else {
            self.slide(now);
            self.ring[self.position].add(entry);
        }
        self.total.add(entry);
    }

    /// The results that the window holds at `now`, counted.
    #[inline]
    pub fn tally(&mut self, now: SimTime) -> Tally {
        if self.bucket_length > 0 {
            self.slide(now);
        }
        self.total
    }

    /// The same, for one who only looks: nothing expires.
    pub fn tally_at(&self, now: SimTime) -> Tally {
        let mut tally = self.total;
        // A count window has no buckets that could expire.
        let bucket = now.as_nanos().checked_div(self.bucket_length).unwrap_or(0);
        let ahead = bucket.saturating_sub(self.bucket).min(self.ring.len() as u64);
        for step in 1..=ahead as usize {
            tally.remove(self.ring[(self.position + step) % self.ring.len()]);
        }
        tally
    }

    /// True if it holds neither failures nor slow calls, not even expired ones.
    #[inline]
    pub fn is_spotless(&self) -> bool {
        self.total.failures == 0 && self.total.slow == 0
    }

    /// The most calls the window can ever hold; `None` for a time window.
    pub fn capacity(&self) -> Option<u32> {
        (self.bucket_length == 0).then_some(self.ring.len() as u32)
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.ring.fill(Tally::default());
        self.total = Tally::default();
    }

    #[inline]
    fn slide(&mut self, now: SimTime) {
        let bucket = now.as_nanos() / self.bucket_length;
        if bucket > self.bucket {
            self.forget_until(bucket);
        }
    }

    fn forget_until(&mut self, bucket: u64) {
        for _ in 0..(bucket - self.bucket).min(self.ring.len() as u64) {
            self.position =
                if self.position + 1 == self.ring.len() { 0 } else { self.position + 1 };
            let expired = std::mem::take(&mut self.ring[self.position]);
            self.total.remove(expired);
        }
        self.bucket = bucket;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_count_window_holds_exactly_the_last_results(
            results in proptest::collection::vec(any::<(bool, bool)>(), 1..200),
            size in 1u32..20,
        ) {
            let mut window = SlidingWindow::new(WindowLength::Calls(size));
            for (index, (is_failure, is_slow)) in results.iter().enumerate() {
                window.record(SimTime::ZERO, *is_failure, *is_slow);
                let recent = &results[(index + 1).saturating_sub(size as usize)..=index];
                let count = |flag: fn(&(bool, bool)) -> bool| {
                    recent.iter().filter(|result| flag(result)).count() as u32
                };
                let expected = Tally {
                    calls: recent.len() as u32,
                    failures: count(|result| result.0),
                    slow: count(|result| result.1),
                };
                prop_assert_eq!(window.tally(SimTime::ZERO), expected);
            }
        }

        #[test]
        fn a_time_window_holds_the_results_of_its_last_whole_seconds(
            gaps in proptest::collection::vec(0u64..3_000, 1..100),
            seconds in 1u32..10,
        ) {
            let mut window = SlidingWindow::new(WindowLength::Seconds(seconds));
            let mut times = Vec::new();
            let mut now = 0;
            for gap in gaps {
                now += gap;
                times.push(now / 1_000);
                let at = SimTime::from_nanos(now * 1_000_000);
                window.record(at, true, false);
                let is_held = |second: &&u64| **second + u64::from(seconds) > now / 1_000;
                let expected = times.iter().filter(is_held).count() as u32;
                let later = at + SimDuration::from_millis(1_700);
                prop_assert_eq!(window.tally_at(later), window.clone().tally(later));
                prop_assert_eq!(window.tally(at).failures, expected);
            }
        }
    }

    #[test]
    fn a_single_bucket_is_a_fixed_interval_and_several_roll() {
        let failures_at_the_end = |kind| {
            let mut window = SlidingWindow::new(kind);
            for second in [1, 4, 9, 11] {
                window.record(SimTime::from_secs(second), true, false);
            }
            window.tally(SimTime::from_secs(12)).failures
        };
        assert_eq!(
            failures_at_the_end(WindowLength::Buckets(1, SimDuration::from_secs(10))),
            1,
            "since second 10"
        );
        assert_eq!(
            failures_at_the_end(WindowLength::Buckets(4, SimDuration::from_millis(2_500))),
            3,
            "since second 2.5"
        );
    }

    #[test]
    fn a_clock_that_jumps_cannot_break_a_window() {
        let mut window = SlidingWindow::new(WindowLength::Seconds(3));
        window.record(SimTime::from_secs(100), true, false);
        window.record(SimTime::from_secs(98), true, false);
        assert_eq!(
            window.tally(SimTime::from_secs(1)).calls,
            2,
            "a step back counts into the newest second"
        );
        assert_eq!(window.tally(SimTime::from_secs(102)).calls, 2);
        assert_eq!(
            window.tally(SimTime::MAX),
            Tally::default(),
            "a leap to the end of time forgets everything"
        );
        window.record(SimTime::MAX, false, true);
        assert_eq!(window.tally(SimTime::MAX).slow, 1);
    }
}

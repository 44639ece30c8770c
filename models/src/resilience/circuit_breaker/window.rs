//! The sliding windows in which a breaker counts.

use sim_core::SimTime;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// How far a breaker looks back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowKind {
    /// The last so many calls.
    Calls(u32),
    /// The last so many whole seconds of the clock, the running one included.
    Seconds(u32),
}

/// What a window has seen.
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
pub struct Window {
    ring: Vec<Tally>,
    /// The next slot of a count window; the slot of `second` in a time window.
    position: usize,
    /// The clock second of the newest slot of a time window.
    second: u64,
    kind: WindowKind,
    total: Tally,
}

impl Window {
    /// An empty window; a size of zero is taken as one.
    pub fn new(kind: WindowKind) -> Self {
        let (WindowKind::Calls(size) | WindowKind::Seconds(size)) = kind;
        Self { ring: vec![Tally::default(); size.max(1) as usize], position: 0, second: 0, kind, total: Tally::default() }
    }

    /// Counts one result at `now`. A clock that steps back counts into the newest second.
    #[inline]
    pub fn record(&mut self, now: SimTime, is_failure: bool, is_slow: bool) {
        let entry = Tally { calls: 1, failures: u32::from(is_failure), slow: u32::from(is_slow) };
        match self.kind {
            WindowKind::Calls(_) => {
                let oldest = std::mem::replace(&mut self.ring[self.position], entry);
                self.total.remove(oldest);
                self.position = if self.position + 1 == self.ring.len() { 0 } else { self.position + 1 };
            }
            WindowKind::Seconds(_) => {
                self.slide(now);
                self.ring[self.position].add(entry);
            }
        }
        self.total.add(entry);
    }

    /// What the window holds at `now`.
    #[inline]
    pub fn tally(&mut self, now: SimTime) -> Tally {
        if matches!(self.kind, WindowKind::Seconds(_)) {
            self.slide(now);
        }
        self.total
    }

    /// The most calls the window can ever hold; `None` for a time window.
    pub fn capacity(&self) -> Option<u32> {
        match self.kind {
            WindowKind::Calls(size) => Some(size.max(1)),
            WindowKind::Seconds(_) => None,
        }
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.ring.fill(Tally::default());
        self.total = Tally::default();
    }

    fn slide(&mut self, now: SimTime) {
        let second = now.as_nanos() / NANOS_PER_SECOND;
        let steps = second.saturating_sub(self.second).min(self.ring.len() as u64);
        for _ in 0..steps {
            self.position = (self.position + 1) % self.ring.len();
            let expired = std::mem::take(&mut self.ring[self.position]);
            self.total.remove(expired);
        }
        self.second = self.second.max(second);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_count_window_holds_exactly_the_last_results(results in proptest::collection::vec(any::<(bool, bool)>(), 1..200), size in 1u32..20) {
            let mut window = Window::new(WindowKind::Calls(size));
            for (index, (is_failure, is_slow)) in results.iter().enumerate() {
                window.record(SimTime::ZERO, *is_failure, *is_slow);
                let recent = &results[(index + 1).saturating_sub(size as usize)..=index];
                let count = |flag: fn(&(bool, bool)) -> bool| recent.iter().filter(|result| flag(result)).count() as u32;
                let expected = Tally { calls: recent.len() as u32, failures: count(|r| r.0), slow: count(|r| r.1) };
                prop_assert_eq!(window.tally(SimTime::ZERO), expected);
            }
        }

        #[test]
        fn a_time_window_holds_the_results_of_its_last_whole_seconds(gaps in proptest::collection::vec(0u64..3_000, 1..100), seconds in 1u32..10) {
            let mut window = Window::new(WindowKind::Seconds(seconds));
            let mut times = Vec::new();
            let mut now = 0;
            for gap in gaps {
                now += gap;
                times.push(now / 1_000);
                window.record(SimTime::from_nanos(now * 1_000_000), true, false);
                let expected = times.iter().filter(|second| **second + u64::from(seconds) > now / 1_000).count() as u32;
                prop_assert_eq!(window.tally(SimTime::from_nanos(now * 1_000_000)).failures, expected);
            }
        }
    }
}

//! Time spans during which a condition held, without a record of every flicker.

use sim_core::{SimDuration, SimTime};

/// A span of time; `end` is `None` while it continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// Start of the span.
    pub begin: SimTime,
    /// End of the span.
    pub end: Option<SimTime>,
}

/// Number of episodes to keep; with more, the resolution is halved.
const MAX_EPISODES: usize = 256;

/// The spans during which a condition held. Only those that lasted at least `shortest` count, and
/// spans with a gap of at most `gap` between them are joined.
///
/// Memory is bounded: when 256 episodes are on record, both limits double and the record is thinned
/// accordingly.
///
/// ```
/// use sim_core::{SimDuration, SimTime};
/// use sim_models::resources::Episodes;
/// let mut saturated = Episodes::new(SimDuration::from_secs(1), SimDuration::from_secs(1));
/// saturated.begin(SimTime::from_secs(10));
/// saturated.end(SimTime::from_secs(20));
/// saturated.begin(SimTime::from_secs(30));
/// saturated.end(SimTime::from_nanos(30_000_000_001));
/// assert_eq!(saturated.finish(SimTime::from_secs(40)).len(), 1, "the second was too short to count");
/// ```
#[derive(Clone, Debug)]
pub struct Episodes {
    shortest: SimDuration,
    gap: SimDuration,
    closed: Vec<(SimTime, SimTime)>,
    current: Option<SimTime>,
}

impl Episodes {
    /// Creates an empty record.
    pub fn new(shortest: SimDuration, gap: SimDuration) -> Self {
        Self { shortest, gap, closed: Vec::new(), current: None }
    }

    /// Notes that the condition starts to hold.
    #[inline]
    pub fn begin(&mut self, now: SimTime) {
        if self.current.is_none() {
            self.current = Some(now);
        }
    }

    /// Notes that the condition no longer holds.
    #[inline]
    pub fn end(&mut self, now: SimTime) {
        if let Some(begin) = self.current.take() {
            self.close(begin, now);
        }
    }

    /// Notes that the condition held for an instant; marks no further apart than the gap form one
    /// episode, from the first to the last.
    #[inline]
    pub fn mark(&mut self, now: SimTime) {
        match self.closed.last_mut() {
            Some((_, end)) if now.since(*end) <= self.gap => *end = now,
            _ => {
                self.closed.push((now, now));
                self.thin_if_full();
            }
        }
    }

    /// Returns all episodes up to `now`; the last has no end if the condition still holds.
    pub fn finish(&self, now: SimTime) -> Vec<Episode> {
        let mut episodes: Vec<Episode> = self
            .closed
            .iter()
            .filter(|(begin, end)| end.since(*begin) >= self.shortest)
            .map(|(begin, end)| Episode { begin: *begin, end: Some(*end) })
            .collect();
        if let Some(begin) = self.current {
            match episodes.last_mut() {
                Some(last) if last.end.is_some_and(|end| begin.since(end) <= self.gap) => {
                    last.end = None;
                }
                _ if now.since(begin) >= self.shortest => {
                    episodes.push(Episode { begin, end: None });
                }
                _ => {}
            }
        }
        episodes
    }

    #[cold]
    fn close(&mut self, begin: SimTime, end: SimTime) {
        match self.closed.last_mut() {
            Some((_, last_end)) if begin.since(*last_end) <= self.gap => *last_end = end,
            _ if end.since(begin) >= self.shortest => {
                self.closed.push((begin, end));
                self.thin_if_full();
            }
            _ => {}
        }
    }

    fn thin_if_full(&mut self) {
        while self.closed.len() >= MAX_EPISODES {
            self.shortest = self.shortest * 2;
            self.gap = self.gap.max(SimDuration::from_nanos(1)) * 2;
            let closed = std::mem::take(&mut self.closed);
            for (begin, end) in closed {
                match self.closed.last_mut() {
                    Some((_, last_end)) if begin.since(*last_end) <= self.gap => *last_end = end,
                    _ if end.since(begin) >= self.shortest => self.closed.push((begin, end)),
                    _ => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn episodes() -> Episodes {
        Episodes::new(SimDuration::from_secs(1), SimDuration::from_secs(2))
    }

    #[test]
    fn short_gaps_join_and_the_last_may_be_open() {
        let mut record = episodes();
        record.begin(SimTime::from_secs(1));
        record.end(SimTime::from_secs(5));
        record.begin(SimTime::from_secs(6));
        record.end(SimTime::from_secs(9));
        record.begin(SimTime::from_secs(20));
        let expected = [
            Episode { begin: SimTime::from_secs(1), end: Some(SimTime::from_secs(9)) },
            Episode { begin: SimTime::from_secs(20), end: None },
        ];
        assert_eq!(record.finish(SimTime::from_secs(30)), expected);
    }

    #[test]
    fn memory_is_bounded() {
        let mut record = episodes();
        for hour in 0..100_000 {
            record.begin(SimTime::from_secs(hour * 3_600));
            record.end(SimTime::from_secs(hour * 3_600 + 1_000));
        }
        assert!(record.closed.len() < MAX_EPISODES);
    }
}

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

/// Number of episodes to keep; with more, the record becomes coarser.
const MAX_EPISODES: usize = 256;

/// A gap joins the spans on both sides only if each is longer than it by this factor. A condition
/// that only flickers, like the saturation of a pool at 40 % utilization, does not go on after an
/// episode that is over.
const LONGER_THAN_GAP: u64 = 10;

/// The spans during which a condition held. Only those that lasted at least `shortest` count, and
/// spans are joined that have a gap of at most `gap` between them, and that are ten times as long as
/// the gap.
///
/// Memory is bounded: when 256 episodes are on record, those that are shorter than twice `shortest`
/// are dropped, and so on. Of a condition that is only marked, the gaps that join marks double.
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
            match (episodes.last_mut(), self.closed.last()) {
                (Some(last), Some(closed)) if self.are_joined(*closed, (begin, now)) => {
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

    /// True if two spans are one episode: the gap between them is short, and short against both.
    fn are_joined(&self, one: (SimTime, SimTime), next: (SimTime, SimTime)) -> bool {
        let gap = next.0.since(one.1);
        let shorter = one.1.since(one.0).min(next.1.since(next.0));
        gap <= self.gap && gap * LONGER_THAN_GAP <= shorter
    }

    #[cold]
    fn close(&mut self, begin: SimTime, end: SimTime) {
        let last = self.closed.last().copied();
        if last.is_some_and(|last| self.are_joined(last, (begin, end))) {
            self.closed.last_mut().expect("it is joined to the last").1 = end;
        } else if end.since(begin) >= self.shortest {
            self.closed.push((begin, end));
            self.thin_if_full();
        }
    }

    fn thin_if_full(&mut self) {
        while self.closed.len() >= MAX_EPISODES {
            if self.shortest.is_zero() {
                self.join_marks();
            } else {
                self.drop_the_shortest();
            }
        }
    }

    fn join_marks(&mut self) {
        self.gap = self.gap.max(SimDuration::from_nanos(1)) * 2;
        for (begin, end) in std::mem::take(&mut self.closed) {
            match self.closed.last_mut() {
                Some((_, last)) if begin.since(*last) <= self.gap => *last = end,
                _ => self.closed.push((begin, end)),
            }
        }
    }

    /// Drops episodes shorter than twice the limit; of those that are all alike, every other one.
    fn drop_the_shortest(&mut self) {
        let length = |(begin, end): &(SimTime, SimTime)| end.since(*begin);
        let longest = self.closed.iter().map(length).max().unwrap_or_default();
        self.shortest = (self.shortest * 2).min(longest);
        let before = self.closed.len();
        self.closed.retain(|span| length(span) >= self.shortest);
        if self.closed.len() == before {
            let mut every_other = [true, false].into_iter().cycle();
            self.closed.retain(|_| every_other.next() == Some(true));
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
        record.end(SimTime::from_secs(15));
        record.begin(SimTime::from_secs(16));
        record.end(SimTime::from_secs(29));
        record.begin(SimTime::from_secs(40));
        let expected = [
            Episode { begin: SimTime::from_secs(1), end: Some(SimTime::from_secs(29)) },
            Episode { begin: SimTime::from_secs(40), end: None },
        ];
        assert_eq!(record.finish(SimTime::from_secs(50)), expected);
    }

    #[test]
    fn what_only_flickers_after_an_episode_does_not_prolong_it() {
        let mut record = episodes();
        record.begin(SimTime::from_secs(1));
        record.end(SimTime::from_secs(20));
        for tick in 0..10_000 {
            record.begin(SimTime::from_nanos(20_000_000_000 + tick * 5_000_000 + 3_000_000));
            record.end(SimTime::from_nanos(20_000_000_000 + tick * 5_000_000 + 5_000_000));
        }
        record.begin(SimTime::from_nanos(70_003_000_000));
        let only = Episode { begin: SimTime::from_secs(1), end: Some(SimTime::from_secs(20)) };
        assert_eq!(record.finish(SimTime::from_nanos(70_004_000_000)), [only]);
    }

    #[test]
    fn a_full_record_keeps_the_longest_and_never_makes_two_into_one() {
        let mut record = episodes();
        for number in 0..3_000 {
            let begin = number * 100;
            record.begin(SimTime::from_secs(begin));
            record
                .end(SimTime::from_secs(begin + if number == 1_234 { 90 } else { 1 + number % 7 }));
        }
        let kept = record.finish(SimTime::from_secs(1_000_000));
        let longest =
            Episode { begin: SimTime::from_secs(123_400), end: Some(SimTime::from_secs(123_490)) };
        assert!(kept.len() < MAX_EPISODES && kept.contains(&longest));
        let length = |it: &Episode| it.end.map(|end| end.since(it.begin));
        assert!(
            kept.iter().all(|it| *it == longest || length(it) <= Some(SimDuration::from_secs(7)))
        );
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

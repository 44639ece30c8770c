//! Time spans during which a condition held, without a record of every flicker.

use sim_core::{SimDuration, SimTime};

/// A span of time; `end` is `None` while it continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// Start of the span.
    pub begin: SimTime,
    /// End of the span.
    pub end: Option<SimTime>,
    /// The highest level that was noted in it.
    pub highest: u64,
}

/// A span that is over.
#[derive(Clone, Copy, Debug)]
struct Closed {
    begin: SimTime,
    end: SimTime,
    highest: u64,
}

impl Closed {
    fn length(&self) -> SimDuration {
        self.end.since(self.begin)
    }

    fn is_joined_with(&mut self, next: Self) {
        (self.end, self.highest) = (next.end, self.highest.max(next.highest));
    }
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
    closed: Vec<Closed>,
    current: Option<SimTime>,
    /// The highest level noted in the current span.
    highest: u64,
}

impl Episodes {
    /// Creates an empty record.
    pub fn new(shortest: SimDuration, gap: SimDuration) -> Self {
        Self { shortest, gap, closed: Vec::new(), current: None, highest: 0 }
    }

    /// Notes that the condition starts to hold.
    #[inline]
    pub fn begin(&mut self, now: SimTime) {
        if self.current.is_none() {
            (self.current, self.highest) = (Some(now), 0);
        }
    }

    /// Notes that the condition no longer holds.
    #[inline]
    pub fn end(&mut self, now: SimTime) {
        if let Some(begin) = self.current.take() {
            self.close(Closed { begin, end: now, highest: self.highest });
        }
    }

    /// Notes a level that something has risen to, such as the length of a queue.
    #[inline]
    pub fn rise(&mut self, level: u64) {
        self.highest = self.highest.max(level);
    }

    /// Notes that the condition held for an instant; marks no further apart than the gap form one
    /// episode, from the first to the last.
    #[inline]
    pub fn mark(&mut self, now: SimTime) {
        match self.closed.last_mut() {
            Some(last) if now.since(last.end) <= self.gap => last.end = now,
            _ => {
                self.closed.push(Closed { begin: now, end: now, highest: 0 });
                self.thin_if_full();
            }
        }
    }

    /// Returns all episodes up to `now`; the last has no end if the condition still holds.
    pub fn finish(&self, now: SimTime) -> Vec<Episode> {
        let mut episodes: Vec<Episode> = self
            .closed
            .iter()
            .filter(|span| span.length() >= self.shortest)
            .map(|span| Episode { begin: span.begin, end: Some(span.end), highest: span.highest })
            .collect();
        if let Some(begin) = self.current {
            let current = Closed { begin, end: now, highest: self.highest };
            match (episodes.last_mut(), self.closed.last()) {
                (Some(last), Some(closed)) if self.are_joined(closed, &current) => {
                    (last.end, last.highest) = (None, last.highest.max(self.highest));
                }
                _ if current.length() >= self.shortest => {
                    episodes.push(Episode { begin, end: None, highest: self.highest });
                }
                _ => {}
            }
        }
        episodes
    }

    /// True if two spans are one episode: the gap between them is short, and short against both.
    fn are_joined(&self, one: &Closed, next: &Closed) -> bool {
        let gap = next.begin.since(one.end);
        let shorter = one.length().min(next.length());
        gap <= self.gap && gap * LONGER_THAN_GAP <= shorter
    }

    #[cold]
    fn close(&mut self, span: Closed) {
        let last = self.closed.last().copied();
        if last.is_some_and(|last| self.are_joined(&last, &span)) {
            self.closed.last_mut().expect("it is joined to the last").is_joined_with(span);
        } else if span.length() >= self.shortest {
            self.closed.push(span);
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
        for span in std::mem::take(&mut self.closed) {
            match self.closed.last_mut() {
                Some(last) if span.begin.since(last.end) <= self.gap => last.is_joined_with(span),
                _ => self.closed.push(span),
            }
        }
    }

    /// Drops episodes shorter than twice the limit; of those that are all alike, every other one.
    fn drop_the_shortest(&mut self) {
        let longest = self.closed.iter().map(Closed::length).max().unwrap_or_default();
        self.shortest = (self.shortest * 2).min(longest);
        let before = self.closed.len();
        self.closed.retain(|span| span.length() >= self.shortest);
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
        record.rise(99);
        record.begin(SimTime::from_secs(16));
        record.rise(7);
        record.rise(3);
        record.end(SimTime::from_secs(29));
        record.begin(SimTime::from_secs(40));
        record.rise(2);
        let expected = [
            Episode { begin: SimTime::from_secs(1), end: Some(SimTime::from_secs(29)), highest: 7 },
            Episode { begin: SimTime::from_secs(40), end: None, highest: 2 },
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
        let only =
            Episode { begin: SimTime::from_secs(1), end: Some(SimTime::from_secs(20)), highest: 0 };
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
        let longest = Episode {
            begin: SimTime::from_secs(123_400),
            end: Some(SimTime::from_secs(123_490)),
            highest: 0,
        };
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

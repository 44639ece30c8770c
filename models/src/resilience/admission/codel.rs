//! Controlled delay.

use sim_core::{SimDuration, SimTime};

use crate::language::quantity::Duration;
use crate::language::section;

/// The settings of controlled delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodelSettings {
    /// The longest wait that is no sign of overload.
    pub target: SimDuration,
    /// The time for which waits must be above the target to be a sign of overload.
    pub interval: SimDuration,
}

/// The settings of RFC 8289 for a queue of packets.
const TARGET: SimDuration = SimDuration::from_millis(5);
const INTERVAL: SimDuration = SimDuration::from_millis(100);

section! {
    /// Controlled delay.
    pub(crate) struct CodelSection {
        /// The longest wait that is no sign of overload; 5ms if left out.
        "target" => target: Option<Duration>,
        /// The time for which waits must be above the target to be a sign of overload; 100ms if
        /// left out.
        "interval" => interval: Option<Duration>,
    }
}

impl CodelSection {
    pub(crate) fn compile(&self) -> CodelSettings {
        CodelSettings {
            target: self.target.map_or(TARGET, |target| target.0),
            interval: self.interval.map_or(INTERVAL, |interval| interval.0),
        }
    }
}

/// Controlled delay, or `CoDel` (RFC 8289): once requests have waited longer than the target for an
/// interval, the next is dropped, and further ones at intervals that shrink with the root of their
/// number, until one has waited less.
#[derive(Clone, Copy, Debug)]
pub struct Codel {
    settings: CodelSettings,
    /// The instant at which waits will have been above the target for an interval.
    above_until: Option<SimTime>,
    is_dropping: bool,
    /// True if the request before was dropped, so that the time of the next drop is still to be
    /// set.
    has_just_dropped: bool,
    drop_next: SimTime,
    count: u32,
    last_count: u32,
}

impl Codel {
    /// A queue in which nothing has waited yet.
    pub fn new(settings: CodelSettings) -> Self {
        Self {
            settings,
            above_until: None,
            is_dropping: false,
            has_just_dropped: false,
            drop_next: SimTime::ZERO,
            count: 0,
            last_count: 0,
        }
    }

    /// True if the request whose turn has come is to be dropped. `has_more` is true if others wait
    /// behind it: the last one in the queue is never a sign of overload.
    pub fn drops(&mut self, now: SimTime, waited: SimDuration, has_more: bool) -> bool {
        let may_drop = self.may_drop(now, waited, has_more);
        if !self.is_dropping {
            if may_drop {
                self.begin_dropping(now);
            }
            return may_drop;
        }
        if !may_drop {
            self.is_dropping = false;
            self.has_just_dropped = false;
            return false;
        }
        if std::mem::take(&mut self.has_just_dropped) {
            self.drop_next = self.next_after(self.drop_next);
        }
        if now < self.drop_next {
            return false;
        }
        self.count += 1;
        self.has_just_dropped = true;
        true
    }

    fn may_drop(&mut self, now: SimTime, waited: SimDuration, has_more: bool) -> bool {
        if waited < self.settings.target || !has_more {
            self.above_until = None;
            return false;
        }
        match self.above_until {
            None => {
                self.above_until = Some(now + self.settings.interval);
                false
            }
            Some(until) => now >= until,
        }
    }

    /// If the last dropping ended a short while ago, it goes on at about the rate that it had
    /// reached.
    fn begin_dropping(&mut self, now: SimTime) {
        let since_last = self.count.saturating_sub(self.last_count);
        let was_lately = now.since(self.drop_next) < self.settings.interval * 16;
        self.count = if since_last > 1 && was_lately { since_last } else { 1 };
        self.last_count = self.count;
        self.is_dropping = true;
        self.drop_next = self.next_after(now);
    }

    fn next_after(&self, at: SimTime) -> SimTime {
        at + self.settings.interval.scaled(1.0 / libm::sqrt(f64::from(self.count.max(1))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> SimDuration {
        SimDuration::from_millis(millis)
    }

    /// The milliseconds at which requests are dropped, of one every millisecond that has waited as
    /// `waited` says.
    fn drops(waited: impl Fn(u64) -> u64, until: u64) -> Vec<u64> {
        let mut codel = Codel::new(CodelSettings { target: millis(5), interval: millis(100) });
        let is_dropped =
            |at: &u64| codel.drops(SimTime::ZERO + millis(*at), millis(waited(*at)), true);
        (0..until).filter(is_dropped).collect()
    }

    #[test]
    fn drops_come_faster_with_the_root_of_their_number() {
        // The first after an interval, the next after 100 ms, then after 100/sqrt(2), 100/sqrt(3)
        // ...
        assert_eq!(drops(|_| 50, 400), [100, 200, 271, 329, 379]);
    }

    #[test]
    fn short_waits_and_single_spikes_are_let_pass() {
        assert!(drops(|_| 4, 1_000).is_empty());
        assert!(
            drops(|at| if at % 90 == 0 { 1 } else { 50 }, 1_000).is_empty(),
            "never above for a whole interval"
        );
        assert_eq!(drops(|at| if at < 150 { 50 } else { 1 }, 1_000), [100]);
    }
}

//! Everything that stands before the queue of an instance.

use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};

use super::{Codel, CodelSettings, Red, RedSettings, UtilizationLimit, UtilizationSettings};
use crate::Outcome;
use crate::resilience::adaptive_concurrency::{
    Aimd, AimdSettings, Gradient2, Gradient2Settings, Vegas, VegasSettings,
};

/// A limit on requests in flight that adapts itself, and how it is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ConcurrencyLimit {
    /// See [`Aimd`].
    Aimd(AimdSettings),
    /// See [`Gradient2`].
    Gradient2(Gradient2Settings),
    /// See [`Vegas`].
    Vegas(VegasSettings),
}

/// The memory of a process, counted in requests in flight, those that queue included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryLimit {
    /// One more, and the process is killed with all its work.
    pub requests: u32,
    /// How long it then takes to start again.
    pub restart: SimDuration,
}

/// What an instance turns away.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AdmissionSettings {
    /// More requests in flight than a limit allows that follows their latencies.
    pub concurrency: Option<ConcurrencyLimit>,
    /// Arrivals, by chance, when the queue is long on average.
    pub red: Option<RedSettings>,
    /// Arrivals when too many slots are in use.
    pub utilization: Option<UtilizationSettings>,
    /// Requests that have waited too long for too long.
    pub codel: Option<CodelSettings>,
    /// Arrivals when more than so many requests would be in flight.
    pub in_flight: Option<u32>,
    /// What becomes of an instance whose requests in flight take more memory than it has.
    pub memory: Option<MemoryLimit>,
    /// How long callers who are turned away are asked to stay away, in milliseconds.
    pub retry_after: u32,
}

#[derive(Clone, Debug)]
enum Limiter {
    Aimd(Aimd),
    Gradient2(Gradient2),
    Vegas(Vegas),
}

/// The gate of one instance.
#[derive(Clone, Debug)]
pub struct Admission {
    limiter: Option<Limiter>,
    in_flight_limit: Option<u32>,
    in_flight: u32,
    red: Option<Red>,
    utilization: Option<UtilizationLimit>,
    codel: Option<Codel>,
}

impl Admission {
    /// A gate that nobody has passed yet.
    pub fn new(settings: AdmissionSettings, key: DrawKey) -> Self {
        Self {
            limiter: settings.concurrency.map(|limit| match limit {
                ConcurrencyLimit::Aimd(settings) => Limiter::Aimd(Aimd::new(settings)),
                ConcurrencyLimit::Gradient2(settings) => {
                    Limiter::Gradient2(Gradient2::new(settings))
                }
                ConcurrencyLimit::Vegas(settings) => Limiter::Vegas(Vegas::new(settings, key)),
            }),
            in_flight_limit: settings.in_flight,
            in_flight: 0,
            red: settings.red.map(Red::new),
            utilization: settings.utilization.map(UtilizationLimit::new),
            codel: settings.codel.map(Codel::new),
        }
    }

    /// A request arrives: the number in flight with it, or `None` if it is turned away. `in_use` is
    /// the share of slots in use, `draw` is uniform between 0 and 1.
    pub fn admit(&mut self, now: SimTime, in_use: f64, queue: u32, draw: f64) -> Option<u32> {
        // Each of them sees every arrival, so none is asked only if another lets it pass.
        let is_shed = self.utilization.as_mut().is_some_and(|limit| limit.sheds(now, in_use));
        let is_dropped = self.red.as_mut().is_some_and(|red| red.drops(now, queue, draw));
        let is_full = self
            .limit()
            .into_iter()
            .chain(self.in_flight_limit)
            .any(|limit| self.in_flight >= limit);
        if is_shed || is_dropped || is_full {
            return None;
        }
        self.in_flight += 1;
        Some(self.in_flight)
    }

    /// A request that has queued gets its turn: whether it is dropped all the same.
    pub fn drops(&mut self, now: SimTime, waited: SimDuration, has_more: bool) -> bool {
        self.codel.as_mut().is_some_and(|codel| codel.drops(now, waited, has_more))
    }

    /// A request that was admitted as one of `in_flight` leaves after `elapsed`. Answers are
    /// samples; requests that ran out of time count as dropped; other failures say nothing about
    /// concurrency.
    pub fn leave(&mut self, elapsed: SimDuration, in_flight: u32, outcome: Outcome) {
        self.in_flight -= 1;
        let is_dropped = matches!(outcome, Outcome::Expired | Outcome::WaitExceeded);
        let is_answered = matches!(outcome, Outcome::Ok | Outcome::Degraded | Outcome::ClientError);
        if elapsed.is_zero() || !(is_dropped || is_answered) {
            return;
        }
        match &mut self.limiter {
            Some(Limiter::Aimd(limit)) => limit.sample(elapsed, in_flight, is_dropped),
            Some(Limiter::Gradient2(limit)) => limit.sample(elapsed, in_flight),
            Some(Limiter::Vegas(limit)) => limit.sample(elapsed, in_flight, is_dropped),
            None => 0,
        };
    }

    /// Requests that may be in flight, if a limit adapts itself.
    pub fn limit(&self) -> Option<u32> {
        match self.limiter.as_ref()? {
            Limiter::Aimd(limit) => Some(limit.limit()),
            Limiter::Gradient2(limit) => Some(limit.limit()),
            Limiter::Vegas(limit) => Some(limit.limit()),
        }
    }
}

//! The gate in front of the queue of an instance.

use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};

use super::{Codel, CodelSettings, Red, RedSettings, UtilizationLimit, UtilizationSettings};
use crate::Outcome;
use crate::resilience::adaptive_concurrency::{
    Aimd, AimdSettings, Gradient2, Gradient2Settings, Vegas, VegasSettings,
};
use crate::system::{Id, of};

/// A limit on requests in flight that adapts itself, with its settings.
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
    /// The most requests; one more, and the process is killed with all its work.
    pub requests: u32,
    /// The bytes, if requests differ in size.
    pub sizes: Option<MemoryOfSizes>,
    /// The time that it then takes to start again.
    pub restart: SimDuration,
}

/// The memory of a process whose requests differ in size, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryOfSizes {
    /// The size of a request.
    pub each: Id<of::Distribution>,
    /// The most for requests in flight; one more byte, and the process is killed.
    pub limit: u64,
    /// The most that requests in flight may take with one that arrives, which is turned away
    /// otherwise.
    pub shed_above: u64,
}

/// The rules by which an instance turns requests away.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AdmissionSettings {
    /// A limit on requests in flight that follows their latencies.
    pub concurrency: Option<ConcurrencyLimit>,
    /// Early drops of arrivals, by chance, when the queue is long on average.
    pub red: Option<RedSettings>,
    /// A limit on the share of slots in use.
    pub utilization: Option<UtilizationSettings>,
    /// Drops of requests that have waited too long for too long.
    pub codel: Option<CodelSettings>,
    /// A limit on requests in flight, above which arrivals are turned away.
    pub in_flight: Option<u32>,
    /// The memory of an instance, whose process is killed when requests in flight take more.
    pub memory: Option<MemoryLimit>,
    /// The time for which callers who are turned away should stay away, in milliseconds.
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
    settings: AdmissionSettings,
    key: DrawKey,
    limiter: Option<Limiter>,
    in_flight_limit: Option<u32>,
    in_flight: u32,
    /// Bytes that these take, if they differ in size.
    bytes: u64,
    red: Option<Red>,
    utilization: Option<UtilizationLimit>,
    codel: Option<Codel>,
}

impl Admission {
    /// A gate that no request has passed yet.
    pub fn new(settings: AdmissionSettings, key: DrawKey) -> Self {
        Self {
            settings,
            key,
            limiter: settings.concurrency.map(|limit| match limit {
                ConcurrencyLimit::Aimd(settings) => Limiter::Aimd(Aimd::new(settings)),
                ConcurrencyLimit::Gradient2(settings) => {
                    Limiter::Gradient2(Gradient2::new(settings))
                }
                ConcurrencyLimit::Vegas(settings) => Limiter::Vegas(Vegas::new(settings, key)),
            }),
            in_flight_limit: settings.in_flight,
            in_flight: 0,
            bytes: 0,
            red: settings.red.map(Red::new),
            utilization: settings.utilization.map(UtilizationLimit::new),
            codel: settings.codel.map(Codel::new),
        }
    }

    /// Forgets everything except the requests in flight, as a new process does; returns true if
    /// there was something to forget.
    pub fn begin_anew(&mut self) -> bool {
        let new = Self::new(self.settings, self.key.child(1));
        *self = Self { in_flight: self.in_flight, bytes: self.bytes, ..new };
        let AdmissionSettings { concurrency, red, utilization, codel, .. } = self.settings;
        concurrency.is_some() || red.is_some() || utilization.is_some() || codel.is_some()
    }

    /// Begins anew with other settings; the requests in flight stay.
    pub fn change(&mut self, settings: AdmissionSettings) {
        let new = Self::new(settings, self.key.child(2));
        *self = Self { in_flight: self.in_flight, bytes: self.bytes, ..new };
    }

    /// Takes a request of `size` bytes that arrives, and returns the number in flight with it; `None`
    /// if it is turned away. `in_use` is the share of slots in use, `draw` is uniform between 0 and 1.
    pub fn admit(
        &mut self,
        now: SimTime,
        in_use: f64,
        queue: u32,
        draw: f64,
        size: u64,
    ) -> Option<u32> {
        // Each limit must see every arrival, so all are asked even if one turns it away.
        let is_shed = self.utilization.as_mut().is_some_and(|limit| limit.sheds(now, in_use));
        let is_dropped = self.red.as_mut().is_some_and(|red| red.drops(now, queue, draw));
        let is_full = self
            .limit()
            .into_iter()
            .chain(self.in_flight_limit)
            .any(|limit| self.in_flight >= limit);
        let is_too_large =
            self.sizes().is_some_and(|sizes| self.bytes.saturating_add(size) > sizes.shed_above);
        if is_shed || is_dropped || is_full || is_too_large {
            return None;
        }
        self.in_flight += 1;
        self.bytes = self.bytes.saturating_add(size);
        Some(self.in_flight)
    }

    /// True if the requests in flight, the one that was admitted as number `in_flight` the last of
    /// them, take more memory than there is.
    pub fn is_out_of_memory(&self, in_flight: u32) -> bool {
        self.settings.memory.is_some_and(|memory| match memory.sizes {
            None => in_flight > memory.requests,
            Some(sizes) => self.bytes > sizes.limit,
        })
    }

    fn sizes(&self) -> Option<MemoryOfSizes> {
        self.settings.memory?.sizes
    }

    /// True if a request that has queued is dropped now that its turn has come.
    pub fn drops(&mut self, now: SimTime, waited: SimDuration, has_more: bool) -> bool {
        self.codel.as_mut().is_some_and(|codel| codel.drops(now, waited, has_more))
    }

    /// Takes a request of `size` bytes that was admitted as one of `in_flight` and leaves after
    /// `elapsed`. Answers
    /// are samples; requests that ran out of time count as dropped; other failures say nothing
    /// about concurrency.
    pub fn leave(&mut self, elapsed: SimDuration, in_flight: u32, size: u64, outcome: Outcome) {
        self.in_flight -= 1;
        // Those that an operator's change of sizes has left behind go with the last request.
        self.bytes = if self.in_flight == 0 { 0 } else { self.bytes.saturating_sub(size) };
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

    /// The number of requests that may be in flight, if a limit adapts itself.
    pub fn limit(&self) -> Option<u32> {
        match self.limiter.as_ref()? {
            Limiter::Aimd(limit) => Some(limit.limit()),
            Limiter::Gradient2(limit) => Some(limit.limit()),
            Limiter::Vegas(limit) => Some(limit.limit()),
        }
    }
}

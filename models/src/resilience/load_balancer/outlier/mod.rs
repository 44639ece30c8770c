//! Ejecting instances that fail more than the others, as Envoy does it
//! (`source/common/upstream/outlier_detection_impl.cc` at 00c7146).

use sim_core::random::{DrawKey, KeyedDraw, Rng, uniform};
use sim_core::{SimDuration, SimTime};

use crate::Outcome;

mod section;
mod settings;

pub(crate) use self::section::OutlierSection;
pub use self::settings::{Enforcing, OutlierSettings};

/// The reason for an ejection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ejection {
    /// Failures in a row, this many.
    ConsecutiveFailures(u32),
    /// Gateway failures in a row, this many.
    ConsecutiveGatewayFailures(u32),
    /// Failures to reach it in a row, this many.
    ConsecutiveLocalOriginFailures(u32),
    /// A success rate too far below the others'.
    SuccessRate {
        /// Its own, 0 to 1.
        rate: f64,
        /// The lowest rate that would not have been ejected.
        threshold: f64,
    },
    /// Too large a share of failures.
    FailureShare {
        /// The share, 0 to 1.
        share: f64,
        /// The share at which an instance is ejected.
        threshold: f64,
    },
}

/// The end of an attempt as outlier detection sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    /// Answered, by whatever is no server error.
    Success,
    /// The instance answered with an error of its own (500).
    ServerError,
    /// The instance answered that it cannot serve now (502, 503, 504).
    GatewayFailure,
    /// The instance was not reached, or did not answer in time.
    LocalOriginFailure,
}

impl AttemptResult {
    /// The result that an outcome stands for.
    pub fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::ServerError => Self::ServerError,
            Outcome::QueueFull | Outcome::WaitExceeded | Outcome::Shed | Outcome::Expired => {
                Self::GatewayFailure
            }
            Outcome::Timeout | Outcome::Refused => Self::LocalOriginFailure,
            Outcome::Ok
            | Outcome::Degraded
            | Outcome::ClientError
            | Outcome::NoHealthyInstance
            | Outcome::RejectedByBreaker
            | Outcome::RejectedByBulkhead
            | Outcome::RejectedByRateLimit
            | Outcome::RejectedByThrottle => Self::Success,
        }
    }
}

/// The requests of an interval, and those of them that succeeded.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    requests: u32,
    successes: u32,
}

impl Tally {
    fn note(&mut self, is_success: bool) {
        self.requests += 1;
        self.successes += u32::from(is_success);
    }

    /// The success rate, if there were enough requests.
    fn rate(self, volume: u32) -> Option<f64> {
        let has_volume = self.requests > 0 && self.requests >= volume;
        has_volume.then(|| f64::from(self.successes) / f64::from(self.requests))
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Host {
    failures_in_a_row: u32,
    gateway_failures_in_a_row: u32,
    local_failures_in_a_row: u32,
    external: Tally,
    local: Tally,
    /// The number of ejections by which the time of an ejection is multiplied (Envoy's
    /// `ejectTimeBackoff`).
    ejections: u32,
    ejected_at: Option<SimTime>,
    jitter: SimDuration,
    readmitted_at: Option<SimTime>,
}

/// The origin of the errors that a success rate is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    External,
    Local,
}

/// The outlier detection of one edge.
#[derive(Clone, Debug)]
pub struct OutlierDetection {
    settings: OutlierSettings,
    /// The instances that exist.
    hosts: Vec<Host>,
    ejected: u32,
    key: DrawKey,
    draws: u64,
}

impl OutlierDetection {
    /// A detection that knows nothing of the instances yet. Chances are drawn with `key`.
    pub fn new(settings: OutlierSettings, instances: u32, key: DrawKey) -> Self {
        let hosts = vec![Host::default(); instances as usize];
        Self { settings, hosts, ejected: 0, key, draws: 0 }
    }

    /// Makes the first `present` instances exist, and no others.
    pub fn set_present(&mut self, present: u32) {
        self.hosts.resize(present as usize, Host::default());
        self.ejected = self.hosts.iter().filter(|host| host.ejected_at.is_some()).count() as u32;
    }

    /// Forgets an instance: another process has taken its place.
    pub fn begin_anew(&mut self, instance: u32) {
        if let Some(host) = self.hosts.get_mut(instance as usize) {
            self.ejected -= u32::from(host.ejected_at.is_some());
            *host = Host::default();
        }
    }

    /// Takes the end of an attempt at an instance; returns the reason if that ejects it.
    pub fn note(&mut self, now: SimTime, instance: u32, result: AttemptResult) -> Option<Ejection> {
        let settings = self.settings;
        let host = self.hosts.get_mut(instance as usize)?;
        let is_split = settings.splits_local_origin_errors;
        if is_split {
            let is_failure = result == AttemptResult::LocalOriginFailure;
            host.local.note(!is_failure);
            if is_failure {
                host.local_failures_in_a_row += 1;
                let failures = host.local_failures_in_a_row;
                if failures != settings.consecutive_local_origin_failure {
                    return None;
                }
                host.local_failures_in_a_row = 0;
                let chance = settings.enforcing.consecutive_local_origin_failure;
                let is_ejected = self.eject(now, instance, chance);
                return is_ejected.then_some(Ejection::ConsecutiveLocalOriginFailures(failures));
            }
            host.local_failures_in_a_row = 0;
        }
        self.note_answer(now, instance, result)
    }

    fn note_answer(
        &mut self,
        now: SimTime,
        instance: u32,
        result: AttemptResult,
    ) -> Option<Ejection> {
        let (settings, host) = (self.settings, &mut self.hosts[instance as usize]);
        host.external.note(result == AttemptResult::Success);
        if result == AttemptResult::Success {
            (host.failures_in_a_row, host.gateway_failures_in_a_row) = (0, 0);
            return None;
        }
        host.gateway_failures_in_a_row = match result {
            AttemptResult::ServerError => 0,
            _ => host.gateway_failures_in_a_row + 1,
        };
        host.failures_in_a_row += 1;
        // A count begins anew when it is full, even if the instance may not be ejected.
        let (gateway, all) = (host.gateway_failures_in_a_row, host.failures_in_a_row);
        if gateway > 0 && gateway == settings.consecutive_gateway_failure {
            host.gateway_failures_in_a_row = 0;
            let chance = settings.enforcing.consecutive_gateway_failure;
            if self.eject(now, instance, chance) {
                return Some(Ejection::ConsecutiveGatewayFailures(gateway));
            }
        }
        if all != settings.consecutive_5xx {
            return None;
        }
        self.hosts[instance as usize].failures_in_a_row = 0;
        let is_ejected = self.eject(now, instance, settings.enforcing.consecutive_5xx);
        is_ejected.then_some(Ejection::ConsecutiveFailures(all))
    }

    /// Ends an interval: ends ejections that have lasted long enough, and compares success rates.
    /// Calls `changed` for each instance that comes back (`None`) or is ejected.
    pub fn sweep(&mut self, now: SimTime, mut changed: impl FnMut(u32, Option<Ejection>)) {
        let (base, longest) = (self.settings.base_ejection_time, self.settings.max_ejection_time);
        for instance in 0..self.hosts.len() as u32 {
            let host = &self.hosts[instance as usize];
            let Some(ejected_at) = host.ejected_at else { continue };
            let lasts = (base * u64::from(host.ejections)).min(longest) + host.jitter;
            if now.since(ejected_at) >= lasts {
                self.readmit(now, instance);
                changed(instance, None);
            }
        }
        self.judge(now, Origin::External, &mut changed);
        if self.settings.splits_local_origin_errors {
            self.judge(now, Origin::Local, &mut changed);
        }
        for host in &mut self.hosts {
            (host.external, host.local) = (Tally::default(), Tally::default());
            let is_calm = host.ejected_at.is_none()
                && host.readmitted_at.is_some_and(|at| now.since(at) >= self.settings.interval);
            host.ejections = host.ejections.saturating_sub(u32::from(is_calm));
        }
    }

    /// Ejects instances whose success rate of an interval is too low.
    fn judge(
        &mut self,
        now: SimTime,
        origin: Origin,
        changed: &mut impl FnMut(u32, Option<Ejection>),
    ) {
        let Enforcing {
            success_rate,
            local_origin_success_rate,
            failure_percentage,
            failure_percentage_local_origin,
            ..
        } = self.settings.enforcing;
        let (by_rate, by_share) = match origin {
            Origin::External => (success_rate, failure_percentage),
            Origin::Local => (local_origin_success_rate, failure_percentage_local_origin),
        };
        let rates = self.rates(origin, self.settings.success_rate_request_volume);
        let shares = self.rates(origin, self.settings.failure_percentage_request_volume);
        if let Some(threshold) = self.success_rate_threshold(&rates) {
            for (instance, rate) in rates.into_iter().filter(|(_, rate)| *rate < threshold) {
                if self.eject(now, instance, by_rate) {
                    changed(instance, Some(Ejection::SuccessRate { rate, threshold }));
                }
            }
        }
        if shares.len() < self.settings.failure_percentage_minimum_hosts.max(1) as usize {
            return;
        }
        let threshold = f64::from(self.settings.failure_percentage_threshold) / 100.0;
        for (instance, rate) in shares {
            let share = 1.0 - rate;
            if share >= threshold && self.eject(now, instance, by_share) {
                changed(instance, Some(Ejection::FailureShare { share, threshold }));
            }
        }
    }

    /// Ends the ejection of an instance whose health check has passed; returns true if it was
    /// ejected.
    pub fn health_check_passed(&mut self, now: SimTime, instance: u32) -> bool {
        let ends = self.settings.health_check_readmits && self.is_ejected(instance);
        if ends {
            self.readmit(now, instance);
        }
        ends
    }

    fn readmit(&mut self, now: SimTime, instance: u32) {
        self.ejected -= 1;
        let host = &mut self.hosts[instance as usize];
        *host = Host {
            external: host.external,
            local: host.local,
            ejections: host.ejections,
            readmitted_at: Some(now),
            ..Host::default()
        };
    }

    /// True if an instance is ejected.
    pub fn is_ejected(&self, instance: u32) -> bool {
        self.hosts.get(instance as usize).is_some_and(|host| host.ejected_at.is_some())
    }

    /// Ejects an instance, if there is room for another and chance, in per cent, will have it.
    fn eject(&mut self, now: SimTime, instance: u32, chance: u32) -> bool {
        if self.hosts[instance as usize].ejected_at.is_some() {
            return false;
        }
        let percentage = 100.0 * f64::from(self.ejected + 1) / self.hosts.len() as f64;
        let has_room = percentage <= f64::from(self.settings.max_ejection_percent)
            || (self.settings.always_ejects_one_host && self.ejected == 0);
        if !has_room || !self.is_enforced(chance) {
            return false;
        }
        let jitter = match self.settings.max_ejection_time_jitter {
            SimDuration::ZERO => SimDuration::ZERO,
            most => SimDuration::from_nanos(self.draw().next_u64() % (most.as_nanos() + 1)),
        };
        let (base, longest) = (self.settings.base_ejection_time, self.settings.max_ejection_time);
        let host = &mut self.hosts[instance as usize];
        (host.ejected_at, host.jitter) = (Some(now), jitter);
        if base * u64::from(host.ejections) < longest + base {
            host.ejections += 1;
        }
        self.ejected += 1;
        true
    }

    fn is_enforced(&mut self, chance: u32) -> bool {
        match chance {
            0 => false,
            100.. => true,
            _ => uniform(&mut self.draw()) * 100.0 < f64::from(chance),
        }
    }

    fn draw(&mut self) -> KeyedDraw {
        self.draws += 1;
        self.key.child(self.draws).draw()
    }

    /// The success rates of the instances that are not ejected and had enough requests.
    fn rates(&self, origin: Origin, volume: u32) -> Vec<(u32, f64)> {
        let rate = |(instance, host): (u32, &Host)| {
            let tally = if origin == Origin::External { host.external } else { host.local };
            let rate = if host.ejected_at.is_none() { tally.rate(volume) } else { None };
            Some((instance, rate?))
        };
        (0..).zip(&self.hosts).filter_map(rate).collect()
    }

    /// The mean of the success rates less a multiple of the standard deviation; `None` if too few
    /// instances have a rate.
    fn success_rate_threshold(&self, rates: &[(u32, f64)]) -> Option<f64> {
        if rates.len() < self.settings.success_rate_minimum_hosts.max(1) as usize {
            return None;
        }
        let count = rates.len() as f64;
        let mean = rates.iter().map(|(_, rate)| rate).sum::<f64>() / count;
        let deviations = rates.iter().map(|(_, rate)| (rate - mean) * (rate - mean));
        let deviation = libm::sqrt(deviations.sum::<f64>() / count);
        Some(mean - deviation * f64::from(self.settings.success_rate_stdev_factor) / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use sim_core::random::Streams;

    use super::AttemptResult::{GatewayFailure, LocalOriginFailure, ServerError, Success};
    use super::*;

    fn at(seconds: u64) -> SimTime {
        SimTime::from_secs(seconds)
    }

    fn detection(settings: OutlierSettings, instances: u32) -> OutlierDetection {
        let key = DrawKey::root(&mut Streams::new(1, 0).stream("outliers"));
        OutlierDetection::new(settings, instances, key)
    }

    fn changes(detection: &mut OutlierDetection, seconds: u64) -> Vec<(u32, bool)> {
        let mut changes = Vec::new();
        detection
            .sweep(at(seconds), |instance, ejection| changes.push((instance, ejection.is_some())));
        changes
    }

    fn ejections(
        detection: &mut OutlierDetection,
        instance: u32,
        result: AttemptResult,
        times: u32,
    ) -> Vec<Ejection> {
        (0..times).filter_map(|_| detection.note(at(1), instance, result)).collect()
    }

    #[test]
    fn failures_in_a_row_eject_for_longer_each_time_and_sweeps_end_it() {
        let all = OutlierSettings { max_ejection_percent: 100, ..OutlierSettings::default() };
        let mut detection = detection(all, 3);
        let fails = |detection: &mut OutlierDetection, seconds, times| {
            (0..times).filter_map(|_| detection.note(at(seconds), 1, ServerError)).count()
        };
        assert_eq!(fails(&mut detection, 1, 4), 0);
        detection.note(at(1), 1, Success);
        assert_eq!((fails(&mut detection, 1, 4), fails(&mut detection, 1, 1)), (0, 1));
        assert!(changes(&mut detection, 30).is_empty(), "29 s have passed");
        assert_eq!(changes(&mut detection, 40), [(1, false)]);
        assert_eq!(fails(&mut detection, 41, 5), 1);
        assert!(changes(&mut detection, 100).is_empty(), "the second time it lasts 60 s");
        assert_eq!(changes(&mut detection, 110), [(1, false)]);
        // Ejections are forgotten one by one, by sweeps at least an interval after the return.
        assert!(changes(&mut detection, 115).is_empty());
        assert!(changes(&mut detection, 120).is_empty());
        assert_eq!(fails(&mut detection, 121, 5), 1);
        assert!(changes(&mut detection, 180).is_empty());
        assert_eq!(changes(&mut detection, 181), [(1, false)], "60 s again");
    }

    /// The rule of `ejectHost`: 100 * (ejected + 1) / hosts must not exceed the percentage.
    #[test]
    fn the_percentage_holds_with_the_next_one_included() {
        let ejected = |percent, always_ejects_one_host, hosts: u32| {
            let settings = OutlierSettings {
                max_ejection_percent: percent,
                always_ejects_one_host,
                ..OutlierSettings::default()
            };
            let mut detection = detection(settings, hosts);
            (0..hosts)
                .filter(|host| !ejections(&mut detection, *host, ServerError, 5).is_empty())
                .count()
        };
        assert_eq!(ejected(50, false, 3), 1);
        assert_eq!(ejected(67, false, 3), 2);
        assert_eq!(ejected(10, false, 9), 0, "a ninth is more than 10 per cent");
        assert_eq!(ejected(10, false, 10), 1);
        assert_eq!(ejected(10, true, 3), 1);
        assert_eq!(ejected(0, true, 3), 1);
        assert_eq!(ejected(100, false, 3), 3);
    }

    #[test]
    fn gateway_failures_have_a_count_of_their_own() {
        let enforcing = Enforcing {
            consecutive_5xx: 0,
            consecutive_gateway_failure: 100,
            ..Enforcing::default()
        };
        let settings = OutlierSettings {
            consecutive_gateway_failure: 2,
            max_ejection_percent: 100,
            enforcing,
            ..OutlierSettings::default()
        };
        let mut detection = detection(settings, 2);
        assert!(ejections(&mut detection, 0, ServerError, 50).is_empty());
        assert!(ejections(&mut detection, 0, GatewayFailure, 1).is_empty());
        assert!(ejections(&mut detection, 0, ServerError, 1).is_empty(), "begins anew");
        assert_eq!(
            ejections(&mut detection, 0, LocalOriginFailure, 2),
            [Ejection::ConsecutiveGatewayFailures(2)]
        );
    }

    #[test]
    fn failures_to_reach_an_instance_can_be_split_off() {
        let settings = OutlierSettings {
            consecutive_5xx: 2,
            consecutive_local_origin_failure: 3,
            splits_local_origin_errors: true,
            max_ejection_percent: 100,
            ..OutlierSettings::default()
        };
        let mut detection = detection(settings, 2);
        assert!(ejections(&mut detection, 0, LocalOriginFailure, 2).is_empty());
        assert!(ejections(&mut detection, 0, ServerError, 1).is_empty(), "it was reached");
        assert_eq!(
            ejections(&mut detection, 0, LocalOriginFailure, 3),
            [Ejection::ConsecutiveLocalOriginFailures(3)]
        );
        assert_eq!(
            ejections(&mut detection, 1, GatewayFailure, 2),
            [Ejection::ConsecutiveFailures(2)]
        );
    }

    #[test]
    fn a_success_rate_far_below_the_others_ejects() {
        let settings = OutlierSettings {
            consecutive_5xx: 0,
            max_ejection_percent: 100,
            ..OutlierSettings::default()
        };
        let fed = |settings| {
            let mut detection = detection(settings, 6);
            for instance in 0..6 {
                for request in 0..100 {
                    let fails = request % 100 < if instance == 4 { 50 } else { 1 };
                    detection.note(at(1), instance, if fails { ServerError } else { Success });
                }
            }
            detection
        };
        // Rates of 0.99 and one of 0.5: mean 0.9083, standard deviation 0.1826, threshold 0.561.
        let mut detection = fed(settings);
        assert_eq!(changes(&mut detection, 10), [(4, true)]);
        assert!(changes(&mut detection, 20).is_empty(), "without requests nothing is judged");
        let enforcing =
            Enforcing { success_rate: 0, failure_percentage: 100, ..Enforcing::default() };
        let by_share = |threshold| OutlierSettings {
            failure_percentage_threshold: threshold,
            enforcing,
            ..settings
        };
        assert_eq!(changes(&mut fed(by_share(50)), 10), [(4, true)]);
        assert!(changes(&mut fed(by_share(51)), 10).is_empty());
    }

    #[test]
    fn chance_decides_where_a_rule_is_enforced_in_part() {
        let enforcing = Enforcing { consecutive_5xx: 30, ..Enforcing::default() };
        let settings = OutlierSettings {
            consecutive_5xx: 1,
            max_ejection_percent: 100,
            enforcing,
            ..OutlierSettings::default()
        };
        let mut detection = detection(settings, 4_000);
        let ejected = (0..4_000)
            .filter(|instance| !ejections(&mut detection, *instance, ServerError, 1).is_empty())
            .count();
        assert!((1_100..1_300).contains(&ejected), "{ejected} of 4000");
    }

    #[test]
    fn a_health_check_that_passes_ends_an_ejection() {
        for health_check_readmits in [true, false] {
            let settings = OutlierSettings {
                max_ejection_percent: 100,
                health_check_readmits,
                ..OutlierSettings::default()
            };
            let mut detection = detection(settings, 2);
            assert_eq!(ejections(&mut detection, 1, ServerError, 5).len(), 1);
            assert!(!detection.health_check_passed(at(2), 0));
            assert_eq!(detection.health_check_passed(at(2), 1), health_check_readmits);
            assert_eq!(detection.is_ejected(1), !health_check_readmits);
        }
    }
}

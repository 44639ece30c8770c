//! Ejecting instances that fail more than the others.

use sim_core::{SimDuration, SimTime};

use crate::language::quantity::Duration;
use crate::language::{Placed, Problems, section};

/// The settings of outlier detection, under Envoy's names (`OutlierDetection`), with its defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutlierSettings {
    /// `consecutive_5xx`: failures in a row that eject an instance; 5 by default, 0 for never.
    pub consecutive_5xx: u32,
    /// `interval`: time between two sweeps, which judge success rates and end ejections; 10 s by
    /// default.
    pub interval: SimDuration,
    /// `base_ejection_time`: the time of an ejection, multiplied by the number of ejections of the
    /// instance; 30 s by default.
    pub base_ejection_time: SimDuration,
    /// `max_ejection_time`: the longest time of an ejection; 300 s by default.
    pub max_ejection_time: SimDuration,
    /// `max_ejection_percent`: the percentage of ejected instances at which no more are ejected; 10
    /// by default.
    pub max_ejection_percent: u32,
    /// `success_rate_minimum_hosts`: instances with enough requests before success rates are
    /// compared; 5 by default.
    pub success_rate_minimum_hosts: u32,
    /// `success_rate_request_volume`: requests in an interval before an instance's rate counts; 100
    /// by default.
    pub success_rate_request_volume: u32,
    /// `success_rate_stdev_factor`: thousandths of a standard deviation below the mean at which an
    /// instance is ejected; 1900 by default, 0 for never.
    pub success_rate_stdev_factor: u32,
}

impl Default for OutlierSettings {
    fn default() -> Self {
        Self {
            consecutive_5xx: 5,
            interval: SimDuration::from_secs(10),
            base_ejection_time: SimDuration::from_secs(30),
            max_ejection_time: SimDuration::from_secs(300),
            max_ejection_percent: 10,
            success_rate_minimum_hosts: 5,
            success_rate_request_volume: 100,
            success_rate_stdev_factor: 1_900,
        }
    }
}

section! {
    /// Envoy's `outlier_detection`.
    pub(crate) struct OutlierSection {
        /// Failures in a row that eject an instance; 5 if left out, 0 for never.
        "consecutive_5xx" => consecutive_5xx: Option<u32>,
        /// Time between two sweeps; 10s if left out.
        "interval" => interval: Option<Placed<Duration>>,
        /// The time of an ejection, multiplied by the number of ejections of the instance; 30s if
        /// left out.
        "base_ejection_time" => base_ejection_time: Option<Duration>,
        /// The longest time of an ejection; 300s if left out.
        "max_ejection_time" => max_ejection_time: Option<Duration>,
        /// The percentage of ejected instances at which no more are ejected; 10 if left out.
        "max_ejection_percent" => max_ejection_percent: Option<Placed<u32>>,
        /// Instances with enough requests before success rates are compared; 5 if left out.
        "success_rate_minimum_hosts" => success_rate_minimum_hosts: Option<u32>,
        /// Requests in an interval before an instance's rate counts; 100 if left out.
        "success_rate_request_volume" => success_rate_request_volume: Option<u32>,
        /// Thousandths of a standard deviation below the mean at which an instance is ejected; 1900
        /// if left out, 0 for never.
        "success_rate_stdev_factor" => success_rate_stdev_factor: Option<u32>,
    }
}

impl OutlierSection {
    /// The settings of the section.
    pub(crate) fn compile(&self, problems: &mut Problems) -> OutlierSettings {
        let envoy = OutlierSettings::default();
        let percent = self.max_ejection_percent.as_ref();
        if let Some(percent) = percent.filter(|percent| ***percent > 100) {
            let message = format!("{} per cent is more than all instances", **percent);
            problems.error(percent.at(), message, "write a number from 0 to 100");
        }
        let percent = percent.map_or(envoy.max_ejection_percent, |percent| **percent);
        let span = |written: Option<Duration>, default| written.map_or(default, |span| span.0);
        let interval = self.interval.as_ref();
        OutlierSettings {
            consecutive_5xx: self.consecutive_5xx.unwrap_or(envoy.consecutive_5xx),
            interval: interval.map_or(envoy.interval, |interval| problems.above_zero(interval)),
            base_ejection_time: span(self.base_ejection_time, envoy.base_ejection_time),
            max_ejection_time: span(self.max_ejection_time, envoy.max_ejection_time),
            max_ejection_percent: percent.min(100),
            success_rate_minimum_hosts: self
                .success_rate_minimum_hosts
                .unwrap_or(envoy.success_rate_minimum_hosts),
            success_rate_request_volume: self
                .success_rate_request_volume
                .unwrap_or(envoy.success_rate_request_volume),
            success_rate_stdev_factor: self
                .success_rate_stdev_factor
                .unwrap_or(envoy.success_rate_stdev_factor),
        }
    }
}

/// The reason for an ejection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ejection {
    /// Failures in a row, this many.
    ConsecutiveFailures(u32),
    /// A success rate too far below the others'.
    SuccessRate {
        /// Its own, 0 to 1.
        rate: f64,
        /// The lowest rate that would not have been ejected.
        threshold: f64,
    },
}

#[derive(Clone, Copy, Debug, Default)]
struct Host {
    failures_in_a_row: u32,
    /// Requests of the running interval, and those of them that succeeded.
    requests: u32,
    successes: u32,
    /// The number of ejections by which the time of the next is multiplied, less one.
    ejections: u32,
    ejected_at: Option<SimTime>,
}

/// The outlier detection of one edge.
#[derive(Clone, Debug)]
pub struct OutlierDetection {
    settings: OutlierSettings,
    hosts: Vec<Host>,
    ejected: u32,
}

impl OutlierDetection {
    /// A detection that knows nothing of the instances yet.
    pub fn new(settings: OutlierSettings, instances: u32) -> Self {
        Self { settings, hosts: vec![Host::default(); instances as usize], ejected: 0 }
    }

    /// Takes the end of an attempt at an instance; returns the reason if that ejects it.
    pub fn note(&mut self, now: SimTime, instance: u32, is_failure: bool) -> Option<Ejection> {
        let host = &mut self.hosts[instance as usize];
        host.requests += 1;
        host.successes += u32::from(!is_failure);
        host.failures_in_a_row = if is_failure { host.failures_in_a_row + 1 } else { 0 };
        let failures = host.failures_in_a_row;
        let is_outlier =
            self.settings.consecutive_5xx > 0 && failures == self.settings.consecutive_5xx;
        if !is_outlier {
            return None;
        }
        // The count begins anew even if the instance may not be ejected.
        self.hosts[instance as usize].failures_in_a_row = 0;
        self.eject(now, instance).then_some(Ejection::ConsecutiveFailures(failures))
    }

    /// Ends an interval: ends ejections that have lasted long enough, and compares success rates.
    /// Calls `changed` for each instance that comes back (`None`) or is ejected.
    pub fn sweep(&mut self, now: SimTime, mut changed: impl FnMut(u32, Option<Ejection>)) {
        for (instance, host) in self.hosts.iter_mut().enumerate() {
            let Some(ejected_at) = host.ejected_at else {
                host.ejections = host.ejections.saturating_sub(1);
                continue;
            };
            let longest = self.settings.max_ejection_time.max(self.settings.base_ejection_time);
            let lasts = (self.settings.base_ejection_time * u64::from(host.ejections)).min(longest);
            if now.since(ejected_at) >= lasts {
                *host = Host { ejected_at: None, failures_in_a_row: 0, ..*host };
                self.ejected -= 1;
                changed(instance as u32, None);
            }
        }
        if let Some(threshold) = self.success_rate_threshold() {
            for instance in 0..self.hosts.len() as u32 {
                let Some(rate) = self.success_rate(instance).filter(|rate| *rate < threshold)
                else {
                    continue;
                };
                if self.eject(now, instance) {
                    changed(instance, Some(Ejection::SuccessRate { rate, threshold }));
                }
            }
        }
        for host in &mut self.hosts {
            (host.requests, host.successes) = (0, 0);
        }
    }

    /// True if an instance is ejected.
    pub fn is_ejected(&self, instance: u32) -> bool {
        self.hosts[instance as usize].ejected_at.is_some()
    }

    fn eject(&mut self, now: SimTime, instance: u32) -> bool {
        let has_room =
            self.ejected * 100 / self.hosts.len() as u32 >= self.settings.max_ejection_percent;
        let host = &mut self.hosts[instance as usize];
        if has_room || host.ejected_at.is_some() {
            return false;
        }
        host.ejected_at = Some(now);
        host.ejections += 1;
        self.ejected += 1;
        true
    }

    fn success_rate(&self, instance: u32) -> Option<f64> {
        let host = &self.hosts[instance as usize];
        let has_volume = host.requests >= self.settings.success_rate_request_volume.max(1)
            && host.ejected_at.is_none();
        has_volume.then(|| f64::from(host.successes) / f64::from(host.requests))
    }

    /// The mean of the success rates less a multiple of the standard deviation; `None` if too few
    /// instances have a rate.
    fn success_rate_threshold(&self) -> Option<f64> {
        let rates =
            || (0..self.hosts.len() as u32).filter_map(|instance| self.success_rate(instance));
        let count = rates().count();
        if self.settings.success_rate_stdev_factor == 0
            || count < self.settings.success_rate_minimum_hosts.max(1) as usize
        {
            return None;
        }
        let mean = rates().sum::<f64>() / count as f64;
        let variance =
            rates().map(|rate| (rate - mean) * (rate - mean)).sum::<f64>() / count as f64;
        Some(
            mean - libm::sqrt(variance) * f64::from(self.settings.success_rate_stdev_factor)
                / 1_000.0,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SimTime {
        SimTime::from_secs(seconds)
    }

    fn changes(detection: &mut OutlierDetection, seconds: u64) -> Vec<(u32, bool)> {
        let mut changes = Vec::new();
        detection
            .sweep(at(seconds), |instance, ejection| changes.push((instance, ejection.is_some())));
        changes
    }

    #[test]
    fn failures_in_a_row_eject_for_longer_each_time_and_sweeps_end_it() {
        let mut detection = OutlierDetection::new(OutlierSettings::default(), 3);
        let fails = |detection: &mut OutlierDetection, seconds, times| {
            (0..times).filter_map(|_| detection.note(at(seconds), 1, true)).count()
        };
        assert_eq!(fails(&mut detection, 1, 4), 0);
        detection.note(at(1), 1, false);
        assert_eq!((fails(&mut detection, 1, 4), fails(&mut detection, 1, 1)), (0, 1));
        assert!(changes(&mut detection, 30).is_empty(), "29 s have passed");
        assert_eq!(changes(&mut detection, 40), [(1, false)]);
        assert_eq!(fails(&mut detection, 41, 5), 1);
        assert!(changes(&mut detection, 100).is_empty(), "the second time it lasts 60 s");
        assert_eq!(changes(&mut detection, 110), [(1, false)]);
    }

    #[test]
    fn no_more_are_ejected_than_may_be() {
        let mut detection = OutlierDetection::new(OutlierSettings::default(), 5);
        let ejected = |detection: &mut OutlierDetection, instance| {
            (0..5).any(|_| detection.note(at(1), instance, true).is_some())
        };
        assert!(ejected(&mut detection, 0), "one of five, although that is more than 10 %");
        assert!(!ejected(&mut detection, 1));
    }

    #[test]
    fn a_success_rate_far_below_the_others_ejects() {
        let settings = OutlierSettings { consecutive_5xx: 0, ..OutlierSettings::default() };
        let mut detection = OutlierDetection::new(settings, 6);
        for instance in 0..6 {
            for request in 0..100 {
                detection.note(at(1), instance, request % 100 < if instance == 4 { 50 } else { 1 });
            }
        }
        // Rates of 0.99 and one of 0.5: mean 0.9083, standard deviation 0.1826, threshold 0.561.
        assert_eq!(changes(&mut detection, 10), [(4, true)]);
        assert!(changes(&mut detection, 20).is_empty(), "without requests nothing is judged");
    }
}

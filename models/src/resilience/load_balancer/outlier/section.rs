//! Outlier detection as it is written.

use std::fmt;

use super::{Enforcing, OutlierSettings};
use crate::language::quantity::{Duration, Period};
use crate::language::{Placed, Problems, part_left_out, section};

section! {
    /// Envoy's `outlier_detection`.
    pub(crate) struct OutlierSection {
        /// Failures in a row that eject an instance; 5 if left out, 0 for never.
        "consecutive_5xx" => consecutive_5xx: Option<u32>,
        /// Gateway failures in a row (full queues, shed or expired requests, timeouts, refusals) that
        /// eject an instance, if they are enforced; 5 if left out.
        "consecutive_gateway_failure" => consecutive_gateway_failure: Option<u32>,
        /// Timeouts and refusals in a row that eject an instance, if they are split off; 5 if left
        /// out.
        "consecutive_local_origin_failure" => consecutive_local_origin_failure: Option<u32>,
        /// True if timeouts and refusals are counted by themselves; false if left out.
        "split_external_local_origin_errors" => splits_local_origin_errors: Option<bool>,
        /// Time between two sweeps; 10s if left out.
        "interval" => interval: Option<Placed<Period>>,
        /// The time of an ejection, multiplied by the number of ejections of the instance; 30s if
        /// left out.
        "base_ejection_time" => base_ejection_time: Option<Placed<Duration>>,
        /// The longest time of an ejection; 300s if left out, or `base_ejection_time` if that is
        /// longer.
        "max_ejection_time" => max_ejection_time: Option<Placed<Duration>>,
        /// The most that chance adds to the time of an ejection; nothing if left out.
        "max_ejection_time_jitter" => max_ejection_time_jitter: Option<Duration>,
        /// The most instances that may be ejected at a time, in per cent, the next one included; 10
        /// if left out.
        "max_ejection_percent" => max_ejection_percent: Option<Placed<u32>>,
        /// True if one instance may be ejected whatever the percentage; false if left out.
        "always_eject_one_host" => always_ejects_one_host: Option<bool>,
        /// True if a health check that passes ends an ejection; true if left out.
        "successful_active_health_check_uneject_host" => health_check_readmits: Option<bool>,
        /// Instances with enough requests before success rates are compared; 5 if left out.
        "success_rate_minimum_hosts" => success_rate_minimum_hosts: Option<u32>,
        /// Requests in an interval before an instance's rate counts; 100 if left out.
        "success_rate_request_volume" => success_rate_request_volume: Option<u32>,
        /// Thousandths of a standard deviation below the mean at which an instance is ejected; 1900
        /// if left out.
        "success_rate_stdev_factor" => success_rate_stdev_factor: Option<u32>,
        /// The percentage of failures at which an instance is ejected, if that is enforced; 85 if
        /// left out.
        "failure_percentage_threshold" => failure_percentage_threshold: Option<Placed<u32>>,
        /// Instances with enough requests before percentages of failures are looked at; 5 if left
        /// out.
        "failure_percentage_minimum_hosts" => failure_percentage_minimum_hosts: Option<u32>,
        /// Requests in an interval before an instance's percentage counts; 50 if left out.
        "failure_percentage_request_volume" => failure_percentage_request_volume: Option<u32>,
        /// The chance that `consecutive_5xx` ejects, in per cent; 100 if left out.
        "enforcing_consecutive_5xx" => enforcing_consecutive_5xx: Option<Placed<u32>>,
        /// The chance that `consecutive_gateway_failure` ejects, in per cent; 0 if left out.
        "enforcing_consecutive_gateway_failure" => enforcing_consecutive_gateway_failure: Option<Placed<u32>>,
        /// The chance that `consecutive_local_origin_failure` ejects, in per cent; 100 if left out.
        "enforcing_consecutive_local_origin_failure" => enforcing_consecutive_local_origin_failure: Option<Placed<u32>>,
        /// The chance that a low success rate ejects, in per cent; 100 if left out.
        "enforcing_success_rate" => enforcing_success_rate: Option<Placed<u32>>,
        /// The chance that a low rate of reaching an instance ejects, in per cent; 100 if left out.
        "enforcing_local_origin_success_rate" => enforcing_local_origin_success_rate: Option<Placed<u32>>,
        /// The chance that `failure_percentage_threshold` ejects, in per cent; 0 if left out.
        "enforcing_failure_percentage" => enforcing_failure_percentage: Option<Placed<u32>>,
        /// The same for failures to reach an instance, if they are split off; 0 if left out.
        "enforcing_failure_percentage_local_origin" => enforcing_failure_percentage_local_origin: Option<Placed<u32>>,
    }
}

impl OutlierSection {
    /// Envoy's own settings.
    pub(crate) fn nothing() -> Self {
        part_left_out().expect("outlier detection needs no settings")
    }

    /// The settings of the section.
    pub(crate) fn compile(&self, problems: &mut Problems) -> OutlierSettings {
        let envoy = OutlierSettings::default();
        let interval = self.interval.as_ref();
        let base = self.base_ejection_time.map_or(envoy.base_ejection_time, |base| base.0);
        if let Some(longest) = self.max_ejection_time.as_ref().filter(|longest| longest.0 < base) {
            let message = format!("{} is less than the ejection time of {base}", longest.0);
            let help = "write a `max_ejection_time` of at least `base_ejection_time`; Envoy refuses \
                        to start otherwise";
            problems.error(longest.at(), message, help);
        }
        let longest = envoy.max_ejection_time.max(base);
        let jitter = self.max_ejection_time_jitter;
        OutlierSettings {
            consecutive_5xx: self.consecutive_5xx.unwrap_or(envoy.consecutive_5xx),
            consecutive_gateway_failure: self
                .consecutive_gateway_failure
                .unwrap_or(envoy.consecutive_gateway_failure),
            consecutive_local_origin_failure: self
                .consecutive_local_origin_failure
                .unwrap_or(envoy.consecutive_local_origin_failure),
            splits_local_origin_errors: self.splits_local_origin_errors.unwrap_or(false),
            interval: interval.map_or(envoy.interval, |interval| interval.0),
            base_ejection_time: base,
            max_ejection_time: self.max_ejection_time.map_or(longest, |longest| longest.0),
            max_ejection_time_jitter: jitter.map_or(envoy.max_ejection_time_jitter, |it| it.0),
            max_ejection_percent: percent(
                self.max_ejection_percent.as_ref(),
                envoy.max_ejection_percent,
                problems,
            ),
            always_ejects_one_host: self.always_ejects_one_host.unwrap_or(false),
            health_check_readmits: self.health_check_readmits.unwrap_or(true),
            success_rate_minimum_hosts: self
                .success_rate_minimum_hosts
                .unwrap_or(envoy.success_rate_minimum_hosts),
            success_rate_request_volume: self
                .success_rate_request_volume
                .unwrap_or(envoy.success_rate_request_volume),
            success_rate_stdev_factor: self
                .success_rate_stdev_factor
                .unwrap_or(envoy.success_rate_stdev_factor),
            failure_percentage_threshold: percent(
                self.failure_percentage_threshold.as_ref(),
                envoy.failure_percentage_threshold,
                problems,
            ),
            failure_percentage_minimum_hosts: self
                .failure_percentage_minimum_hosts
                .unwrap_or(envoy.failure_percentage_minimum_hosts),
            failure_percentage_request_volume: self
                .failure_percentage_request_volume
                .unwrap_or(envoy.failure_percentage_request_volume),
            enforcing: self.enforcing(problems),
        }
    }

    fn enforcing(&self, problems: &mut Problems) -> Enforcing {
        let envoy = Enforcing::default();
        let mut chance =
            |written: &Option<Placed<u32>>, default| percent(written.as_ref(), default, problems);
        Enforcing {
            consecutive_5xx: chance(&self.enforcing_consecutive_5xx, envoy.consecutive_5xx),
            consecutive_gateway_failure: chance(
                &self.enforcing_consecutive_gateway_failure,
                envoy.consecutive_gateway_failure,
            ),
            consecutive_local_origin_failure: chance(
                &self.enforcing_consecutive_local_origin_failure,
                envoy.consecutive_local_origin_failure,
            ),
            success_rate: chance(&self.enforcing_success_rate, envoy.success_rate),
            local_origin_success_rate: chance(
                &self.enforcing_local_origin_success_rate,
                envoy.local_origin_success_rate,
            ),
            failure_percentage: chance(
                &self.enforcing_failure_percentage,
                envoy.failure_percentage,
            ),
            failure_percentage_local_origin: chance(
                &self.enforcing_failure_percentage_local_origin,
                envoy.failure_percentage_local_origin,
            ),
        }
    }
}

impl fmt::Display for OutlierSettings {
    /// The settings that are not Envoy's defaults, as a scenario writes them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = Self::default().entries();
        let own = self.entries().into_iter().zip(usual).filter(|(own, usual)| own != usual);
        let own: Vec<String> = own.map(|((key, value), _)| format!("{key}: {value}")).collect();
        f.write_str(if own.is_empty() { "as Envoy has it" } else { "" })?;
        f.write_str(&own.join(", "))
    }
}

impl OutlierSettings {
    /// All settings, by their keys.
    pub(crate) fn entries(&self) -> [(&'static str, String); 24] {
        let Self { enforcing, .. } = self;
        [
            ("consecutive_5xx", self.consecutive_5xx.to_string()),
            ("consecutive_gateway_failure", self.consecutive_gateway_failure.to_string()),
            ("consecutive_local_origin_failure", self.consecutive_local_origin_failure.to_string()),
            ("split_external_local_origin_errors", self.splits_local_origin_errors.to_string()),
            ("interval", self.interval.to_string()),
            ("base_ejection_time", self.base_ejection_time.to_string()),
            ("max_ejection_time", self.max_ejection_time.to_string()),
            ("max_ejection_time_jitter", self.max_ejection_time_jitter.to_string()),
            ("max_ejection_percent", self.max_ejection_percent.to_string()),
            ("always_eject_one_host", self.always_ejects_one_host.to_string()),
            ("successful_active_health_check_uneject_host", self.health_check_readmits.to_string()),
            ("success_rate_minimum_hosts", self.success_rate_minimum_hosts.to_string()),
            ("success_rate_request_volume", self.success_rate_request_volume.to_string()),
            ("success_rate_stdev_factor", self.success_rate_stdev_factor.to_string()),
            ("failure_percentage_threshold", self.failure_percentage_threshold.to_string()),
            ("failure_percentage_minimum_hosts", self.failure_percentage_minimum_hosts.to_string()),
            (
                "failure_percentage_request_volume",
                self.failure_percentage_request_volume.to_string(),
            ),
            ("enforcing_consecutive_5xx", enforcing.consecutive_5xx.to_string()),
            (
                "enforcing_consecutive_gateway_failure",
                enforcing.consecutive_gateway_failure.to_string(),
            ),
            (
                "enforcing_consecutive_local_origin_failure",
                enforcing.consecutive_local_origin_failure.to_string(),
            ),
            ("enforcing_success_rate", enforcing.success_rate.to_string()),
            (
                "enforcing_local_origin_success_rate",
                enforcing.local_origin_success_rate.to_string(),
            ),
            ("enforcing_failure_percentage", enforcing.failure_percentage.to_string()),
            (
                "enforcing_failure_percentage_local_origin",
                enforcing.failure_percentage_local_origin.to_string(),
            ),
        ]
    }
}

/// A percentage from 0 to 100.
fn percent(written: Option<&Placed<u32>>, default: u32, problems: &mut Problems) -> u32 {
    let percent = written.map_or(default, |percent| **percent);
    if let Some(written) = written.filter(|_| percent > 100) {
        let message = format!("{percent} per cent is more than all instances");
        problems.error(written.at(), message, "write a number from 0 to 100");
    }
    percent.min(100)
}

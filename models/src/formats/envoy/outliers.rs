//! `outlier_detection`: the preset has every key under the same name.

use serde_json::{Value, json};

use super::CONSEQUENCE;
use crate::formats::carried::Carried;
use crate::formats::configuration::below;
use crate::formats::durations::in_seconds;
use crate::formats::section::Section;
use crate::resilience::load_balancer::OutlierSettings;
use crate::scenario::Problem;

/// Whole numbers.
const NUMBERS: [&str; 8] = [
    "consecutive_5xx",
    "consecutive_gateway_failure",
    "consecutive_local_origin_failure",
    "success_rate_minimum_hosts",
    "success_rate_request_volume",
    "success_rate_stdev_factor",
    "failure_percentage_minimum_hosts",
    "failure_percentage_request_volume",
];
const PERCENTAGES: [&str; 9] = [
    "max_ejection_percent",
    "failure_percentage_threshold",
    "enforcing_consecutive_5xx",
    "enforcing_consecutive_gateway_failure",
    "enforcing_consecutive_local_origin_failure",
    "enforcing_success_rate",
    "enforcing_local_origin_success_rate",
    "enforcing_failure_percentage",
    "enforcing_failure_percentage_local_origin",
];
const FLAGS: [&str; 3] = [
    "split_external_local_origin_errors",
    "always_eject_one_host",
    "successful_active_health_check_uneject_host",
];

pub(super) fn read(outliers: &Section<'_>) -> Carried {
    let mut entries = Vec::new();
    let mut add = |key: &str, value: Option<Carried>| {
        entries.extend(value.map(|value| (key.to_owned(), value)));
    };
    for key in NUMBERS {
        add(key, outliers.limit(key));
    }
    for key in PERCENTAGES {
        add(key, outliers.percentage(key));
    }
    for key in FLAGS {
        add(key, outliers.flag(key).map(Carried::from));
    }
    for key in ["interval", "base_ejection_time", "max_ejection_time_jitter"] {
        add(key, outliers.lasting(key));
    }
    add("max_ejection_time", outliers.lasting("max_ejection_time"));
    entries.into_iter().collect()
}

/// Adds an error if the longest ejection is shorter than the shortest
/// (`source/common/upstream/outlier_detection_impl.cc`, `DetectorImpl::create`).
pub(super) fn refuse(outliers: &Section<'_>, problems: &mut Vec<Problem>) {
    let span = |key: &str| outliers.peek_span(key);
    let default = OutlierSettings::default().base_ejection_time;
    let base = span("base_ejection_time").unwrap_or(default.into());
    let Some(longest) = span("max_ejection_time").filter(|longest| *longest < base) else { return };
    let path = below(outliers.path(), outliers.spelling("max_ejection_time"));
    let message =
        format!("`{path}` is {longest}; it must be at least the base_ejection_time of {base}");
    let at = outliers.place("max_ejection_time");
    problems.push(Problem::error(message, at).with_help(CONSEQUENCE));
}

/// Every setting, whether it is Envoy's own or not.
pub(super) fn write(outliers: &OutlierSettings) -> Value {
    let enforcing = outliers.enforcing;
    let mut written = json!({
        "consecutive_5xx": outliers.consecutive_5xx,
        "interval": in_seconds(outliers.interval),
        "base_ejection_time": in_seconds(outliers.base_ejection_time),
        "max_ejection_time": in_seconds(outliers.max_ejection_time),
        "max_ejection_percent": outliers.max_ejection_percent,
        "enforcing_consecutive_5xx": enforcing.consecutive_5xx,
        "enforcing_success_rate": enforcing.success_rate,
        "success_rate_minimum_hosts": outliers.success_rate_minimum_hosts,
        "success_rate_request_volume": outliers.success_rate_request_volume,
        "success_rate_stdev_factor": outliers.success_rate_stdev_factor,
        "consecutive_gateway_failure": outliers.consecutive_gateway_failure,
        "enforcing_consecutive_gateway_failure": enforcing.consecutive_gateway_failure,
        "split_external_local_origin_errors": outliers.splits_local_origin_errors,
        "consecutive_local_origin_failure": outliers.consecutive_local_origin_failure,
        "enforcing_consecutive_local_origin_failure": enforcing.consecutive_local_origin_failure,
        "enforcing_local_origin_success_rate": enforcing.local_origin_success_rate,
        "failure_percentage_threshold": outliers.failure_percentage_threshold,
        "enforcing_failure_percentage": enforcing.failure_percentage,
        "enforcing_failure_percentage_local_origin": enforcing.failure_percentage_local_origin,
        "failure_percentage_minimum_hosts": outliers.failure_percentage_minimum_hosts,
        "failure_percentage_request_volume": outliers.failure_percentage_request_volume,
        "always_eject_one_host": outliers.always_ejects_one_host,
        "successful_active_health_check_uneject_host": outliers.health_check_readmits,
    });
    if !outliers.max_ejection_time_jitter.is_zero() {
        written["max_ejection_time_jitter"] = in_seconds(outliers.max_ejection_time_jitter);
    }
    written
}

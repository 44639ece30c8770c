//! The settings of outlier detection.

use sim_core::SimDuration;

/// The settings of outlier detection, under Envoy's names (`OutlierDetection`), with its defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutlierSettings {
    /// `consecutive_5xx`: failures in a row that eject an instance; 5 by default, 0 for never.
    pub consecutive_5xx: u32,
    /// `consecutive_gateway_failure`: the same for failures that a gateway reports (502, 503, 504)
    /// and, unless they are split off, failures to reach the instance; 5 by default.
    pub consecutive_gateway_failure: u32,
    /// `consecutive_local_origin_failure`: the same for failures to reach the instance, if they are
    /// split off; 5 by default.
    pub consecutive_local_origin_failure: u32,
    /// `split_external_local_origin_errors`: true if timeouts and refused connections are counted
    /// by themselves and not as failures of the instance's own; false by default.
    pub splits_local_origin_errors: bool,
    /// `interval`: time between two sweeps, which judge success rates and end ejections; 10 s by
    /// default.
    pub interval: SimDuration,
    /// `base_ejection_time`: the time of an ejection, multiplied by the number of ejections of the
    /// instance; 30 s by default.
    pub base_ejection_time: SimDuration,
    /// `max_ejection_time`: the longest time of an ejection; 300 s by default, and never less than
    /// `base_ejection_time`.
    pub max_ejection_time: SimDuration,
    /// `max_ejection_time_jitter`: the most that is added to it by chance; none by default.
    pub max_ejection_time_jitter: SimDuration,
    /// `max_ejection_percent`: the most instances that may be ejected at a time, as a percentage of
    /// all, the next one included; 10 by default.
    pub max_ejection_percent: u32,
    /// `always_eject_one_host`: true if one instance may be ejected whatever the percentage; false
    /// by default.
    pub always_ejects_one_host: bool,
    /// `successful_active_health_check_uneject_host`: true if a health check that passes ends an
    /// ejection; true by default.
    pub health_check_readmits: bool,
    /// `success_rate_minimum_hosts`: instances with enough requests before success rates are
    /// compared; 5 by default.
    pub success_rate_minimum_hosts: u32,
    /// `success_rate_request_volume`: requests in an interval before an instance's rate counts; 100
    /// by default.
    pub success_rate_request_volume: u32,
    /// `success_rate_stdev_factor`: thousandths of a standard deviation below the mean at which an
    /// instance is ejected; 1900 by default.
    pub success_rate_stdev_factor: u32,
    /// `failure_percentage_threshold`: the percentage of failures at which an instance is ejected;
    /// 85 by default.
    pub failure_percentage_threshold: u32,
    /// `failure_percentage_minimum_hosts`: instances with enough requests before percentages of
    /// failures are looked at; 5 by default.
    pub failure_percentage_minimum_hosts: u32,
    /// `failure_percentage_request_volume`: requests in an interval before an instance's percentage
    /// counts; 50 by default.
    pub failure_percentage_request_volume: u32,
    /// The chances that an instance is ejected when a rule says so.
    pub enforcing: Enforcing,
}

/// The chances, in per cent, that an instance is ejected when a rule says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enforcing {
    /// `enforcing_consecutive_5xx`; 100 by default.
    pub consecutive_5xx: u32,
    /// `enforcing_consecutive_gateway_failure`; 0 by default.
    pub consecutive_gateway_failure: u32,
    /// `enforcing_consecutive_local_origin_failure`; 100 by default.
    pub consecutive_local_origin_failure: u32,
    /// `enforcing_success_rate`; 100 by default.
    pub success_rate: u32,
    /// `enforcing_local_origin_success_rate`; 100 by default.
    pub local_origin_success_rate: u32,
    /// `enforcing_failure_percentage`; 0 by default.
    pub failure_percentage: u32,
    /// `enforcing_failure_percentage_local_origin`; 0 by default.
    pub failure_percentage_local_origin: u32,
}

impl Default for OutlierSettings {
    fn default() -> Self {
        Self {
            consecutive_5xx: 5,
            consecutive_gateway_failure: 5,
            consecutive_local_origin_failure: 5,
            splits_local_origin_errors: false,
            interval: SimDuration::from_secs(10),
            base_ejection_time: SimDuration::from_secs(30),
            max_ejection_time: SimDuration::from_secs(300),
            max_ejection_time_jitter: SimDuration::ZERO,
            max_ejection_percent: 10,
            always_ejects_one_host: false,
            health_check_readmits: true,
            success_rate_minimum_hosts: 5,
            success_rate_request_volume: 100,
            success_rate_stdev_factor: 1_900,
            failure_percentage_threshold: 85,
            failure_percentage_minimum_hosts: 5,
            failure_percentage_request_volume: 50,
            enforcing: Enforcing::default(),
        }
    }
}

impl Default for Enforcing {
    fn default() -> Self {
        Self {
            consecutive_5xx: 100,
            consecutive_gateway_failure: 0,
            consecutive_local_origin_failure: 100,
            success_rate: 100,
            local_origin_success_rate: 100,
            failure_percentage: 0,
            failure_percentage_local_origin: 0,
        }
    }
}

//! The ranges of Envoy's fields, which it checks when it loads a configuration.
//!
//! They are the `validate.rules` of the protos under `envoy/config` in envoyproxy/data-plane-api at 84e8436. A number
//! outside its type is refused as well.

use crate::formats::ranges::{PERCENT, Range, Rule, SPAN, UNSIGNED, WHOLE_PERCENT};

/// `cluster/v3/cluster.proto:883` and `:637`, `type/v3/percent.proto:21`; `cluster/v3/outlier_detection.proto`.
pub(super) const CLUSTER: [Rule; 29] = [
    Rule("connect_timeout", Range::Lasting),
    Rule("common_lb_config.update_merge_window", SPAN),
    Rule("round_robin_lb_config.slow_start_config.slow_start_window", SPAN),
    Rule("least_request_lb_config.slow_start_config.slow_start_window", SPAN),
    Rule("outlier_detection.max_ejection_time_jitter", SPAN),
    Rule("common_lb_config.healthy_panic_threshold.value", PERCENT),
    Rule("round_robin_lb_config.slow_start_config.min_weight_percent.value", PERCENT),
    Rule("least_request_lb_config.slow_start_config.min_weight_percent.value", PERCENT),
    Rule("outlier_detection.interval", Range::Lasting),
    Rule("outlier_detection.base_ejection_time", Range::Lasting),
    Rule("outlier_detection.max_ejection_time", Range::Lasting),
    Rule("outlier_detection.max_ejection_percent", WHOLE_PERCENT),
    Rule("outlier_detection.failure_percentage_threshold", WHOLE_PERCENT),
    Rule("outlier_detection.enforcing_consecutive_5xx", WHOLE_PERCENT),
    Rule("outlier_detection.enforcing_consecutive_gateway_failure", WHOLE_PERCENT),
    Rule("outlier_detection.enforcing_consecutive_local_origin_failure", WHOLE_PERCENT),
    Rule("outlier_detection.enforcing_success_rate", WHOLE_PERCENT),
    Rule("outlier_detection.enforcing_local_origin_success_rate", WHOLE_PERCENT),
    Rule("outlier_detection.enforcing_failure_percentage", WHOLE_PERCENT),
    Rule("outlier_detection.enforcing_failure_percentage_local_origin", WHOLE_PERCENT),
    Rule("outlier_detection.consecutive_5xx", UNSIGNED),
    Rule("outlier_detection.consecutive_gateway_failure", UNSIGNED),
    Rule("outlier_detection.consecutive_local_origin_failure", UNSIGNED),
    Rule("outlier_detection.success_rate_minimum_hosts", UNSIGNED),
    Rule("outlier_detection.success_rate_request_volume", UNSIGNED),
    Rule("outlier_detection.success_rate_stdev_factor", UNSIGNED),
    Rule("outlier_detection.failure_percentage_minimum_hosts", UNSIGNED),
    Rule("outlier_detection.failure_percentage_request_volume", UNSIGNED),
    Rule("per_connection_buffer_limit_bytes", UNSIGNED),
];

/// The extensions of `load_balancing_policies` that have a slow start (`common/v3/common.proto`).
pub(super) const SLOW_START: [Rule; 2] = [
    Rule("slow_start_config.slow_start_window", SPAN),
    Rule("slow_start_config.min_weight_percent.value", PERCENT),
];

/// `cluster/v3/circuit_breaker.proto:44`.
pub(super) const THRESHOLDS: [Rule; 6] = [
    Rule("max_connections", UNSIGNED),
    Rule("max_pending_requests", UNSIGNED),
    Rule("max_requests", UNSIGNED),
    Rule("max_retries", UNSIGNED),
    Rule("retry_budget.budget_percent.value", PERCENT),
    Rule("retry_budget.min_retry_concurrency", UNSIGNED),
];

/// `core/v3/health_check.proto:271`, `:277`, `:304` and `:309`.
pub(super) const HEALTH_CHECK: [Rule; 4] = [
    Rule("timeout", Range::Lasting),
    Rule("interval", Range::Lasting),
    Rule("unhealthy_threshold", UNSIGNED),
    Rule("healthy_threshold", UNSIGNED),
];

/// `route/v3/route_components.proto:1615`, `:1624` and `:1706`.
pub(super) const RETRY_POLICY: [Rule; 4] = [
    Rule("retry_policy.per_try_timeout", SPAN),
    Rule("retry_policy.num_retries", UNSIGNED),
    Rule("retry_policy.retry_back_off.base_interval", Range::Lasting),
    Rule("retry_policy.retry_back_off.max_interval", Range::Lasting),
];

/// The timeout of a route.
pub(super) const ROUTE_TIMEOUT: [Rule; 1] = [Rule("timeout", SPAN)];

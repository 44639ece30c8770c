//! Presets of proxies: limits on requests, connections and retries, and the ejection of instances,
//! in place of a breaker.

use super::super::balance::OutlierDetection;
use super::super::breaker::{Breaker, Preset};
use super::super::call::{Bulkhead, Call};
use super::Compiler;
use crate::resilience::RetryBudgetPolicy;
use crate::resilience::load_balancer::{Balancing, OutlierSettings};

/// Envoy's own thresholds (`CircuitBreakers.Thresholds`).
mod envoy {
    pub const MAX_CONNECTIONS: u32 = 1_024;
    pub const MAX_PENDING_REQUESTS: u32 = 1_024;
    pub const MAX_REQUESTS: u32 = 1_024;
    pub const MAX_RETRIES: u32 = 3;
    pub const RETRY_BUDGET_PERCENT: f64 = 20.0;
    pub const MIN_RETRY_CONCURRENCY: u32 = 3;
}

/// Istio's own settings (`ConnectionPoolSettings`): what is not set here has no limit.
mod istio {
    pub const MAX_PENDING_REQUESTS: u32 = 1_024;
    pub const MAX_REQUESTS: u32 = 1_024;
    pub const NO_LIMIT: u32 = u32::MAX;
}

/// What a proxy limits.
pub(super) struct ProxyLimits {
    /// Connections, or requests that share them, and those that wait for one.
    pub bulkhead: Bulkhead,
    /// Retries under way at one time.
    pub retries: RetryBudgetPolicy,
}

/// The limits of a breaker that is a proxy's.
///
/// With HTTP/1.1 a connection serves one request at a time, so the fewer of connections and
/// requests may be under way and the others wait; with HTTP/2 requests share connections, and one
/// too many is rejected at once.
pub(super) fn proxy_limits(breaker: &Breaker) -> Option<ProxyLimits> {
    let (connections, pending, requests, retries, shares_connections) = match breaker.preset? {
        Preset::Envoy => (
            breaker.max_connections.unwrap_or(envoy::MAX_CONNECTIONS),
            breaker.max_pending_requests.unwrap_or(envoy::MAX_PENDING_REQUESTS),
            breaker.max_requests_of_envoy.unwrap_or(envoy::MAX_REQUESTS),
            breaker.max_retries.unwrap_or(envoy::MAX_RETRIES),
            breaker.http2_protocol_options.unwrap_or(false),
        ),
        Preset::Istio => {
            let pool = breaker.connection_pool.unwrap_or_default();
            let (tcp, http) = (pool.tcp.unwrap_or_default(), pool.http.unwrap_or_default());
            (
                tcp.max_connections.unwrap_or(istio::NO_LIMIT),
                http.http1_max_pending_requests.unwrap_or(istio::MAX_PENDING_REQUESTS),
                http.http2_max_requests.unwrap_or(istio::MAX_REQUESTS),
                http.max_retries.unwrap_or(istio::NO_LIMIT),
                false,
            )
        }
        _ => return None,
    };
    let bulkhead = if shares_connections {
        Bulkhead { threads: Some(requests), ..Bulkhead::default() }
    } else {
        Bulkhead {
            connections: Some(connections.min(requests)),
            queue: Some(pending),
            ..Bulkhead::default()
        }
    };
    let retries = match breaker.retry_budget {
        Some(budget) => RetryBudgetPolicy::Envoy {
            ratio: budget.budget_percent.unwrap_or(envoy::RETRY_BUDGET_PERCENT) / 100.0,
            minimum: budget.min_retry_concurrency.unwrap_or(envoy::MIN_RETRY_CONCURRENCY),
        },
        None => RetryBudgetPolicy::Envoy { ratio: 0.0, minimum: retries },
    };
    Some(ProxyLimits { bulkhead, retries })
}

impl Compiler<'_> {
    /// A percentage that Envoy does not take is a problem.
    pub(super) fn check_retry_budget_of_proxy(&mut self, breaker: &Breaker, path: &str) {
        let percent = breaker.retry_budget.and_then(|budget| budget.budget_percent);
        self.number(
            percent,
            envoy::RETRY_BUDGET_PERCENT,
            0.0..=100.0,
            &format!("{path}.retry_budget.budget_percent"),
        );
    }

    /// Adds the outlier detection that a proxy's breaker brings along to the balancer of its edge.
    pub(super) fn add_outlier_detection(
        &mut self,
        call: &Call,
        balancing: &mut Balancing,
        path: &str,
    ) {
        let single = call.breaker.iter().map(|breaker| (breaker, format!("{path}.breaker")));
        let listed = call.guards.iter().flatten().enumerate().filter_map(|(index, guard)| {
            guard
                .breaker
                .as_ref()
                .map(|breaker| (breaker, format!("{path}.guards[{index}].breaker")))
        });
        let breakers: Vec<(&Breaker, String)> = single.chain(listed).collect();
        for (breaker, path) in breakers {
            let Some((settings, key)) = self.outliers_of(breaker, balancing, &path) else {
                continue;
            };
            if balancing.outlier_detection.replace(settings).is_some() {
                let at = self.key_at(&format!("{path}.{key}"));
                self.error(
                    at,
                    "outliers of this call are detected twice",
                    "keep one of the two settings",
                );
            }
        }
    }

    fn outliers_of(
        &mut self,
        breaker: &Breaker,
        balancing: &mut Balancing,
        path: &str,
    ) -> Option<(OutlierSettings, &'static str)> {
        match breaker.preset? {
            Preset::Envoy => {
                let written = breaker.outlier_detection?;
                Some((
                    self.outlier_detection(written, &format!("{path}.outlier_detection")),
                    "outlier_detection",
                ))
            }
            Preset::Istio => {
                let written = breaker.outlier_detection_of_istio?;
                // Istio turns Envoy's panic threshold off and success rates are not compared.
                balancing.panic_threshold =
                    f64::from(written.min_health_percent.unwrap_or(0)) / 100.0;
                let written = OutlierDetection {
                    consecutive_5xx: written.consecutive_5xx_errors,
                    interval: written.interval,
                    base_ejection_time: written.base_ejection_time,
                    max_ejection_percent: written.max_ejection_percent,
                    success_rate_stdev_factor: Some(0),
                    ..OutlierDetection::default()
                };
                Some((
                    self.outlier_detection(written, &format!("{path}.outlierDetection")),
                    "outlierDetection",
                ))
            }
            _ => None,
        }
    }
}

//! Istio's connection pool settings and outlier detection.

use super::Company;
use super::proxy::{Proxy, Thresholds};
use crate::guards::retry::EnvoyBudget;
use crate::language::quantity::{Duration, Period};
use crate::language::{Location, Placed, Problems, section};
use crate::resilience::RetryBudgetPolicy;
use crate::resilience::load_balancer::{Balancing, OutlierSection, OutlierSettings};
use crate::resources::ProxyLimits;

/// Istio's own limit for whatever is not set or zero (`getDefaultCircuitBreakerThresholds` in
/// `pilot/pkg/networking/core/cluster_traffic_policy.go`, 011b88b): no limit.
const NO_LIMIT: u32 = u32::MAX;

section! {
    /// Istio's `TrafficPolicy`.
    pub(crate) struct IstioSection {
        /// Limits on connections and requests.
        "connectionPool" => connection_pool: ConnectionPool,
        /// Retries under way in proportion to requests under way, in place of `maxRetries`; not so
        /// if left out.
        "retryBudget" => retry_budget: Option<IstioRetryBudget>,
        /// Ejects instances that fail more than the others; not at all if left out.
        "outlierDetection" => outlier_detection: Option<Placed<IstioOutlierDetection>>,
    }
}

section! {
    /// Istio's `retryBudget`.
    pub(crate) struct IstioRetryBudget {
        /// Retries under way, as a percentage of the requests under way; 20 if left out.
        "percent" => percent: Option<Placed<f64>>,
        /// Retries under way that are always allowed; 3 if left out or 0.
        "minRetryConcurrency" => min_retry_concurrency: Option<u32>,
    }
}

section! {
    /// Istio's `connectionPool`.
    pub(crate) struct ConnectionPool {
        /// Connections.
        "tcp" => tcp: TcpSettings,
        /// Requests.
        "http" => http: HttpSettings,
    }
}

section! {
    /// Istio's `connectionPool.tcp`.
    pub(crate) struct TcpSettings {
        /// Connections, each with one request at a time; no limit if left out or 0.
        "maxConnections" => max_connections: Option<u32>,
    }
}

section! {
    /// Istio's `connectionPool.http`.
    pub(crate) struct HttpSettings {
        /// Requests that may wait for a connection; no limit if left out or 0.
        "http1MaxPendingRequests" => http1_max_pending_requests: Option<u32>,
        /// Requests under way at one time; no limit if left out or 0.
        "http2MaxRequests" => http2_max_requests: Option<u32>,
        /// Retries under way at one time; no limit if left out or 0.
        "maxRetries" => max_retries: Option<u32>,
    }
}

section! {
    /// Istio's `outlierDetection`.
    pub(crate) struct IstioOutlierDetection {
        /// Failures in a row that eject an instance; 5 if left out, 0 for never.
        "consecutive5xxErrors" => consecutive_5xx_errors: Option<u32>,
        /// Gateway failures in a row (full queues, shed or expired requests, timeouts, refusals) that
        /// eject an instance; never if left out or 0.
        "consecutiveGatewayErrors" => consecutive_gateway_errors: Option<u32>,
        /// True if timeouts and refusals are counted by themselves; false if left out.
        "splitExternalLocalOriginErrors" => splits_local_origin_errors: Option<bool>,
        /// Timeouts and refusals in a row that eject an instance, if they are split off; 5 if left
        /// out or 0.
        "consecutiveLocalOriginFailures" => consecutive_local_origin_failures: Option<u32>,
        /// Time between two sweeps; 10s if left out.
        "interval" => interval: Option<Placed<Period>>,
        /// The time that an ejection lasts, times the number of ejections of the instance; 30s if
        /// left out.
        "baseEjectionTime" => base_ejection_time: Option<Placed<Duration>>,
        /// The most instances that may be ejected at a time, in per cent, the next one included; 10
        /// if left out or 0.
        "maxEjectionPercent" => max_ejection_percent: Option<Placed<u32>>,
        /// With fewer than so many per cent in order, all instances are used; 0, never, if left
        /// out.
        "minHealthPercent" => min_health_percent: Option<u32>,
    }
}

impl IstioRetryBudget {
    /// The budget of the Envoy beside the caller (`applyRetryBudget` in
    /// `pilot/pkg/networking/core/cluster_traffic_policy.go`).
    fn envoys(&self) -> EnvoyBudget {
        EnvoyBudget {
            budget_percent: self.percent,
            min_retry_concurrency: self.min_retry_concurrency.filter(|minimum| *minimum > 0),
        }
    }
}

impl Proxy for IstioSection {
    fn limits(&self, problems: &mut Problems) -> Company {
        let (tcp, http) = (&self.connection_pool.tcp, &self.connection_pool.http);
        let limit = |written: Option<u32>| written.filter(|limit| *limit > 0).unwrap_or(NO_LIMIT);
        Thresholds {
            limits: ProxyLimits {
                connections: limit(tcp.max_connections),
                pending: limit(http.http1_max_pending_requests),
                requests: limit(http.http2_max_requests),
                shares_connections: false,
            },
            retries: match &self.retry_budget {
                Some(budget) => budget.envoys().compile(problems),
                None => RetryBudgetPolicy::Envoy { ratio: 0.0, minimum: limit(http.max_retries) },
            },
        }
        .company()
    }

    /// Istio turns Envoy's panic threshold off, and success rates are not compared.
    fn outliers(
        &self,
        balancing: &mut Balancing,
        problems: &mut Problems,
    ) -> Option<(OutlierSettings, Location)> {
        let written = self.outlier_detection.as_ref()?;
        balancing.panic_threshold = f64::from(written.min_health_percent.unwrap_or(0)) / 100.0;
        let enforced = |count: u32| written.with(if count > 0 { 100 } else { 0 });
        let detection = OutlierSection {
            consecutive_5xx: written.consecutive_5xx_errors,
            enforcing_consecutive_5xx: written.consecutive_5xx_errors.map(enforced),
            consecutive_gateway_failure: written.consecutive_gateway_errors,
            enforcing_consecutive_gateway_failure: written.consecutive_gateway_errors.map(enforced),
            splits_local_origin_errors: written.splits_local_origin_errors,
            consecutive_local_origin_failure: written
                .consecutive_local_origin_failures
                .filter(|count| *count > 0),
            interval: written.interval,
            base_ejection_time: written.base_ejection_time,
            max_ejection_percent: written.max_ejection_percent.filter(|percent| **percent > 0),
            enforcing_success_rate: Some(written.with(0)),
            enforcing_local_origin_success_rate: Some(written.with(0)),
            ..OutlierSection::nothing()
        };
        Some((detection.compile(problems), written.key()))
    }
}

//! Istio's connection pool settings and outlier detection.

use super::Company;
use super::proxy::{Proxy, Thresholds};
use crate::language::quantity::Duration;
use crate::language::{Location, Placed, Problems, section};
use crate::resilience::RetryBudgetPolicy;
use crate::resilience::load_balancer::{Balancing, OutlierSection, OutlierSettings};

/// Istio's own settings (`ConnectionPoolSettings`); what is not set here has no limit.
const MAX_PENDING_REQUESTS: u32 = 1_024;
const MAX_REQUESTS: u32 = 1_024;
const NO_LIMIT: u32 = u32::MAX;

section! {
    /// Istio's `TrafficPolicy`.
    pub(crate) struct IstioSection {
        /// Limits on connections and requests.
        "connectionPool" => connection_pool: ConnectionPool,
        /// Ejects instances that fail more than the others; not at all if left out.
        "outlierDetection" => outlier_detection: Option<Placed<IstioOutlierDetection>>,
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
        /// Connections, each with one request at a time; no limit if left out.
        "maxConnections" => max_connections: Option<u32>,
    }
}

section! {
    /// Istio's `connectionPool.http`.
    pub(crate) struct HttpSettings {
        /// Requests that may wait for a connection; 1024 if left out.
        "http1MaxPendingRequests" => http1_max_pending_requests: Option<u32>,
        /// Requests under way at one time; 1024 if left out.
        "http2MaxRequests" => http2_max_requests: Option<u32>,
        /// Retries under way at one time; no limit if left out.
        "maxRetries" => max_retries: Option<u32>,
    }
}

section! {
    /// Istio's `outlierDetection`.
    pub(crate) struct IstioOutlierDetection {
        /// Failures in a row that eject an instance; 5 if left out, 0 for never.
        "consecutive5xxErrors" => consecutive_5xx_errors: Option<u32>,
        /// Time between two sweeps; 10s if left out.
        "interval" => interval: Option<Placed<Duration>>,
        /// The time that an ejection lasts, times the number of ejections of the instance; 30s if
        /// left out.
        "baseEjectionTime" => base_ejection_time: Option<Duration>,
        /// Nothing is ejected any more once so many per cent are; 10 if left out.
        "maxEjectionPercent" => max_ejection_percent: Option<Placed<u32>>,
        /// With fewer than so many per cent in order, all instances are used; 0, never, if left
        /// out.
        "minHealthPercent" => min_health_percent: Option<u32>,
    }
}

impl Proxy for IstioSection {
    fn limits(&self, _: &mut Problems) -> Company {
        let (tcp, http) = (&self.connection_pool.tcp, &self.connection_pool.http);
        let retries = http.max_retries.unwrap_or(NO_LIMIT);
        Thresholds {
            connections: tcp.max_connections.unwrap_or(NO_LIMIT),
            pending: http.http1_max_pending_requests.unwrap_or(MAX_PENDING_REQUESTS),
            requests: http.http2_max_requests.unwrap_or(MAX_REQUESTS),
            shares_connections: false,
            retries: RetryBudgetPolicy::Envoy { ratio: 0.0, minimum: retries },
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
        let detection = OutlierSection {
            consecutive_5xx: written.consecutive_5xx_errors,
            interval: written.interval,
            base_ejection_time: written.base_ejection_time,
            max_ejection_percent: written.max_ejection_percent,
            success_rate_stdev_factor: Some(0),
            max_ejection_time: None,
            success_rate_minimum_hosts: None,
            success_rate_request_volume: None,
        };
        Some((detection.compile(problems), written.key()))
    }
}

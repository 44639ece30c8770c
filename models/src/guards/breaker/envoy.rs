//! Envoy's circuit breaking thresholds and outlier detection.

use sim_core::SimDuration;

use super::Company;
use super::proxy::{Proxy, Thresholds};
use crate::guards::retry::EnvoyBudget;
use crate::language::quantity::Duration;
use crate::language::{Location, Placed, Problems, section};
use crate::resilience::RetryBudgetPolicy;
use crate::resilience::load_balancer::{Balancing, OutlierSection, OutlierSettings};
use crate::resources::ProxyLimits;

/// Envoy's own thresholds (`CircuitBreakers.Thresholds`).
const MAX_CONNECTIONS: u32 = 1_024;
const MAX_PENDING_REQUESTS: u32 = 1_024;
const MAX_REQUESTS: u32 = 1_024;
const MAX_RETRIES: u32 = 3;

section! {
    /// Envoy's `CircuitBreakers.Thresholds` and `OutlierDetection`.
    pub(crate) struct EnvoySection {
        /// Connections, each with one request at a time; 1024 if left out.
        "max_connections" => max_connections: Option<u32>,
        /// Requests that may wait for a connection; 1024 if left out.
        "max_pending_requests" => max_pending_requests: Option<u32>,
        /// Requests under way at one time; 1024 if left out.
        "max_requests" => max_requests: Option<u32>,
        /// Retries under way at one time; 3 if left out.
        "max_retries" => max_retries: Option<u32>,
        /// Retries under way in proportion to requests under way, in place of `max_retries`; not so
        /// if left out.
        "retry_budget" => retry_budget: Option<EnvoyBudget>,
        /// True if requests share connections (HTTP/2), so that none waits for one; false if left
        /// out.
        "http2_protocol_options" => http2_protocol_options: Option<bool>,
        /// The time for which instances that go out or come back wait for others, if the last change
        /// is not longer ago; 0s if left out, while a real Envoy has 1s.
        "update_merge_window" => update_merge_window: Option<Duration>,
        /// Ejects instances that fail more than the others; not at all if left out.
        "outlier_detection" => outlier_detection: Option<Placed<OutlierSection>>,
    }
}

impl Proxy for EnvoySection {
    fn limits(&self, problems: &mut Problems) -> Company {
        let retries = self.max_retries.unwrap_or(MAX_RETRIES);
        Thresholds {
            limits: ProxyLimits {
                connections: self.max_connections.unwrap_or(MAX_CONNECTIONS),
                pending: self.max_pending_requests.unwrap_or(MAX_PENDING_REQUESTS),
                requests: self.max_requests.unwrap_or(MAX_REQUESTS),
                shares_connections: self.http2_protocol_options.unwrap_or(false),
            },
            retries: match &self.retry_budget {
                Some(budget) => budget.compile(problems),
                None => RetryBudgetPolicy::Envoy { ratio: 0.0, minimum: retries },
            },
        }
        .company()
    }

    fn update_merge_window(&self) -> Option<SimDuration> {
        self.update_merge_window.map(|window| window.0)
    }

    fn outliers(
        &self,
        _: &mut Balancing,
        problems: &mut Problems,
    ) -> Option<(OutlierSettings, Location)> {
        let detection = self.outlier_detection.as_ref()?;
        Some((detection.compile(problems), detection.key()))
    }
}

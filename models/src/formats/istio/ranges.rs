//! The ranges of Istio's fields, which its webhook and the resource definitions check before an object is accepted.
//!
//! They are in `pkg/config/validation` of istio/istio at 86c9f01 (`validation.go`, `virtualservice.go` and
//! `agent/validation.go`) and in the definitions of istio/api, which `tests/exports` has as JSON Schema. A duration of zero is let
//! pass, although this version refuses it: files that use it to switch something off are about.

use crate::formats::ranges::{
    INT, MILLISECOND_OR_ZERO, PERCENT, Range, Rule, SPAN, UNSIGNED, WHOLE_PERCENT,
};

/// `validateOutlierDetection` (`validation.go:1086`), `validateConnectionPool` (`:1112`) and `validateLoadBalancer`
/// (`:1240`); `retryBudget` and the counts are in the definitions alone. Durations are `ValidateDuration`
/// (`agent/validation.go:140`).
pub(super) const TRAFFIC_POLICY: [Rule; 23] = [
    Rule("connectionPool.tcp.maxConnections", INT),
    Rule("connectionPool.tcp.connectTimeout", MILLISECOND_OR_ZERO),
    Rule("connectionPool.tcp.maxConnectionDuration", MILLISECOND_OR_ZERO),
    Rule("connectionPool.http.http1MaxPendingRequests", INT),
    Rule("connectionPool.http.http2MaxRequests", INT),
    Rule("connectionPool.http.maxRequestsPerConnection", INT),
    Rule("connectionPool.http.maxConcurrentStreams", INT),
    Rule("connectionPool.http.maxRetries", INT),
    Rule("connectionPool.http.idleTimeout", MILLISECOND_OR_ZERO),
    Rule("outlierDetection.consecutive5xxErrors", UNSIGNED),
    Rule("outlierDetection.consecutiveGatewayErrors", UNSIGNED),
    Rule("outlierDetection.consecutiveLocalOriginFailures", UNSIGNED),
    Rule("outlierDetection.interval", MILLISECOND_OR_ZERO),
    Rule("outlierDetection.baseEjectionTime", MILLISECOND_OR_ZERO),
    Rule("outlierDetection.maxEjectionPercent", WHOLE_PERCENT),
    Rule("outlierDetection.minHealthPercent", WHOLE_PERCENT),
    Rule("retryBudget.percent", PERCENT),
    Rule("retryBudget.minRetryConcurrency", UNSIGNED),
    Rule("loadBalancer.warmup.duration", MILLISECOND_OR_ZERO),
    Rule("loadBalancer.warmupDurationSecs", MILLISECOND_OR_ZERO),
    Rule("loadBalancer.warmup.minimumPercent", PERCENT),
    Rule("loadBalancer.warmup.aggression", Range::Above(0.0)),
    Rule("outlierDetection.consecutiveErrors", INT),
];

/// `validateHTTPRoute` (`virtualservice.go:107`) and `ValidateHTTPRetry` (`agent/validation.go:966`).
pub(super) const HTTP_ROUTE: [Rule; 4] = [
    Rule("timeout", MILLISECOND_OR_ZERO),
    Rule("retries.attempts", INT),
    Rule("retries.perTryTimeout", MILLISECOND_OR_ZERO),
    Rule("retries.backoff", MILLISECOND_OR_ZERO),
];

/// The types of the Gateway API: `Duration` and `int`.
pub(super) const RULE: [Rule; 4] = [
    Rule("timeouts.request", SPAN),
    Rule("timeouts.backendRequest", SPAN),
    Rule("retry.backoff", SPAN),
    Rule("retry.attempts", INT),
];

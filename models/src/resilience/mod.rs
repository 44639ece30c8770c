//! Guards between a caller and a callee.
//!
//! Each is a pure state machine: every method takes `now`, and none knows the event list, so each
//! can be replayed against a recording of a real library. A bulkhead is a
//! [`Pool`](crate::resources::Pool) of permits.

pub mod adaptive_concurrency;
pub mod admission;
pub mod autoscaler;
pub mod circuit_breaker;
pub mod fallback;
pub mod load_balancer;
pub mod rate_limit;
pub mod retry;
pub mod retry_budget;
pub mod throttle;

pub use autoscaler::{Autoscaler, AutoscalerSettings, Load, ScaleUpLimit};
pub use circuit_breaker::{BreakerInService, ComposedBreaker};
pub use fallback::Fallback;
pub use load_balancer::{Balance, Balancing, LoadBalancer};
pub use rate_limit::{Pass, RateLimitPolicy, RateLimiter};
pub use retry::{Backoff, Growth, Jitter, RetryPolicy};
pub use retry_budget::{RetryBudget, RetryBudgetPolicy};
pub use throttle::{AdaptiveThrottle, ThrottleSettings};

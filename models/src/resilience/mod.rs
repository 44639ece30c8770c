//! Guards between a caller and a callee.
//!
//! Each is a pure state machine: every method takes `now`, none knows the event list, so each can be replayed against a
//! recording of a real library. A bulkhead is a [`Pool`](crate::resources::Pool) of permits.

pub mod adaptive_concurrency;
pub mod circuit_breaker;
pub mod fallback;
pub mod load_balancer;
pub mod retry;

pub use circuit_breaker::{Breaker, CircuitBreaker};
pub use fallback::Fallback;
pub use load_balancer::{Balance, LoadBalancer};
pub use retry::{Backoff, Jitter, RetryPolicy};

//! The breaker composed of parts: a window, rules, a wait and a half-open policy.
//!
//! Its defaults follow the state machine of Resilience4j
//! (<https://resilience4j.readme.io/docs/circuitbreaker>): the window is judged after each result,
//! an open breaker admits probes lazily, with the first call after its wait, and a result that
//! arrives late counts in whatever state it finds. Each of these can be set otherwise.

mod breaker;
mod settings;
mod trip_rule;

pub use breaker::{ComposedBreaker, Decision};
pub use settings::{
    ComposedSettings, HalfOpenPolicy, HalfOpens, LateResults, PermitCounting, WaitFrom,
};
pub use trip_rule::TripRule;

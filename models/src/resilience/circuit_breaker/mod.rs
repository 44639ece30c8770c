//! The circuit breaker: closed, open, half-open.
//!
//! A breaker is composed of a [`SlidingWindow`] that counts, a [`TripRule`] that decides when it
//! opens, a [`Wait`] before the first probe, and a [`HalfOpenPolicy`] that decides what the probes
//! mean. The
//! composition and its defaults follow the state machine of Resilience4j
//! (<https://resilience4j.readme.io/docs/circuitbreaker>): the window is judged after each result,
//! an open breaker admits probes lazily, with the first call after its wait, and a result that
//! arrives late is counted in whatever state it finds; each of these can be set otherwise.
//!
//! What a scenario uses is a [`Breaker`]: of any make, and what an operator, a fault or a store
//! does to it.

mod breaker;
mod controlled;
pub mod libraries;
mod make;
mod settings;
mod wait;
mod window;

pub use breaker::{BreakerState, CallVerdict, ComposedBreaker, Decision, Reason, Transition};
pub use controlled::{Breaker, OperatorOrder};
pub use make::{BreakerAnswer, BreakerSettings, Ticket};
pub use settings::{
    ComposedSettings, HalfOpenPolicy, HalfOpens, LateResults, PermitCounting, TripRule, WaitFrom,
};
pub use wait::Wait;
pub use window::{SlidingWindow, Tally, WindowLength};

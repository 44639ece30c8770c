//! The circuit breaker: closed, open, half-open.
//!
//! A scenario uses a [`BreakerInService`]: a machine that an operator, a fault or a store may
//! overrule. The machine is either a [`ComposedBreaker`], made of a [`SlidingWindow`] that counts,
//! a [`TripRule`] that opens it, a [`Wait`] before the first probe and a [`HalfOpenPolicy`] for the
//! probes, or one of the [`libraries`].

mod call;
mod composed;
mod gauges;
mod in_service;
pub mod libraries;
mod machine;
mod transition;
mod wait;
mod window;

pub use call::{BreakerAnswer, CallVerdict, Ticket};
pub use composed::{
    ComposedBreaker, ComposedSettings, Decision, HalfOpenPolicy, HalfOpens, LateResults,
    PermitCounting, TripRule, WaitFrom,
};
pub use gauges::WindowGauges;
pub use in_service::{BreakerInService, OperatorOrder};
pub use machine::BreakerSettings;
pub use transition::{BreakerState, Reason, STATE_CHANGES, Transition};
pub use wait::Wait;
pub use window::{SlidingWindow, Tally, WindowLength};

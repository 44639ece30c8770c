//! A discrete-event simulation kernel that produces the same bytes on every machine.
//!
//! The kernel knows time, events, random numbers and statistics, but nothing about the simulated
//! system: a [`Model`] defines what its events mean, and a [`Simulation`] runs it.
//!
//! A run is reproducible for four reasons:
//! - time is integer nanoseconds ([`SimTime`], [`SimDuration`]), so no sum depends on the order of
//!   its terms;
//! - events at the same instant are handled in the order in which they were scheduled
//!   ([`EventList`]);
//! - random numbers belong to names or keys, never to the order of creation ([`random`]);
//! - mathematical functions come from the `libm` crate, never from the platform.
//!
//! Absent on purpose: threads, the wall clock, input and output, and the formatting of results.
#![forbid(unsafe_code)]

pub mod distribution;
pub mod events;
pub mod growth;
pub mod random;
pub mod simulation;
pub mod stats;
pub mod time;

pub use distribution::Distribution;
pub use events::{DeadlineRing, EventList};
pub use simulation::{Event, Fingerprint, Model, Schedule, Simulation, Stop};
pub use time::{SimDuration, SimTime};

//! A discrete-event simulation kernel that gives the same bytes on every machine.
//!
//! It knows time, events, random numbers and statistics, and nothing of what is simulated: a
//! [`Model`] says what its events mean, a [`Simulation`] runs it.
//!
//! What makes a run reproducible:
//! - time is integer nanoseconds ([`SimTime`], [`SimDuration`]), so no sum depends on the order of
//!   its terms;
//! - events at one instant are handled in the order in which they were scheduled ([`EventList`]);
//! - random numbers belong to names or keys, never to the order of creation ([`random`]);
//! - mathematics comes from the `libm` crate, never from the platform.
//!
//! What is absent on purpose: threads, the wall clock, input and output, formatting of results.
#![forbid(unsafe_code)]

pub mod distribution;
pub mod events;
pub mod random;
pub mod simulation;
pub mod stats;
pub mod time;

pub use distribution::Distribution;
pub use events::{DeadlineRing, EventId, EventList};
pub use simulation::{Event, Fingerprint, Model, Schedule, Simulation, Stop};
pub use time::{SimDuration, SimTime};

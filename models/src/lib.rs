//! The model that Fusebox simulates: services that call each other, the pools they exhaust, the
//! guards between them, the load and the faults.
//!
//! - [`scenario`] reads a scenario file, reports the problems in it, and compiles it to a
//!   [`system::Blueprint`];
//! - [`system`] runs a blueprint as a [`sim_core::Model`];
//! - [`resilience`] and [`resources`] are the state machines that the system is made of; none of
//!   them knows the event list;
//! - [`workload`] and [`faults`] define the arrivals and the failures;
//! - [`observe`] holds the observations, as typed records;
//! - [`expect`] checks them against the expectations;
//! - [`study`] covers questions that take more than one run;
//! - [`formats`] reads and writes configurations of libraries and proxies;
//! - [`printable`] tells which characters can be seen, and [`line_ends`] where lines end.
//!
//! Absent on purpose: text for people (see `sim-reports`) and threads (see `sim-experiments`).
#![forbid(unsafe_code)]

pub mod expect;
pub mod faults;
pub mod formats;
pub mod guards;
mod language;
pub mod line_ends;
pub mod observe;
pub mod outcome;
pub mod printable;
pub mod resilience;
pub mod resources;
pub mod scenario;
mod steps;
pub mod study;
pub mod system;
pub mod workload;

pub use outcome::{Outcome, OutcomeSet};

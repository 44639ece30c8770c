//! What Fusebox simulates: services that call one another, the pools they exhaust, the guards
//! between them, the load and the faults.
//!
//! - [`scenario`] reads the file a person writes, reports what is wrong with it, and compiles it to
//!   a [`system::Blueprint`];
//! - [`system`] brings a blueprint to life as a [`sim_core::Model`];
//! - [`resilience`] and [`resources`] are the state machines it is made of, none of which knows the
//!   event list;
//! - [`workload`] and [`faults`] say what arrives and what breaks;
//! - [`observe`] holds what was seen, as typed records;
//! - [`expect`] judges it;
//! - [`study`] says what is asked beyond one run;
//! - [`formats`] reads configurations of libraries and proxies, and writes them.
//!
//! What is absent on purpose: text for people (that is `sim-reports`) and threads (that is
//! `sim-experiments`).
#![forbid(unsafe_code)]

pub mod expect;
pub mod faults;
pub mod formats;
pub mod guards;
mod language;
pub mod observe;
pub mod outcome;
pub mod resilience;
pub mod resources;
pub mod scenario;
mod steps;
pub mod study;
pub mod system;
pub mod workload;

pub use outcome::{Outcome, OutcomeSet};

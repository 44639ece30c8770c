//! Running scenarios.
//!
//! [`run`] brings one blueprint through its whole span, telling an observer how far it is;
//! [`run_all`] does so for several on several threads. A [`Case`] is a scenario, or a variant of
//! one, whose expectations are put to the test. Results depend on the blueprint and the replication
//! alone, never on threads or their number.
//!
//! [`sweep`] does so at many points of a system's settings; [`recommend`] looks for settings that
//! keep what is wanted. What is absent on purpose: text for people, and the wall clock.
#![forbid(unsafe_code)]

mod parallel;
pub mod recommend;
mod run;
pub mod stability;
pub mod sweep;
mod trial;

pub use parallel::{in_order, run_all};
pub use run::{Cut, Finished, Progress, readings, run};
pub use trial::{Case, Trial, cases, reseeded};

//! Workloads: open ones send requests whatever happens downstream, closed ones wait for their
//! answers.

mod arrivals;
mod rate_profile;
mod users;

pub use arrivals::{ArrivalProcess, Arrivals};
pub use rate_profile::{Knot, RateProfile};
pub use users::{Stage, UserPlan};

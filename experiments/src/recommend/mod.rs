//! Recommendations: settings that keep what is wanted of a system under every condition.
//!
//! The settings that may move span a cube; a [`Candidate`] is a point of it, brought to values that
//! people write. Each is simulated under all conditions on the same random numbers, and given up as
//! soon as it is clearly no better than what is known. What the search has found is held to random
//! numbers that it has not seen before anything is said about it.
//!
//! - `subject`: the system under its conditions; `assessment`: how far a candidate is from what is
//!   wanted;
//! - `start`: where formulas say to begin; `search`: candidates one generation after the other;
//! - `refine`: which changes are needed, and how far each setting may move; `course`: the order of
//!   it all.

mod answer;
mod assessment;
mod cma_es;
mod coordinate;
mod course;
mod refine;
mod search;
mod start;
mod subject;

pub use answer::{
    Advice, Breach, LimitStanding, Outcome, Recommendation, Standing, Strained, Unmet,
};
pub use assessment::{Assessment, Caution, LimitHere};
pub use cma_es::CmaEs;
pub use coordinate::Coordinate;
pub use course::{Stage, look_for, recommend};
pub use search::{Search, Strategy, Tried};
pub use start::{Estimate, Formula, formulas};
pub use subject::{Candidate, Subject, Unready};

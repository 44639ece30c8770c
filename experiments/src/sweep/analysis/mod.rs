//! Conclusions from the points of a sweep: main effects, interactions, the Pareto front, and which
//! settings matter.
//!
//! Points are added in the order of their indices. Memory depends on the number of parameters and
//! levels, not on the number of points.

mod effects;
mod findings;
mod front;
mod indices;
mod screening;

pub use effects::{Cells, Effects, LevelOrPart, Spread};
pub use findings::{Analysis, Findings};
pub use front::Front;
pub use indices::{Index, Indices};
pub use screening::{Screened, Screening};

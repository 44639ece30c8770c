//! What is asked of a system beyond one run: which of its settings vary, over which values, and
//! which figures are wanted.
//!
//! These are records; carrying them out is for `sim-experiments`.

mod design;
mod goals;
mod plan;
mod stability;
mod strained;
mod values;

pub use design::{Design, MOST_SOBOL_POINTS};
pub use goals::{GoalsPlan, Strain};
pub use plan::{Direction, FigurePlan, Parameter, Replications, SweepPlan};
pub use stability::StabilityPlan;
pub use strained::{scale_load, strained};
pub(crate) use values::number;
pub use values::{Choice, Level, Range, Spacing, Steps, Unit, Values};

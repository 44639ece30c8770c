//! Plans of analyses of many runs: the settings that vary, their values, and the figures to
//! measure.
//!
//! These are records; `sim-experiments` carries them out.

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

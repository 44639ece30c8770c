//! The parts that plans of analyses are made of: the settings that vary, their values, the figures
//! to measure, the strains.
//!
//! The plan of an analysis stands beside its section, in `scenario::analyses`. These are records;
//! `sim-experiments` carries them out.

mod design;
mod plan;
mod strained;
mod values;

pub use design::{Design, MOST_SOBOL_POINTS};
pub use plan::{Direction, FigurePlan, Parameter, Replications, Rule, Side, SideOf};
pub use strained::{Strain, scale_load, strained};
pub(crate) use values::number;
pub use values::{Choice, Level, Range, Spacing, Steps, Unit, Values};

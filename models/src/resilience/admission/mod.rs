//! Admission: requests that a service turns away, before they queue or when their turn has come too
//! late. One file each, with the settings and the algorithm.

mod codel;
mod gate;
mod red;
mod utilization;

pub(crate) use codel::CodelSection;
pub use codel::{Codel, CodelSettings};
pub use gate::{Admission, AdmissionSettings, ConcurrencyLimit, MemoryLimit, MemoryOfSizes};
pub use red::{Red, RedSettings};
pub(crate) use red::{RedSection, compile_red};
pub(crate) use utilization::UtilizationSection;
pub use utilization::{UtilizationLimit, UtilizationSettings};

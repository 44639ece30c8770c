//! The plan of a stability map.

use serde::{Deserialize, Serialize};

use super::Parameter;

/// The loads and triggers to try, and the measure of a system that is well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StabilityPlan {
    /// The setting that is the load: `workloads.web.arrivals` or another one of a workload, over a
    /// range.
    pub load: Parameter,
    /// The setting that is the size or the length of the trigger: `faults[0].by`, `faults[0].for`,
    /// over a range or a list.
    pub trigger: Parameter,
    /// A second setting of the trigger, such as its length; a map is made for each of its values.
    pub also: Option<Parameter>,
    /// The workload whose answers count, by its place among the workloads.
    pub workload: u32,
    /// Its name.
    pub workload_name: String,
    /// The share of requests that must be answered for the system to be well, 0 to 1.
    pub well: f64,
    /// The number of simulations of each combination.
    pub replications: u32,
    /// The time that a load is held before the next on the way up and down, in seconds.
    pub dwell: f64,
}

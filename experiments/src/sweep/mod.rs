//! Sweeps: a system at many points of its settings.
//!
//! Every point is simulated with the same replications, so that points differ by their settings and
//! not by luck (common random numbers). The result of a point depends on the plan and the point's
//! index alone: not on threads, on the order in which points are done, or on the machine that does
//! them.
//!
//! - `chooser`: the values of each point; `measure`: its replications, until its figures are
//!   precise enough or another point is clearly better;
//! - `sweep`: all points of a sweep, or of one [`Shard`];
//! - [`analysis`]: conclusions from the finished points.

pub mod analysis;
mod chooser;
mod measure;
mod point;
#[allow(clippy::module_inception, reason = "holds the struct that the folder is named after")]
mod sweep;

pub use chooser::Chooser;
pub use point::{Estimate, Point, PointState};
pub use sweep::{Shard, Sweep};

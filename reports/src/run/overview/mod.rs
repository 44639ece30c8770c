//! The overview of a run as a plot: load, latency, saturation and breakers over one time axis, with
//! faults shaded.

mod latency;
mod load;
mod panels;
mod strips;
mod time_axis;

pub use panels::Overview;

//! The overview of a run as a plot: its figures, what was done to it, load, latency, saturation and breakers over one time
//! axis, with faults shaded.
//!
//! Whatever has a beginning and an end of its own (faults, alerts, states of breakers, saturation of pools) is drawn from
//! its records and visible however short it was; the rest is drawn from the series, interval by interval.

mod events;
mod header;
mod headline;
mod lanes;
mod latency;
mod load;
mod panels;
mod strips;
mod time_axis;

pub use panels::Overview;

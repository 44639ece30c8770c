//! The plan of an autoscaler.

use super::blueprint::ThroughPlan;
use super::id::{Id, of};
use crate::resilience::AutoscalerSettings;

/// An autoscaler, which sets the number of instances of a station.
#[derive(Clone, Copy, Debug)]
pub struct AutoscalerPlan {
    /// The station that it scales.
    pub station: Id<of::Station>,
    /// The load that it looks at.
    pub watches: Watched,
    /// Number of instances at the start.
    pub from: u32,
    /// True if operators alone decide, and nothing by itself.
    pub is_manual: bool,
    /// The call that each new instance needs before it starts; none if it needs nobody.
    pub through: Option<ThroughPlan>,
    /// Settings of its decisions.
    pub settings: AutoscalerSettings,
}

/// The load that an autoscaler looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// The share of threads or slots in use.
    Slots,
    /// The share of processors in use.
    Processors,
    /// The messages that wait in this queue.
    Queue(Id<of::Queue>),
}

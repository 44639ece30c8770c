//! The records of each kind of entity: totals over everything counted, and series with one value for
//! each interval. A record closes its own intervals.

mod breaker;
mod edge;
mod effect;
mod instance;
mod link;
mod not_kept;
mod phases;
mod pool;
mod queue;
mod workload;

pub use breaker::BreakerRecord;
pub use edge::{EdgeRecord, EdgeSeries};
pub use effect::EffectRecord;
pub use instance::{InstanceChange, InstanceRecord, ProcessChange, ScaleRecord};
pub use link::LinkRecord;
pub use not_kept::NotKept;
pub(super) use phases::Phases;
pub use phases::{Phase, PhaseRecord};
pub use pool::{Demand, PoolSeries};
pub use queue::QueueRecord;
pub(super) use workload::KeptLatencies;
pub use workload::{LatencyWindow, WorkloadRecord, WorkloadSeries};

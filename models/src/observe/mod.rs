//! What was seen: counts, distributions, series and the timeline, as typed records. Nothing here is
//! formatted.

mod alerts;
pub mod figures;
mod recorder;
mod series;
mod summary;
mod timeline;

pub use alerts::{AlertPlan, Condition};
pub use figures::{FigureUnit, Measure};
pub use recorder::{
    BreakerRecord, EdgeRecord, EffectRecord, InstanceChange, InstanceRecord, LatencyWindow,
    QueueRecord, Recorder, ScaleRecord, WorkloadRecord,
};
pub use series::{EdgeSeries, PoolSeries, WorkloadSeries};
pub use summary::{
    BreakerSummary, CallSummary, CalledOff, EffectSummary, Latency, PoolSummary, PutOff,
    QueueSummary, RunSummary, Span, Stopped, TimeInState, WorkloadSummary, summarize,
};
pub use timeline::{Change, Moment, PoolGroup, condensed, timeline};

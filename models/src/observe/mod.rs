//! Observations of a run: counts, distributions, series, figures and the timeline, as typed records.
//!
//! While the system runs, the [`Recorder`] counts, and extends the series at the end of each interval
//! (`sampling`). Everything else is made from its records when it is asked for: the figures that
//! expectations and alerts name, the summary, and the timeline. Nothing here is formatted.

mod alerts;
pub mod figures;
mod load;
mod recorder;
mod records;
mod sampling;
mod summary;
mod timeline;
mod watched;

pub use alerts::{AlertPlan, AlertTurn, AlertWatch, Condition};
pub use figures::{FigureUnit, Measure};
pub use recorder::Recorder;
pub use records::{
    BreakerRecord, Demand, EdgeRecord, EdgeSeries, EffectRecord, InstanceChange, InstanceRecord,
    LatencyWindow, LinkRecord, NotKept, Phase, PhaseRecord, PoolSeries, ProcessChange, QueueRecord,
    ScaleRecord, WorkloadRecord, WorkloadSeries,
};
pub(crate) use sampling::has_interval_between;
pub use summary::{
    BeganAt, BreakerSummary, CallSummary, CalledOff, EffectSummary, Latency, LinkSummary,
    LoadSummary, PhaseSummary, PoolSummary, PutOff, QueueSummary, RunSummary, Span, Stopped,
    TimeInState, WorkloadSummary, summarize,
};
pub use timeline::{
    Change, Counted, Dependent, Limit, Moment, PoolGroup, Portion, Shortage, condensed, timeline,
};
pub use watched::Watched;

//! The summary of a run: what each entity did, in numbers. Times are in seconds, rates per second,
//! shares from 0 to 1.

mod breaker;
mod call;
mod effect;
mod latency;
mod link;
mod load;
mod outcomes;
mod phase;
mod pool;
mod queue;
mod run;
mod stopped;
mod uncertainty;
mod workload;

pub use breaker::{BreakerSummary, TimeInState};
pub use call::{CallSummary, PutOff};
pub use effect::EffectSummary;
pub use latency::Latency;
pub use link::LinkSummary;
pub use load::LoadSummary;
pub use phase::PhaseSummary;
pub use pool::{PoolSummary, Span};
pub use queue::QueueSummary;
pub use run::{CalledOff, RunSummary, summarize};
pub use stopped::Stopped;
pub use workload::{BeganAt, WorkloadSummary};

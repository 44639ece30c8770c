//! The report of `fusebox test`: the list of scenarios with their failures, committed timelines,
//! `JUnit` and JSON.

mod committed;
mod json;
mod junit;
mod list;
mod tested;

pub use committed::{Committed, Snapshots, snapshot};
pub(crate) use json::TestsRecord;
pub use json::json;
pub use junit::junit;
pub use list::list;
pub use tested::{Held, TestResult, Tested, Timeline};

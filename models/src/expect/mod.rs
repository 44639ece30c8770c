//! Expectations of a run, and verdicts on them.
//!
//! `grammar` reads the sentences under `expect:` into the parts that `sentence` names;
//! `scenario::compile` resolves their names to [`Claim`]s; [`judge`] holds a claim against a run
//! that is over. A [`Verdict`] says what was measured; `sim-reports` puts it into words.
//!
//! The same grammar reads the conditions of alerts, and the [`Reading`]s of sweeps and searches.

mod aftermath;
mod bound;
mod claim;
pub(crate) mod grammar;
mod judge;
mod measurement;
mod reading;
pub(crate) mod sentence;
mod timeline_event;
mod verdict;

pub use aftermath::{Aftermath, leaves_time_to_heal};
pub use bound::{Bound, Relation};
pub use claim::{Claim, Expectation, Throughout, TimeWindow, Times};
pub use judge::judge;
pub use reading::{Reading, Wanted, read_off};
pub use timeline_event::{LifeEvent, Occurrence, TimelineEvent};
pub use verdict::{Measured, Unknown, Verdict};

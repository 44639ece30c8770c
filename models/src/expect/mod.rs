//! What is expected of a run, and whether it came about.
//!
//! `grammar` reads the sentences under `expect:`; `scenario::compile` resolves their names to
//! [`Claim`]s; [`judge`] holds a claim against a run that is over. A verdict says what was
//! measured; putting it into words is for `sim-reports`.

mod claim;
pub(crate) mod grammar;
mod judge;
pub(crate) mod sentence;

pub use claim::{
    Bound, Claim, Event, Expectation, Occurrence, Reading, Relation, Throughout, Times, Wanted,
    Window,
};
pub use judge::{Measured, Verdict, judge, read_off};

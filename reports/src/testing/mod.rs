//! What `fusebox test` shows: the list of scenarios with their failures, the committed timelines,
//! `JUnit` and JSON.

mod export;
mod list;
mod snapshot;

use std::time::Duration;

pub use export::{json, junit};
pub use list::list;
pub use snapshot::{Snapshots, difference, snapshot};

use sim_models::expect::{Expectation, Verdict};

/// A scenario, or a variant of one, that was put to the test.
#[derive(Clone, Debug)]
pub struct Tested {
    /// The scenario's name.
    pub name: String,
    /// The variant; `None` for the scenario as it is written.
    pub variant: Option<String>,
    /// How long all its runs took together.
    pub took: Duration,
    /// Whether and how it was tested.
    pub result: Outcome,
}

/// What came of a test.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The scenario has errors; they have been shown.
    Unreadable,
    /// It ran.
    Ran {
        /// Each expectation, and what became of it.
        expectations: Vec<Held>,
        /// Seeds that were run.
        seeds: u64,
        /// Why a run ended before its time, if one did.
        stopped: Option<String>,
        /// How the timeline compares with the committed one.
        timeline: Timeline,
    },
}

/// An expectation over all seeds.
#[derive(Clone, Debug)]
pub struct Held {
    /// The expectation.
    pub expectation: Expectation,
    /// How many seeds it holds for.
    pub seeds: u64,
    /// Seeds for which it does not, in order.
    pub fails_for: Vec<u64>,
    /// The verdict for the first of those; for the first seed, if there is none.
    pub verdict: Verdict,
}

/// How a timeline compares with the committed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Timeline {
    /// None is committed.
    NotCommitted,
    /// They are the same.
    Same,
    /// They are not: what is gone and what is new, line by line.
    Differs(String),
    /// It has been written.
    Written,
    /// It is about a variant that is no longer there.
    Orphaned,
}

impl Tested {
    /// The scenario's name, with the variant in brackets.
    pub fn label(&self) -> String {
        match &self.variant {
            None => self.name.clone(),
            Some(variant) => format!("{} ({variant})", self.name),
        }
    }

    /// Whether everything is as expected.
    pub fn passes(&self) -> bool {
        match &self.result {
            Outcome::Unreadable => false,
            Outcome::Ran { expectations, stopped, timeline, .. } => {
                let is_as_committed =
                    !matches!(timeline, Timeline::Differs(_) | Timeline::Orphaned);
                stopped.is_none()
                    && is_as_committed
                    && expectations.iter().all(|held| held.fails_for.is_empty())
            }
        }
    }
}

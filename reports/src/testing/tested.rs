//! Tested scenarios.

use std::time::Duration;

use sim_models::expect::{Expectation, Measured, Verdict};
use sim_models::printable::line;

/// A scenario, or a variant of one, that was tested.
#[derive(Clone, Debug)]
pub struct Tested {
    /// The name of the scenario.
    pub name: String,
    /// The variant; `None` for the scenario as it is written.
    pub variant: Option<String>,
    /// The time that all its runs took together.
    pub took: Duration,
    /// The result.
    pub result: TestResult,
}

/// The result of a test.
#[derive(Clone, Debug)]
pub enum TestResult {
    /// The scenario has errors; they have been shown.
    Unreadable,
    /// The scenario ran.
    Ran {
        /// The expectations, in the order of the scenario.
        expectations: Vec<Held>,
        /// The number of seeds that were run.
        seeds: u64,
        /// The limit that ended a run early, if one did.
        stopped: Option<String>,
        /// The timeline, compared with the committed one.
        timeline: Timeline,
    },
}

/// An expectation over all seeds.
#[derive(Clone, Debug)]
pub struct Held {
    /// The expectation.
    pub expectation: Expectation,
    /// The number of seeds for which it holds.
    pub seeds: u64,
    /// The seeds for which it does not, in order.
    pub fails_for: Vec<u64>,
    /// The verdict for the first of those; for the first seed, if there is none.
    pub verdict: Verdict,
}

impl Held {
    /// True if it does not hold for some seed.
    pub(super) fn fails(&self) -> bool {
        !self.fails_for.is_empty()
    }

    /// False if a run did not decide it.
    pub(super) fn is_known(&self) -> bool {
        !matches!(self.verdict.measured, Measured::NotKnown(_))
    }

    /// The seeds for which it holds, and the first of those for which it does not.
    pub(super) fn over_seeds(&self, seeds: u64) -> String {
        const SHOWN: usize = 8;
        let shown: Vec<String> = self.fails_for.iter().take(SHOWN).map(u64::to_string).collect();
        let more = if self.fails_for.len() > SHOWN { ", …" } else { "" };
        format!("holds for {} of {seeds}; not for {}{more}", self.seeds, shown.join(", "))
    }
}

/// A timeline compared with the committed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Timeline {
    /// None is committed.
    NotCommitted,
    /// The run was stopped, so they are not compared.
    NotCompared,
    /// They are the same.
    Same,
    /// They differ: the lines that are gone and those that are new.
    Differs(String),
    /// There is a file of timelines, and no section of this case in it.
    Missing,
    /// The file has several sections of this case.
    Repeated,
    /// They are the same, but a line of the file, counted from 1, is part of no section.
    Stray(usize),
    /// It has been written.
    Written,
    /// It is about a variant that no longer exists.
    Orphaned,
}

impl Timeline {
    /// False if what is committed and the run are not the same.
    fn is_as_committed(&self) -> bool {
        match self {
            Self::NotCommitted | Self::NotCompared | Self::Same | Self::Written => true,
            Self::Differs(_) | Self::Missing | Self::Repeated | Self::Stray(_) | Self::Orphaned => {
                false
            }
        }
    }

    /// The state in a few words.
    pub(super) fn in_words(&self) -> &'static str {
        match self {
            Self::NotCommitted => "no timeline committed",
            Self::NotCompared => "the timeline is not compared",
            Self::Same => "timeline as committed",
            Self::Differs(_) => "the timeline differs",
            Self::Missing => "the committed timelines lack this one",
            Self::Repeated => "the timeline is committed more than once",
            Self::Stray(_) => "the committed timelines have text outside of their sections",
            Self::Written => "timeline written",
            Self::Orphaned => "the committed timeline belongs to a variant that no longer exists",
        }
    }

    /// The way to mend a file that is not as it should be, as a verb and the rest.
    pub(super) fn remedy(&self) -> Option<(&'static str, String)> {
        let (verb, rest) = match self {
            Self::NotCommitted | Self::NotCompared | Self::Same | Self::Written => return None,
            Self::Differs(_) => ("accept", "it with --update"),
            Self::Missing => ("add", "it with --update; without the file only expectations count"),
            Self::Repeated => ("write", "the file anew with --update"),
            Self::Stray(line) => {
                let rest = format!("the file anew with --update: line {line} is in no section");
                return Some(("write", rest));
            }
            Self::Orphaned => ("remove", "it with --update"),
        };
        Some((verb, rest.to_owned()))
    }
}

impl Tested {
    /// The name of the scenario, with the variant in brackets, on one line.
    pub fn label(&self) -> String {
        let label = match &self.variant {
            None => self.name.clone(),
            Some(variant) => format!("{} ({variant})", self.name),
        };
        line(&label).into_owned()
    }

    /// True if everything is as expected.
    pub fn passes(&self) -> bool {
        match &self.result {
            TestResult::Unreadable => false,
            TestResult::Ran { expectations, stopped, timeline, .. } => {
                stopped.is_none()
                    && timeline.is_as_committed()
                    && !expectations.iter().any(Held::fails)
            }
        }
    }
}

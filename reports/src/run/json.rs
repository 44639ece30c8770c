//! The summary and the timeline as JSON.

use schemars::JsonSchema;
use serde::Serialize;
use sim_experiments::Finished;
use sim_models::observe::{Moment, RunSummary};

use super::Invocation;
use crate::json::{Document, pretty};
use crate::narrate::line;

/// A run. Times are in seconds, rates per second, shares from 0 to 1; `null` stands for a figure that there is nothing
/// to read of.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RunRecord<'a> {
    #[serde(flatten)]
    summary: &'a RunSummary,
    /// The request that it answers.
    invocation: &'a Invocation,
    /// The command that does it again, for a POSIX shell.
    command: String,
    /// Everything that changed.
    timeline: Vec<MomentRecord>,
}

impl Document for RunRecord<'_> {
    const NAME: &'static str = "run";
    const VERSION: u32 = 1;
    const MADE_BY: &'static str = "`run`, and `summary.json`";
}

impl<'a> RunRecord<'a> {
    pub fn new(finished: &'a Finished, invocation: &'a Invocation) -> Self {
        Self {
            summary: &finished.summary,
            invocation,
            command: invocation.command(),
            timeline: finished.timeline.iter().map(MomentRecord::new).collect(),
        }
    }
}

/// Something that changed in a run.
#[derive(Serialize, JsonSchema)]
struct MomentRecord {
    /// The time, in seconds.
    seconds: f64,
    /// The kind of thing that changed.
    kind: &'static str,
    /// The thing.
    subject: String,
    /// The change in words.
    text: String,
}

impl MomentRecord {
    fn new(moment: &Moment) -> Self {
        let line = line(moment);
        Self {
            seconds: moment.at.as_secs_f64(),
            kind: line.kind,
            subject: line.subject,
            text: line.text,
        }
    }
}

/// The summary of a run and its timeline as an indented JSON document. Times are in seconds, shares
/// from 0 to 1.
pub fn json(finished: &Finished, invocation: &Invocation) -> String {
    pretty(RunRecord::new(finished, invocation))
}

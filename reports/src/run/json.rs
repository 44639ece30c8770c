//! The summary and the timeline as JSON.

use serde::Serialize;
use sim_experiments::Finished;
use sim_models::observe::{Moment, RunSummary};

use super::Invocation;
use crate::json::pretty;
use crate::narrate::line;

/// A run.
#[derive(Serialize)]
pub(crate) struct RunRecord<'a> {
    #[serde(flatten)]
    summary: &'a RunSummary,
    /// What was asked to run.
    invocation: &'a Invocation,
    /// The command that does it again, for a POSIX shell.
    command: String,
    /// Everything that changed.
    timeline: Vec<MomentRecord>,
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
#[derive(Serialize)]
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
    pretty(&RunRecord::new(finished, invocation))
}

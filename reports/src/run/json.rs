//! The summary and the timeline as JSON.

use serde::Serialize;
use sim_experiments::Finished;
use sim_models::observe::{Moment, RunSummary};

use crate::json::pretty;
use crate::narrate::line;

#[derive(Serialize)]
struct RunRecord<'a> {
    #[serde(flatten)]
    summary: &'a RunSummary,
    timeline: Vec<MomentRecord>,
}

#[derive(Serialize)]
struct MomentRecord {
    seconds: f64,
    kind: &'static str,
    subject: String,
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
pub fn json(finished: &Finished) -> String {
    let timeline = finished.timeline.iter().map(MomentRecord::new).collect();
    pretty(&RunRecord { summary: &finished.summary, timeline })
}

//! The summary and the timeline as JSON.

use serde::Serialize;
use sim_experiments::Finished;
use sim_models::observe::RunSummary;

use crate::narrate::line;

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    summary: &'a RunSummary,
    timeline: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    seconds: f64,
    kind: &'static str,
    subject: String,
    text: String,
}

/// The whole report, indented.
///
/// # Panics
/// Never: the records hold only numbers, texts and lists.
pub fn report(finished: &Finished) -> String {
    let timeline = finished
        .timeline
        .iter()
        .map(|moment| {
            let line = line(moment);
            Entry {
                seconds: moment.at.as_secs_f64(),
                kind: line.kind,
                subject: line.subject,
                text: line.text,
            }
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&Report { summary: &finished.summary, timeline })
        .expect("plain records become JSON");
    text.push('\n');
    text
}

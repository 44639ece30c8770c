//! The summary and the timeline as text for a terminal.

use sim_experiments::Finished;
use sim_models::observe::{RunSummary, condensed};

use super::{Invocation, sections};
use crate::Paper;
use crate::layout::Page;
use crate::narrate::listing;
use crate::palette::Tone;
use crate::units::{clock, count, duration};

/// More lines than this are only counted.
const MOST_LINES: usize = 200;

/// The summary and the timeline of a run.
pub fn report(finished: &Finished, invocation: &Invocation, paper: impl Into<Paper>) -> String {
    let paper = paper.into();
    let summary = &finished.summary;
    let title = invocation.title(&summary.scenario);
    let mut page = Page::new(paper, &title, &about(summary));
    let changes = invocation.changes();
    if !changes.is_empty() {
        page.remark(Tone::Faint, &format!("with {changes}"));
    }
    if let Some(stopped) = &summary.partial {
        page.remark(Tone::Worse, &format!("PARTIAL: {}", stopped.reason));
    }
    if let Some(called_off) = &summary.called_off {
        let at = clock(called_off.at);
        page.remark(Tone::Worse, &format!("CALLED OFF at {at}: {}", called_off.condition));
    }
    for (title, table) in sections::all(summary) {
        page.table(title, &table);
    }
    page.section_as_it_is("Timeline", &timeline(finished, paper));
    let replication = match summary.replication {
        0 => String::new(),
        replication => format!(", replication {replication}"),
    };
    let origin = format!("seed {}{replication}, fingerprint {}", summary.seed, summary.fingerprint);
    page.plain("");
    page.remark(Tone::Faint, &origin);
    if !invocation.file.is_empty() {
        page.command(&format!("again: {}", invocation.command()));
    }
    page.finish()
}

fn about(summary: &RunSummary) -> String {
    let span = duration(summary.simulated_seconds);
    let warmup = if summary.warmup_seconds > 0.0 {
        format!(", the first {} not counted", duration(summary.warmup_seconds))
    } else {
        String::new()
    };
    format!("{span} simulated, {} events{warmup}", count(summary.events))
}

/// A line for each change; of very many, the first.
fn timeline(finished: &Finished, paper: Paper) -> String {
    let moments = condensed(&finished.timeline, finished.system.blueprint());
    let shown = listing(&moments[..moments.len().min(MOST_LINES)], paper);
    match moments.len().saturating_sub(MOST_LINES) {
        0 => shown,
        more => format!("{shown}… and {more} more; all of them are in timeline.csv (--out DIR)\n"),
    }
}

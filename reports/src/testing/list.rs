//! The list of tested scenarios for a terminal.

use std::fmt::Write;
use std::time::Duration;

use sim_models::printable::line as on_one_line;

use super::{TestResult, Tested, Timeline};
use crate::Paper;
use crate::layout::aligned;
use crate::narrate::{measured, told};
use crate::palette::Tone;
use crate::paper::{columns_of, shortened, wrapped};

/// The columns before a label, with the verdict and the time.
const BEFORE_LABEL: usize = 16;
/// The columns before what belongs to a test.
const BEFORE_DETAIL: usize = 7;
/// The columns of the title of a detail.
const BEFORE_BODY: usize = 10;
/// The columns that the result in short has at least beside the labels.
const LEAST_RESULT: usize = 24;

/// A line for each scenario and variant with its failures below it, and the number that passed. What is too long for a
/// line goes on below it.
pub fn list(tests: &[Tested], took: Duration, paper: impl Into<Paper>) -> String {
    let paper = paper.into();
    let (palette, columns) = (paper.palette(), paper.columns());
    let mut text = String::new();
    let most = columns - BEFORE_LABEL - 2 - LEAST_RESULT;
    let labels = tests.iter().map(|test| columns_of(&test.label()));
    let width = aligned(labels.filter(|label| *label <= most));
    for test in tests {
        let (word, tone) =
            if test.passes() { ("PASS", Tone::Better) } else { ("FAIL", Tone::Worse) };
        let seconds = format!("[{:>7.3}s]", test.took.as_secs_f64());
        let label = shortened(&test.label(), columns - BEFORE_LABEL);
        let blanks = width.saturating_sub(columns_of(&label));
        let begun = BEFORE_LABEL + columns_of(&label) + blanks + 2;
        let result = wrapped(&in_short(test), columns, begun, BEFORE_LABEL + width + 2);
        let first = palette.paint(Tone::Faint, result[0].trim_start());
        let line = format!(
            "{} {} {label}",
            palette.paint(tone, word),
            palette.paint(Tone::Faint, &seconds)
        );
        let _ = writeln!(text, "{}", format!("{line}{:blanks$}  {first}", "").trim_end());
        for more in &result[1..] {
            let words = more.trim_start();
            let indent = more.len() - words.len();
            let _ = writeln!(text, "{:indent$}{}", "", palette.paint(Tone::Faint, words));
        }
        failures(&mut text, test, paper);
    }
    let failed = tests.iter().filter(|test| !test.passes()).count();
    let tone = if failed == 0 { Tone::Better } else { Tone::Worse };
    let counts = format!("{} passed, {failed} failed", tests.len() - failed);
    let _ = writeln!(text, "\n{} in {:.3}s", palette.paint(tone, &counts), took.as_secs_f64());
    text
}

fn in_short(test: &Tested) -> String {
    let TestResult::Ran { expectations, seeds, timeline, .. } = &test.result else {
        return "has errors".to_owned();
    };
    let failed = expectations.iter().filter(|held| held.fails() && held.is_known()).count();
    let unknown = expectations.iter().filter(|held| !held.is_known()).count();
    let over = if *seeds > 1 { format!(" over {seeds} seeds") } else { String::new() };
    let expectations = match (expectations.len(), failed) {
        (0, _) => "no expectations".to_owned(),
        (1, 0) if unknown == 0 => format!("1 expectation holds{over}"),
        (all, 0) if unknown > 0 => format!("{unknown} of {all} expectations not known{over}"),
        (all, 0) => format!("{all} expectations hold{over}"),
        (all, failed) if unknown > 0 => {
            format!("{failed} of {all} expectations failed, {unknown} not known{over}")
        }
        (all, failed) => format!("{failed} of {all} expectations failed{over}"),
    };
    if *timeline == Timeline::Orphaned {
        return timeline.in_words().to_owned();
    }
    format!("{expectations}, {}", timeline.in_words())
}

fn failures(text: &mut String, test: &Tested, paper: Paper) {
    let palette = paper.palette();
    let TestResult::Ran { expectations, seeds, stopped, timeline } = &test.result else { return };
    let mut line = |title: &str, tone: Tone, body: &str| {
        let width = if title.is_empty() { 0 } else { BEFORE_BODY };
        let title =
            if width > 0 { palette.paint_padded(title, width - 1) + " " } else { String::new() };
        let body = on_one_line(body);
        let begun = BEFORE_DETAIL + width;
        let lines = if begun + columns_of(&body) <= paper.columns() {
            vec![body.into_owned()]
        } else {
            wrapped(&body, paper.columns(), begun, begun)
        };
        for (place, body) in lines.iter().enumerate() {
            let body = palette.paint(tone, body.trim_start());
            let _ = if place == 0 {
                writeln!(text, "{:BEFORE_DETAIL$}{title}{body}", "")
            } else {
                writeln!(text, "{:begun$}{body}", "")
            };
        }
    };
    if let Some(reason) = stopped {
        line("stopped", Tone::Worse, reason);
    }
    for held in expectations.iter().filter(|held| held.fails()) {
        line("expected", Tone::Heading, &held.expectation.text);
        line("measured", Tone::Worse, &measured(&held.verdict));
        if let Some(moment) = &held.verdict.nearest {
            line("nearest", Tone::Faint, &told(moment));
        }
        if *seeds > 1 {
            line("seeds", Tone::Faint, &held.over_seeds(*seeds));
        }
    }
    if let Timeline::Differs(difference) = timeline {
        for row in difference.lines() {
            let tone = match row.chars().next() {
                Some('-') => Tone::Worse,
                Some('+') => Tone::Better,
                _ => Tone::Faint,
            };
            line("", tone, row);
        }
    }
    if let Some((verb, rest)) = timeline.remedy() {
        line(verb, Tone::Faint, &rest);
    }
}

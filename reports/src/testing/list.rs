//! The list of tested scenarios for a terminal.

use std::fmt::Write;
use std::time::Duration;

use sim_models::printable::line as on_one_line;

use super::{TestResult, Tested, Timeline};
use crate::Palette;
use crate::layout::aligned;
use crate::narrate::{measured, told};
use crate::palette::Tone;

/// A line for each scenario and variant with its failures below it, and the number that passed.
pub fn list(tests: &[Tested], took: Duration, palette: Palette) -> String {
    let mut text = String::new();
    let width = aligned(tests.iter().map(|test| test.label().chars().count()));
    for test in tests {
        let (word, tone) =
            if test.passes() { ("PASS", Tone::Better) } else { ("FAIL", Tone::Worse) };
        let seconds = format!("[{:>7.3}s]", test.took.as_secs_f64());
        let _ = writeln!(
            text,
            "{} {} {:width$}  {}",
            palette.paint(tone, word),
            palette.paint(Tone::Faint, &seconds),
            test.label(),
            palette.paint(Tone::Faint, &in_short(test))
        );
        failures(&mut text, test, palette);
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

fn failures(text: &mut String, test: &Tested, palette: Palette) {
    let TestResult::Ran { expectations, seeds, stopped, timeline } = &test.result else { return };
    let mut line = |title: &str, tone: Tone, body: &str| {
        let title =
            if title.is_empty() { String::new() } else { palette.paint_padded(title, 9) + " " };
        let _ = writeln!(text, "       {title}{}", palette.paint(tone, &on_one_line(body)));
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

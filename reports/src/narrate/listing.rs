//! The timeline as aligned lines.

use std::fmt::Write;

use sim_models::observe::Moment;

use super::{Line, line};
use crate::layout::aligned;
use crate::paper::{columns_of, shortened, wrapped};
use crate::units::clock;
use crate::{Palette, Paper};

/// Widths of the columns in committed timelines. They do not depend on the other lines, so that a new line
/// changes none of them; names that are longer move the rest of their own line.
const COMMITTED: (usize, usize) = (12, 24);

/// The columns that a change in words has at least beside what changed.
const LEAST_TEXT: usize = 30;
/// The columns before the kind of a change, with its time.
const BEFORE_KIND: usize = 14;

/// A line for each moment: its time, the kind and the name of what changed, and the change, which goes on below itself
/// if it is too long.
pub(crate) fn listing(moments: &[Moment], paper: Paper) -> String {
    if moments.is_empty() {
        return NOTHING.to_owned();
    }
    let (palette, columns) = (paper.palette(), paper.within_section());
    let lines: Vec<Line> = moments.iter().map(line).collect();
    let kind_width = lines.iter().map(|line| line.kind.len()).max().unwrap_or(0);
    let before = BEFORE_KIND + kind_width + 4;
    let most = columns.saturating_sub(before + 2 + LEAST_TEXT);
    let subjects = lines.iter().map(|line| columns_of(&line.subject));
    let subject_width = aligned(subjects.filter(|subject| *subject <= most));
    let mut text = String::new();
    for (moment, line) in moments.iter().zip(&lines) {
        let at = clock(moment.at.as_secs_f64());
        let kind = palette.paint_padded(line.kind, kind_width);
        let subject = shortened(&line.subject, columns - before);
        let blanks = subject_width.saturating_sub(columns_of(&subject));
        let begun = before + columns_of(&subject) + blanks + 2;
        let change = wrapped(&line.text, columns, begun, before + subject_width + 2);
        let first = format!("{} {subject}{:blanks$}  {}", line.mark(), "", change[0].trim_start());
        let _ = writeln!(text, "{at:>12}  {kind}  {}", palette.paint(line.tone, first.trim_end()));
        for more in &change[1..] {
            let words = more.trim_start();
            let indent = more.len() - words.len();
            let _ = writeln!(text, "{:indent$}{}", "", palette.paint(line.tone, words));
        }
    }
    text
}

/// Stands for a timeline without lines.
const NOTHING: &str = "nothing changed";

/// The same with the columns of committed timelines, each change on one line.
pub(crate) fn committed_listing(moments: &[Moment]) -> String {
    if moments.is_empty() {
        return NOTHING.to_owned();
    }
    let (kind_width, subject_width) = COMMITTED;
    let mut text = String::new();
    for moment in moments {
        let line = line(moment);
        let at = clock(moment.at.as_secs_f64());
        let kind = Palette::Plain.paint_padded(line.kind, kind_width);
        let change = format!("{} {:subject_width$}  {}", line.mark(), line.subject, line.text);
        let _ = writeln!(text, "{at:>12}  {kind}  {}", Palette::Plain.paint(line.tone, &change));
    }
    text
}

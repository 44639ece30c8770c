//! The timeline as aligned lines.

use std::fmt::Write;

use sim_models::observe::Moment;

use super::{Line, line};
use crate::Palette;
use crate::layout::aligned;
use crate::units::clock;

/// Widths of the columns in committed timelines. They do not depend on the other lines, so that a new line
/// changes none of them; names that are longer move the rest of their own line.
const COMMITTED: (usize, usize) = (12, 24);

/// A line for each moment: its time, the kind and the name of what changed, and the change.
pub(crate) fn listing(moments: &[Moment], palette: Palette) -> String {
    let lines: Vec<Line> = moments.iter().map(line).collect();
    let kind_width = lines.iter().map(|line| line.kind.len()).max().unwrap_or(0);
    let subject_width = aligned(lines.iter().map(|line| line.subject.chars().count()));
    in_columns(moments, (kind_width, subject_width), palette)
}

/// The same with the columns of committed timelines.
pub(crate) fn committed_listing(moments: &[Moment]) -> String {
    in_columns(moments, COMMITTED, Palette::Plain)
}

fn in_columns(
    moments: &[Moment],
    (kind_width, subject_width): (usize, usize),
    palette: Palette,
) -> String {
    if moments.is_empty() {
        return "nothing changed".to_owned();
    }
    let mut text = String::new();
    for moment in moments {
        let line = line(moment);
        let at = clock(moment.at.as_secs_f64());
        let kind = palette.paint_padded(line.kind, kind_width);
        let change = format!("{} {:subject_width$}  {}", line.mark(), line.subject, line.text);
        let _ = writeln!(text, "{at:>12}  {kind}  {}", palette.paint(line.tone, &change));
    }
    text
}

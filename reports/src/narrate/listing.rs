//! The timeline as aligned lines.

use std::fmt::Write;

use sim_models::observe::Moment;

use super::{Line, line};
use crate::Palette;
use crate::layout::aligned;
use crate::units::clock;

/// A line for each moment: its time, the kind and the name of what changed, and the change.
pub(crate) fn listing(moments: &[Moment], palette: Palette) -> String {
    if moments.is_empty() {
        return "nothing changed".to_owned();
    }
    let lines: Vec<Line> = moments.iter().map(line).collect();
    let kind_width = lines.iter().map(|line| line.kind.len()).max().unwrap_or(0);
    let subject_width = aligned(lines.iter().map(|line| line.subject.chars().count()));
    let mut text = String::new();
    for (moment, line) in moments.iter().zip(&lines) {
        let at = clock(moment.at.as_secs_f64());
        let kind = palette.paint_padded(line.kind, kind_width);
        let change = format!("{} {:subject_width$}  {}", line.mark(), line.subject, line.text);
        let _ = writeln!(text, "{at:>12}  {kind}  {}", palette.paint(line.tone, &change));
    }
    text
}

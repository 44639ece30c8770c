//! A figure over the levels of one setting, as bars, and of two settings, as a table.

use std::fmt::Write;

use sim_experiments::sweep::analysis::{Effects, Findings, Spread};
use sim_models::observe::FigureUnit;
use sim_models::scenario::SweepPlan;

use super::heat_map::{Heat, HeatMap};
use super::ranking::largest_first;
use crate::Paper;

use crate::palette::Tone;
use crate::paper::columns_of;
use crate::tables::Table;
use crate::units::{UNKNOWN, figure, percent};

/// Levels of a setting shown as lines.
const MOST_LEVELS: usize = 12;
/// Levels of a setting shown as columns.
const MOST_COLUMNS: usize = 9;

/// A bar for each level of each setting, the settings that explain most of the figure first.
pub(super) fn by_one_setting(
    plan: &SweepPlan,
    findings: &Findings,
    place: usize,
    paper: Paper,
) -> String {
    let Some(explained) = findings.explained(place) else {
        return "the same at every point".to_owned();
    };
    let mut text = String::new();
    for parameter in largest_first(&explained) {
        let share = format!("explains {} of the variance", percent(explained[parameter]));
        let path = &plan.parameters[parameter].path;
        let gap = if columns_of(path) + 2 + columns_of(&share) <= paper.within_section() {
            "  "
        } else {
            "\n  "
        };
        let _ = writeln!(text, "{path}{gap}{}", paper.palette().paint(Tone::Faint, &share));
        let unit = plan.figures[place].unit;
        text.push_str(&bars(&findings.effects[parameter], place, unit, paper.within_section()));
    }
    text
}

/// Bars from zero to the largest mean.
fn bars(effects: &Effects, place: usize, unit: FigureUnit, width: usize) -> String {
    let spreads = &effects.figures[place];
    let most = spreads.iter().map(|spread| spread.points.mean().abs()).fold(0.0, f64::max);
    let step = effects.levels.len().div_ceil(MOST_LEVELS);
    let rows = effects.levels.iter().zip(spreads).step_by(step).map(|(level, spread)| {
        let [mean, bar, range] = bar_cells(spread, most, unit);
        vec![format!("  {}", level.shown), mean, bar, range]
    });
    let bars = Table::new(&["", "", "", ""], &[2], rows).lines(width);
    bars + "\n"
}

/// The mean at a level, its bar, and the range from the least to the most.
fn bar_cells(spread: &Spread, most: f64, unit: FigureUnit) -> [String; 3] {
    if spread.points.count() == 0 {
        return [UNKNOWN.to_owned(), String::new(), String::new()];
    }
    let mean = spread.points.mean();
    let range = if spread.points.count() > 1 {
        format!("{} to {}", figure(spread.least, unit), figure(spread.most, unit))
    } else {
        String::new()
    };
    [figure(mean, unit), bar(mean.abs(), most), range]
}

/// A bar for a value between 0 and `most`.
pub(super) fn bar(value: f64, most: f64) -> String {
    const LONGEST: f64 = 30.0;
    if most > 0.0 { "█".repeat((value / most * LONGEST).round() as usize) } else { String::new() }
}

/// The mean at each combination of two settings, shaded from low to high; `None` if there are no
/// two settings with several levels.
pub(super) fn by_two_settings(
    plan: &SweepPlan,
    findings: &Findings,
    place: usize,
) -> Option<Table> {
    let map = HeatMap::new(findings, place)?;
    let (rows, columns) = (&map.cells.levels.0, &map.cells.levels.1);
    let row_step = rows.len().div_ceil(MOST_LEVELS);
    let column_step = columns.len().div_ceil(MOST_COLUMNS);
    let path = |parameter: usize| plan.parameters[parameter].path.as_str();
    let (down, across) = map.cells.parameters;
    let corner = format!("{} \\ {}", path(down), path(across));
    let header: Vec<&str> = std::iter::once(corner.as_str())
        .chain(columns.iter().step_by(column_step).map(|level| level.shown.as_str()))
        .collect();
    let unit = plan.figures[place].unit;
    let rows = rows.iter().enumerate().step_by(row_step).map(|(row, level)| {
        let columns = (0..columns.len()).step_by(column_step);
        let cells = columns.map(|column| map_cell(map.at(row, column), unit));
        std::iter::once(level.shown.clone()).chain(cells).collect::<Vec<_>>()
    });
    Some(Table::new(&header, &[], rows))
}

fn map_cell(heat: Option<Heat>, unit: FigureUnit) -> String {
    const SHADES: [&str; 5] = [" ", "░", "▒", "▓", "█"];
    let Some(Heat { mean, share }) = heat else { return format!("{UNKNOWN}  ") };
    let shade = SHADES[((share * SHADES.len() as f64) as usize).min(SHADES.len() - 1)];
    format!("{} {shade}", figure(mean, unit))
}

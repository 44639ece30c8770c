//! A sweep as text for a terminal.

use std::fmt::Write;

use sim_core::stats::ConfidenceInterval;
use sim_experiments::sweep::analysis::{Cells, Effects, Findings};
use sim_experiments::sweep::{Chooser, Estimate, Point, PointState};
use sim_models::study::{Direction, FigurePlan, SweepPlan};

use super::Header;
use super::journal::{Journal, JournalError, in_order};
use crate::Palette;
use crate::palette::Tone;
use crate::text::{section, table};
use crate::units::figure;
use crate::units::{count, duration, percent};

/// Up to so many points are shown one by one.
const MOST_POINTS: u64 = 30;
/// The front is shown up to so many points.
const MOST_OF_FRONT: usize = 12;
/// Levels of a parameter shown as lines.
const MOST_LEVELS: usize = 12;
/// Columns of a map.
const MOST_COLUMNS: usize = 9;
/// Letters of the longest bar.
const BAR: f64 = 30.0;

/// What a finished sweep tells.
///
/// # Errors
/// If a journal cannot be read.
pub fn report(
    header: &Header,
    journals: &[Journal],
    findings: &Findings,
    palette: Palette,
) -> Result<String, JournalError> {
    let plan = &header.plan;
    let mut text = String::new();
    heading(&mut text, header, findings, palette);
    let chooser = header.chooser();
    if plan.points() <= MOST_POINTS {
        let mut points = Vec::new();
        in_order(journals, plan.points(), &mut |point| {
            points.push(point);
            Ok(())
        })?;
        section(&mut text, palette, "Points", &points_table(plan, &chooser, &points));
    }
    if !findings.front.points.is_empty() {
        let front = &findings.front.points;
        let shown = &front[..front.len().min(MOST_OF_FRONT)];
        let mut body = points_table(plan, &chooser, shown);
        if shown.len() < front.len() {
            let _ = write!(
                body,
                "\nand {} more; all are in sweep.json, points.csv and points.parquet",
                front.len() - shown.len()
            );
        }
        section(&mut text, palette, &front_title(plan), &body);
    }
    for (place, figure) in plan.figures.iter().enumerate() {
        let body = effects(plan, findings, place, palette);
        section(
            &mut text,
            palette,
            &format!("{}, by one setting (mean over all others)", figure.text),
            &body,
        );
    }
    for (place, figure) in plan.figures.iter().enumerate() {
        if let Some(cells) = findings.foremost(place).filter(|cells| is_shown(cells)) {
            let title = format!("{}, by two settings", figure.text);
            section(&mut text, palette, &title, &map(plan, cells, place));
        }
    }
    if let Some(body) = sensitivity(plan, findings) {
        section(&mut text, palette, "Which settings matter", &body);
    }
    if !findings.failures.is_empty() {
        section(&mut text, palette, "Points without figures", &failures(findings));
    }
    Ok(text)
}

fn heading(text: &mut String, header: &Header, findings: &Findings, palette: Palette) {
    let plan = &header.plan;
    let _ = writeln!(
        text,
        "{}: {} points ({}), {} runs of {}, seed {}",
        palette.paint(Tone::Heading, &header.scenario),
        count(plan.points()),
        plan.design.name(),
        count(findings.runs),
        duration(header.simulated_seconds),
        header.seed
    );
    for parameter in &plan.parameters {
        let _ = writeln!(text, "  {} = {}", parameter.path, parameter.values);
    }
    let told = [
        (
            findings.abandoned,
            "given up, because another point was clearly better in every objective",
        ),
        (findings.failed, "without figures"),
    ];
    for (number, what) in told.into_iter().filter(|(number, _)| *number > 0) {
        let _ = writeln!(
            text,
            "{}",
            palette.paint(Tone::Worse, &format!("{} points {what}", count(number)))
        );
    }
    let is_repeated = plan.replications.most > 1;
    let intervals = if is_repeated {
        "± is half of the 95% interval over replications"
    } else {
        "one run a point: nothing is known of how much is chance"
    };
    let _ = writeln!(text, "{}", palette.paint(Tone::Faint, intervals));
}

fn front_title(plan: &SweepPlan) -> String {
    let objectives: Vec<String> = plan
        .objectives()
        .map(|(place, direction)| {
            let what = if direction == Direction::Higher { "most" } else { "least" };
            format!("{what} {}", plan.figures[place].text)
        })
        .collect();
    match objectives.as_slice() {
        [one] => format!("Best: {one}"),
        several => format!("No other point is better in all of: {}", several.join(", ")),
    }
}

/// A mean with its uncertainty.
pub(super) fn estimate(estimate: Option<Estimate>, plan: &FigurePlan) -> String {
    match estimate {
        None => "-".to_owned(),
        Some(Estimate { mean, half_width: None }) => figure(mean, plan.unit),
        Some(Estimate { mean, half_width: Some(half_width) }) => {
            format!("{} ± {}", figure(mean, plan.unit), figure(half_width, plan.unit))
        }
    }
}

fn points_table(plan: &SweepPlan, chooser: &Chooser, points: &[Point]) -> String {
    let parameters = plan.parameters.iter().map(|parameter| parameter.path.as_str());
    let figures = plan.figures.iter().map(|figure| figure.text.as_str());
    let header: Vec<&str> =
        std::iter::once("point").chain(parameters).chain(figures).chain(["runs", ""]).collect();
    let rows = points.iter().map(|point| {
        let shown = chooser.levels(point.point).into_iter().map(|level| level.shown);
        let figures =
            point.figures.iter().zip(&plan.figures).map(|(value, figure)| estimate(*value, figure));
        let note = match &point.state {
            PointState::Measured => String::new(),
            PointState::Abandoned(better) => format!("worse than {better}"),
            PointState::Unsound(_) => "unsound".to_owned(),
            PointState::Stopped(_) => "stopped".to_owned(),
        };
        let last = [point.replications.to_string(), note];
        std::iter::once(point.point.to_string())
            .chain(shown)
            .chain(figures)
            .chain(last)
            .collect::<Vec<String>>()
    });
    table(&header, &[], rows)
}

/// The settings that explain most of a figure first; a bar a level.
fn effects(plan: &SweepPlan, findings: &Findings, place: usize, palette: Palette) -> String {
    let Some(explained) = findings.explained(place) else {
        return "the same at every point".to_owned();
    };
    let mut order: Vec<usize> = (0..plan.parameters.len()).collect();
    order.sort_by(|one, other| explained[*other].total_cmp(&explained[*one]).then(one.cmp(other)));
    let mut text = String::new();
    for parameter in order {
        let share = format!("explains {} of what varies", percent(explained[parameter]));
        let _ = writeln!(
            text,
            "{}  {}",
            plan.parameters[parameter].path,
            palette.paint(Tone::Faint, &share)
        );
        text.push_str(&level_bars(&findings.effects[parameter], place, &plan.figures[place]));
    }
    text
}

/// Bars from zero to the largest mean.
fn level_bars(effects: &Effects, place: usize, plan: &FigurePlan) -> String {
    let spreads = &effects.figures[place];
    let most = spreads.iter().map(|spread| spread.points.mean().abs()).fold(0.0, f64::max);
    let step = effects.levels.len().div_ceil(MOST_LEVELS);
    let rows = effects.levels.iter().zip(spreads).step_by(step).map(|(level, spread)| {
        if spread.points.count() == 0 {
            return vec![
                format!("  {}", level.shown),
                "-".to_owned(),
                String::new(),
                String::new(),
            ];
        }
        let range = if spread.points.count() > 1 {
            format!("{} to {}", figure(spread.least, plan.unit), figure(spread.most, plan.unit))
        } else {
            String::new()
        };
        let mean = spread.points.mean();
        vec![format!("  {}", level.shown), figure(mean, plan.unit), bar(mean.abs(), most), range]
    });
    let bars = table(&["", "", "", ""], &[2], rows);
    bars.lines().skip(1).flat_map(|line| [line.trim_end(), "\n"]).collect()
}

fn bar(value: f64, most: f64) -> String {
    if most > 0.0 { "█".repeat((value / most * BAR).round() as usize) } else { String::new() }
}

fn is_shown(cells: &Cells) -> bool {
    cells.levels.0.len() > 1 && cells.levels.1.len() > 1
}

/// Means at each combination; the darker, the more.
fn map(plan: &SweepPlan, cells: &Cells, place: usize) -> String {
    const SHADES: [&str; 5] = [" ", "░", "▒", "▓", "█"];
    let (rows, columns) = (&cells.levels.0, &cells.levels.1);
    let means = || {
        (0..rows.len()).flat_map(|row| {
            (0..columns.len()).filter_map(move |column| cells.mean(place, row, column))
        })
    };
    let (least, most) =
        (means().fold(f64::INFINITY, f64::min), means().fold(f64::NEG_INFINITY, f64::max));
    let shade = |value: f64| {
        let share = if most > least { (value - least) / (most - least) } else { 0.0 };
        SHADES[((share * SHADES.len() as f64) as usize).min(SHADES.len() - 1)]
    };
    let (row_step, column_step) =
        (rows.len().div_ceil(MOST_LEVELS), columns.len().div_ceil(MOST_COLUMNS));
    let corner = format!(
        "{} \\ {}",
        plan.parameters[cells.parameters.0].path, plan.parameters[cells.parameters.1].path
    );
    let header: Vec<&str> = std::iter::once(corner.as_str())
        .chain(columns.iter().step_by(column_step).map(|level| level.shown.as_str()))
        .collect();
    let rows = rows.iter().enumerate().step_by(row_step).map(|(row, level)| {
        let cell = |column: usize| match cells.mean(place, row, column) {
            Some(mean) => format!("{} {}", figure(mean, plan.figures[place].unit), shade(mean)),
            None => "-  ".to_owned(),
        };
        std::iter::once(level.shown.clone())
            .chain((0..columns.len()).step_by(column_step).map(cell))
            .collect::<Vec<_>>()
    });
    table(&header, &[], rows)
}

/// Elementary effects or variance-based indices, if the sweep was made for them.
fn sensitivity(plan: &SweepPlan, findings: &Findings) -> Option<String> {
    let mut text = String::new();
    for (place, of) in plan.figures.iter().enumerate() {
        if let Some(screening) = &findings.screening {
            let screened = screening.of(place);
            let most = screened.iter().map(|screened| screened.size.mean).fold(0.0, f64::max);
            let rows = plan.parameters.iter().zip(&screened).map(|(parameter, screened)| {
                vec![
                    format!("  {}", parameter.path),
                    interval(&screened.size, |value| figure(value, of.unit)),
                    signed(screened.mean, of),
                    figure(screened.spread, of.unit),
                    bar(screened.size.mean, most),
                ]
            });
            let header = [of.text.as_str(), "size of effect (μ*)", "effect (μ)", "spread (σ)", ""];
            let _ = writeln!(text, "{}", table(&header, &[4], rows));
        }
        if let Some(indices) = &findings.indices {
            let Some(indices) = indices.of(place) else {
                let _ = writeln!(text, "{}  the same at every point", of.text);
                continue;
            };
            let rows = plan.parameters.iter().zip(&indices).map(|(parameter, index)| {
                vec![
                    format!("  {}", parameter.path),
                    format!("{:.2} ± {:.2}", index.first, index.first_half_width),
                    format!("{:.2} ± {:.2}", index.total, index.total_half_width),
                    bar(index.total.clamp(0.0, 1.0), 1.0),
                ]
            });
            let header = [of.text.as_str(), "by itself (S1)", "with interactions (ST)", ""];
            let _ = writeln!(text, "{}", table(&header, &[3], rows));
        }
    }
    (!text.is_empty()).then_some(text)
}

fn signed(value: f64, plan: &FigurePlan) -> String {
    let sign = if value < 0.0 { "-" } else { "+" };
    format!("{sign}{}", figure(value.abs(), plan.unit))
}

fn interval(interval: &ConfidenceInterval, shown: impl Fn(f64) -> String) -> String {
    if interval.half_width.is_finite() {
        format!("{} ± {}", shown(interval.mean), shown(interval.half_width))
    } else {
        shown(interval.mean)
    }
}

fn failures(findings: &Findings) -> String {
    let mut text = String::new();
    for (point, state) in &findings.failures {
        let why = match state {
            PointState::Unsound(why) => format!("its settings do not go together: {why}"),
            PointState::Stopped(limit) => format!("a run reached {limit}"),
            PointState::Measured | PointState::Abandoned(_) => continue,
        };
        let _ = writeln!(text, "point {point}: {why}");
    }
    let more = findings.failed.saturating_sub(findings.failures.len() as u64);
    if more > 0 {
        let _ = writeln!(text, "and {} more", count(more));
    }
    text
}

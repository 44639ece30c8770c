//! The plots of a sweep: main effects, maps of two settings, the Pareto front, which settings
//! matter.

use plotters::coord::Shift;
use plotters::prelude::*;
use sim_experiments::sweep::analysis::{Cells, Effects, Findings, LevelOrPart};
use sim_models::observe::Unit;
use sim_models::study::{Direction, FigurePlan};

use super::Header;
use crate::plot::{Drawn, FONT_NAME, Picture, colour};
use crate::words::figure;

const TITLE: i32 = 16;
const LABEL: i32 = 13;
/// Room for a title above each panel.
const ABOVE: u32 = 36;
const PANEL: (u32, u32) = (420, 280);
const MAP: (u32, u32) = (760, 440);
const BARS: (u32, u32) = (1_000, 24);
/// More figures or settings than this make a picture nobody looks at; the first are drawn.
const MOST_PANELS: usize = 8;

/// A picture of a finished sweep.
pub(super) enum SweepPicture<'a> {
    /// A panel for each figure and setting.
    Effects(&'a Header, &'a Findings),
    /// A map for each figure, of the two settings that explain most of it.
    Maps(&'a Header, Vec<(usize, &'a Cells)>),
    /// The first two objectives against each other.
    Front(&'a Header, &'a Findings, [(usize, Direction); 2]),
    /// A bar for each figure and setting.
    Sensitivity(&'a Header, Vec<(usize, Vec<f64>)>, &'static str),
}

/// The pictures that a sweep has anything for, with their names.
pub(super) fn pictures<'a>(
    header: &'a Header,
    findings: &'a Findings,
) -> Vec<(&'static str, SweepPicture<'a>)> {
    let figures = || 0..header.plan.figures.len().min(MOST_PANELS);
    let mut pictures = vec![("effects", SweepPicture::Effects(header, findings))];
    let is_map = |cells: &&Cells| cells.levels.0.len() > 1 && cells.levels.1.len() > 1;
    let maps: Vec<(usize, &Cells)> = figures()
        .filter_map(|place| Some((place, findings.foremost(place).filter(is_map)?)))
        .collect();
    if !maps.is_empty() {
        pictures.push(("maps", SweepPicture::Maps(header, maps)));
    }
    let mut objectives = header.plan.objectives();
    if let (Some(first), Some(second)) = (objectives.next(), objectives.next()) {
        pictures.push(("front", SweepPicture::Front(header, findings, [first, second])));
    }
    let (shares, what): (Vec<(usize, Vec<f64>)>, _) = if let Some(indices) = &findings.indices {
        let total = |place: usize| {
            Some((place, indices.of(place)?.iter().map(|index| index.total).collect()))
        };
        (
            figures().filter_map(total).collect(),
            "total sensitivity index (share of the variance, interactions included)",
        )
    } else if let Some(screening) = &findings.screening {
        let sizes = |place: usize| {
            let sizes: Vec<f64> =
                screening.of(place).iter().map(|screened| screened.size.mean).collect();
            let most = sizes.iter().copied().fold(0.0, f64::max);
            (most > 0.0).then(|| (place, sizes.iter().map(|size| size / most).collect()))
        };
        (
            figures().filter_map(sizes).collect(),
            "size of the elementary effects, the largest of each figure being 1",
        )
    } else {
        (
            figures().filter_map(|place| Some((place, findings.explained(place)?))).collect(),
            "share of the variance that each setting explains by itself",
        )
    };
    if !shares.is_empty() && header.plan.parameters.len() > 1 {
        pictures.push(("sensitivity", SweepPicture::Sensitivity(header, shares, what)));
    }
    pictures
}

impl Picture for SweepPicture<'_> {
    fn size(&self) -> (u32, u32) {
        match self {
            Self::Effects(header, _) => {
                let columns = header.plan.parameters.len().min(MOST_PANELS) as u32;
                let rows = header.plan.figures.len().min(MOST_PANELS) as u32;
                (columns * PANEL.0, ABOVE + rows * PANEL.1)
            }
            Self::Maps(_, maps) => (MAP.0, maps.len() as u32 * MAP.1),
            Self::Front(..) => (900, 560),
            Self::Sensitivity(header, shares, _) => {
                let rows = header.plan.parameters.len() as u32 * BARS.1 + ABOVE;
                (BARS.0, ABOVE + shares.len() as u32 * rows)
            }
        }
    }

    fn draw<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Drawn<DB> {
        match self {
            Self::Effects(header, findings) => effects(root, header, findings),
            Self::Maps(header, maps) => {
                for ((place, cells), area) in maps.iter().zip(root.split_evenly((maps.len(), 1))) {
                    map(&area, header, *place, cells)?;
                }
                Ok(())
            }
            Self::Front(header, findings, objectives) => front(root, header, findings, *objectives),
            Self::Sensitivity(header, shares, what) => sensitivity(root, header, shares, what),
        }
    }
}

fn write<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    text: &str,
    at: (i32, i32),
    size: i32,
) -> Drawn<DB> {
    area.draw(&Text::new(text.to_owned(), at, (FONT_NAME, size).into_font().color(&colour::TEXT)))
}

fn effects<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    header: &Header,
    findings: &Findings,
) -> Drawn<DB> {
    let (title, rest) = root.split_vertically(ABOVE);
    write(
        &title,
        &format!("{}: mean over all other settings, and the whole range", header.scenario),
        (16, 10),
        TITLE,
    )?;
    let parameters = header.plan.parameters.len().min(MOST_PANELS);
    let figures = header.plan.figures.len().min(MOST_PANELS);
    let panels = rest.split_evenly((figures, parameters));
    for (number, panel) in panels.iter().enumerate() {
        let (place, parameter) = (number / parameters, number % parameters);
        let plan = &header.plan.figures[place];
        // Panels of one figure share their scale, so that settings can be compared.
        let spreads = || {
            findings
                .effects
                .iter()
                .flat_map(|effects| &effects.figures[place])
                .filter(|spread| spread.points.count() > 0)
        };
        let (least, most) = spreads()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), spread| {
                (spread.least.min(least), spread.most.max(most))
            });
        let scale = scale(least, most, plan.unit);
        effect(
            panel,
            &findings.effects[parameter],
            place,
            plan,
            &header.plan.parameters[parameter].path,
            scale,
        )?;
    }
    Ok(())
}

/// From zero unless all values lie far from it.
fn scale(least: f64, most: f64, unit: Unit) -> (f64, f64) {
    if least > most {
        return (0.0, 1.0);
    }
    let room = if most > least { (most - least) * 0.08 } else { most.abs() * 0.1 };
    let room = if room > 0.0 { room } else { 1.0 };
    let low = if least >= 0.0 && least < most * 0.6 { 0.0 } else { least - room };
    let top = most + room;
    if unit == Unit::Share {
        (low.max(0.0), top.min(1.0))
    } else {
        (if least >= 0.0 { low.max(0.0) } else { low }, top)
    }
}

fn effect<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    effects: &Effects,
    place: usize,
    plan: &FigurePlan,
    path: &str,
    (low, top): (f64, f64),
) -> Drawn<DB> {
    let count = effects.levels.len();
    write(area, &format!("{} by {path}", plan.text), (12, 6), LABEL)?;
    let mut chart = ChartBuilder::on(area)
        .margin_right(16)
        .margin_top(28)
        .margin_bottom(6)
        .set_label_area_size(LabelAreaPosition::Left, 76)
        .set_label_area_size(LabelAreaPosition::Bottom, 26)
        .build_cartesian_2d(-0.5..count as f64 - 0.5, low..top)?;
    let levels = &effects.levels;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.1))
        .x_labels(count.min(7))
        .x_label_formatter(&|at| name_at(levels, *at))
        .y_labels(5)
        .y_label_formatter(&|value| figure(*value, plan.unit))
        .label_style((FONT_NAME, LABEL).into_font().color(&colour::TEXT))
        .draw()?;
    let known = || {
        effects.figures[place].iter().enumerate().filter(|(_, spread)| spread.points.count() > 0)
    };
    chart.draw_series(known().map(|(at, spread)| {
        let at = at as f64;
        Rectangle::new(
            [(at - 0.18, spread.least), (at + 0.18, spread.most)],
            colour::BUSY.mix(0.45).filled(),
        )
    }))?;
    if effects.is_range() {
        let means = known().map(|(at, spread)| (at as f64, spread.points.mean()));
        chart.draw_series(LineSeries::new(means, colour::MEDIAN.stroke_width(2)))?;
    }
    chart.draw_series(known().map(|(at, spread)| {
        Circle::new((at as f64, spread.points.mean()), 4, colour::MEDIAN.filled())
    }))?;
    Ok(())
}

/// The name of the level at a whole place of an axis.
fn name_at(levels: &[LevelOrPart], at: f64) -> String {
    let is_whole = (at - at.round()).abs() < 1e-6 && at >= -0.25;
    levels
        .get(at.round().max(0.0) as usize)
        .filter(|_| is_whole)
        .map_or_else(String::new, |level| shortened(&level.shown))
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= 14 {
        text.to_owned()
    } else {
        text.chars().take(12).chain("…".chars()).collect()
    }
}

/// From light to dark, the same order for every colour vision and in grey (the viridis map's ends
/// and middle).
fn shade(share: f64) -> RGBColor {
    const STOPS: [(f64, f64, f64); 5] = [
        (253.0, 231.0, 37.0),
        (94.0, 201.0, 98.0),
        (33.0, 145.0, 140.0),
        (59.0, 82.0, 139.0),
        (68.0, 1.0, 84.0),
    ];
    let at = share.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let (from, to) = (STOPS[at as usize], STOPS[(at as usize + 1).min(STOPS.len() - 1)]);
    let part = at - at.floor();
    let mix = |from: f64, to: f64| (from + (to - from) * part) as u8;
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

fn map<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    header: &Header,
    place: usize,
    cells: &Cells,
) -> Drawn<DB> {
    const LEFT: i32 = 130;
    const TOP: i32 = 64;
    const BOTTOM: i32 = 56;
    let plan = &header.plan.figures[place];
    let (rows, columns) = (&cells.levels.0, &cells.levels.1);
    let means = || {
        (0..rows.len()).flat_map(|row| {
            (0..columns.len()).filter_map(move |column| cells.mean(place, row, column))
        })
    };
    let (least, most) =
        (means().fold(f64::INFINITY, f64::min), means().fold(f64::NEG_INFINITY, f64::max));
    write(area, &format!("{}: {}", header.scenario, plan.text), (16, 10), TITLE)?;
    let paths = [cells.parameters.0, cells.parameters.1]
        .map(|parameter| header.plan.parameters[parameter].path.as_str());
    write(area, &format!("upwards: {}", paths[0]), (16, 36), LABEL)?;
    let (width, height) = (MAP.0 as i32 - LEFT - 30, MAP.1 as i32 - TOP - BOTTOM);
    let edge = |number: usize, count: usize, length: i32| {
        (number as i64 * i64::from(length) / count as i64) as i32
    };
    let is_written = width / columns.len() as i32 >= 64 && height / rows.len() as i32 >= 18;
    for row in 0..rows.len() {
        let (bottom, top) =
            (height - edge(row, rows.len(), height), height - edge(row + 1, rows.len(), height));
        for column in 0..columns.len() {
            let (left, right) =
                (edge(column, columns.len(), width), edge(column + 1, columns.len(), width));
            let corners = [(LEFT + left, TOP + top), (LEFT + right - 1, TOP + bottom - 1)];
            let Some(mean) = cells.mean(place, row, column) else {
                area.draw(&Rectangle::new(corners, colour::FAINT.mix(0.2).filled()))?;
                continue;
            };
            let share = if most > least { (mean - least) / (most - least) } else { 0.0 };
            area.draw(&Rectangle::new(corners, shade(share).filled()))?;
            if is_written {
                let ink = if share > 0.45 { WHITE } else { BLACK };
                let at = (
                    LEFT + left + 8,
                    TOP + f64::midpoint(f64::from(top), f64::from(bottom)) as i32 - 7,
                );
                area.draw(&Text::new(
                    figure(mean, plan.unit),
                    at,
                    (FONT_NAME, LABEL).into_font().color(&ink),
                ))?;
            }
        }
    }
    let row_step = rows.len().div_ceil(12);
    for (row, level) in rows.iter().enumerate().step_by(row_step) {
        let middle = height
            - i32::midpoint(edge(row, rows.len(), height), edge(row + 1, rows.len(), height));
        write(area, &shortened(&level.shown), (24, TOP + middle - 7), LABEL)?;
    }
    let column_step = columns.len().div_ceil(8);
    for (column, level) in columns.iter().enumerate().step_by(column_step) {
        write(
            area,
            &shortened(&level.shown),
            (LEFT + edge(column, columns.len(), width) + 8, TOP + height + 6),
            LABEL,
        )?;
    }
    let legend = format!(
        "to the right: {}    yellow: {}    violet: {}",
        paths[1],
        figure(least, plan.unit),
        figure(most, plan.unit)
    );
    write(area, &legend, (LEFT, TOP + height + 28), LABEL)
}

fn front<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    header: &Header,
    findings: &Findings,
    [(across, _), (up, _)]: [(usize, Direction); 2],
) -> Drawn<DB> {
    let plans = [across, up].map(|place| &header.plan.figures[place]);
    let words = |plan: &FigurePlan| {
        let wish = if plan.better == Some(Direction::Higher) {
            "more is better"
        } else {
            "less is better"
        };
        format!("{} ({wish})", plan.text)
    };
    write(
        root,
        &format!("{}: points that no other beats in every objective", header.scenario),
        (16, 10),
        TITLE,
    )?;
    write(root, &format!("upwards: {}", words(plans[1])), (16, 34), LABEL)?;
    write(root, &format!("to the right: {}", words(plans[0])), (110, 536), LABEL)?;
    let chooser = header.chooser();
    let mut points: Vec<(f64, f64, String)> = findings
        .front
        .points
        .iter()
        .filter_map(|point| {
            let names: Vec<String> = chooser
                .levels(point.point)
                .into_iter()
                .map(|level| shortened(&level.shown))
                .collect();
            Some((point.figures[across]?.mean, point.figures[up]?.mean, names.join(", ")))
        })
        .collect();
    points.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let range = |of: fn(&(f64, f64, String)) -> f64, unit: Unit| {
        let (least, most) = points
            .iter()
            .map(of)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), v| (v.min(l), v.max(m)));
        scale(least, most, unit)
    };
    let (x, y) = (range(|point| point.0, plans[0].unit), range(|point| point.1, plans[1].unit));
    let mut chart = ChartBuilder::on(root)
        .margin_top(60)
        .margin_right(24)
        .margin_bottom(30)
        .set_label_area_size(LabelAreaPosition::Left, 90)
        .set_label_area_size(LabelAreaPosition::Bottom, 30)
        .build_cartesian_2d(x.0..x.1, y.0..y.1)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.1))
        .x_labels(6)
        .y_labels(6)
        .x_label_formatter(&|value| figure(*value, plans[0].unit))
        .y_label_formatter(&|value| figure(*value, plans[1].unit))
        .label_style((FONT_NAME, LABEL).into_font().color(&colour::TEXT))
        .draw()?;
    chart.draw_series(LineSeries::new(
        points.iter().map(|point| (point.0, point.1)),
        colour::FAINT.stroke_width(1),
    ))?;
    chart.draw_series(
        points.iter().map(|point| Circle::new((point.0, point.1), 5, colour::MEDIAN.filled())),
    )?;
    let step = points.len().div_ceil(12);
    chart.draw_series(points.iter().step_by(step.max(1)).map(|(x, y, name)| {
        EmptyElement::at((*x, *y))
            + Text::new(name.clone(), (8, -16), (FONT_NAME, LABEL).into_font().color(&colour::TEXT))
    }))?;
    Ok(())
}

fn sensitivity<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    header: &Header,
    shares: &[(usize, Vec<f64>)],
    what: &str,
) -> Drawn<DB> {
    const LEFT: i32 = 420;
    let width = BARS.0 as i32 - LEFT - 90;
    write(root, &format!("{}: {what}", header.scenario), (16, 10), TITLE)?;
    let mut y = ABOVE as i32;
    for (place, shares) in shares {
        write(root, &header.plan.figures[*place].text, (16, y + 8), LABEL)?;
        y += ABOVE as i32;
        let mut order: Vec<usize> = (0..shares.len()).collect();
        order.sort_by(|one, other| shares[*other].total_cmp(&shares[*one]).then(one.cmp(other)));
        for parameter in order {
            let share = shares[parameter].clamp(0.0, 1.0);
            write(root, &header.plan.parameters[parameter].path, (36, y), LABEL)?;
            let right = LEFT + (share * f64::from(width)) as i32;
            root.draw(&Rectangle::new(
                [(LEFT, y), (right.max(LEFT + 1), y + BARS.1 as i32 - 8)],
                colour::MEDIAN.filled(),
            ))?;
            write(root, &format!("{share:.2}"), (right + 8, y), LABEL)?;
            y += BARS.1 as i32;
        }
    }
    Ok(())
}

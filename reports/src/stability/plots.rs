//! The pictures of a map of stability: the map itself, and the way up and down.

use plotters::coord::Shift;
use plotters::prelude::*;
use sim_experiments::stability::{Behaviour, Cell, Hysteresis, Map, Stability};

use super::{load, name};
use crate::plot::{Drawn, FONT_NAME, Picture, colour};

const TITLE: i32 = 16;
const LABEL: i32 = 13;
const LEFT: i32 = 170;
const TOP: i32 = 76;
const CELL: (i32, i32) = (92, 30);
const BELOW: i32 = 60;
const LOOP: (u32, u32) = (900, 480);

/// A picture of a map of stability.
pub(super) enum StabilityPicture<'a> {
    /// Maps one below the other.
    Maps(&'a Stability, &'a str),
    /// Going up and coming down.
    Hysteresis(&'a Stability, &'a Hysteresis, &'a str),
}

/// The pictures that there is anything for, with their names.
pub(super) fn pictures<'a>(
    stability: &'a Stability,
    scenario: &'a str,
) -> Vec<(&'static str, StabilityPicture<'a>)> {
    let mut pictures = vec![("map", StabilityPicture::Maps(stability, scenario))];
    if let Some(hysteresis) = &stability.hysteresis {
        pictures
            .push(("hysteresis", StabilityPicture::Hysteresis(stability, hysteresis, scenario)));
    }
    pictures
}

fn height(stability: &Stability) -> i32 {
    TOP + stability.loads.len() as i32 * CELL.1 + BELOW
}

impl Picture for StabilityPicture<'_> {
    fn size(&self) -> (u32, u32) {
        match self {
            Self::Maps(stability, _) => {
                let columns = stability.maps.first().map_or(0, |map| map.triggers.len()) as i32 + 1;
                (
                    (LEFT + columns * CELL.0 + 40).max(760) as u32,
                    (height(stability) * stability.maps.len() as i32) as u32,
                )
            }
            Self::Hysteresis(..) => LOOP,
        }
    }

    fn draw<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Drawn<DB> {
        match self {
            Self::Maps(stability, scenario) => {
                for (map, area) in
                    stability.maps.iter().zip(root.split_evenly((stability.maps.len(), 1)))
                {
                    of_map(&area, stability, map, scenario)?;
                }
                Ok(())
            }
            Self::Hysteresis(stability, hysteresis, scenario) => {
                up_and_down(root, stability, hysteresis, scenario)
            }
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

/// Colours that people with any colour vision tell apart, and a letter for those who see none.
fn look(behaviour: Behaviour) -> (RGBColor, &'static str) {
    match behaviour {
        Behaviour::Stable => (colour::OK, "s"),
        Behaviour::Recovers => (colour::BUSY, "r"),
        Behaviour::Degraded => (colour::DEGRADED, "d"),
        Behaviour::Metastable => (colour::FAILED, "M"),
        Behaviour::Overloaded => (colour::FAINT, "o"),
    }
}

fn of_map<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    stability: &Stability,
    map: &Map,
    scenario: &str,
) -> Drawn<DB> {
    let plan = &stability.plan;
    let also = match (&plan.also, &map.also) {
        (Some(setting), Some(level)) => format!(", {} = {}", setting.path, level.shown),
        _ => String::new(),
    };
    write(area, &format!("{scenario}: what it recovers from{also}"), (16, 10), TITLE)?;
    let all = [
        Behaviour::Stable,
        Behaviour::Recovers,
        Behaviour::Degraded,
        Behaviour::Metastable,
        Behaviour::Overloaded,
    ];
    for (place, behaviour) in all.into_iter().enumerate() {
        let left = 16 + place as i32 * 140;
        let (colour, letter) = look(behaviour);
        area.draw(&Rectangle::new([(left, 36), (left + 18, 52)], colour.filled()))?;
        write(area, &format!("{letter} {}", name(behaviour)), (left + 24, 36), LABEL)?;
    }
    write(area, &format!("upwards: {}", plan.load.path), (16, 56), LABEL)?;
    let rows = stability.loads.len() as i32;
    for (row, level) in stability.loads.iter().enumerate() {
        let top = TOP + (rows - 1 - row as i32) * CELL.1;
        write(area, &level.shown, (16, top + 8), LABEL)?;
        cell(area, &stability.untriggered[row], (LEFT, top))?;
        for (column, cells) in map.cells.iter().enumerate() {
            cell(area, &cells[row], (LEFT + (column as i32 + 1) * CELL.0, top))?;
        }
    }
    let below = TOP + rows * CELL.1 + 6;
    write(area, "no trigger", (LEFT + 4, below), LABEL)?;
    for (column, trigger) in map.triggers.iter().enumerate() {
        write(area, &trigger.shown, (LEFT + (column as i32 + 1) * CELL.0 + 4, below), LABEL)?;
    }
    let safe = stability.healing().map_or_else(String::new, |healing| {
        format!("    every trigger heals up to {}", load(stability, healing.up_to))
    });
    write(area, &format!("to the right: {}{safe}", plan.trigger.path), (LEFT, below + 22), LABEL)
}

fn cell<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    cell: &Cell,
    (left, top): (i32, i32),
) -> Drawn<DB> {
    let corners = [(left, top), (left + CELL.0 - 2, top + CELL.1 - 2)];
    let Some(behaviour) = cell.usual() else {
        return area.draw(&Rectangle::new(corners, colour::FAINT.mix(0.2).filled()));
    };
    let (colour, letter) = look(behaviour);
    area.draw(&Rectangle::new(corners, colour.mix(0.75).filled()))?;
    let healed = if cell.healed() == cell.runs.len() || cell.healed() == 0 {
        letter.to_owned()
    } else {
        format!("{letter} {} of {} heal", cell.healed(), cell.runs.len())
    };
    write(area, &healed, (left + 6, top + 8), LABEL)
}

fn up_and_down<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    stability: &Stability,
    hysteresis: &Hysteresis,
    scenario: &str,
) -> Drawn<DB> {
    write(
        root,
        &format!("{scenario}: share answered, going up through the loads and coming down again"),
        (16, 10),
        TITLE,
    )?;
    let least = hysteresis.passes.first().map_or(0.0, |pass| pass.load.number);
    let most = hysteresis.passes.last().map_or(1.0, |pass| pass.load.number).max(least + 1e-9);
    let mut chart = ChartBuilder::on(root)
        .margin_top(60)
        .margin_right(24)
        .margin_bottom(30)
        .set_label_area_size(LabelAreaPosition::Left, 70)
        .set_label_area_size(LabelAreaPosition::Bottom, 30)
        .build_cartesian_2d(least..most, 0.0..1.02)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.1))
        .x_labels(8)
        .y_labels(6)
        .x_label_formatter(&|number| load(stability, *number))
        .y_label_formatter(&|share| format!("{:.0}%", share * 100.0))
        .label_style((FONT_NAME, LABEL).into_font().color(&colour::TEXT))
        .draw()?;
    let up: Vec<(f64, f64)> =
        hysteresis.passes.iter().map(|pass| (pass.load.number, pass.up)).collect();
    let down: Vec<(f64, f64)> =
        hysteresis.passes.iter().map(|pass| (pass.load.number, pass.down)).collect();
    chart.draw_series(LineSeries::new(up.iter().copied(), colour::MEDIAN.stroke_width(2)))?;
    chart.draw_series(up.iter().map(|point| Circle::new(*point, 4, colour::MEDIAN.filled())))?;
    chart.draw_series(LineSeries::new(down.iter().copied(), colour::FAILED.stroke_width(2)))?;
    chart.draw_series(
        down.iter().map(|point| TriangleMarker::new(*point, 6, colour::FAILED.filled())),
    )?;
    root.draw(&Circle::new((24, 44), 4, colour::MEDIAN.filled()))?;
    write(root, "going up", (34, 37), LABEL)?;
    root.draw(&TriangleMarker::new((124, 46), 6, colour::FAILED.filled()))?;
    write(root, "coming down", (134, 37), LABEL)?;
    write(
        root,
        &format!("to the right: {}", stability.plan.load.path),
        (90, LOOP.1 as i32 - 22),
        LABEL,
    )
}

//! Maps: a figure over the two settings that explain most of it.

use sim_experiments::sweep::analysis::{Findings, LevelOrPart};
use sim_models::observe::FigureUnit;

use super::drawings::MOST_PANELS;
use crate::plot::{Canvas, DrawError, Drawing, Drawn, Pixel, colour, font, short_name};
use crate::sweep::Header;
use crate::sweep::heat_map::{Heat, HeatMap};
use crate::units::figure;

/// The width and height of a map with all that is around it.
const SIZE: (u32, u32) = (760, 440);
const LEFT: i32 = 130;
const RIGHT: i32 = 30;
const TOP: i32 = 64;
const BOTTOM: i32 = 56;
/// The width and height of the cells together.
const WIDTH: i32 = SIZE.0 as i32 - LEFT - RIGHT;
const HEIGHT: i32 = SIZE.1 as i32 - TOP - BOTTOM;
/// More levels than this are not all named.
const MOST_ROW_NAMES: usize = 12;
const MOST_COLUMN_NAMES: usize = 8;

/// A map for each figure, one below the other.
pub(super) struct HeatMaps<'a> {
    header: &'a Header,
    maps: Vec<HeatMap<'a>>,
}

impl<'a> HeatMaps<'a> {
    /// The maps of the first figures; `None` if no figure has one.
    pub fn new(header: &'a Header, findings: &'a Findings) -> Option<Self> {
        let figures = 0..header.plan.figures.len().min(MOST_PANELS);
        let maps: Vec<_> = figures.filter_map(|place| HeatMap::new(findings, place)).collect();
        (!maps.is_empty()).then_some(Self { header, maps })
    }
}

impl Drawing for HeatMaps<'_> {
    fn name(&self) -> &'static str {
        "maps"
    }

    fn size(&self) -> (u32, u32) {
        (SIZE.0, self.maps.len() as u32 * SIZE.1)
    }

    fn draw(&self, canvas: &dyn Canvas) -> Result<(), DrawError> {
        for (map, canvas) in self.maps.iter().zip(canvas.grid(self.maps.len(), 1)) {
            self.draw_map(&*canvas, map)?;
        }
        Ok(())
    }
}

impl HeatMaps<'_> {
    fn draw_map(&self, canvas: &dyn Canvas, map: &HeatMap<'_>) -> Drawn {
        let plan = &self.header.plan;
        let figure_plan = &plan.figures[map.figure];
        let path = |parameter: usize| plan.parameters[parameter].path.as_str();
        let title = format!("{}: {}", self.header.scenario, figure_plan.text);
        canvas.write(&title, (16, 10), font::TITLE)?;
        let up = format!("upwards: {}", path(map.cells.parameters.0));
        canvas.write(&up, (16, 36), font::LABEL)?;
        draw_cells(canvas, map, figure_plan.unit)?;
        draw_row_names(canvas, &map.cells.levels.0)?;
        draw_column_names(canvas, &map.cells.levels.1)?;
        let legend = format!(
            "to the right: {}    yellow: {}    violet: {}",
            path(map.cells.parameters.1),
            figure(map.least, figure_plan.unit),
            figure(map.most, figure_plan.unit)
        );
        canvas.write(&legend, (LEFT, TOP + HEIGHT + 28), font::LABEL)
    }
}

/// The distance of the near edge of a cell from the first, of `count` over a length.
fn edge(number: usize, count: usize, length: i32) -> i32 {
    (number as i64 * i64::from(length) / count as i64) as i32
}

fn draw_cells(canvas: &dyn Canvas, map: &HeatMap<'_>, unit: FigureUnit) -> Drawn {
    let (rows, columns) = (map.cells.levels.0.len(), map.cells.levels.1.len());
    let has_room = WIDTH / columns as i32 >= 64 && HEIGHT / rows as i32 >= 18;
    for row in 0..rows {
        let top = TOP + HEIGHT - edge(row + 1, rows, HEIGHT);
        let bottom = TOP + HEIGHT - edge(row, rows, HEIGHT);
        for column in 0..columns {
            let left = LEFT + edge(column, columns, WIDTH);
            let right = LEFT + edge(column + 1, columns, WIDTH);
            let corners = [(left, top), (right - 1, bottom - 1)];
            let Some(heat) = map.at(row, column) else {
                canvas.rectangle(corners, colour::FAINT.opacity(0.2))?;
                continue;
            };
            canvas.rectangle(corners, colour::heat(heat.share))?;
            if has_room {
                let middle = i32::midpoint(top, bottom);
                write_mean(canvas, heat, unit, (left + 8, middle - 7))?;
            }
        }
    }
    Ok(())
}

fn write_mean(canvas: &dyn Canvas, heat: Heat, unit: FigureUnit, at: Pixel) -> Drawn {
    let ink = if heat.share > 0.45 { colour::WHITE } else { colour::BLACK };
    canvas.write_in(ink, &figure(heat.mean, unit), at, font::LABEL)
}

fn draw_row_names(canvas: &dyn Canvas, levels: &[LevelOrPart]) -> Drawn {
    let count = levels.len();
    for (row, level) in levels.iter().enumerate().step_by(count.div_ceil(MOST_ROW_NAMES)) {
        let middle = HEIGHT - i32::midpoint(edge(row, count, HEIGHT), edge(row + 1, count, HEIGHT));
        canvas.write(&short_name(&level.shown), (24, TOP + middle - 7), font::LABEL)?;
    }
    Ok(())
}

fn draw_column_names(canvas: &dyn Canvas, levels: &[LevelOrPart]) -> Drawn {
    let count = levels.len();
    for (column, level) in levels.iter().enumerate().step_by(count.div_ceil(MOST_COLUMN_NAMES)) {
        let at = (LEFT + edge(column, count, WIDTH) + 8, TOP + HEIGHT + 6);
        canvas.write(&short_name(&level.shown), at, font::LABEL)?;
    }
    Ok(())
}

//! Maps: a figure over the two settings that explain most of it.

use sim_experiments::sweep::analysis::{Findings, LevelOrPart};
use sim_models::study::{Direction, FigurePlan};

use super::drawings::MOST_PANELS;
use super::present::place_of;
use crate::plot::{
    Anchor, Canvas, DrawError, Drawing, Drawn, Ink, Legend, Pixel, Swatch, colour, fitted, font,
    wish,
};
use crate::sweep::Header;
use crate::sweep::heat_map::{Heat, HeatMap};
use crate::units::{UNKNOWN, figure};

/// The width and height of a map with all that is around it.
const SIZE: (u32, u32) = (760, 460);
const MARGIN: i32 = 16;
const LEFT: i32 = 136;
const RIGHT: i32 = 30;
const TOP: i32 = 86;
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
        const ROOM: i32 = SIZE.0 as i32 - 2 * MARGIN;
        let plan = &self.header.plan;
        let plan_of_figure = &plan.figures[map.figure];
        let path = |parameter: usize| plan.parameters[parameter].path.as_str();
        let title = format!("{}: {}", self.header.scenario, wish(plan_of_figure));
        canvas.write(&fitted(&title, font::TITLE, ROOM), (MARGIN, 10), font::TITLE)?;
        let (upwards, across) = map.cells.parameters;
        let map = MapOfFigure { map, figure: plan_of_figure };
        map.draw_legend(canvas)?;
        let up = format!("upwards: {}", path(upwards));
        canvas.write(&fitted(&up, font::LABEL, ROOM), (MARGIN, 62), font::LABEL)?;
        map.draw_cells(canvas)?;
        let now = |parameter: usize| plan.now.get(parameter).copied().flatten();
        map.draw_now(canvas, [now(upwards), now(across)])?;
        draw_row_names(canvas, &map.map.cells.levels.0)?;
        draw_column_names(canvas, &map.map.cells.levels.1)?;
        let right = format!("to the right: {}", path(across));
        canvas.write(&fitted(&right, font::LABEL, WIDTH), (LEFT, TOP + HEIGHT + 28), font::LABEL)
    }
}

/// A map and the figure that it is of.
struct MapOfFigure<'a> {
    map: &'a HeatMap<'a>,
    figure: &'a FigurePlan,
}

impl MapOfFigure<'_> {
    /// The darkness of a cell, from 0 to 1: the worse, the darker; the more, the darker if neither is better.
    fn darkness(&self, heat: Heat) -> f64 {
        if self.figure.better == Some(Direction::Higher) { 1.0 - heat.share } else { heat.share }
    }

    fn draw_legend(&self, canvas: &dyn Canvas) -> Drawn {
        let shown = |value| figure(value, self.figure.unit);
        let (least, most) = (shown(self.map.least), shown(self.map.most));
        let [light, dark] = match self.figure.better {
            Some(Direction::Higher) => [format!("best {most}"), format!("worst {least}")],
            Some(Direction::Lower) => [format!("best {least}"), format!("worst {most}")],
            None => [format!("least {least}"), format!("most {most}")],
        };
        Legend(&[
            (light.as_str(), Swatch::Area(colour::heat(0.0))),
            (dark.as_str(), Swatch::Area(colour::heat(1.0))),
            ("no point", Swatch::Area(NO_POINT)),
            ("now", Swatch::Frame(colour::TEXT)),
        ])
        .draw(canvas, (MARGIN, 38))
    }

    fn draw_cells(&self, canvas: &dyn Canvas) -> Drawn {
        let (rows, columns) = (self.map.cells.levels.0.len(), self.map.cells.levels.1.len());
        let has_room = WIDTH / columns as i32 >= 64 && HEIGHT / rows as i32 >= 18;
        for row in 0..rows {
            for column in 0..columns {
                let [(left, top), (right, bottom)] = self.cell(row, column);
                let corners = [(left, top), (right - 1, bottom - 1)];
                let centre = (i32::midpoint(left, right), i32::midpoint(top, bottom) - 5);
                let Some(heat) = self.map.at(row, column) else {
                    canvas.rectangle(corners, NO_POINT)?;
                    if has_room {
                        write_centred(canvas, colour::TEXT, UNKNOWN, centre)?;
                    }
                    continue;
                };
                let darkness = self.darkness(heat);
                canvas.rectangle(corners, colour::heat(darkness))?;
                if has_room {
                    let ink = if darkness > 0.45 { colour::WHITE } else { colour::BLACK };
                    write_centred(canvas, ink, &figure(heat.mean, self.figure.unit), centre)?;
                }
            }
        }
        Ok(())
    }

    /// Frames the cell of the present values, if it is in the map.
    fn draw_now(&self, canvas: &dyn Canvas, now: [Option<f64>; 2]) -> Drawn {
        let levels = &self.map.cells.levels;
        let nearest = |levels: &[LevelOrPart], now: Option<f64>| {
            now.and_then(|now| place_of(levels, now)).map(|place| place.round() as usize)
        };
        let (Some(row), Some(column)) = (nearest(&levels.0, now[0]), nearest(&levels.1, now[1]))
        else {
            return Ok(());
        };
        let [(left, top), (right, bottom)] = self.cell(row, column);
        // A light frame within the dark one can be seen on a dark cell.
        canvas.frame([(left + 2, top + 2), (right - 3, bottom - 3)], colour::WHITE)?;
        canvas.frame([(left, top), (right - 1, bottom - 1)], colour::BLACK)
    }

    /// The corners of a cell.
    fn cell(&self, row: usize, column: usize) -> [Pixel; 2] {
        let (rows, columns) = (self.map.cells.levels.0.len(), self.map.cells.levels.1.len());
        let top = TOP + HEIGHT - edge(row + 1, rows, HEIGHT);
        let bottom = TOP + HEIGHT - edge(row, rows, HEIGHT);
        let left = LEFT + edge(column, columns, WIDTH);
        [(left, top), (LEFT + edge(column + 1, columns, WIDTH), bottom)]
    }
}

const NO_POINT: colour::Colour = colour::FAINT.opacity(0.2);

/// The distance of the near edge of a cell from the first, of `count` over a length.
fn edge(number: usize, count: usize, length: i32) -> i32 {
    (number as i64 * i64::from(length) / count as i64) as i32
}

fn write_centred(canvas: &dyn Canvas, colour: colour::Colour, text: &str, at: Pixel) -> Drawn {
    canvas.write_in(Ink { colour, size: font::LABEL, anchor: Anchor::Middle }, text, at)
}

fn draw_row_names(canvas: &dyn Canvas, levels: &[LevelOrPart]) -> Drawn {
    const BESIDE: i32 = 8;
    let count = levels.len();
    let ink = Ink { colour: colour::TEXT, size: font::LABEL, anchor: Anchor::Right };
    for (row, level) in levels.iter().enumerate().step_by(count.div_ceil(MOST_ROW_NAMES)) {
        let middle = HEIGHT - i32::midpoint(edge(row, count, HEIGHT), edge(row + 1, count, HEIGHT));
        let name = fitted(&level.shown, font::LABEL, LEFT - MARGIN - BESIDE);
        canvas.write_in(ink, &name, (LEFT - BESIDE, TOP + middle - 5))?;
    }
    Ok(())
}

fn draw_column_names(canvas: &dyn Canvas, levels: &[LevelOrPart]) -> Drawn {
    let count = levels.len();
    let step = count.div_ceil(MOST_COLUMN_NAMES);
    let room = edge(step, count, WIDTH) - 6;
    for (column, level) in levels.iter().enumerate().step_by(step) {
        let middle = i32::midpoint(edge(column, count, WIDTH), edge(column + 1, count, WIDTH));
        let name = fitted(&level.shown, font::LABEL, room);
        write_centred(canvas, colour::TEXT, &name, (LEFT + middle, TOP + HEIGHT + 6))?;
    }
    Ok(())
}

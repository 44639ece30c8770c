//! The map: loads upwards, triggers to the right, and the behaviour of the system in each cell.

use sim_experiments::stability::{Behaviour, Cell, Map, Stability};

use crate::plot::{Canvas, Colour, DrawError, Drawing, Drawn, Pixel, colour, font};
use crate::stability::words::{load, name};

const LEFT: i32 = 170;
const TOP: i32 = 76;
const BELOW: i32 = 60;
/// The width and height of a cell.
const CELL: (i32, i32) = (92, 30);
/// Room for the title and the legend.
const LEAST_WIDTH: i32 = 760;

/// The maps of all values of a trigger's second setting, one below the other.
pub(super) struct BehaviourMaps<'a> {
    pub stability: &'a Stability,
    pub scenario: &'a str,
}

impl Drawing for BehaviourMaps<'_> {
    fn name(&self) -> &'static str {
        "map"
    }

    fn size(&self) -> (u32, u32) {
        let maps = &self.stability.maps;
        let columns = maps.first().map_or(0, |map| map.triggers.len()) as i32 + 1;
        let width = (LEFT + columns * CELL.0 + 40).max(LEAST_WIDTH);
        let height = TOP + self.rows() * CELL.1 + BELOW;
        (width as u32, (height * maps.len() as i32) as u32)
    }

    fn draw(&self, canvas: &dyn Canvas) -> Result<(), DrawError> {
        let maps = &self.stability.maps;
        for (map, canvas) in maps.iter().zip(canvas.grid(maps.len(), 1)) {
            self.draw_header(&*canvas, map)?;
            self.draw_cells(&*canvas, map)?;
            self.draw_triggers(&*canvas, map)?;
        }
        Ok(())
    }
}

impl BehaviourMaps<'_> {
    fn rows(&self) -> i32 {
        self.stability.loads.len() as i32
    }

    fn draw_header(&self, canvas: &dyn Canvas, map: &Map) -> Drawn {
        let plan = &self.stability.plan;
        let also = match (&plan.also, &map.also) {
            (Some(setting), Some(level)) => format!(", {} = {}", setting.path, level.shown),
            _ => String::new(),
        };
        let title = format!("{}: what it recovers from{also}", self.scenario);
        canvas.write(&title, (16, 10), font::TITLE)?;
        draw_legend(canvas)?;
        canvas.write(&format!("upwards: {}", plan.load.path), (16, 56), font::LABEL)
    }

    fn draw_cells(&self, canvas: &dyn Canvas, map: &Map) -> Drawn {
        for (row, level) in self.stability.loads.iter().enumerate() {
            let top = TOP + (self.rows() - 1 - row as i32) * CELL.1;
            canvas.write(&level.shown, (16, top + 8), font::LABEL)?;
            draw_cell(canvas, &self.stability.untriggered[row], (LEFT, top))?;
            for (column, cells) in map.cells.iter().enumerate() {
                draw_cell(canvas, &cells[row], (column_left(column), top))?;
            }
        }
        Ok(())
    }

    fn draw_triggers(&self, canvas: &dyn Canvas, map: &Map) -> Drawn {
        let below = TOP + self.rows() * CELL.1 + 6;
        canvas.write("no trigger", (LEFT + 4, below), font::LABEL)?;
        for (column, trigger) in map.triggers.iter().enumerate() {
            canvas.write(&trigger.shown, (column_left(column) + 4, below), font::LABEL)?;
        }
        let safe = self.stability.healing().map_or_else(String::new, |healing| {
            format!("    every trigger heals up to {}", load(self.stability, healing.up_to))
        });
        let text = format!("to the right: {}{safe}", self.stability.plan.trigger.path);
        canvas.write(&text, (LEFT, below + 22), font::LABEL)
    }
}

/// The left edge of the column of a trigger; the cells without a trigger come first.
fn column_left(trigger: usize) -> i32 {
    LEFT + (trigger as i32 + 1) * CELL.0
}

fn draw_legend(canvas: &dyn Canvas) -> Drawn {
    const ALL: [Behaviour; 5] = [
        Behaviour::Stable,
        Behaviour::Recovers,
        Behaviour::Degraded,
        Behaviour::Metastable,
        Behaviour::Overloaded,
    ];
    for (place, behaviour) in ALL.into_iter().enumerate() {
        let left = 16 + place as i32 * 140;
        let (colour, letter) = look(behaviour);
        canvas.rectangle([(left, 36), (left + 18, 52)], colour)?;
        let text = format!("{letter} {}", name(behaviour));
        canvas.write(&text, (left + 24, 36), font::LABEL)?;
    }
    Ok(())
}

/// The colour of a behaviour, and a letter for readers who see no colours.
fn look(behaviour: Behaviour) -> (Colour, &'static str) {
    match behaviour {
        Behaviour::Stable => (colour::OK, "s"),
        Behaviour::Recovers => (colour::BUSY, "r"),
        Behaviour::Degraded => (colour::DEGRADED, "d"),
        Behaviour::Metastable => (colour::FAILED, "M"),
        Behaviour::Overloaded => (colour::FAINT, "o"),
    }
}

fn draw_cell(canvas: &dyn Canvas, cell: &Cell, (left, top): Pixel) -> Drawn {
    let corners = [(left, top), (left + CELL.0 - 2, top + CELL.1 - 2)];
    let Some(behaviour) = cell.usual() else {
        return canvas.rectangle(corners, colour::FAINT.opacity(0.2));
    };
    let (colour, letter) = look(behaviour);
    canvas.rectangle(corners, colour.opacity(0.75))?;
    let (healed, runs) = (cell.healed(), cell.runs.len());
    let text = if healed == runs || healed == 0 {
        letter.to_owned()
    } else {
        format!("{letter} {healed} of {runs} heal")
    };
    canvas.write(&text, (left + 6, top + 8), font::LABEL)
}

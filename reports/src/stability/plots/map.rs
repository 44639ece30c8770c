//! The map: loads upwards, triggers to the right, and the behaviour of the system in each cell.

use sim_experiments::stability::{Behaviour, Cell, Map, Stability};

use crate::plot::{Canvas, Colour, DrawError, Drawing, Drawn, Pixel, colour, font};
use crate::stability::words::{BEHAVIOURS, NOT_RUN, letter, mark, name, up_to};

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
        let path = &plan.load.path;
        let text = format!("upwards: {path}    ? not all runs agree    {NOT_RUN} not run");
        canvas.write(&text, (16, 56), font::LABEL)
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
        let heals = up_to(self.stability, self.stability.healing().boundary);
        let path = &self.stability.plan.trigger.path;
        let text = format!("to the right: {path}    it heals after every trigger: {heals}");
        canvas.write(&text, (LEFT, below + 22), font::LABEL)
    }
}

/// The left edge of the column of a trigger; the cells without a trigger come first.
fn column_left(trigger: usize) -> i32 {
    LEFT + (trigger as i32 + 1) * CELL.0
}

fn draw_legend(canvas: &dyn Canvas) -> Drawn {
    for (place, behaviour) in BEHAVIOURS.into_iter().enumerate() {
        let left = 16 + place as i32 * 140;
        canvas.rectangle([(left, 36), (left + 18, 52)], colour_of(behaviour).opacity(0.75))?;
        canvas.write(letter(behaviour), (left + 4, 36), font::LABEL)?;
        canvas.write(name(behaviour), (left + 24, 36), font::LABEL)?;
    }
    Ok(())
}

fn colour_of(behaviour: Behaviour) -> Colour {
    match behaviour {
        Behaviour::Stable => colour::OK,
        Behaviour::Recovers => colour::BUSY,
        Behaviour::Degraded => colour::DEGRADED,
        Behaviour::Metastable => colour::FAILED,
        Behaviour::Overloaded => colour::FAINT,
    }
}

fn draw_cell(canvas: &dyn Canvas, cell: &Cell, (left, top): Pixel) -> Drawn {
    let corners = [(left, top), (left + CELL.0 - 2, top + CELL.1 - 2)];
    let colour = cell.usual().map_or(colour::FAINT.opacity(0.2), |it| colour_of(it).opacity(0.75));
    canvas.rectangle(corners, colour)?;
    let (mark, healed, runs) = (mark(cell), cell.healed(), cell.runs.len());
    let text = if healed == runs || healed == 0 {
        mark
    } else {
        format!("{mark} {healed} of {runs} heal")
    };
    canvas.write(&text, (left + 6, top + 8), font::LABEL)
}

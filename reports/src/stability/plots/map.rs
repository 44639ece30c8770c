//! The map: loads upwards, triggers to the right, and the behaviour of the system in each cell.

use sim_experiments::stability::{Behaviour, Cell, Map, Stability};

use crate::plot::{
    Anchor, Canvas, Colour, DrawError, Drawing, Drawn, Ink, Pixel, colour, fitted, font,
};
use crate::stability::words::{BEHAVIOURS, NOT_RUN, letter, mark, name, up_to};

const LEFT: i32 = 170;
const MARGIN: i32 = 16;
const TOP: i32 = 84;
const BELOW: i32 = 76;
/// Room between the name of a load and its cells.
const BESIDE: i32 = 10;
/// The width and height of a cell.
const CELL: (i32, i32) = (92, 30);
/// Room for the title and the legend.
const LEAST_WIDTH: i32 = 860;

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
        canvas.write(&fitted(&title, font::TITLE, self.room()), (MARGIN, 10), font::TITLE)?;
        draw_legend(canvas)?;
        let text = format!("upwards: {}", plan.load.path);
        canvas.write(&fitted(&text, font::LABEL, self.room()), (MARGIN, 62), font::LABEL)
    }

    /// The width that a line may take.
    fn room(&self) -> i32 {
        self.size().0 as i32 - 2 * MARGIN
    }

    fn draw_cells(&self, canvas: &dyn Canvas, map: &Map) -> Drawn {
        for (row, level) in self.stability.loads.iter().enumerate() {
            let top = TOP + (self.rows() - 1 - row as i32) * CELL.1;
            let name = fitted(&level.shown, font::LABEL, LEFT - MARGIN - BESIDE);
            let ink = Ink { colour: colour::TEXT, size: font::LABEL, anchor: Anchor::Right };
            canvas.write_in(ink, &name, (LEFT - BESIDE, top + 9))?;
            draw_cell(canvas, &self.stability.untriggered[row], (LEFT, top))?;
            for (column, cells) in map.cells.iter().enumerate() {
                draw_cell(canvas, &cells[row], (column_left(column), top))?;
            }
        }
        Ok(())
    }

    fn draw_triggers(&self, canvas: &dyn Canvas, map: &Map) -> Drawn {
        let below = TOP + self.rows() * CELL.1 + 6;
        write_in_column(canvas, "no trigger", (LEFT, below))?;
        for (column, trigger) in map.triggers.iter().enumerate() {
            write_in_column(canvas, &trigger.shown, (column_left(column), below))?;
        }
        let heals = up_to(self.stability, self.stability.healing().boundary);
        let path = &self.stability.plan.trigger.path;
        let texts =
            [format!("to the right: {path}"), format!("it heals after every trigger: {heals}")];
        for (text, top) in texts.iter().zip([below + 22, below + 40]) {
            let text = fitted(text, font::LABEL, self.room() + MARGIN - LEFT);
            canvas.write(&text, (LEFT, top), font::LABEL)?;
        }
        Ok(())
    }
}

/// The left edge of the column of a trigger; the cells without a trigger come first.
fn column_left(trigger: usize) -> i32 {
    LEFT + (trigger as i32 + 1) * CELL.0
}

/// Writes a text in the middle of a column.
fn write_in_column(canvas: &dyn Canvas, text: &str, (left, top): Pixel) -> Drawn {
    let ink = Ink { colour: colour::TEXT, size: font::LABEL, anchor: Anchor::Middle };
    let text = fitted(text, font::LABEL, CELL.0 - 8);
    canvas.write_in(ink, &text, (left + CELL.0 / 2 - 1, top))
}

fn draw_legend(canvas: &dyn Canvas) -> Drawn {
    const BOX: i32 = 18;
    const BETWEEN: i32 = 20;
    let mut left = MARGIN;
    let known = BEHAVIOURS.into_iter().map(|it| (letter(it), name(it), ground(Some(it))));
    let others = [("?", "not all runs agree", colour::WHITE), (NOT_RUN, "not run", ground(None))];
    for (letter, name, ground) in known.chain(others) {
        canvas.rectangle([(left, 34), (left + BOX, 52)], ground)?;
        let ink = Ink { colour: colour::TEXT, size: font::LABEL, anchor: Anchor::Middle };
        canvas.write_in(ink, letter, (left + BOX / 2, 38))?;
        left += BOX + 6;
        canvas.write(name, (left, 38), font::LABEL)?;
        left += font::width(name, font::LABEL) + BETWEEN;
    }
    Ok(())
}

/// The colour of a cell; `None` if nothing is known of it.
fn ground(behaviour: Option<Behaviour>) -> Colour {
    behaviour.map_or(colour::FAINT.opacity(0.2), |it| colour_of(it).opacity(0.75))
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
    canvas.rectangle(corners, ground(cell.usual()))?;
    let (mark, healed, runs) = (mark(cell), cell.healed(), cell.runs.len());
    let text = if healed == runs || healed == 0 {
        mark
    } else {
        format!("{mark} {healed} of {runs} heal")
    };
    write_in_column(canvas, &text, (left, top + 9))
}

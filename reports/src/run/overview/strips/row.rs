//! A row of bars.

use crate::plot::{Canvas, Colour, Drawn, colour, fitted, font};
use crate::run::overview::time_axis::{MARGIN, TimeAxis};

/// The height of the highest bar.
const HIGHEST: i32 = 20;

/// A row of bars with a label on its left.
pub(super) struct Row {
    pub label: String,
    /// The bars; those that come later cover those before.
    pub bars: Vec<Bar>,
}

/// A bar between two pixels of the time axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bar {
    pub left: i32,
    pub right: i32,
    pub look: Look,
}

/// The height and the colour of a bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Look {
    /// Pixels.
    height: i32,
    colour: Colour,
    /// True if its upper edge is dark.
    is_capped: bool,
}

impl Look {
    /// A bar that takes a share of the height of a row.
    pub fn new(share: f64, colour: Colour) -> Self {
        let height = (share.clamp(0.0, 1.0) * f64::from(HIGHEST) + 0.5) as i32;
        Self { height, colour, is_capped: false }
    }

    /// The same with a dark upper edge.
    pub fn capped(self) -> Self {
        Self { is_capped: true, ..self }
    }
}

/// A bar for each run of columns that look alike; nothing where they are too low to be seen.
pub(super) fn columns(time: &TimeAxis, looks: impl Iterator<Item = Look>) -> Vec<Bar> {
    let columns: Vec<(f64, Look)> = time.ends.iter().copied().zip(looks).collect();
    let mut begin = 0.0;
    let alike = columns.chunk_by(|(_, one), (_, next)| one == next).map(|alike| {
        let (end, look) = alike[alike.len() - 1];
        let bar = Bar { left: time.pixel(begin), right: time.pixel(end), look };
        begin = end;
        bar
    });
    alike.filter(|bar| bar.look.height > 0).collect()
}

impl Row {
    /// Its height, with some room below the bars.
    pub const HEIGHT: u32 = 26;
    /// The room below the bars.
    pub const BELOW: i32 = 3;
    /// The room between a label and the bars.
    pub const BESIDE: i32 = 10;

    /// Draws it above `bottom`.
    pub fn draw(&self, canvas: &dyn Canvas, bottom: i32, time: &TimeAxis) -> Drawn {
        const CAP: i32 = 2;
        let (left, right) = time.sides();
        let label = fitted(&self.label, font::LABEL, left - MARGIN - Self::BESIDE);
        let bottom = bottom - Self::BELOW;
        canvas.write(&label, (MARGIN, bottom - 14), font::LABEL)?;
        canvas.line([(left, bottom), (right, bottom)], colour::FAINT.opacity(0.6))?;
        for Bar { left, right, look } in &self.bars {
            let top = bottom - look.height;
            canvas.rectangle([(*left, top), (*right, bottom)], look.colour)?;
            if look.is_capped {
                canvas.rectangle([(*left, top), (*right, top + CAP)], colour::TEXT)?;
            }
        }
        Ok(())
    }
}

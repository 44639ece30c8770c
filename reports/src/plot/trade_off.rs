//! A trade-off between two objectives, as found by sweeps and recommendations.

use std::ops::Range;

use sim_models::study::{Direction, FigurePlan};

use super::canvas::{Canvas, DrawError};
use super::chart::{ChartFrame, ChartPoint, Scale};
use super::{Axis, Colour, Drawing, Mark, colour, font};

const SIZE: (u32, u32) = (900, 560);
const FRAME: ChartFrame =
    ChartFrame { top: 60, right: 24, bottom: 30, left_labels: 90, bottom_labels: 30 };

/// Points that no other beats in two objectives, joined by a line.
pub(crate) struct TradeOff<'a> {
    /// The title of the plot.
    pub title: String,
    /// The objectives to the right and upwards.
    pub objectives: [&'a FigurePlan; 2],
    /// The ranges of both axes.
    pub ranges: [Range<f64>; 2],
    /// The points in the order in which the line joins them.
    pub points: Vec<ChartPoint>,
    /// The colour of the line.
    pub line: Colour,
    /// Names of some of the points.
    pub names: Vec<(ChartPoint, String)>,
}

impl Drawing for TradeOff<'_> {
    fn name(&self) -> &'static str {
        "front"
    }

    fn size(&self) -> (u32, u32) {
        SIZE
    }

    fn draw(&self, canvas: &dyn Canvas) -> Result<(), DrawError> {
        let [across, up] = self.objectives;
        canvas.write(&self.title, (16, 10), font::TITLE)?;
        canvas.write(&format!("upwards: {}", wish(up)), (16, 34), font::LABEL)?;
        let below = (110, SIZE.1 as i32 - 24);
        canvas.write(&format!("to the right: {}", wish(across)), below, font::LABEL)?;
        let [x, y] = self.ranges.clone();
        let mut chart = canvas.chart(FRAME, x, Scale::Linear(y))?;
        chart.axes(&Axis::in_unit(6, across.unit), &Axis::in_unit(6, up.unit))?;
        chart.line(&self.points, self.line, 1)?;
        chart.marks(&self.points, Mark::Dot(5), colour::MEDIAN)?;
        chart.names(&self.names)
    }
}

/// An objective and the direction that is better.
fn wish(objective: &FigurePlan) -> String {
    let better = if objective.better == Some(Direction::Higher) {
        "more is better"
    } else {
        "less is better"
    };
    format!("{} ({better})", objective.text)
}

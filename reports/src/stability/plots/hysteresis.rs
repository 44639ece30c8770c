//! The share answered on the way up through the loads and on the way down.

use sim_experiments::stability::{Hysteresis, LoadPass, Stability};

use crate::plot::{
    Axis, Canvas, ChartFrame, DrawError, Drawing, Legend, Mark, Scale, Swatch, colour, fitted, font,
};
use crate::stability::words::load;

const SIZE: (u32, u32) = (900, 480);
const FRAME: ChartFrame =
    ChartFrame { top: 60, right: 24, bottom: 30, left_labels: 70, bottom_labels: 30 };
const MARGIN: i32 = 16;
const UP: Mark = Mark::Dot(4);
const DOWN: Mark = Mark::Triangle(6);

/// Two lines over the loads: going up and coming down.
pub(super) struct Loop<'a> {
    pub stability: &'a Stability,
    pub hysteresis: &'a Hysteresis,
    pub scenario: &'a str,
}

impl Drawing for Loop<'_> {
    fn name(&self) -> &'static str {
        "hysteresis"
    }

    fn size(&self) -> (u32, u32) {
        SIZE
    }

    fn draw(&self, canvas: &dyn Canvas) -> Result<(), DrawError> {
        const ROOM: i32 = SIZE.0 as i32 - 2 * MARGIN;
        let title = format!(
            "{}: share answered, going up through the loads and coming down again",
            self.scenario
        );
        canvas.write(&fitted(&title, font::TITLE, ROOM), (MARGIN, 10), font::TITLE)?;
        self.draw_lines(canvas)?;
        Legend(&[
            ("going up", Swatch::Mark(UP, colour::MEDIAN)),
            ("coming down", Swatch::Mark(DOWN, colour::FAILED)),
        ])
        .draw(canvas, (MARGIN, 37))?;
        let load = format!("to the right: {}", self.stability.plan.load.path);
        let at = (FRAME.left_labels as i32, SIZE.1 as i32 - 22);
        canvas.write(&fitted(&load, font::LABEL, ROOM - at.0), at, font::LABEL)
    }
}

impl Loop<'_> {
    fn draw_lines(&self, canvas: &dyn Canvas) -> Result<(), DrawError> {
        let passes = &self.hysteresis.passes;
        let least = passes.first().map_or(0.0, |pass| pass.load.number);
        let most = passes.last().map_or(1.0, |pass| pass.load.number).max(least + 1e-9);
        let mut chart = canvas.chart(FRAME, least..most, Scale::Linear(0.0..1.02))?;
        chart.axes(
            &Axis::new(8, |number| load(self.stability, number)),
            &Axis::new(6, |share| format!("{:.0}%", share * 100.0)),
        )?;
        let points = |share: fn(&LoadPass) -> f64| -> Vec<(f64, f64)> {
            passes.iter().map(|pass| (pass.load.number, share(pass))).collect()
        };
        for (points, mark, colour) in [
            (points(|pass| pass.up), UP, colour::MEDIAN),
            (points(|pass| pass.down), DOWN, colour::FAILED),
        ] {
            chart.line(&points, colour, 2)?;
            chart.marks(&points, mark, colour)?;
        }
        Ok(())
    }
}

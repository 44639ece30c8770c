//! The load: requests that ended per second, by how they ended.

use std::ops::Range;

use sim_experiments::Finished;
use sim_models::Outcome;

use super::time_axis::{CHART, MARGIN, TimeAxis};
use crate::plot::{Axis, Canvas, Chart, Colour, Drawn, Legend, Scale, Swatch, colour};
use crate::units::significant;

/// A layer of the stack.
struct Layer {
    colour: Colour,
    /// True for the outcomes of this layer and of those below it.
    includes: fn(Outcome) -> bool,
}

/// From the highest layer to the lowest.
const LAYERS: [Layer; 3] = [
    Layer { colour: colour::FAILED, includes: |_| true },
    Layer { colour: colour::DEGRADED, includes: |outcome| outcome.is_good() },
    Layer { colour: colour::OK, includes: |outcome| matches!(outcome, Outcome::Ok) },
];

/// Draws answers, degraded answers and failures per second, one above the other.
pub(super) fn draw(canvas: &dyn Canvas, finished: &Finished, time: &TimeAxis) -> Drawn {
    let stacked = LAYERS.map(|layer| {
        let rates = time.columns.iter().map(|column| per_second(finished, column, layer.includes));
        rates.collect::<Vec<f64>>()
    });
    let top = stacked[0].iter().fold(1.0_f64, |top, rate| top.max(*rate)) * 1.08;
    let mut chart =
        time.chart(canvas, Scale::Linear(0.0..top), &Axis::new(5, per_second_in_words))?;
    for (layer, rates) in LAYERS.iter().zip(&stacked) {
        chart.area(&stairs(time, rates), layer.colour)?;
    }
    draw_lines_across(&mut *chart, time, [&stacked[1], &stacked[0]], top)?;
    let legend = [
        ("ok", Swatch::Area(colour::OK)),
        ("degraded", Swatch::Area(colour::DEGRADED)),
        ("failed", Swatch::Lined(colour::FAILED)),
    ];
    Legend(&legend).draw_titled(canvas, "Requests ended per second", (MARGIN, 9))
}

/// Draws lines across what lies between two values of each column, which show it without its colour.
fn draw_lines_across(
    chart: &mut dyn Chart,
    time: &TimeAxis,
    [low, high]: [&[f64]; 2],
    top: f64,
) -> Drawn {
    /// Pixels from one line to the next.
    const APART: f64 = 6.0;
    let lines = f64::from(CHART.end - CHART.start) / APART;
    for line in 1..lines as usize {
        let at = top * line as f64 / lines;
        let columns: Vec<usize> =
            (0..low.len()).filter(|column| low[*column] < at && at < high[*column]).collect();
        for run in columns.chunk_by(|one, next| one + 1 == *next) {
            let (first, last) = (run[0], run[run.len() - 1]);
            let begin = if first == 0 { 0.0 } else { time.ends[first - 1] };
            chart.line(&[(begin, at), (time.ends[last], at)], colour::ACROSS, 1)?;
        }
    }
    Ok(())
}

fn per_second_in_words(rate: f64) -> String {
    if rate.fract() == 0.0 { format!("{rate:.0}/s") } else { format!("{}/s", significant(rate)) }
}

/// Requests of all workloads that ended in a column with one of some outcomes, per second.
fn per_second(finished: &Finished, column: &Range<usize>, includes: fn(Outcome) -> bool) -> f64 {
    let recorder = finished.system.recorder();
    let seconds = recorder.sample_width().as_secs_f64() * column.len() as f64;
    let intervals =
        recorder.workloads().iter().flat_map(|workload| &workload.series.ended[column.clone()]);
    let ended = intervals.map(|ended| {
        let counted = Outcome::ALL.into_iter().filter(|outcome| includes(*outcome));
        counted.map(|outcome| f64::from(ended[outcome as usize])).sum::<f64>()
    });
    ended.sum::<f64>() / seconds
}

/// Each value, held over its column.
fn stairs(time: &TimeAxis, values: &[f64]) -> Vec<(f64, f64)> {
    let begins = std::iter::once(0.0).chain(time.ends.iter().copied());
    begins
        .zip(&time.ends)
        .zip(values)
        .flat_map(|((begin, end), value)| [(begin, *value), (*end, *value)])
        .collect()
}

//! The load: requests that ended per second, by how they ended.

use std::ops::Range;

use sim_experiments::Finished;
use sim_models::Outcome;

use super::time_axis::TimeAxis;
use crate::plot::{Canvas, Colour, Drawn, Scale, colour, titled_legend};

/// A layer of the stack.
struct Layer {
    name: &'static str,
    colour: Colour,
    /// True for the outcomes of this layer and of those below it.
    includes: fn(Outcome) -> bool,
}

/// From the highest layer to the lowest.
const LAYERS: [Layer; 3] = [
    Layer { name: "failed", colour: colour::FAILED, includes: |_| true },
    Layer { name: "degraded", colour: colour::DEGRADED, includes: |outcome| outcome.is_good() },
    Layer { name: "ok", colour: colour::OK, includes: |outcome| matches!(outcome, Outcome::Ok) },
];

/// Draws answers, degraded answers and failures per second, one above the other.
pub(super) fn draw(canvas: &dyn Canvas, finished: &Finished, time: &TimeAxis) -> Drawn {
    let stacked = LAYERS.map(|layer| {
        let rates = time.columns.iter().map(|column| per_second(finished, column, layer.includes));
        rates.collect::<Vec<f64>>()
    });
    let top = stacked[0].iter().fold(1.0_f64, |top, rate| top.max(*rate)) * 1.08;
    let mut chart = time.chart(canvas, Scale::Linear(0.0..top), |rate| format!("{rate:.0}/s"))?;
    for (layer, rates) in LAYERS.iter().zip(&stacked) {
        chart.area(&stairs(time, rates), layer.colour)?;
    }
    let names = LAYERS.iter().rev().map(|layer| (layer.name, layer.colour));
    titled_legend(canvas, "Requests ended per second", 10, &names.collect::<Vec<_>>(), 20)
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

//! The latency of every request that ended, failures included.

use std::ops::Range;

use sim_experiments::Finished;
use sim_models::observe::WorkloadSeries;

use super::time_axis::TimeAxis;
use crate::plot::{Canvas, Drawn, Scale, colour, titled_legend};
use crate::units::duration;

/// Draws the median and the 99th percentile over a logarithmic axis.
pub(super) fn draw(canvas: &dyn Canvas, finished: &Finished, time: &TimeAxis) -> Drawn {
    // Of the intervals in a column, the median shows the middle one and the tail the worst.
    let median = columns(finished, time, |series| &series.p50, |values| values[values.len() / 2]);
    let tail = columns(finished, time, |series| &series.p99, |values| values[values.len() - 1]);
    let range = range(median.iter().chain(&tail).copied());
    let mut chart = time.chart(canvas, Scale::Logarithmic(range), duration)?;
    for (values, colour, width) in [(&tail, colour::TAIL, 2), (&median, colour::MEDIAN, 3)] {
        for piece in unbroken_pieces(time, values) {
            chart.line(&piece, colour, width)?;
        }
    }
    let legend = [("p50", colour::MEDIAN), ("p99", colour::TAIL)];
    titled_legend(canvas, "Latency of what ended", 10, &legend, 20)
}

/// A percentile in seconds for each column, picked from the sorted values of those of its intervals
/// in which something ended; zero if nothing did.
fn columns(
    finished: &Finished,
    time: &TimeAxis,
    percentile: fn(&WorkloadSeries) -> &[u64],
    pick: fn(&[f64]) -> f64,
) -> Vec<f64> {
    let workloads = finished.system.recorder().workloads();
    let worst = |interval: usize| {
        let nanos = workloads.iter().map(|workload| percentile(&workload.series)[interval]);
        nanos.max().unwrap_or(0) as f64 / 1e9
    };
    let column = |intervals: &Range<usize>| {
        let mut values: Vec<f64> =
            intervals.clone().map(worst).filter(|seconds| *seconds > 0.0).collect();
        values.sort_by(f64::total_cmp);
        if values.is_empty() { 0.0 } else { pick(&values) }
    };
    time.columns.iter().map(column).collect()
}

/// The range of the axis: the positive values with some room on both sides.
fn range(values: impl Iterator<Item = f64>) -> Range<f64> {
    let positive = values.filter(|seconds| *seconds > 0.0);
    let (low, high) = positive
        .fold((f64::MAX, 0.0_f64), |(low, high), seconds| (low.min(seconds), high.max(seconds)));
    if high > 0.0 { low / 1.5..high * 1.5 } else { 1e-3..1.0 }
}

/// Runs of columns in which something ended; the line is broken where nothing did.
fn unbroken_pieces(time: &TimeAxis, values: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let points: Vec<(f64, f64)> = time.ends.iter().copied().zip(values.iter().copied()).collect();
    points
        .split(|(_, value)| *value <= 0.0)
        .filter(|piece| !piece.is_empty())
        .map(<[_]>::to_vec)
        .collect()
}

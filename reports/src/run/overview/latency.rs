//! The latency of every request that ended, failures included.

use std::ops::Range;

use sim_experiments::Finished;
use sim_models::observe::WorkloadSeries;

use super::time_axis::{CHART, MARGIN, TimeAxis};
use crate::plot::{Anchor, Axis, Canvas, Drawn, Ink, Legend, Scale, Swatch, colour, font};
use crate::units::duration;

/// Draws the median and the 99th percentile over a logarithmic axis.
pub(super) fn draw(canvas: &dyn Canvas, finished: &Finished, time: &TimeAxis) -> Drawn {
    // Of the intervals in a column, the median shows the middle one and the tail the worst.
    let median = columns(finished, time, |series| &series.p50, |values| values[values.len() / 2]);
    let tail = columns(finished, time, |series| &series.p99, |values| values[values.len() - 1]);
    let range = range(median.iter().chain(&tail).copied());
    let mut chart = time.chart(canvas, Scale::Logarithmic(range.clone()), &Axis::bare())?;
    draw_axis(canvas, &range, time)?;
    for (values, colour, width) in [(&tail, colour::TAIL, 2), (&median, colour::MEDIAN, 3)] {
        for piece in unbroken_pieces(time, values) {
            chart.line(&piece, colour, width)?;
        }
    }
    let legend =
        [("p50", Swatch::Line(colour::MEDIAN, 3)), ("p99: thinner", Swatch::Line(colour::TAIL, 2))];
    let title = "Latency of requests that ended, failures included";
    Legend(&legend).draw_titled(canvas, title, (MARGIN, 9))
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

/// Draws lines at round latencies, at most seven of them, and their labels. plotters would draw powers of ten only, which are
/// too few where latencies are alike.
fn draw_axis(canvas: &dyn Canvas, range: &Range<f64>, time: &TimeAxis) -> Drawn {
    const MOST: usize = 7;
    const OPACITY: f64 = 0.1;
    let (left, right) = time.sides();
    let height = f64::from(CHART.end - CHART.start);
    let whole = libm::log(range.end / range.start);
    let ink = Ink { colour: colour::TEXT, size: font::LABEL, anchor: Anchor::Right };
    let steps: [&[f64]; 4] =
        [&[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0], &[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];
    let ticks = steps.map(|steps| ticks(range, steps));
    let ticks = ticks.iter().find(|ticks| ticks.len() <= MOST).unwrap_or(&ticks[3]);
    for at in ticks.iter().step_by(ticks.len().div_ceil(MOST).max(1)) {
        let y = CHART.end - (libm::log(at / range.start) / whole * height) as i32;
        canvas.line([(left, y), (right, y)], colour::BLACK.opacity(OPACITY))?;
        canvas.line([(left - 5, y), (left, y)], colour::BLACK)?;
        canvas.write_in(ink, &duration(*at), (left - 9, y - font::LABEL / 2))?;
    }
    Ok(())
}

/// The multiples of powers of ten within a range of seconds.
fn ticks(range: &Range<f64>, multiples: &[f64]) -> Vec<f64> {
    let powers = (-9..=9).map(|power| libm::pow(10.0, f64::from(power)));
    let all = powers.flat_map(|power| multiples.iter().map(move |multiple| power * multiple));
    all.filter(|at| range.contains(at)).collect()
}

/// Runs of columns in which something ended; the line is broken where nothing did. A run begins where its first column does,
/// so that one of a single column can be seen.
fn unbroken_pieces(time: &TimeAxis, values: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let begin = |column: usize| if column == 0 { 0.0 } else { time.ends[column - 1] };
    let columns: Vec<(usize, f64)> = values.iter().copied().enumerate().collect();
    let pieces = columns.split(|(_, value)| *value <= 0.0).filter(|piece| !piece.is_empty());
    let points = |piece: &[(usize, f64)]| {
        let first = (begin(piece[0].0), piece[0].1);
        let others = piece.iter().map(|(column, value)| (time.ends[*column], *value));
        std::iter::once(first).chain(others).collect()
    };
    pieces.map(points).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_range_has_labels_too() {
        assert_eq!(ticks(&(2.5..5.5), &[1.0, 2.0, 5.0]), [5.0]);
        assert_eq!(ticks(&(1e-3..1.0), &[1.0]).len(), 3);
    }
}

//! The two charts: load and latency.

use plotters::coord::Shift;
use plotters::prelude::*;
use sim_experiments::Finished;
use sim_models::Outcome;

use super::{Drawn, FONT_NAME, LABELS, RIGHT, TimeAxis, colour, time_to_pixel};
use crate::units::duration;

const TITLE_SIZE: i32 = 16;
const LABEL_SIZE: i32 = 13;

/// The name and colour of a layer of the stack, and the outcomes up to its upper edge.
type Level<'a> = (&'a str, RGBColor, &'a dyn Fn(Outcome) -> bool);

/// Answers, degraded answers and failures per second, one above the other.
pub(super) fn load<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    finished: &Finished,
    time: &TimeAxis,
) -> Drawn<DB> {
    let width = finished.system.recorder().sample_width().as_secs_f64();
    let per_second = |column: &std::ops::Range<usize>, include: &dyn Fn(Outcome) -> bool| {
        let workloads = finished.system.recorder().workloads().iter();
        let ended =
            workloads.flat_map(|workload| &workload.series.ended[column.clone()]).map(|ended| {
                Outcome::ALL
                    .into_iter()
                    .filter(|outcome| include(*outcome))
                    .map(|outcome| f64::from(ended[outcome as usize]))
                    .sum::<f64>()
            });
        ended.sum::<f64>() / (width * column.len() as f64)
    };
    let levels: [Level<'_>; 3] = [
        ("failed", colour::FAILED, &|_| true),
        ("degraded", colour::DEGRADED, &Outcome::is_good),
        ("ok", colour::OK, &|outcome| outcome == Outcome::Ok),
    ];
    let stacked: Vec<Vec<f64>> = levels
        .iter()
        .map(|(_, _, include)| {
            time.columns.iter().map(|column| per_second(column, include)).collect()
        })
        .collect();
    let top = stacked[0].iter().fold(1.0_f64, |top, rate| top.max(*rate)) * 1.08;
    let mut chart = ChartBuilder::on(area)
        .margin_right(RIGHT)
        .margin_top(34)
        .set_label_area_size(LabelAreaPosition::Left, LABELS)
        .build_cartesian_2d(0.0..time.end, 0.0..top)?;
    shade_faults(&mut chart, time, 0.0, top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.1))
        .y_labels(5)
        .x_labels(0)
        .y_label_formatter(&|rate| format!("{rate:.0}/s"))
        .label_style((FONT_NAME, LABEL_SIZE).into_font().color(&colour::TEXT))
        .draw()?;
    for ((_, fill, _), rates) in levels.iter().zip(&stacked) {
        chart.draw_series(AreaSeries::new(stairs(time, rates), 0.0, fill.filled()))?;
    }
    let names = levels.iter().rev().map(|(name, fill, _)| (*name, *fill));
    title(area, "Requests ended per second", &names.collect::<Vec<_>>())
}

/// Median and 99th percentile of every request that ended, failures included, on a logarithmic
/// axis.
pub(super) fn latency<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    finished: &Finished,
    time: &TimeAxis,
) -> Drawn<DB> {
    let workloads = finished.system.recorder().workloads();
    let worst = |of: &dyn Fn(&sim_models::observe::WorkloadSeries, usize) -> u64,
                 interval: usize| {
        workloads.iter().map(|workload| of(&workload.series, interval)).max().unwrap_or(0) as f64
            / 1e9
    };
    // Of several intervals in one column the median counts, and the worst tail.
    let series =
        |of: &dyn Fn(&sim_models::observe::WorkloadSeries, usize) -> u64| -> Vec<Vec<f64>> {
            let answered = |column: &std::ops::Range<usize>| {
                let mut values: Vec<f64> = column
                    .clone()
                    .map(|interval| worst(of, interval))
                    .filter(|value| *value > 0.0)
                    .collect();
                values.sort_by(f64::total_cmp);
                values
            };
            time.columns.iter().map(answered).collect()
        };
    let middle = |values: &Vec<f64>| values.get(values.len() / 2).copied().unwrap_or(0.0);
    let highest = |values: &Vec<f64>| values.last().copied().unwrap_or(0.0);
    let median: Vec<f64> =
        series(&|series, interval| series.p50[interval]).iter().map(middle).collect();
    let tail: Vec<f64> =
        series(&|series, interval| series.p99[interval]).iter().map(highest).collect();
    let positive = || median.iter().chain(&tail).copied().filter(|seconds| *seconds > 0.0);
    let (low, high) = (positive().fold(f64::MAX, f64::min), positive().fold(0.0, f64::max));
    let (low, high) = if high > 0.0 { (low / 1.5, high * 1.5) } else { (1e-3, 1.0) };
    let mut chart = ChartBuilder::on(area)
        .margin_right(RIGHT)
        .margin_top(34)
        .set_label_area_size(LabelAreaPosition::Left, LABELS)
        .build_cartesian_2d(0.0..time.end, (low..high).log_scale())?;
    shade_faults(&mut chart, time, low, high)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.1))
        .y_labels(5)
        .x_labels(0)
        .y_label_formatter(&|seconds| duration(*seconds))
        .label_style((FONT_NAME, LABEL_SIZE).into_font().color(&colour::TEXT))
        .draw()?;
    for (values, line) in
        [(&tail, colour::TAIL.stroke_width(2)), (&median, colour::MEDIAN.stroke_width(3))]
    {
        for piece in answered_pieces(time, values) {
            chart.draw_series(LineSeries::new(piece, line))?;
        }
    }
    title(area, "Latency of what ended", &[("p50", colour::MEDIAN), ("p99", colour::TAIL)])
}

/// The labels of the time axis that all panels share.
pub(super) fn time_labels<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    time: &TimeAxis,
) -> Drawn<DB> {
    const NICE: [f64; 14] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0,
        14_400.0,
    ];
    let step = NICE.into_iter().find(|step| time.end / step <= 12.0).unwrap_or(time.end / 8.0);
    let mut at = 0.0;
    while at <= time.end {
        let pixel = time_to_pixel(time, at);
        let shown = crate::units::clock(at);
        let shown = shown.trim_end_matches(".000").to_owned();
        area.draw(&PathElement::new([(pixel, 2), (pixel, 7)], colour::FAINT))?;
        area.draw(&Text::new(
            shown,
            (pixel - 12, 10),
            (FONT_NAME, LABEL_SIZE).into_font().color(&colour::TEXT),
        ))?;
        at += step;
    }
    area.draw(&Text::new(
        "simulated time",
        (16, 10),
        (FONT_NAME, LABEL_SIZE).into_font().color(&colour::FAINT),
    ))
}

/// A panel's title and what its colours mean.
fn title<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    text: &str,
    legend: &[(&str, RGBColor)],
) -> Drawn<DB> {
    area.draw(&Text::new(
        text.to_owned(),
        (16, 10),
        (FONT_NAME, TITLE_SIZE).into_font().color(&colour::TEXT),
    ))?;
    let mut x = 320;
    for (name, fill) in legend {
        area.draw(&Rectangle::new([(x, 14), (x + 14, 24)], fill.filled()))?;
        area.draw(&Text::new(
            (*name).to_owned(),
            (x + 20, 12),
            (FONT_NAME, LABEL_SIZE).into_font().color(&colour::TEXT),
        ))?;
        x += 40 + name.len() as i32 * 8;
    }
    Ok(())
}

type Chart<'a, DB, Y> =
    ChartContext<'a, DB, Cartesian2d<plotters::coord::types::RangedCoordf64, Y>>;

fn shade_faults<DB: DrawingBackend, Y: plotters::coord::ranged1d::Ranged<ValueType = f64>>(
    chart: &mut Chart<'_, DB, Y>,
    time: &TimeAxis,
    low: f64,
    high: f64,
) -> Drawn<DB> {
    let bands = time.faults.iter().map(|(begin, end, _)| {
        Rectangle::new([(*begin, low), (*end, high)], colour::FAULT.mix(0.15).filled())
    });
    chart.draw_series(bands).map(|_| ())
}

/// Each value held over its interval.
fn stairs<'a>(time: &'a TimeAxis, values: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + 'a {
    let begins = std::iter::once(0.0).chain(time.ends.iter().copied());
    begins
        .zip(&time.ends)
        .zip(values)
        .flat_map(|((begin, end), value)| [(begin, *value), (*end, *value)])
}

/// Runs of intervals in which something ended; where nothing did, the line is broken.
fn answered_pieces(time: &TimeAxis, values: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let mut pieces: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut is_open = false;
    for (end, value) in time.ends.iter().zip(values) {
        if *value <= 0.0 {
            is_open = false;
            continue;
        }
        match pieces.last_mut() {
            Some(piece) if is_open => piece.push((*end, *value)),
            _ => pieces.push(vec![(*end, *value)]),
        }
        is_open = true;
    }
    pieces
}

//! Rows on the time axis: how full each pool is, and the state of each breaker. The height of a bar
//! says the same as its colour.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;
use sim_experiments::Finished;
use sim_models::resilience::circuit_breaker::State;

use super::{
    Drawn, FONT_NAME, STRIP, STRIP_TITLE, TimeAxis, colour, shown_breakers, shown_pools,
    time_to_pixel,
};
use crate::units::count;

/// A row: its label, and the height (0 to 1) and colour of its bar in each interval.
pub(super) struct Row {
    label: String,
    bars: Vec<(f64, RGBColor)>,
}

/// The share of slots in use.
pub(super) fn pools(finished: &Finished, time: &TimeAxis) -> Vec<Row> {
    const ALMOST_ALL: f64 = 0.995;
    let row = |index: usize| {
        let plan = &finished.system.blueprint().pools[index];
        let busy = &finished.system.recorder().pools()[index].busy;
        let bar = |column: &Range<usize>| {
            let mean = busy[column.clone()].iter().map(|busy| f64::from(*busy)).sum::<f64>()
                / column.len() as f64;
            let share = mean / f64::from(plan.capacity);
            (share.min(1.0), if share >= ALMOST_ALL { colour::FULL } else { colour::BUSY })
        };
        let bars = time.columns.iter().map(bar).collect();
        Row {
            label: format!(
                "{}: {} {}",
                plan.label(),
                count(u64::from(plan.capacity)),
                plan.kind.name()
            ),
            bars,
        }
    };
    shown_pools(finished).into_iter().map(row).collect()
}

/// Closed is low, half-open in the middle, open full.
pub(super) fn breakers(finished: &Finished, time: &TimeAxis) -> Vec<Row> {
    let bar = |state: State| match state {
        State::Closed => (0.12, colour::OK),
        State::HalfOpen => (0.55, colour::DEGRADED),
        State::Open => (1.0, colour::FAILED),
    };
    let row = |index: usize| Row {
        label: finished.system.blueprint().breakers[index].owner.clone(),
        // The state at the end of each column.
        bars: time
            .columns
            .iter()
            .map(|column| bar(finished.system.recorder().breakers()[index].series[column.end - 1]))
            .collect(),
    };
    shown_breakers(finished).into_iter().map(row).collect()
}

/// Messages waiting, in proportion to the most that ever did.
pub(super) fn messages(finished: &Finished, time: &TimeAxis) -> Vec<Row> {
    let queues = finished.system.blueprint().queues.iter().zip(finished.system.recorder().queues());
    let row =
        |(plan, record): (&sim_models::system::QueuePlan, &sim_models::observe::QueueRecord)| {
            let most = record.most.max(1) as f64;
            let bar = |column: &Range<usize>| {
                let waiting = record.depth[column.clone()].iter().max().copied().unwrap_or(0);
                (waiting as f64 / most, colour::DEGRADED)
            };
            Row {
                label: format!("{}: up to {}", plan.name, count(record.most)),
                bars: time.columns.iter().map(bar).collect(),
            }
        };
    queues.map(row).collect()
}

pub(super) fn draw<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    title: &str,
    rows: &[Row],
    time: &TimeAxis,
) -> Drawn<DB> {
    const MOST_CHARACTERS: usize = 23;
    area.draw(&Text::new(
        title.to_owned(),
        (16, 8),
        (FONT_NAME, 16).into_font().color(&colour::TEXT),
    ))?;
    let legend: &[(&str, RGBColor)] = match title {
        "Breakers" => &[
            ("open: full height", colour::FAILED),
            ("half-open: half", colour::DEGRADED),
            ("closed: low", colour::OK),
        ],
        "Messages waiting" => &[("share of the most: height", colour::DEGRADED)],
        _ => &[("share in use: height", colour::BUSY), ("all in use", colour::FULL)],
    };
    let mut x = 320;
    for (name, fill) in legend {
        area.draw(&Rectangle::new([(x, 12), (x + 14, 22)], fill.filled()))?;
        area.draw(&Text::new(
            (*name).to_owned(),
            (x + 20, 10),
            (FONT_NAME, 13).into_font().color(&colour::TEXT),
        ))?;
        x += 44 + name.len() as i32 * 8;
    }
    let bottom_of = |row: usize| (STRIP_TITLE + (row as u32 + 1) * STRIP) as i32 - 3;
    for (begin, end, _) in &time.faults {
        let corners = [
            (time_to_pixel(time, *begin), STRIP_TITLE as i32),
            (time_to_pixel(time, *end), bottom_of(rows.len().saturating_sub(1))),
        ];
        area.draw(&Rectangle::new(corners, colour::FAULT.mix(0.15).filled()))?;
    }
    for (index, row) in rows.iter().enumerate() {
        let bottom = bottom_of(index);
        let label: String = if row.label.chars().count() > MOST_CHARACTERS {
            row.label.chars().take(MOST_CHARACTERS - 1).chain(['…']).collect()
        } else {
            row.label.clone()
        };
        area.draw(&Text::new(
            label,
            (16, bottom - 16),
            (FONT_NAME, 13).into_font().color(&colour::TEXT),
        ))?;
        area.draw(&PathElement::new(
            [(time_to_pixel(time, 0.0), bottom), (time_to_pixel(time, time.end), bottom)],
            colour::FAINT.mix(0.6),
        ))?;
        bars(area, row, bottom, time)?;
    }
    Ok(())
}

/// Neighbouring intervals of one height are one bar.
fn bars<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    row: &Row,
    bottom: i32,
    time: &TimeAxis,
) -> Drawn<DB> {
    let full = f64::from(STRIP - 6);
    let mut begin = 0.0;
    for (index, (end, (height, fill))) in time.ends.iter().zip(&row.bars).enumerate() {
        let pixels = (height * full + 0.5) as i32;
        let next = row.bars.get(index + 1).filter(|_| index + 1 < time.ends.len());
        let goes_on = next.is_some_and(|(next_height, next_fill)| {
            (next_height * full + 0.5) as i32 == pixels && next_fill == fill
        });
        if goes_on {
            continue;
        }
        if pixels > 0 {
            let corners = [
                (time_to_pixel(time, begin), bottom - pixels),
                (time_to_pixel(time, *end), bottom),
            ];
            area.draw(&Rectangle::new(corners, fill.filled()))?;
        }
        begin = *end;
    }
    Ok(())
}

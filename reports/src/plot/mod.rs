//! The overview of a run as a picture: load, latency, saturation and breakers on one time axis,
//! faults shaded.

mod canvas;
mod panels;
mod strips;

use plotters::coord::Shift;
use plotters::prelude::*;
use sim_experiments::Finished;
use sim_models::system::UNLIMITED;

pub(crate) use canvas::{Drawn, FONT_NAME, colour};
pub use canvas::{Picture, png, svg};

const WIDTH: u32 = 1_200;
const HEADER: u32 = 64;
const PANEL: u32 = 210;
const STRIP: u32 = 26;
const STRIP_TITLE: u32 = 30;
const FOOTER: u32 = 44;
/// Room for labels on the left, the same in every panel so that their time axes line up.
const LABELS: u32 = 190;
/// More pools than this are too many to read; those that were busiest are shown.
const MOST_POOLS: usize = 16;
/// The same for breakers; those that changed most are shown.
const MOST_BREAKERS: usize = 12;

/// The overview of a run.
pub struct Overview<'a>(pub &'a Finished);

impl Picture for Overview<'_> {
    fn size(&self) -> (u32, u32) {
        (WIDTH, height(self.0))
    }

    fn draw<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Drawn<DB> {
        overview(root, self.0)
    }
}

fn height(finished: &Finished) -> u32 {
    let strips = |count: usize| if count == 0 { 0 } else { STRIP_TITLE + count as u32 * STRIP };
    let queues = finished.system.blueprint().queues.len();
    HEADER
        + 2 * PANEL
        + strips(shown_pools(finished).len())
        + strips(queues)
        + strips(shown_breakers(finished).len())
        + FOOTER
}

/// The busiest limited pools, in the order of the scenario.
fn shown_pools(finished: &Finished) -> Vec<usize> {
    let blueprint = finished.system.blueprint();
    let pools = finished.system.recorder().pools();
    let peak = |index: &usize| {
        pools[*index].busy.iter().fold(0.0_f32, |peak, busy| peak.max(*busy))
            / blueprint.pools[*index].capacity as f32
    };
    let mut limited: Vec<usize> =
        (0..pools.len()).filter(|index| blueprint.pools[*index].capacity != UNLIMITED).collect();
    limited.sort_by(|a, b| peak(b).total_cmp(&peak(a)).then(a.cmp(b)));
    limited.truncate(MOST_POOLS);
    limited.sort_unstable();
    limited
}

/// The breakers that changed most, in the order of the scenario.
fn shown_breakers(finished: &Finished) -> Vec<usize> {
    let breakers = finished.system.recorder().breakers();
    let mut shown: Vec<usize> = (0..breakers.len()).collect();
    shown.sort_by_key(|index| (std::cmp::Reverse(breakers[*index].transition_count), *index));
    shown.truncate(MOST_BREAKERS);
    shown.sort_unstable();
    shown
}

/// More columns than this do not fit into the width of a panel: neighbouring intervals share one.
const MOST_COLUMNS: usize = 480;

/// What every panel needs to know of time.
struct TimeAxis {
    /// The intervals of each column.
    columns: Vec<std::ops::Range<usize>>,
    /// The end of each column, in seconds.
    ends: Vec<f64>,
    end: f64,
    /// Begin, end and label of each fault.
    faults: Vec<(f64, f64, String)>,
}

impl TimeAxis {
    fn of(finished: &Finished) -> Self {
        let recorder = finished.system.recorder();
        let width = recorder.sample_width().as_secs_f64();
        let intervals = recorder.intervals();
        let each = intervals.div_ceil(MOST_COLUMNS).max(1);
        let columns: Vec<_> = (0..intervals)
            .step_by(each)
            .map(|first| first..(first + each).min(intervals))
            .collect();
        let end = finished.now.as_secs_f64().max(width);
        let shown = |at: sim_core::SimTime| at.as_secs_f64().min(end);
        let faults = &finished.system.blueprint().faults;
        Self {
            ends: columns.iter().map(|column| (column.end as f64 * width).min(end)).collect(),
            columns,
            end,
            faults: faults
                .iter()
                .filter(|fault| fault.begin.as_secs_f64() < end)
                .map(|fault| {
                    (
                        shown(fault.begin),
                        shown(fault.end),
                        format!("{}: {}", fault.target, fault.summary()),
                    )
                })
                .collect(),
        }
    }
}

fn overview<DB: DrawingBackend>(root: &DrawingArea<DB, Shift>, finished: &Finished) -> Drawn<DB> {
    let time = TimeAxis::of(finished);
    let (header, rest) = root.split_vertically(HEADER);
    self::header(&header, finished, &time)?;
    let (load, rest) = rest.split_vertically(PANEL);
    panels::load(&load, finished, &time)?;
    let (latency, mut rest) = rest.split_vertically(PANEL);
    panels::latency(&latency, finished, &time)?;
    let strips = [
        ("Slots in use", strips::pools(finished, &time)),
        ("Messages waiting", strips::messages(finished, &time)),
        ("Breakers", strips::breakers(finished, &time)),
    ];
    for (title, rows) in strips {
        if !rows.is_empty() {
            let (area, below) = rest.split_vertically(STRIP_TITLE + rows.len() as u32 * STRIP);
            strips::draw(&area, title, &rows, &time)?;
            rest = below;
        }
    }
    panels::time_labels(&rest, &time)
}

fn header<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    finished: &Finished,
    time: &TimeAxis,
) -> Drawn<DB> {
    let title = format!("{}, seed {}", finished.summary.scenario, finished.summary.seed);
    let partial = if finished.is_partial() { " (partial)" } else { "" };
    area.draw(&Text::new(
        format!("{title}{partial}"),
        (16, 10),
        (FONT_NAME, 22).into_font().color(&colour::TEXT),
    ))?;
    let mut free_from = i32::MIN;
    for (begin, end, label) in &time.faults {
        let (left, right) = (time_to_pixel(time, *begin), time_to_pixel(time, *end));
        area.draw(&Rectangle::new([(left, 58), (right, 63)], colour::FAULT.filled()))?;
        // Labels that would run into each other are left to the timeline.
        let at = left.min(WIDTH as i32 - 16 - label.chars().count() as i32 * 8);
        if at >= free_from {
            area.draw(&Text::new(
                label.clone(),
                (at, 40),
                (FONT_NAME, 14).into_font().color(&colour::TEXT),
            ))?;
            free_from = at + label.chars().count() as i32 * 8 + 16;
        }
    }
    Ok(())
}

/// Where panels end on the right.
const RIGHT: u32 = 24;

fn time_to_pixel(time: &TimeAxis, seconds: f64) -> i32 {
    let width = f64::from(WIDTH - LABELS - RIGHT);
    LABELS as i32 + (seconds / time.end * width) as i32
}

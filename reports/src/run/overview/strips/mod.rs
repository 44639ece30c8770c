//! Rows of bars over the time axis: the slots in use of each pool, the messages waiting in each
//! queue, and the state of each breaker. The height of a bar says the same as its colour.

use std::cmp::Reverse;
use std::ops::Range;

use sim_experiments::Finished;
use sim_models::resilience::circuit_breaker::BreakerState;
use sim_models::system::UNLIMITED;

use super::time_axis::TimeAxis;
use crate::plot::{Canvas, Colour, Drawn, colour, font, shortened, titled_legend};
use crate::units::count;

const ROW: u32 = 26;
const TITLE: u32 = 30;
/// More pools than this are too many to read; the busiest are shown.
const MOST_POOLS: usize = 16;
/// More breakers than this are too many to read; those that changed most are shown.
const MOST_BREAKERS: usize = 12;

/// A panel of rows under a title.
pub(super) struct Strips {
    title: &'static str,
    legend: &'static [(&'static str, Colour)],
    rows: Vec<Row>,
}

struct Row {
    label: String,
    /// The bar of each column.
    bars: Vec<Bar>,
}

#[derive(Clone, Copy)]
struct Bar {
    /// A share of the height of a row.
    height: f64,
    colour: Colour,
}

/// The panels that have any rows.
pub(super) fn all(finished: &Finished, time: &TimeAxis) -> Vec<Strips> {
    let all = [pools(finished, time), messages(finished, time), breakers(finished, time)];
    all.into_iter().filter(|strips| !strips.rows.is_empty()).collect()
}

/// The share of slots in use.
fn pools(finished: &Finished, time: &TimeAxis) -> Strips {
    const ALMOST_ALL: f64 = 0.995;
    let row = |index: usize| {
        let plan = &finished.system.blueprint().pools[index];
        let series = &finished.system.recorder().pools()[index];
        let bar = |column: &Range<usize>| {
            let share = series.utilization(plan.capacity, column.clone());
            let colour = if share >= ALMOST_ALL { colour::FULL } else { colour::BUSY };
            Bar { height: share.min(1.0), colour }
        };
        let capacity = count(u64::from(plan.capacity));
        Row {
            label: format!("{}: {capacity} {}", plan.label(), plan.kind.name()),
            bars: time.columns.iter().map(bar).collect(),
        }
    };
    Strips {
        title: "Slots in use",
        legend: &[("share in use: height", colour::BUSY), ("all in use", colour::FULL)],
        rows: busiest_pools(finished).into_iter().map(row).collect(),
    }
}

/// The busiest limited pools, in the order of the scenario.
fn busiest_pools(finished: &Finished) -> Vec<usize> {
    let plans = &finished.system.blueprint().pools;
    let pools = finished.system.recorder().pools();
    let peak = |index: &usize| {
        pools[*index].busy.iter().fold(0.0_f32, |peak, busy| peak.max(*busy))
            / plans[*index].capacity as f32
    };
    let mut shown: Vec<usize> =
        (0..pools.len()).filter(|index| plans[*index].capacity != UNLIMITED).collect();
    shown.sort_by(|a, b| peak(b).total_cmp(&peak(a)).then(a.cmp(b)));
    shown.truncate(MOST_POOLS);
    shown.sort_unstable();
    shown
}

/// Messages waiting, in proportion to the most that ever did.
fn messages(finished: &Finished, time: &TimeAxis) -> Strips {
    let queues = finished.system.blueprint().queues.iter().zip(finished.system.recorder().queues());
    let rows = queues.map(|(plan, record)| {
        let most = record.most.max(1) as f64;
        let bar = |column: &Range<usize>| {
            let waiting = record.depth[column.clone()].iter().max().copied().unwrap_or(0);
            Bar { height: waiting as f64 / most, colour: colour::DEGRADED }
        };
        Row {
            label: format!("{}: up to {}", plan.name, count(record.most)),
            bars: time.columns.iter().map(bar).collect(),
        }
    });
    Strips {
        title: "Messages waiting",
        legend: &[("share of the most: height", colour::DEGRADED)],
        rows: rows.collect(),
    }
}

/// The state of each breaker at the end of each column.
fn breakers(finished: &Finished, time: &TimeAxis) -> Strips {
    let bar = |state: BreakerState| match state {
        BreakerState::Closed => Bar { height: 0.12, colour: colour::OK },
        BreakerState::HalfOpen => Bar { height: 0.55, colour: colour::DEGRADED },
        BreakerState::Open => Bar { height: 1.0, colour: colour::FAILED },
    };
    let row = |index: usize| {
        let states = &finished.system.recorder().breakers()[index].series;
        Row {
            label: finished.system.blueprint().breakers[index].owner.clone(),
            bars: time.columns.iter().map(|column| bar(states[column.end - 1])).collect(),
        }
    };
    Strips {
        title: "Breakers",
        legend: &[
            ("open: full height", colour::FAILED),
            ("half-open: half", colour::DEGRADED),
            ("closed: low", colour::OK),
        ],
        rows: liveliest_breakers(finished).into_iter().map(row).collect(),
    }
}

/// The breakers that changed most, in the order of the scenario.
fn liveliest_breakers(finished: &Finished) -> Vec<usize> {
    let breakers = finished.system.recorder().breakers();
    let mut shown: Vec<usize> = (0..breakers.len()).collect();
    shown.sort_by_key(|index| (Reverse(breakers[*index].transition_count), *index));
    shown.truncate(MOST_BREAKERS);
    shown.sort_unstable();
    shown
}

impl Strips {
    /// Its height in pixels.
    pub fn height(&self) -> u32 {
        TITLE + self.rows.len() as u32 * ROW
    }

    pub fn draw(&self, canvas: &dyn Canvas, time: &TimeAxis) -> Drawn {
        titled_legend(canvas, self.title, 8, self.legend, 24)?;
        time.shade_faults(canvas, TITLE as i32..bottom(self.rows.len().saturating_sub(1)))?;
        for (index, row) in self.rows.iter().enumerate() {
            row.draw(canvas, bottom(index), time)?;
        }
        Ok(())
    }
}

/// The lower edge of the bars of a row.
fn bottom(row: usize) -> i32 {
    (TITLE + (row as u32 + 1) * ROW) as i32 - 3
}

impl Row {
    fn draw(&self, canvas: &dyn Canvas, bottom: i32, time: &TimeAxis) -> Drawn {
        const MOST_CHARACTERS: usize = 23;
        let label = shortened(&self.label, MOST_CHARACTERS, MOST_CHARACTERS - 1);
        canvas.write(&label, (16, bottom - 16), font::LABEL)?;
        let line = [(time.pixel(0.0), bottom), (time.pixel(time.end), bottom)];
        canvas.line(line, colour::FAINT.opacity(0.6))?;
        self.draw_bars(canvas, bottom, time)
    }

    /// Draws neighbouring columns that look the same as one bar.
    fn draw_bars(&self, canvas: &dyn Canvas, bottom: i32, time: &TimeAxis) -> Drawn {
        let mut begin = 0.0;
        let columns: Vec<(f64, Bar)> =
            time.ends.iter().copied().zip(self.bars.iter().copied()).collect();
        for alike in columns.chunk_by(|(_, one), (_, next)| one.looks_like(*next)) {
            let (end, bar) = alike[alike.len() - 1];
            if bar.pixels() > 0 {
                let corners =
                    [(time.pixel(begin), bottom - bar.pixels()), (time.pixel(end), bottom)];
                canvas.rectangle(corners, bar.colour)?;
            }
            begin = end;
        }
        Ok(())
    }
}

impl Bar {
    /// Its height in whole pixels.
    fn pixels(self) -> i32 {
        (self.height * f64::from(ROW - 6) + 0.5) as i32
    }

    fn looks_like(self, other: Self) -> bool {
        self.pixels() == other.pixels() && self.colour == other.colour
    }
}

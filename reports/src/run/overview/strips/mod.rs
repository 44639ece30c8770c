//! Rows of bars over the time axis: the slots in use of each pool, the messages waiting in each
//! queue, and the state of each breaker. The height of a bar says the same as its colour.

mod breakers;
mod pools;
mod queues;
mod row;
mod states;

use sim_experiments::Finished;

use self::row::Row;
use super::time_axis::{MARGIN, TimeAxis};
use crate::plot::{Canvas, Drawn, Legend, Swatch, fitted, font};
use crate::units::number_of;

const TITLE: u32 = 30;
/// The height of a line about rows that are not drawn, and the room between those that are and it.
const REMARK: u32 = 18;
const GAP: i32 = 4;

/// More names than this do not fit on a line.
const MOST_NAMES: usize = 60;

/// A panel of rows under a title.
pub(super) struct Strips {
    title: &'static str,
    legend: &'static [(&'static str, Swatch)],
    rows: Vec<Row>,
    /// The rows that are not drawn.
    remarks: Vec<String>,
}

/// The panels that have anything to show.
pub(super) fn all(finished: &Finished, time: &TimeAxis) -> Vec<Strips> {
    let all = [
        pools::strips(finished, time),
        queues::strips(finished, time),
        breakers::strips(finished, time),
    ];
    all.into_iter().filter(|it| !it.rows.is_empty() || !it.remarks.is_empty()).collect()
}

/// The width in pixels of the widest label that a row may have, with room beside it.
pub(super) fn width_of_labels(finished: &Finished) -> i32 {
    let labels =
        [pools::labels(finished), queues::labels(finished), breakers::labels(finished)].concat();
    let widths = labels.iter().map(|label| font::width(label, font::LABEL));
    MARGIN + widths.max().unwrap_or(0) + Row::BESIDE
}

impl Strips {
    /// Its height in pixels.
    pub fn height(&self) -> u32 {
        self.rows_bottom() as u32 + GAP as u32 + self.remarks.len() as u32 * REMARK
    }

    fn rows_bottom(&self) -> i32 {
        (TITLE + self.rows.len() as u32 * Row::HEIGHT) as i32
    }

    pub fn draw(&self, canvas: &dyn Canvas, time: &TimeAxis) -> Drawn {
        let legend = if self.rows.is_empty() { &[] } else { self.legend };
        Legend(legend).draw_titled(canvas, self.title, (MARGIN, 9))?;
        let below = self.rows_bottom();
        if !self.rows.is_empty() {
            time.shade(canvas, &(TITLE as i32..below - Row::BELOW))?;
        }
        for (place, row) in self.rows.iter().enumerate() {
            row.draw(canvas, (TITLE + (place as u32 + 1) * Row::HEIGHT) as i32, time)?;
        }
        for (place, remark) in self.remarks.iter().enumerate() {
            let remark = fitted(remark, font::LABEL, time.sides().1 - MARGIN);
            let top = below + GAP + place as i32 * REMARK as i32;
            canvas.write(&remark, (MARGIN, top), font::LABEL)?;
        }
        Ok(())
    }
}

/// The places, from 0, of the rows to draw and of those that never leave idle; and the number of the others.
struct Choice {
    drawn: Vec<usize>,
    idle: Vec<usize>,
    others: usize,
}

impl Choice {
    /// Of `count` rows those to draw: the liveliest, in the order of the scenario. `liveliness` is `None` for a row that
    /// never leaves idle.
    fn of(count: usize, most: usize, liveliness: impl Fn(usize) -> Option<f64>) -> Self {
        let (lively, idle): (Vec<_>, Vec<_>) =
            (0..count).map(|place| (place, liveliness(place))).partition(|(_, it)| it.is_some());
        let mut drawn = lively;
        drawn.sort_by(|(a, one), (b, other)| {
            other.partial_cmp(one).unwrap_or(a.cmp(b)).then(a.cmp(b))
        });
        let others = drawn.len().saturating_sub(most);
        drawn.truncate(most);
        let places = |rows: Vec<(usize, Option<f64>)>| rows.into_iter().map(|(place, _)| place);
        let mut drawn: Vec<usize> = places(drawn).collect();
        drawn.sort_unstable();
        Self { drawn, idle: places(idle).collect(), others }
    }
}

/// What a row is called, and what is said of those that are not drawn.
struct Words {
    thing: &'static str,
    /// Said of those that are not drawn because others are livelier.
    others: &'static str,
    /// Said of those that never leave idle.
    idle: &'static str,
}

/// The lines about rows that are not drawn: `and 3 pools that were no busier`, `1 pool below 5%: shop`.
fn remarks(choice: &Choice, words: &Words, labels: &[String]) -> Vec<String> {
    let counted = |number: usize, what| format!("{} {what}", number_of(number as u64, words.thing));
    let others =
        (choice.others > 0).then(|| format!("and {}", counted(choice.others, words.others)));
    let idle = (!choice.idle.is_empty()).then(|| {
        let names = choice.idle.iter().take(MOST_NAMES).map(|place| labels[*place].as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        format!("{}: {names}", counted(choice.idle.len(), words.idle))
    });
    others.into_iter().chain(idle).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_liveliest_rows_are_drawn_in_their_order_and_idle_ones_folded() {
        let lively = [Some(1.0), None, Some(5.0), Some(5.0), None, Some(2.0)];
        let choice = Choice::of(lively.len(), 2, |place| lively[place]);
        assert_eq!((choice.drawn, choice.idle, choice.others), (vec![2, 3], vec![1, 4], 2));
        let choice = Choice::of(0, 2, |_| None);
        assert!(choice.drawn.is_empty() && choice.idle.is_empty());
    }
}

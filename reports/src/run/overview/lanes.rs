//! Lanes of events above the charts: a bar for each event and its name above the bar. Names that would overlap go to lanes
//! of their own, one below the other.

use super::events::{Event, Kind};
use super::time_axis::{MARGIN, TimeAxis};
use crate::plot::{Canvas, Drawn, Mark, Pixel, colour, fitted, font};
use crate::units::count;

/// The height of a lane.
const LANE: i32 = 23;
/// Events of a kind that find no place in this many lanes have no name.
const MOST_LANES: usize = 10;
/// The narrowest bar.
const LEAST: i32 = 4;
/// The least room between two names.
const BETWEEN_NAMES: i32 = 10;

/// All lanes, kind by kind.
pub(super) struct Lanes {
    kinds: Vec<OfKind>,
}

/// The lanes of a kind.
struct OfKind {
    kind: Kind,
    lanes: Vec<Lane>,
    /// Events without a name.
    unnamed: usize,
}

/// Events side by side.
#[derive(Default)]
struct Lane {
    bars: Vec<(i32, i32)>,
    names: Vec<Name>,
    /// The event of the last bar.
    last: String,
}

/// A name as it is written.
struct Name {
    text: String,
    left: i32,
    right: i32,
}

impl Lanes {
    pub fn new(events: &[Event], time: &TimeAxis) -> Self {
        let kinds = Kind::ALL.into_iter().map(|kind| {
            let mut of_kind = OfKind { kind, lanes: Vec::new(), unnamed: 0 };
            events.iter().filter(|it| it.kind == kind).for_each(|it| of_kind.place(it, time));
            of_kind
        });
        Self { kinds: kinds.filter(|of_kind| !of_kind.lanes.is_empty()).collect() }
    }

    /// The height of all in pixels.
    pub fn height(&self) -> u32 {
        self.kinds.iter().map(|it| it.lanes.len() as u32 * LANE as u32).sum()
    }

    pub fn draw(&self, canvas: &dyn Canvas, time: &TimeAxis, mut top: i32) -> Drawn {
        for of_kind in &self.kinds {
            let room = time.sides().0 - MARGIN - BETWEEN_NAMES;
            canvas.write(
                &fitted(&of_kind.title(), font::LABEL, room),
                (MARGIN, top + 2),
                font::LABEL,
            )?;
            for lane in &of_kind.lanes {
                lane.draw(canvas, of_kind.kind, top)?;
                top += LANE;
            }
        }
        Ok(())
    }
}

impl OfKind {
    fn title(&self) -> String {
        match self.unnamed {
            0 => self.kind.title().to_owned(),
            unnamed => format!("{} ({} without names)", self.kind.title(), count(unnamed as u64)),
        }
    }

    /// Finds the place of an event; events come in order of time.
    fn place(&mut self, event: &Event, time: &TimeAxis) {
        let left = time.pixel(event.begin);
        let bar = (left, time.pixel(event.end).max(left + LEAST));
        let name = Name::beside(bar.0, &event.name, time.sides());
        let has_room = |lane: &Lane| lane.has_room_for(bar) && lane.has_room_for_name(&name);
        // The same again goes into the lane in which its name already is.
        let same = self.lanes.iter().position(|it| it.last == event.name && it.has_room_for(bar));
        let place = same.or_else(|| self.lanes.iter().position(has_room));
        let place = match place {
            Some(place) => place,
            None if self.lanes.len() < MOST_LANES => {
                self.lanes.push(Lane::default());
                self.lanes.len() - 1
            }
            None => {
                self.unnamed += 1;
                self.lanes[MOST_LANES - 1].bars.push(bar);
                return;
            }
        };
        let lane = &mut self.lanes[place];
        if lane.has_room_for_name(&name) {
            lane.names.push(name);
        }
        if let Some(last) = lane.bars.last_mut() {
            // A gap tells two bars from one.
            last.1 = last.1.min(bar.0 - 1);
        }
        lane.bars.push(bar);
        lane.last.clone_from(&event.name);
    }
}

impl Name {
    /// A name above a bar that begins at `left`: further left if it would otherwise go beyond the right side, and cut if it
    /// is longer than the whole axis.
    fn beside(left: i32, name: &str, sides: (i32, i32)) -> Self {
        let text = fitted(name, font::LABEL, sides.1 - sides.0);
        let width = font::width(&text, font::LABEL);
        let left = left.min(sides.1 - width);
        Self { text, left, right: left + width }
    }
}

impl Lane {
    fn has_room_for(&self, bar: (i32, i32)) -> bool {
        self.bars.last().is_none_or(|last| last.1 <= bar.0 + 1 && last.0 + LEAST <= bar.0)
    }

    fn has_room_for_name(&self, name: &Name) -> bool {
        self.names.last().is_none_or(|last| last.right + BETWEEN_NAMES <= name.left)
    }

    fn draw(&self, canvas: &dyn Canvas, kind: Kind, top: i32) -> Drawn {
        for name in &self.names {
            canvas.write(&name.text, (name.left, top + 2), font::LABEL)?;
        }
        self.bars.iter().try_for_each(|bar| draw_bar(canvas, kind, *bar, top + 15))
    }
}

/// Draws a bar; each kind has a shape of its own.
fn draw_bar(canvas: &dyn Canvas, kind: Kind, (left, right): (i32, i32), top: i32) -> Drawn {
    const HEIGHT: i32 = 5;
    let part =
        |from: i32, to: i32, colour| canvas.rectangle([(from, top), (to, top + HEIGHT)], colour);
    match kind {
        Kind::Fault => part(left, right, colour::FAULT),
        Kind::Alert => {
            dashes(left, right).try_for_each(|(from, to)| part(from, to, colour::FAILED))
        }
        Kind::Stage => {
            let middle = top + HEIGHT / 2;
            canvas.rectangle([(left, middle), (right, middle + 1)], colour::MEDIAN)?;
            part(left, left + 2, colour::MEDIAN)?;
            part(right - 2, right, colour::MEDIAN)
        }
        Kind::Operator => {
            let at: Pixel = (left, top + 2);
            canvas.mark(at, Mark::Triangle(4), colour::TEXT)
        }
    }
}

/// The dashes of a broken line.
fn dashes(left: i32, right: i32) -> impl Iterator<Item = (i32, i32)> {
    const DASH: usize = 7;
    const GAP: i32 = 2;
    (left..right).step_by(DASH).map(move |from| (from, (from + DASH as i32 - GAP).min(right)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time() -> TimeAxis {
        TimeAxis::of_seconds(100.0)
    }

    fn event(name: &str, begin: f64, end: f64) -> Event {
        Event { kind: Kind::Fault, name: name.to_owned(), begin, end }
    }

    fn laid_out(events: &[Event]) -> Lanes {
        Lanes::new(events, &time())
    }

    #[test]
    fn names_that_would_overlap_are_staggered_and_all_are_there() {
        let events: Vec<Event> = (0..8)
            .map(|number| {
                event(&format!("service number {number}: paused"), f64::from(number), 50.0)
            })
            .collect();
        let lanes = &laid_out(&events).kinds[0].lanes;
        assert_eq!(lanes.len(), 8);
        let far = [event("one: slow by 20x", 1.0, 2.0), event("two: paused", 40.0, 41.0)];
        assert_eq!(laid_out(&far).kinds[0].lanes.len(), 1, "they do not overlap");
    }

    #[test]
    fn no_name_leaves_the_axis_and_only_one_longer_than_it_is_cut() {
        let long = "very ".repeat(100);
        let events = [event(&long, 10.0, 20.0), event("a name at the very end", 99.0, 100.0)];
        let lanes = laid_out(&events);
        let names: Vec<&Name> = lanes.kinds[0].lanes.iter().flat_map(|lane| &lane.names).collect();
        let (left, right) = time().sides();
        assert!(names.iter().all(|name| name.left >= left && name.right <= right));
        assert!(names[0].text.ends_with('…') && names[1].text == events[1].name);
    }

    #[test]
    fn the_same_again_shares_a_lane_and_very_many_lose_their_names_only() {
        let again: Vec<Event> = (0..30)
            .map(|number| event("web: surge of 5x", f64::from(number), f64::from(number) + 0.5))
            .collect();
        let of_kind = &laid_out(&again).kinds[0];
        assert_eq!((of_kind.lanes.len(), of_kind.unnamed), (1, 0));
        let many: Vec<Event> =
            (0..10_000).map(|number| event(&format!("fault {number}"), 50.0, 60.0)).collect();
        let of_kind = &laid_out(&many).kinds[0];
        assert_eq!((of_kind.lanes.len(), of_kind.unnamed), (MOST_LANES, 10_000 - MOST_LANES));
        assert_eq!(of_kind.title(), "Faults (9 990 without names)");
    }
}

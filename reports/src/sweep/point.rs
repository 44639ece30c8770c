//! The state of a point in words.

use sim_experiments::sweep::{Point, State};

/// The state in one word, and the reason if the point has no figures.
pub(super) fn state(point: &Point) -> (&'static str, String) {
    match &point.state {
        State::Measured => ("measured", String::new()),
        State::Abandoned(better) => ("abandoned", format!("point {better} is clearly better")),
        State::Unsound(reason) => ("unsound", reason.clone()),
        State::Stopped(limit) => ("stopped", format!("{limit} was reached")),
    }
}

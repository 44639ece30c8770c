//! The state of a point in words.

use sim_experiments::sweep::{Point, PointState};

/// The state in one word, and the reason if the point has no results.
pub(super) fn state(point: &Point) -> (&'static str, String) {
    match &point.state {
        PointState::Measured => ("measured", String::new()),
        PointState::Abandoned(better) => ("abandoned", format!("point {better} is clearly better")),
        PointState::Unsound(reason) => ("unsound", reason.clone()),
        PointState::Stopped(limit) => ("stopped", format!("{limit} was reached")),
    }
}

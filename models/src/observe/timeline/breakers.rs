//! Breakers that change state.

use super::{Change, Moment};
use crate::observe::Recorder;
use crate::system::Blueprint;

/// All changes of state that were kept.
pub(super) fn breaker_moments(blueprint: &Blueprint, recorder: &Recorder) -> Vec<Moment> {
    let breakers = blueprint.breakers.iter().zip(recorder.breakers());
    breakers
        .flat_map(|(plan, record)| {
            record.transitions.iter().map(|(at, transition)| Moment {
                at: *at,
                change: Change::Breaker { breaker: plan.owner.clone(), transition: *transition },
            })
        })
        .collect()
}

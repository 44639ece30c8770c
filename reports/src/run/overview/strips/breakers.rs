//! The state of each breaker.

use sim_experiments::Finished;
use sim_models::resilience::circuit_breaker::BreakerState;

use super::row::{Bar, Look, Row};
use super::states::states;
use super::{Choice, Strips, Words, remarks};
use crate::plot::{Colour, Swatch, colour};
use crate::run::overview::time_axis::TimeAxis;

/// More breakers than this are too many to read; those that changed most are shown.
const MOST: usize = 12;
const WORDS: Words = Words {
    thing: "breaker",
    others: "that changed no more than these",
    idle: "closed throughout",
};

/// The states of each breaker, from its transitions.
pub(super) fn strips(finished: &Finished, time: &TimeAxis) -> Strips {
    let labels = labels(finished);
    let recorder = finished.system.recorder();
    let records: Vec<_> = recorder.breakers().iter().collect();
    let choice = Choice::of(labels.len(), MOST, |place| {
        let changes = records[place].transition_count;
        (changes > 0).then_some(changes as f64)
    });
    let interval = recorder.sample_width().as_secs_f64();
    let row = |place: &usize| {
        let shown = states(records[*place], time, interval).into_iter();
        Row {
            label: labels[*place].clone(),
            bars: shown
                .map(|it| Bar { left: it.left, right: it.right, look: look(it.state) })
                .collect(),
        }
    };
    Strips {
        title: "Breakers",
        legend: &[
            ("open: full height", Swatch::Area(colour::FAILED)),
            ("half-open: half", Swatch::Half(HALF_OPEN)),
            ("closed: low", Swatch::Low(colour::OK)),
        ],
        rows: choice.drawn.iter().map(row).collect(),
        remarks: remarks(&choice, &WORDS, &labels),
    }
}

/// The names of all breakers.
pub(super) fn labels(finished: &Finished) -> Vec<String> {
    let plans = finished.system.blueprint().breakers.iter();
    plans.map(|plan| plan.owner.clone()).collect()
}

const HALF_OPEN: Colour = colour::MEDIAN;

fn look(state: BreakerState) -> Look {
    match state {
        BreakerState::Closed => Look::new(0.12, colour::OK),
        BreakerState::HalfOpen => Look::new(0.5, HALF_OPEN),
        BreakerState::Open => Look::new(1.0, colour::FAILED),
    }
}

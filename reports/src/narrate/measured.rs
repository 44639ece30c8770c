//! Measured values in words.

use sim_core::SimTime;
use sim_models::expect::{Measured, Unknown, Verdict};
use sim_models::observe::FigureUnit;

use crate::units::{clock, count, figure, percent};

/// The value that was measured for an expectation.
pub(crate) fn measured(verdict: &Verdict) -> String {
    match &verdict.measured {
        Measured::Figure { value, unit, at } => value_of_figure(*value, *unit, *at),
        Measured::Back { normal: None, .. } => {
            "nothing before the fault that could be called normal".to_owned()
        }
        Measured::Back { best, reached, .. } => recovery(*best, *reached),
        Measured::NotKnown(Unknown::Stopped(at)) => {
            format!("not known: the run was stopped at {} before that was decided", moment(*at))
        }
        Measured::NotKnown(Unknown::OnlyCounted(from)) => {
            format!("not known: changes after {} are too many to tell", moment(*from))
        }
        Measured::Times { count, first } => times(*count, *first),
        Measured::Order { reached, missing } => order(reached, missing.as_deref()),
        Measured::Lost { failed, waiting, dropped } => {
            let (failed, waiting, dropped) = (count(*failed), count(*waiting), count(*dropped));
            format!("{failed} failed, {waiting} still waited at the end, {dropped} were given up")
        }
    }
}

fn moment(at: SimTime) -> String {
    clock(at.as_secs_f64())
}

fn value_of_figure(value: Option<f64>, unit: FigureUnit, at: Option<SimTime>) -> String {
    match (value, at) {
        (None, _) => "nothing: nothing ended in that time".to_owned(),
        (Some(value), None) => figure(value, unit),
        (Some(value), Some(at)) => {
            format!("{} at the worst, from {}", figure(value, unit), moment(at))
        }
    }
}

fn recovery(best: Option<f64>, reached: Option<SimTime>) -> String {
    let best = best.map_or_else(|| "nothing".to_owned(), percent);
    match reached {
        Some(at) => format!("{best} of normal in that time; back at {}", moment(at)),
        None => format!("{best} of normal in that time; not back by the end"),
    }
}

fn times(number: u64, first: Option<SimTime>) -> String {
    let times = match number {
        0 => return "not once".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{} times", count(more)),
    };
    match first {
        Some(at) => format!("{times}, first at {}", moment(at)),
        None => times,
    }
}

fn order(reached: &[SimTime], missing: Option<&str>) -> String {
    let reached = reached.iter().map(|at| moment(*at)).collect::<Vec<_>>().join(", then ");
    match missing {
        None => reached,
        Some(missing) if reached.is_empty() => format!("`{missing}` never happened"),
        Some(missing) => format!("{reached}; after that, `{missing}` never happened"),
    }
}

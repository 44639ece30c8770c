//! Breakers that change state, and their reasons.

use sim_models::resilience::circuit_breaker::{BreakerState, OperatorOrder, Reason, Transition};

use super::Line;
use crate::palette::Tone;
use crate::units::{count, number_of, percent};

pub(super) fn changes(breaker: &str, transition: &Transition) -> Line {
    let text = format!("{}: {}", state_name(transition.to), reason(transition.reason));
    Line::new(tone(transition.to), "breaker", breaker, text)
}

pub(super) fn most_change(edge: &str, state: BreakerState, of: usize) -> Line {
    let text = format!("{}: most of the {} breakers", state_name(state), count(of as u64));
    Line::new(tone(state), "breaker", edge, text)
}

/// The state of a breaker in one word.
pub(crate) fn state_name(state: BreakerState) -> &'static str {
    match state {
        BreakerState::Closed => "closed",
        BreakerState::Open => "open",
        BreakerState::HalfOpen => "half-open",
    }
}

fn tone(state: BreakerState) -> Tone {
    match state {
        BreakerState::Closed => Tone::Better,
        BreakerState::Open => Tone::Worse,
        BreakerState::HalfOpen => Tone::Probing,
    }
}

fn reason(reason: Reason) -> String {
    match reason {
        Reason::FailureRate { rate, calls } => {
            format!("{} of {} calls failed", percent(rate), count(calls.into()))
        }
        Reason::SlowCallRate { rate, calls } => {
            format!("{} of {} calls were slow", percent(rate), count(calls.into()))
        }
        Reason::ConsecutiveFailures(failures) => {
            format!("{} in a row", number_of(failures.into(), "failure"))
        }
        Reason::WaitOver(wait) => format!("{wait} have passed"),
        Reason::ProbesSucceeded { well: 1, of: 1 } => "1 probe went well".to_owned(),
        Reason::ProbesSucceeded { well, of } if well == of => format!("{well} probes went well"),
        Reason::ProbesSucceeded { well, of } => format!("{well} of {of} probes went well"),
        Reason::Failures(failures) => {
            format!("{} in its window", number_of(failures.into(), "failure"))
        }
        Reason::StayOver(stay) => format!("half-open for {stay} without a decision"),
        Reason::ProbeFailed => "a probe failed".to_owned(),
        Reason::ProcessDied => "its process died and begins anew".to_owned(),
        Reason::Operator(order) => operator(order).to_owned(),
    }
}

fn operator(order: OperatorOrder) -> &'static str {
    match order {
        OperatorOrder::ForceOpen => "an operator forced it open",
        OperatorOrder::ForceClosed => "an operator forced it closed",
        OperatorOrder::Disable => "an operator disabled it",
        OperatorOrder::Enable => "an operator let it go on",
        OperatorOrder::Reset => "an operator reset it",
    }
}

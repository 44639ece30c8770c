//! Conditions of alerts and experiments.

use winnow::Parser;
use winnow::combinator::{alt, opt, preceded};

use super::figure::figure_of;
use super::parsing::{Expected, end, keyword};
use super::target::target;
use super::value::{bound, duration};
use crate::expect::sentence::{Unreadable, WrittenCondition};
use crate::resilience::circuit_breaker::BreakerState;

/// Reads a condition.
///
/// # Errors
/// Returns the furthest place reached, and everything that could stand there.
pub(crate) fn read_condition<'a>(text: &'a str) -> Result<WrittenCondition, Unreadable> {
    let state = alt((
        keyword("is open").value(BreakerState::Open),
        keyword("is half-open").value(BreakerState::HalfOpen),
        keyword("is closed").value(BreakerState::Closed),
    ));
    let breaker = preceded(keyword("breaker"), |input: &mut &'a str| target(text, input));
    let breaker_is =
        (breaker, state).map(|(target, state)| WrittenCondition::BreakerIs(target, state));
    let figure = |input: &mut &'a str| {
        let figure = figure_of(text, input)?;
        let over = opt(preceded(keyword("over"), duration)).parse_next(input)?;
        keyword("is").parse_next(input)?;
        Ok(WrittenCondition::Figure { figure, over, bound: bound(text, input, false)? })
    };
    let mut reader = text;
    (alt((breaker_is, figure)), end)
        .map(|(condition, ())| condition)
        .parse_next(&mut reader)
        .map_err(|error: Expected| error.explained(text))
}

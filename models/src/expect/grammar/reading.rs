//! Numbers to be read off a run: figures, recoveries and the cost.

use winnow::Parser;
use winnow::combinator::{alt, opt, preceded};

use super::figure::figure_of;
use super::parsing::{Expected, end, keyword, spaces};
use super::value::share;
use super::window::{window, window_or_end};
use crate::expect::sentence::{Unreadable, WrittenReading};

/// The share of the normal value that counts as recovered, unless another is written.
const RECOVERED: f64 = 0.95;

/// Reads the words for a number that is to be read off a run.
///
/// # Errors
/// Returns the furthest place reached, and everything that could stand there.
pub(crate) fn read_reading<'a>(text: &'a str) -> Result<WrittenReading, Unreadable> {
    let recovery = |input: &mut &'a str| {
        keyword("recovery of").parse_next(input)?;
        let figure = figure_of(text, input)?;
        let share = opt((preceded((keyword("to"), spaces), share), keyword("of normal")))
            .parse_next(input)?;
        let window = window(text, input)?;
        end(input)?;
        Ok(WrittenReading::Recovery {
            figure,
            share: share.map_or(RECOVERED, |(share, ())| share),
            window,
        })
    };
    let figure = |input: &mut &'a str| {
        let figure = figure_of(text, input)?;
        Ok(WrittenReading::Figure { figure, window: window_or_end(text, input)? })
    };
    let cost = (keyword("cost"), end).value(WrittenReading::Cost);
    let mut reader = text;
    alt((cost, recovery, figure))
        .parse_next(&mut reader)
        .map_err(|error: Expected| error.explained(text))
}

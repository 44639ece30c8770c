//! Figures and what they are of: `p99 of web`.

use winnow::Parser;
use winnow::combinator::{opt, preceded};
use winnow::error::ParserError;
use winnow::stream::Stream;

use super::parsing::{Expected, Read, keyword, name, placed, spaces};
use super::target::target;
use crate::Outcome;
use crate::expect::sentence::{WrittenFigure, WrittenTarget};
use crate::observe::figures::figure_names;

/// The name of a figure, or the outcome that is counted: `timeouts`, `rejected by breaker`. Where
/// one name begins another, the longer one is meant.
fn figure_name(input: &mut &str) -> Read<String> {
    let mut furthest = Expected::from_input(input);
    let mut longest = (0, "");
    let text = input.trim_start();
    for name in figure_names() {
        match keyword(name).parse_next(&mut { *input }) {
            Ok(()) => longest = longest.max((name.len(), name)),
            Err(error) => furthest = furthest.or(error),
        }
    }
    for name in Outcome::ALL.map(Outcome::name) {
        for written in [format!("{name}s"), name.to_owned()] {
            if text.strip_prefix(written.as_str()).is_some_and(|rest| rest.starts_with(' ')) {
                longest = longest.max((written.len(), name));
            }
        }
    }
    match longest {
        (0, _) => Err(furthest),
        (length, name) => {
            spaces(input)?;
            input.next_slice(length);
            Ok(name.to_owned())
        }
    }
}

/// A figure and the thing that it is measured of.
pub(super) fn figure_of<'a>(text: &'a str, input: &mut &'a str) -> Read<WrittenFigure> {
    let (figure, at) = placed(text, input, figure_name)?;
    keyword("of").parse_next(input)?;
    let is_queue = opt(keyword("queue")).parse_next(input)?.is_some();
    let is_link = !is_queue && opt(keyword("link")).parse_next(input)?.is_some();
    let of = WrittenTarget { is_queue, is_link, ..target(text, input)? };
    let priority = preceded(keyword("for priority"), |input: &mut &'a str| {
        placed(text, input, name.context("the name of a priority"))
    });
    let priority = opt(priority).parse_next(input)?;
    let priority = priority.map(|(priority, at)| (priority.to_owned(), at));
    Ok(WrittenFigure { figure, of, priority, at })
}

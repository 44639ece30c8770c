//! Bounds and their values: `at least 99%`, `below 400ms`.

use sim_core::SimDuration;
use winnow::Parser;
use winnow::combinator::{alt, preceded};
use winnow::token::take_while;

use super::parsing::{Read, keyword, placed, spaces};
use crate::expect::Relation;
use crate::expect::sentence::{WrittenBound, WrittenValue};
use crate::language::quantity::{Duration, Factor, Rate, Share};

/// A bound; after an equals sign, a value alone.
pub(super) fn bound<'a>(
    text: &'a str,
    input: &mut &'a str,
    is_equation: bool,
) -> Read<WrittenBound> {
    let value = |input: &mut &'a str| {
        preceded(spaces, value)
            .context("a value such as 99%, 400ms, 100/s, 3x or 5")
            .parse_next(input)
    };
    let alone = |input: &mut &'a str| Ok((Relation::Exactly, value(input)?));
    let both = |input: &mut &'a str| Ok((relation(input)?, value(input)?));
    let ((relation, value), at) = if is_equation {
        placed(text, input, alone)?
    } else {
        placed(text, input, alt((both, alone)))?
    };
    Ok(WrittenBound { relation, value, at })
}

/// The side of a value on which a figure must lie.
fn relation(input: &mut &str) -> Read<Relation> {
    alt((
        keyword("at least").value(Relation::AtLeast),
        keyword("at most").value(Relation::AtMost),
        keyword("above").value(Relation::Above),
        keyword("below").value(Relation::Below),
        keyword("exactly").value(Relation::Exactly),
    ))
    .parse_next(input)
}

/// A number with its unit.
fn value(input: &mut &str) -> Read<WrittenValue> {
    let word = take_while(1.., |c: char| !c.is_whitespace() && c != ',');
    word.verify_map(|word: &str| {
        let number = || word.parse::<f64>().ok().filter(|number| number.is_finite());
        let share = || word.parse::<Share>().ok().map(|Share(share)| WrittenValue::Share(share));
        let time = || {
            word.parse::<Duration>()
                .ok()
                .map(|Duration(span)| WrittenValue::Time(span.as_secs_f64()))
        };
        let rate = || word.parse::<Rate>().ok().map(|Rate(rate)| WrittenValue::Rate(rate));
        let factor =
            || word.parse::<Factor>().ok().map(|Factor(factor)| WrittenValue::Factor(factor));
        share()
            .or_else(time)
            .or_else(rate)
            .or_else(factor)
            .or_else(|| number().map(WrittenValue::Count))
    })
    .parse_next(input)
}

/// A value that is a share.
pub(super) fn share(input: &mut &str) -> Read<f64> {
    value
        .verify_map(|value| if let WrittenValue::Share(share) = value { Some(share) } else { None })
        .context("a share such as 95%")
        .parse_next(input)
}

/// A length of time.
pub(super) fn duration(input: &mut &str) -> Read<SimDuration> {
    let word = take_while(1.., |c: char| !c.is_whitespace() && c != ',');
    let span =
        word.verify_map(|word: &str| word.parse::<Duration>().ok().map(|Duration(span)| span));
    preceded(spaces, span).context("a duration such as 30s").parse_next(input)
}

//! Stretches of time: `during fault`, `from 1m to 2m`.

use winnow::Parser;
use winnow::combinator::{alt, opt, preceded};
use winnow::token::take_while;

use super::parsing::{Read, end, keyword, placed, spaces};
use super::value::duration;
use crate::expect::sentence::{FaultNumber, When, WrittenWindow};

/// A window, as it is written.
pub(super) fn window<'a>(text: &'a str, input: &mut &'a str) -> Read<WrittenWindow> {
    let (when, at) = placed(text, input, when)?;
    Ok(WrittenWindow { when, at })
}

fn when(input: &mut &str) -> Read<When> {
    let within = |input: &mut &str| {
        let span = preceded(keyword("within"), duration).parse_next(input)?;
        alt((
            preceded(keyword("of fault"), fault_number)
                .map(|fault| When::WithinOfFault(span, fault)),
            preceded(keyword("after fault"), fault_number)
                .map(|fault| When::WithinAfterFault(span, fault)),
        ))
        .parse_next(input)
    };
    alt((
        preceded(keyword("during fault"), fault_number).map(When::DuringFault),
        preceded(keyword("before fault"), fault_number).map(When::BeforeFault),
        preceded(keyword("after fault"), fault_number).map(When::AfterFault),
        within,
        (preceded(keyword("from"), duration), preceded(keyword("to"), duration))
            .map(|(from, to)| When::Between(from, to)),
        preceded(alt((keyword("by"), keyword("before"))), duration).map(When::Before),
        preceded(keyword("after"), duration).map(When::After),
    ))
    .parse_next(input)
}

/// A window and the end of the sentence, or the end alone.
pub(super) fn window_or_end<'a>(text: &'a str, input: &mut &'a str) -> Read<Option<WrittenWindow>> {
    alt((
        (|input: &mut &'a str| window(text, input), end).map(|(window, ())| Some(window)),
        end.value(None),
    ))
    .parse_next(input)
}

/// The number of a fault, if there is one.
pub(super) fn fault_number(input: &mut &str) -> Read<FaultNumber> {
    let number = opt(preceded(spaces, take_while(1.., char::is_numeric))).parse_next(input)?;
    // `fault 1` is the first. `fault 0`, and a number that does not fit, stand for no fault.
    Ok(number.map(|number| number.parse::<usize>().unwrap_or(usize::MAX).wrapping_sub(1)))
}

//! Verbs of events: `opens`, `is never ejected`.

use winnow::Parser;
use winnow::combinator::{alt, opt, preceded};
use winnow::token::take_while;

use super::parsing::{Expected, Read, keyword, spaces};
use crate::expect::LifeEvent;
use crate::expect::sentence::Verb;

pub(super) fn breaker_verb(input: &mut &str) -> Read<Verb> {
    alt((
        keyword("opens").value(Verb::Opens),
        keyword("half-opens").value(Verb::HalfOpens),
        keyword("closes").value(Verb::Closes),
    ))
    .parse_next(input)
}

pub(super) fn pool_verb(input: &mut &str) -> Read<Verb> {
    alt((keyword("saturates").value(Verb::Saturates), keyword("overflows").value(Verb::Overflows)))
        .parse_next(input)
}

pub(super) fn instance_verb(input: &mut &str) -> Read<Verb> {
    alt((
        keyword("is ejected").value(Verb::IsEjected),
        keyword("is readmitted").value(Verb::IsReadmitted),
        keyword("goes down").value(Verb::GoesDown),
        keyword("starts").value(Verb::Lives(LifeEvent::Starts)),
        keyword("becomes unready").value(Verb::Lives(LifeEvent::BecomesUnready)),
        keyword("becomes ready").value(Verb::Lives(LifeEvent::BecomesReady)),
        keyword("is killed").value(Verb::Lives(LifeEvent::IsKilled)),
    ))
    .parse_next(input)
}

pub(super) fn queue_verb(input: &mut &str) -> Read<Verb> {
    alt((keyword("piles up").value(Verb::PilesUp), keyword("drains").value(Verb::Drains)))
        .parse_next(input)
}

pub(super) fn service_verb(input: &mut &str) -> Read<Verb> {
    let number = preceded(spaces, take_while(1.., char::is_numeric))
        .verify_map(|digits: &str| digits.parse().ok());
    alt((
        preceded(keyword("scales to"), number.context("a number of instances")).map(Verb::ScalesTo),
        keyword("runs out of memory").value(Verb::RunsOutOfMemory),
    ))
    .parse_next(input)
}

pub(super) fn alert_verb(input: &mut &str) -> Read<Verb> {
    alt((
        keyword("fires").value(Verb::Fires),
        keyword("is resolved").value(Verb::IsResolved),
        keyword("is delivered").value(Verb::IsDelivered),
    ))
    .parse_next(input)
}

/// A verb about an alert that denies with `is never`.
pub(super) fn never_of_alert(input: &mut &str) -> Read<(Verb, bool)> {
    alt((
        keyword("is never resolved").value((Verb::IsResolved, true)),
        keyword("is never delivered").value((Verb::IsDelivered, true)),
    ))
    .parse_next(input)
}

pub(super) fn fault_verb(input: &mut &str) -> Read<Verb> {
    alt((keyword("begins").value(Verb::Begins), keyword("ends").value(Verb::Ends)))
        .parse_next(input)
}

/// A verb about a workload; it may be left out: `outage of web`.
pub(super) fn outage_verb(input: &mut &str) -> Read<(Verb, bool)> {
    opt(alt((keyword("never happens").value(true), keyword("happens").value(false))))
        .map(|is_denied| (Verb::GoesOut, is_denied == Some(true)))
        .parse_next(input)
}

/// A verb that denies with `is never`.
pub(super) fn experiment_verb(input: &mut &str) -> Read<(Verb, bool)> {
    alt((
        keyword("is called off").value((Verb::IsCalledOff, false)),
        keyword("is never called off").value((Verb::IsCalledOff, true)),
    ))
    .parse_next(input)
}

pub(super) fn is_saturated(input: &mut &str) -> Read<(Verb, bool)> {
    alt((
        keyword("is saturated").value((Verb::Saturates, false)),
        keyword("is never saturated").value((Verb::Saturates, true)),
    ))
    .parse_next(input)
}

/// A verb, or `never` and a verb; with true if it is denied.
pub(super) fn denied<'a>(
    mut verb: impl Parser<&'a str, Verb, Expected>,
) -> impl Parser<&'a str, (Verb, bool), Expected> {
    move |input: &mut &'a str| {
        let never = opt(keyword("never")).parse_next(input)?;
        let verb = match never {
            Some(()) => verb.parse_next(input)?,
            None => verb.parse_next(input).map_err(|error: Expected| error.or_word("never"))?,
        };
        Ok((verb, never.is_some()))
    }
}
